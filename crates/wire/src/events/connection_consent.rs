//! The hub: how the owner of a connection consents, step by step.

use outlive_clock::Instant;
use uuid::Uuid;

use super::example;
use crate::event::event;

event! {
    /// A maker requested a link with which the owner of a connection signs in.
    ConsentLinkIssued = "consent.link_issued" {
        /// The consent attempt.
        #[schema(value_type = String)]
        attempt: Uuid,
        /// The user whom the link is for.
        #[schema(value_type = String)]
        object_id: Uuid,
        /// When the link expires (virtual time).
        #[schema(value_type = String)]
        expires: Instant,
        /// The user who requested it.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| format!("A consent link was issued; it expires at {}.", event.expires),
    example {
        attempt: example::uuid(),
        object_id: example::owner().uuid(),
        expires: example::instant(),
        caller: example::owner().uuid(),
    },
}

event! {
    /// A browser opened a consent link and was sent to the issuer.
    ConsentStarted = "consent.started" {
        /// The consent attempt.
        #[schema(value_type = String)]
        attempt: Uuid,
        /// Where the issuer sends the browser back to.
        redirect_uri: String,
    }
    notable |_| true,
    summary |_| "The consent link was opened; the browser was sent to sign in.".to_owned(),
    example {
        attempt: example::uuid(),
        redirect_uri: "http://127.0.0.1:8702/redirect".to_owned(),
    },
}

event! {
    /// The hub redeemed the authorization code and keeps the tokens until they are confirmed.
    ConsentRedeemed = "consent.redeemed" {
        /// The consent attempt.
        #[schema(value_type = String)]
        attempt: Uuid,
        /// The account that signed in.
        account: Option<String>,
        /// Its object id.
        #[schema(value_type = Option<String>)]
        account_id: Option<Uuid>,
        /// Fingerprint of the refresh token.
        refresh_token: Option<String>,
        /// Fingerprint of the access token.
        access_token: String,
        /// When the access token expires (virtual time).
        #[schema(value_type = String)]
        expires: Instant,
    }
    notable |_| true,
    summary |event| format!(
        "The hub received the tokens of {}.",
        event.account.as_deref().unwrap_or("the account that signed in")
    ),
    example {
        attempt: example::uuid(),
        account: Some(example::OWNER_UPN.to_owned()),
        account_id: Some(example::owner().uuid()),
        refresh_token: Some("1a2b3c4d5e6f7a8b".to_owned()),
        access_token: "4f0c1d2e3a4b5c6d".to_owned(),
        expires: example::instant(),
    },
}

event! {
    /// The sign-in for a connection failed at the issuer.
    ConsentFailed = "consent.failed" {
        /// The reason.
        why: String,
        /// The consent attempt; absent if the issuer refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        attempt: Option<Uuid>,
    }
    notable |_| true,
    summary |event| format!("The sign-in for the connection failed: {}", event.why),
    example { why: "The issuer did not answer within 10 s.".to_owned(), attempt: Some(example::uuid()) },
}

event! {
    /// The confirmation of a consent was rejected: another user, an unknown or expired code.
    ConsentConfirmationRefused = "consent.refused" {
        /// The reason.
        why: String,
        /// The user who tried to confirm.
        #[schema(value_type = String)]
        caller: Uuid,
    }
    notable |_| true,
    summary |event| format!("The confirmation of the consent was rejected: {}", event.why),
    example {
        why: "The consent code has expired.".to_owned(),
        caller: example::owner().uuid(),
    },
}
