//! Where the expected outcome of a cell comes from.

use super::columns::{Client, Column, Kind};
use super::expected::{ExpectedRow, Outcome};
use super::rows::Row;

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
pub(super) const NO_CAPABILITY: Source = Source::Choice(
    "Generic OAuth2 cannot declare that it handles claims challenges, so its tokens are ordinary ones.",
);

/// Returns the source of a row's cell.
pub(super) fn source(row: &ExpectedRow, at: usize, column: &Column) -> Source {
    if let Some((_, other)) = row.others.iter().find(|(name, _)| *name == column.name) {
        return *other;
    }
    let cell = row.cells[at];
    if cell.outcome == Outcome::KeepsWorking {
        return independence(row.row, column.kind).unwrap_or(row.source);
    }
    match column.kind {
        Kind::Delegated(Client::Generic { offline_access: false }) if cell.is_without_refresh_token() => {
            NO_OFFLINE_ACCESS
        }
        _ => row.source,
    }
}

/// Returns why an event does not concern a credential, unless the source of the row says it.
fn independence(row: Row, kind: Kind) -> Option<Source> {
    Some(match (row, kind) {
        (Row::AccessRemoved, Kind::Http) => NO_CONNECTION,
        (_, Kind::ApiKey) => NO_TOKEN,
        (_, Kind::Password) => NO_TOKEN_OF_HUB,
        (Row::SecretExpires | Row::SecretRotated, Kind::Delegated(_)) => NO_SECRET,
        (Row::CertificateExpires, _) => NO_CERTIFICATE,
        (Row::RedirectUriRemoved, _) => NO_REDIRECT,
        (Row::MfaRequired, Kind::Delegated(Client::Public { passkey: true })) => PASSKEY,
        (Row::SignInFrequency, Kind::Delegated(_)) => SESSION,
        (Row::SigningKeyRotated, _) => return None,
        (_, Kind::ServicePrincipal | Kind::Http) => NO_USER,
        (_, Kind::Delegated(_)) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::connections::columns::COLUMNS;
    use crate::matrix::connections::expected::EXPECTED;

    /// Sources that tell how something fails.
    const OF_FAILURES: [Source; 13] = [
        BROKEN,
        MFA,
        CREDENTIALS,
        ACL,
        LEAVER,
        FREQUENCY,
        NO_OFFLINE_ACCESS,
        CONSENT,
        CERTIFICATE,
        APPLICATION,
        EACH_CALL,
        ROPC,
        BACK_END,
    ];

    #[test]
    fn a_working_cell_has_no_source_that_tells_of_failures_and_no_other_is_independent() {
        for row in &EXPECTED {
            for (at, column) in COLUMNS.iter().enumerate() {
                let source = source(row, at, column);
                let cell = format!("{} {}: {source:?}", row.row.name(), column.name);
                if row.cells[at].outcome == Outcome::KeepsWorking {
                    assert!(!OF_FAILURES.contains(&source), "{cell}");
                } else {
                    assert!(!matches!(source, Source::Independent(_)), "{cell}");
                }
            }
        }
    }

    #[test]
    fn a_code_that_the_orders_api_tells_of_a_password_is_our_choice() {
        let at = COLUMNS.iter().position(|column| column.kind == Kind::Password).expect("a column");
        for row in &EXPECTED {
            let is_code = row.cells[at].code().is_some_and(|code| code.starts_with("AADSTS"));
            let source = source(row, at, &COLUMNS[at]);
            assert!(!is_code || matches!(source, Source::Choice(_)), "{} {source:?}", row.row.name());
        }
    }
}
