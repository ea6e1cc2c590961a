//! The rules a verdict can rest on, each with a title and the sentence that explains it.

use serde::{Deserialize, Serialize};

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Nothing ended it: the one rule by which something is accepted.
    NothingEndedIt,
    /// The directory does not know the user.
    UserUnknown,
    /// The user was deleted.
    UserDeleted,
    /// The user may not sign in.
    UserDisabled,
    /// An event's row revokes its column.
    RevokedByEvent,
    /// The browser session it belongs to was signed out.
    SessionSignedOut,
    /// It was not used for too long.
    Inactive,
    /// A token of a `spa` redirect URI reached the end that was fixed at first issue.
    FixedLifetimeOver,
    /// An authorization code got too old.
    CodeExpired,
    /// An authorization code was used before.
    CodeRedeemed,
    /// It was issued to another client.
    OfAnotherClient,
    /// A `spa` grant was presented by something that is no browser page.
    OriginMissing,
    /// A browser page presented a grant of a redirect URI that is not of type `spa`.
    OriginNotAllowed,
    /// A browser page presented a `spa` grant at whose application it is not registered.
    OriginForeign,
    /// The proof key does not match the challenge of the authorization request.
    ProofKeyWrong,
    /// The authorization request had a `code_challenge`, and the token request has no `code_verifier`.
    CodeVerifierMissing,
    /// A grant of a `spa` redirect URI had no proof key.
    ProofKeyMissing,
    /// An access token's time is over.
    AccessTokenExpired,
    /// An access token's time has not begun.
    AccessTokenNotYetValid,
    /// Something happened to the user, and the access token's resource hears of it.
    CriticalEvent,
    /// The password has to be changed before it is good for anything else.
    PasswordChangeDue,
    /// Nobody has answered for the device yet.
    DeviceCodePending,
    /// The person said no to the device.
    DeviceCodeDeclined,
    /// Nobody answered for the device in time.
    DeviceCodeExpired,
    /// A second factor is required, and the sign-in had none.
    SecondFactorMissing,
    /// A second factor is required, and the user has registered none.
    SecondFactorNotRegistered,
    /// The account was disabled after the grant, in a tenant where that ends it for good.
    DisabledMeanwhile,
    /// A refresh token was used before, at an issuer that rotates strictly.
    UsedBefore,
    /// A token of its family was used twice, at an issuer that rotates strictly.
    FamilyEnded,
    /// A Conditional Access policy blocks.
    BlockedByPolicy,
    /// The user has to sign in more often.
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
            Self::CodeExpired => "The code is too old",
            Self::CodeRedeemed => "The code was used before",
            Self::OfAnotherClient => "It belongs to another client",
            Self::OriginMissing => "Single-page application's grant used outside a browser",
            Self::OriginNotAllowed => "Browser page used a grant not meant for one",
            Self::OriginForeign => "Page of another origin used a single-page application's grant",
            Self::ProofKeyWrong => "The proof key does not match",
            Self::CodeVerifierMissing => "The code verifier is missing",
            Self::ProofKeyMissing => "The proof key is missing",
            Self::AccessTokenExpired => "The access token's time is over",
            Self::AccessTokenNotYetValid => "The access token's time has not begun",
            Self::CriticalEvent => "Its resource heard what happened to the user",
            Self::PasswordChangeDue => "The password has to be changed first",
            Self::DeviceCodePending => "Nobody has answered for the device yet",
            Self::DeviceCodeDeclined => "The person said no to the device",
            Self::DeviceCodeExpired => "The device code is too old",
            Self::SecondFactorMissing => "A second factor is required now",
            Self::SecondFactorNotRegistered => "A second factor has to be registered first",
            Self::DisabledMeanwhile => "The account was disabled after the grant",
            Self::UsedBefore => "The refresh token was used before",
            Self::FamilyEnded => "A token of its family was used twice",
            Self::BlockedByPolicy => "A Conditional Access policy blocks",
            Self::SignInTooOld => "The sign-in is older than its frequency allows",
        }
    }

    /// Why, in words, with `{name}` where the fact of that name belongs.
    pub(crate) const fn explanation(self) -> &'static str {
        match self {
            Self::NothingEndedIt => "granted on {granted_at}, good until {good_until}{proviso}.",
            Self::UserUnknown => "the directory does not know the user it was issued to.",
            Self::UserDeleted => "the user it was issued to was deleted from the directory.",
            Self::UserDisabled => {
                "the account is disabled. That is looked up at every use and ends nothing for good: enabled again, \
                 whatever was not revoked meanwhile works again."
            }
            Self::RevokedByEvent => {
                "the grant was issued on {granted_at}; on {event_at} {event_clause}. By the row \"{row}\" (edition \
                 {rules}), {column_plural} die then. {neighbours}"
            }
            Self::SessionSignedOut => {
                "the grant was issued on {granted_at}; on {event_at} {event_clause} it belongs to. By the row \"{row}\" \
                 (edition {rules}), {column_plural} die then, if they are of that session. {neighbours}"
            }
            Self::Inactive => {
                "last used on {last_used_at}; unused it lives {inactivity}, and that was over on {good_until}."
            }
            Self::FixedLifetimeOver => {
                "the first token of its family was issued on {family_issued_at} to a single-page application. Such a \
                 family lives {lifetime}, however often it is renewed, and that was over on {good_until}."
            }
            Self::CodeExpired => "issued on {granted_at}; a code lives {lifetime}, so until {good_until}.",
            Self::CodeRedeemed => {
                "the code was redeemed on {redeemed_at}, and a code is good for one redemption."
            }
            Self::OfAnotherClient => {
                "it was issued to another client, and works only for the client it was issued to."
            }
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
                "a page in a browser must prove with PKCE that it asked for the code, and this request was made without."
            }
            Self::AccessTokenExpired => {
                "an access token works until its time is over and not after; this one's was over on {good_until}."
            }
            Self::AccessTokenNotYetValid => "its time begins on {valid_from}.",
            Self::CriticalEvent => {
                "it was issued on {granted_at}; {happened}. Its resource evaluates access continuously: once it hears of that it turns the \
                 token away and asks for one issued since. Whether the client gets one is for its refresh token to say."
            }
            Self::PasswordChangeDue => {
                "the password is right, but it is expired or only temporary: until it is changed, on a page, it signs in to \
                 nothing."
            }
            Self::DeviceCodePending => {
                "issued on {granted_at}; nobody has typed the user code and answered, and there is time until {good_until}."
            }
            Self::DeviceCodeDeclined => "the person who typed the user code said no on {decided_at}.",
            Self::DeviceCodeExpired => {
                "issued on {granted_at}; a device code lives {lifetime}, so until {good_until}."
            }
            Self::SecondFactorMissing => {
                "a second factor is required, and the user signed in without one. It ends nothing for good: signed in again with \
                 one, or required no more, all is well."
            }
            Self::SecondFactorNotRegistered => {
                "a second factor is required, and the user has registered none; that is done when signing in on a page."
            }
            Self::DisabledMeanwhile => {
                "the grant was issued on {granted_at}; on {disabled_at} the account was disabled. That the tenant lets this end it for \
                 good is a switch (disable_revokes); by default what was not revoked works again once the account is enabled."
            }
            Self::UsedBefore => {
                "it was used on {used_at}, and this tenant's issuer rotates strictly (a switch): a token is good once, and its second \
                 use ends the family. Entra itself lets the old token work beside the new one."
            }
            Self::FamilyEnded => {
                "on {family_ended_at} a token of its family was used a second time, and this tenant's issuer rotates strictly (a \
                 switch): that ends the whole family. Entra itself does not."
            }
            Self::BlockedByPolicy => {
                "the Conditional Access policy \"{policy}\" lets nobody in whom it applies to. It ends nothing for good: applied no more, \
                 all is well."
            }
            Self::SignInTooOld => {
                "the user signed in on {authenticated_at}; a Conditional Access policy asks for a new sign-in every {sign_in_frequency}, \
                 and with the five minutes of grace that was over on {good_until}."
            }
        }
    }
}
