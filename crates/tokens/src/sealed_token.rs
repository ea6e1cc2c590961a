//! Self-contained sealed tokens: refresh tokens, authorization codes, sign-in contexts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Stream, TenantId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Sealer;

/// The text is not a token of the expected kind: garbled, truncated, of another kind, or sealed
/// with another key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the token is malformed")]
pub struct MalformedToken;

/// A token that consists of a prefix and its sealed content. It is opaque to clients and
/// self-contained. Between both, it can name the tenant whose key sealed it.
///
/// Implementing types define only the two constants.
pub trait SealedToken: Serialize + DeserializeOwned {
    /// The purpose for which the content is sealed, unique to this kind of token.
    const PURPOSE: &'static str;
    /// The prefix of the text.
    const PREFIX: &'static str;

    /// Returns the tenant of the content; `None` for a kind of token that is of none.
    fn tenant(&self) -> Option<TenantId> {
        None
    }

    /// Returns the token's text.
    ///
    /// # Panics
    /// When JSON cannot represent the type of the content (a map whose keys are not strings).
    #[must_use]
    fn seal(&self, sealer: &Sealer, stream: &mut Stream) -> String {
        let plain = serde_json::to_vec(self).expect("the content of a token is a struct of plain values");
        format!("{}{}", Self::PREFIX, sealer.seal(Self::PURPOSE, &plain, stream))
    }

    /// Returns the text of a token that is sealed with the key of a tenant, which it names.
    #[must_use]
    fn seal_in(&self, tenant: TenantId, sealer: &Sealer, stream: &mut Stream) -> String {
        let sealed = self.seal(sealer, stream);
        let sealed = sealed.strip_prefix(Self::PREFIX).unwrap_or_default();
        format!("{}{}.{sealed}", Self::PREFIX, URL_SAFE_NO_PAD.encode(tenant.uuid()))
    }

    /// Returns the tenant that a token names. Not authenticated: the token may not open with the
    /// key of that tenant, and the content may be of another one.
    #[must_use]
    fn tenant_of(text: &str) -> Option<TenantId> {
        let (tenant, _) = text.strip_prefix(Self::PREFIX)?.split_once('.')?;
        let bytes = URL_SAFE_NO_PAD.decode(tenant).ok()?;
        Uuid::from_slice(&bytes).ok().map(TenantId::from_uuid)
    }

    /// Returns the content of a token.
    ///
    /// # Errors
    /// [`MalformedToken`] when the text was not produced by [`seal`](Self::seal) or
    /// [`seal_in`](Self::seal_in) with the same key.
    fn open(sealer: &Sealer, text: &str) -> Result<Self, MalformedToken> {
        text.strip_prefix(Self::PREFIX)
            .map(|rest| rest.split_once('.').map_or(rest, |(_, sealed)| sealed))
            .and_then(|sealed| sealer.open(Self::PURPOSE, sealed))
            .and_then(|plain| serde_json::from_slice(&plain).ok())
            .ok_or(MalformedToken)
    }
}
