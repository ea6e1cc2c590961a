//! Reading a token that nobody has verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::TenantId;
use serde::Deserialize;

use crate::TOKEN_CHARS_MAX;

/// The tenant that a token claims to be of, unverified: good for choosing the clock by which to verify it, for nothing else.
#[must_use]
pub fn peek_tenant(token: &str) -> Option<TenantId> {
    #[derive(Deserialize)]
    struct Claims {
        tid: TenantId,
    }
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let mut parts = token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| claims.tid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_hs256;
    use serde_json::json;

    #[test]
    fn reads_the_tenant_or_nothing() {
        let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        assert_eq!(peek_tenant(&sign_hs256(b"k", &json!({"tid": tenant}))), Some(tenant));
        for token in
            ["", "a", "a.b.c", "..", &sign_hs256(b"k", &json!({"tid": "x"})), &"a.".repeat(TOKEN_CHARS_MAX)]
        {
            assert_eq!(peek_tenant(token), None, "{token:.40}");
        }
    }
}
