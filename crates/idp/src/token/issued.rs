//! What a journal line about issued tokens says of each: written when they are made, read when somebody asks about one by name.

use std::borrow::Cow;

use outlive_clock::{Instant, SessionId};
use outlive_tokens::{ClientClass, SealedRefreshToken, fingerprint};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mint::MintedAccessToken;

/// An access token.
#[derive(Serialize, Deserialize)]
pub(crate) struct IssuedAccessToken<'a> {
    pub(crate) uti: Cow<'a, str>,
    pub(crate) fingerprint: Cow<'a, str>,
    pub(crate) expires_at: Instant,
    #[serde(default)]
    pub(crate) evaluated: bool,
}

/// A refresh token.
#[derive(Serialize, Deserialize)]
pub(crate) struct IssuedRefreshToken {
    pub(crate) id: Uuid,
    pub(crate) parent: Option<Uuid>,
    pub(crate) family: Uuid,
    pub(crate) fingerprint: String,
    pub(crate) client_class: ClientClass,
    pub(crate) password_based: bool,
    pub(crate) session: Option<SessionId>,
    pub(crate) family_issued_at: Instant,
    pub(crate) fixed_expires_at: Option<Instant>,
}

impl<'a> From<&'a MintedAccessToken> for IssuedAccessToken<'a> {
    fn from(token: &'a MintedAccessToken) -> Self {
        Self {
            uti: Cow::Borrowed(&token.uti),
            fingerprint: Cow::Borrowed(&token.fingerprint),
            expires_at: token.expires_at,
            evaluated: token.evaluated,
        }
    }
}

impl IssuedRefreshToken {
    /// Of a token and its text.
    pub(super) fn of(token: &SealedRefreshToken, text: &str) -> Self {
        Self {
            id: token.token_id,
            parent: token.parent_id,
            family: token.family_id,
            fingerprint: fingerprint(text),
            client_class: token.client_class,
            password_based: token.password_based,
            session: token.session_id,
            family_issued_at: token.family_issued_at,
            fixed_expires_at: token.fixed_expires_at,
        }
    }
}
