//! Where expected outcomes come from.

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The address of a public document or report.
    Public(&'static str),
    /// Our choice where nothing is published, with the reason.
    Choice(&'static str),
    /// What the credential does not depend on, so that it keeps working.
    Independent(&'static str),
}

pub(super) const TABLE: Source =
    Source::Public("https://learn.microsoft.com/entra/identity-platform/refresh-tokens");
pub(super) const BROKEN: Source = Source::Public(
    "https://learn.microsoft.com/troubleshoot/power-platform/power-automate/connections/troubleshoot-broken-connections",
);
pub(super) const MFA: Source = Source::Public(
    "https://learn.microsoft.com/troubleshoot/power-platform/power-automate/connections/conditional-access-and-multi-factor-authentication-in-flow",
);
pub(super) const CREDENTIALS: Source =
    Source::Public("https://learn.microsoft.com/azure/api-management/credentials-overview");
pub(super) const ACL: Source = Source::Public("https://github.com/microsoft/coe-starter-kit/issues/4446");
pub(super) const LEAVER: Source =
    Source::Public("https://sharepains.com/2020/12/10/how-to-handle-leavers-in-power-automate/");
pub(super) const CAE: Source = Source::Public(
    "https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation",
);
pub(super) const KEYS: Source =
    Source::Public("https://learn.microsoft.com/entra/identity-platform/signing-key-rollover");
pub(super) const FREQUENCY: Source =
    Source::Public("https://github.com/microsoft/azuredatastudio/pull/22853");
pub(super) const SESSION: Source =
    Source::Public("https://learn.microsoft.com/entra/identity/conditional-access/concept-session-lifetime");
pub(super) const NO_USER: Source =
    Source::Public("https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow");
pub(super) const NO_OFFLINE_ACCESS: Source =
    Source::Public("https://github.com/ltwlf/Microsoft-Flow-Create-Team-Connector/issues/1");
pub(super) const NO_TOKEN: Source =
    Source::Independent("The API knows the key; the identity provider does not.");
pub(super) const NO_TOKEN_OF_HUB: Source = Source::Independent(
    "The API checks the directory password of each request; the hub requests no token, and the password is unchanged.",
);
pub(super) const NO_SECRET: Source = Source::Independent("The application has no client secret.");
pub(super) const NO_CERTIFICATE: Source = Source::Independent("The application has no certificate.");
pub(super) const NO_REDIRECT: Source =
    Source::Independent("A request for a token without a user's page has no redirect URI to compare.");
pub(super) const OF_PLATFORM: Source =
    Source::Public("https://learn.microsoft.com/azure/logic-apps/authenticate-with-managed-identity");
pub(super) const NO_CONNECTION: Source = Source::Independent("The action uses no connection.");
pub(super) const PASSKEY: Source =
    Source::Independent("The sign-in with a passkey satisfied MFA, and the refresh token says so.");
pub(super) const CONSENT: Source = Source::Choice(
    "The event is documented as one that breaks connections, without a code; 65001 is what the token endpoint answers.",
);
pub(super) const CERTIFICATE: Source =
    Source::Choice("As for a secret; the token endpoint finds no valid certificate for the assertion.");
pub(super) const APPLICATION: Source =
    Source::Choice("Documented for the resource (500014); 7000112 is that of the client.");
pub(super) const OUTAGE: Source = Source::Choice(
    "An error that may pass is no rejection: the connection stays connected, the call is 502, and the flow retries it.",
);
pub(super) const EACH_CALL: Source =
    Source::Choice("The action requests a token for every call, so that there is no cached one to use up.");
pub(super) const ROPC: Source = Source::Choice(
    "The API asks the directory with the password grant, which policies for users apply to like any sign-in.",
);
pub(super) const BACK_END: Source = Source::Choice(
    "Published is a rejection by the back end (401), without a code. The orders API answers 401 with the code that the \
     directory gives it for the password.",
);
pub(super) const PAGE: Source =
    Source::Choice("The issuer answers a page only if a registered redirect URI is at the page's origin.");
pub(super) const EXCHANGED: Source = Source::Choice(
    "Published for stored tokens, which last until the next refresh. Here the token of the caller, from before the event, \
     is exchanged at the call, and the code is that of the exchange.",
);
pub(super) const AS_CONFIDENTIAL: Source = Source::Choice(
    "The published table is about refresh tokens. The hub and the connector's application authenticate, so the exchange \
     follows the column of confidential clients.",
);
pub(super) const NOTHING_STORED: Source = Source::Independent(
    "The connection stores no token that could become too old: the caller signs in, and has a new one.",
);
pub(super) const OWN_CONNECTION: Source = Source::Independent(
    "The caller provides a connection of their own, and calls it as themselves: the flow needs no access.",
);
pub(super) const NO_CAPABILITY: Source = Source::Choice(
    "Generic OAuth2 cannot declare that it handles claims challenges, so its tokens are ordinary ones.",
);
