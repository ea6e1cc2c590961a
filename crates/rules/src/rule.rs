//! The rules on which verdicts are based, each with a title and an explanation.

use serde::{Deserialize, Serialize};

/// The rule that decided a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nothing revoked it: the only rule of accepting verdicts.
    NothingEndedIt,
    /// The directory does not know the user.
    UserUnknown,
    /// The user was deleted.
    UserDeleted,
    /// The account is disabled.
    UserDisabled,
    /// An event revoked it, by the table.
    RevokedByEvent,
    /// Its browser session was signed out.
    SessionSignedOut,
    /// It exceeded the inactivity limit.
    Inactive,
    /// A token of a `spa` redirect URI reached the fixed expiry of its family.
    FixedLifetimeOver,
    /// An authorization code expired.
    CodeExpired,
    /// An authorization code was already redeemed.
    CodeRedeemed,
    /// It was issued to another client.
    OfAnotherClient,
    /// A `spa` grant was presented without an `Origin` header.
    OriginMissing,
    /// A browser page presented a grant of a redirect URI that is not of type `spa`.
    OriginNotAllowed,
    /// A browser page of an unregistered origin presented a `spa` grant.
    OriginForeign,
    /// The code verifier does not match the code challenge.
    ProofKeyWrong,
    /// The authorization request had a `code_challenge`, and the token request has no
    /// `code_verifier`.
    CodeVerifierMissing,
    /// A grant of a `spa` redirect URI has no code challenge.
    ProofKeyMissing,
    /// An access token expired.
    AccessTokenExpired,
    /// An access token is not valid yet.
    AccessTokenNotYetValid,
    /// A critical event revoked an access token at its CAE-enabled resource.
    CriticalEvent,
    /// The password must be changed first.
    PasswordChangeDue,
    /// The user has not approved or declined the device yet.
    DeviceCodePending,
    /// The user declined the device.
    DeviceCodeDeclined,
    /// The device code expired.
    DeviceCodeExpired,
    /// MFA is required, and the user signed in without it.
    SecondFactorMissing,
    /// MFA is required, and the user has registered no method.
    SecondFactorNotRegistered,
    /// The account was disabled after the grant, in a tenant where that revokes it.
    DisabledMeanwhile,
    /// A refresh token was reused under strict rotation.
    UsedBefore,
    /// A token of its family was reused under strict rotation.
    FamilyEnded,
    /// A Conditional Access policy blocks.
    BlockedByPolicy,
    /// The sign-in is older than the sign-in frequency allows.
    SignInTooOld,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 31] = [
        Self::NothingEndedIt,
        Self::UserUnknown,
        Self::UserDeleted,
        Self::UserDisabled,
        Self::RevokedByEvent,
        Self::SessionSignedOut,
        Self::Inactive,
        Self::FixedLifetimeOver,
        Self::CodeExpired,
        Self::CodeRedeemed,
        Self::OfAnotherClient,
        Self::OriginMissing,
        Self::OriginNotAllowed,
        Self::OriginForeign,
        Self::ProofKeyWrong,
        Self::CodeVerifierMissing,
        Self::ProofKeyMissing,
        Self::AccessTokenExpired,
        Self::AccessTokenNotYetValid,
        Self::CriticalEvent,
        Self::PasswordChangeDue,
        Self::DeviceCodePending,
        Self::DeviceCodeDeclined,
        Self::DeviceCodeExpired,
        Self::SecondFactorMissing,
        Self::SecondFactorNotRegistered,
        Self::DisabledMeanwhile,
        Self::UsedBefore,
        Self::FamilyEnded,
        Self::BlockedByPolicy,
        Self::SignInTooOld,
    ];

    /// A title for tables and headings.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NothingEndedIt => "Nothing has ended it",
            Self::UserUnknown => "The directory does not know the user",
            Self::UserDeleted => "The user was deleted",
            Self::UserDisabled => "The account is disabled",
            Self::RevokedByEvent => "An event revoked it",
            Self::SessionSignedOut => "Its browser session was signed out",
            Self::Inactive => "Not used for too long",
            Self::FixedLifetimeOver => "Its fixed lifetime is over",
            Self::CodeExpired => "The code has expired",
            Self::CodeRedeemed => "The code was used before",
            Self::OfAnotherClient => "It belongs to another client",
            Self::OriginMissing => "Single-page application's grant used outside a browser",
            Self::OriginNotAllowed => "Browser page used a grant not meant for one",
            Self::OriginForeign => "Page of another origin used a single-page application's grant",
            Self::ProofKeyWrong => "The code verifier does not match",
            Self::CodeVerifierMissing => "The code verifier is missing",
            Self::ProofKeyMissing => "The code challenge is missing",
            Self::AccessTokenExpired => "The access token has expired",
            Self::AccessTokenNotYetValid => "The access token is not valid yet",
            Self::CriticalEvent => "A critical event revoked it at its resource",
            Self::PasswordChangeDue => "The password must be changed first",
            Self::DeviceCodePending => "The user has not approved the device yet",
            Self::DeviceCodeDeclined => "The user declined the device",
            Self::DeviceCodeExpired => "The device code has expired",
            Self::SecondFactorMissing => "MFA is required now",
            Self::SecondFactorNotRegistered => "An MFA method must be registered first",
            Self::DisabledMeanwhile => "The account was disabled after the grant",
            Self::UsedBefore => "The refresh token was used before",
            Self::FamilyEnded => "A token of its family was used twice",
            Self::BlockedByPolicy => "A Conditional Access policy blocks access",
            Self::SignInTooOld => "The sign-in is older than the sign-in frequency allows",
        }
    }

    /// The explanation, with `{name}` as the placeholder of the fact with that name.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::NothingEndedIt => "granted on {granted_at}, good until {good_until}{proviso}.",
            Self::UserUnknown => "the directory does not know the user it was issued to.",
            Self::UserDeleted => "the user it was issued to was deleted from the directory.",
            Self::UserDisabled => {
                "the account is disabled. This is checked at every use and revokes nothing: once the account is enabled, \
                whatever was not revoked meanwhile works again."
            }
            Self::RevokedByEvent => {
                "the grant was issued on {granted_at}; on {event_at} {event_clause}. By the row \"{row}\" (edition \
                 {rules}), this revokes {column_plural}. {neighbours}"
            }
            Self::SessionSignedOut => {
                "the grant was issued on {granted_at}; on {event_at} {event_clause} it belongs to. By the row \"{row}\" \
                 (edition {rules}), this revokes {column_plural} that belong to that session. {neighbours}"
            }
            Self::Inactive => {
                "last used on {last_used_at}; unused it is valid for {inactivity}, so it expired on {good_until}."
            }
            Self::FixedLifetimeOver => {
                "the first token of its family was issued on {family_issued_at} to a single-page application. Such a \
                family is valid for {lifetime}, however often it is renewed, so it expired on {good_until}."
            }
            Self::CodeExpired => {
                "issued on {granted_at}; a code is valid for {lifetime}, so it expired on {good_until}."
            }
            Self::CodeRedeemed => {
                "the code was redeemed on {redeemed_at}, and a code can be redeemed only once."
            }
            Self::OfAnotherClient => "it was issued to another client, and only that client can use it.",
            Self::OriginMissing => {
                "it was granted through a redirect URI of type spa, so only a page in a browser may redeem it, and the \
                 request carried no Origin header."
            }
            Self::OriginNotAllowed => {
                "the request came from a page in a browser (it carried an Origin header), but the grant came through a \
                 redirect URI that is not of type spa."
            }
            Self::OriginForeign => {
                "the request came from a page in a browser, but its Origin header names none of the origins that the \
                 application's redirect URIs of type spa have."
            }
            Self::ProofKeyWrong => {
                "the code_verifier does not match the code_challenge of the authorization request."
            }
            Self::CodeVerifierMissing => {
                "the authorization request had a code_challenge, and this request has no code_verifier."
            }
            Self::ProofKeyMissing => {
                "a page in a browser must use PKCE, and the authorization request had no code_challenge."
            }
            Self::AccessTokenExpired => {
                "an access token is valid until it expires; this one expired on {good_until}."
            }
            Self::AccessTokenNotYetValid => "it is valid from {valid_from}.",
            Self::CriticalEvent => {
                "it was issued on {granted_at}; {happened}. Its resource is CAE-enabled: once notified of the event, it \
                rejects the token and requires one issued since. Whether the client can get one depends on its refresh \
                token."
            }
            Self::PasswordChangeDue => {
                "the password is correct, but it has expired or is temporary: the user must first change it on the \
                sign-in page."
            }
            Self::DeviceCodePending => {
                "issued on {granted_at}; the user has not yet entered the user code and approved the device, which is \
                possible until {good_until}."
            }
            Self::DeviceCodeDeclined => "the user who entered the user code declined on {decided_at}.",
            Self::DeviceCodeExpired => {
                "issued on {granted_at}; a device code is valid for {lifetime}, so it expired on {good_until}."
            }
            Self::SecondFactorMissing => {
                "MFA is required, and the user signed in without it. This revokes nothing: after a sign-in with MFA, or \
                once MFA is no longer required, it works again."
            }
            Self::SecondFactorNotRegistered => {
                "MFA is required, and the user has registered no method; users register one when they sign in \
                interactively."
            }
            Self::DisabledMeanwhile => {
                "the grant was issued on {granted_at}; on {disabled_at} the account was disabled. In this tenant that revokes \
                the grant (switch disable_revokes); by default it works again once the account is enabled."
            }
            Self::UsedBefore => {
                "it was used on {used_at}, and this tenant uses strict rotation (a switch): a token can be used once, and \
                a second use revokes its family. In Entra ID the old token remains valid beside the new one."
            }
            Self::FamilyEnded => {
                "on {family_ended_at} a token of its family was used a second time, and this tenant uses strict rotation (a \
                switch): that revokes the whole family. Entra ID does not do this."
            }
            Self::BlockedByPolicy => {
                "the Conditional Access policy \"{policy}\" blocks access. This revokes nothing: once the policy no longer \
                applies, it works again."
            }
            Self::SignInTooOld => {
                "the user signed in on {authenticated_at}; a Conditional Access policy requires a new sign-in every \
                {sign_in_frequency}, which, with five minutes of tolerance, was due on {good_until}."
            }
        }
    }
}
