//! The phone of a user (`/lab/tenants/{t}/phone/{user}`): mails and the authenticator app.

use std::fmt;

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the phone of a user shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phone {
    /// The user's sign-in name.
    pub upn: String,
    /// The user's object id.
    pub user: String,
    /// The current virtual time.
    #[schema(value_type = String)]
    pub now: Instant,
    /// The mails to the user, newest first.
    pub messages: Vec<Mail>,
    /// The account in the authenticator app.
    pub authenticator: Option<AuthenticatorCodes>,
    /// Whether the identity provider has an authenticator app of the user.
    pub is_registered: bool,
    /// The passkeys on the phone, oldest first.
    #[serde(default)]
    pub passkeys: Vec<PhonePasskey>,
    /// The pages that wait for a passkey of the phone, newest first.
    #[serde(default)]
    pub requests: Vec<PasskeyRequest>,
}

/// A passkey on the phone. Its key is sealed, and never returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PhonePasskey {
    /// Its credential id, base64url.
    #[serde(default)]
    pub id: String,
    /// The host name for which it was created.
    pub rp_id: String,
    /// When it was created (virtual time).
    #[schema(value_type = String)]
    pub created: Instant,
    /// How often it signed in.
    pub uses: u32,
}

/// A page of the identity provider that waits for the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasskeyRequest {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub purpose: String,
    /// Whether the phone is to create a passkey.
    pub is_registration: bool,
    /// Whether the phone has a passkey for it, or can create one.
    pub can_respond: bool,
    /// When the page was shown (virtual time).
    #[schema(value_type = String)]
    pub asked: Instant,
}

/// Responds to a page that waits for the phone: with the number that it shows, or declines.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyAnswer {
    /// The number on the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u8>,
    /// Whether the user declined.
    #[serde(default)]
    pub declined: bool,
}

/// A mail that would have been sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// When it was sent (virtual time).
    #[schema(value_type = String)]
    pub at: Instant,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The code in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When the code expires (virtual time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires: Option<Instant>,
    /// Whether the code can still be used: not used, not replaced, not expired.
    #[serde(default)]
    pub is_usable: bool,
}

/// The codes of an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthenticatorCodes {
    /// The code of this time step.
    pub code: String,
    /// The code of the next.
    pub next: String,
    /// When the next begins (virtual time).
    #[schema(value_type = String)]
    pub until: Instant,
    /// When the account was added (virtual time).
    #[schema(value_type = String)]
    pub added: Instant,
}

/// Adds an account to the authenticator app.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticatorSecret {
    /// The secret that the identity provider shows (base32), or its `otpauth` link.
    pub secret: String,
}

impl fmt::Debug for AuthenticatorSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticatorSecret")
    }
}
