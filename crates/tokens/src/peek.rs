//! Reading unverified tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::TenantId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::TOKEN_CHARS_MAX;

/// Reads the tenant from an unverified token, only to choose the clock for its verification.
#[must_use]
pub fn peek_tenant(token: &str) -> Option<TenantId> {
    #[derive(Deserialize)]
    struct Claims {
        tid: TenantId,
    }
    claims::<Claims>(token).map(|claims| claims.tid)
}

/// Reads the tenant from the `iss` claim of an unverified token that has no `tid`.
#[must_use]
pub fn peek_tenant_of_issuer(token: &str) -> Option<TenantId> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
    }
    let Claims { iss } = claims(token)?;
    // {origin}/{tid}/ or {origin}/{tid}/v2.0
    iss.rsplit('/').nth(1)?.parse().ok()
}

/// Reads the object id (`oid`) of an unverified token, for one that its issuer gave to this process
/// itself.
#[must_use]
pub fn peek_object_id(token: &str) -> Option<Uuid> {
    #[derive(Deserialize)]
    struct Claims {
        oid: Uuid,
    }
    claims::<Claims>(token).map(|claims| claims.oid)
}

/// Reads the audience of an unverified token, only to name it in an error.
#[must_use]
pub fn peek_audience(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        aud: String,
    }
    claims::<Claims>(token).map(|claims| claims.aud)
}

/// Reads the client (`appid` or `azp`) from an unverified token, only to tell clients apart.
#[must_use]
pub fn peek_client(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        appid: Option<String>,
        azp: Option<String>,
    }
    claims::<Claims>(token).and_then(|claims| claims.appid.or(claims.azp))
}

fn claims<T: DeserializeOwned>(token: &str) -> Option<T> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let mut parts = token.split('.');
    let (_header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&claims).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_hs256;
    use serde_json::json;

    #[test]
    fn reads_the_tenant_of_the_issuer_or_nothing() {
        let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        let named = |iss: &str| peek_tenant_of_issuer(&sign_hs256(b"k", &json!({"iss": iss})));
        assert_eq!(named(&format!("http://idp:8701/{tenant}/v2.0")), Some(tenant));
        assert_eq!(named(&format!("http://idp:8701/{tenant}/")), Some(tenant));
        for iss in ["", "/", "http://idp:8701/x/v2.0", &tenant.to_string()] {
            assert_eq!(named(iss), None, "{iss}");
        }
        assert_eq!(peek_tenant_of_issuer("a.b.c"), None);
    }

    #[test]
    fn reads_the_object_id_or_nothing() {
        let oid = Uuid::from_u128(7);
        assert_eq!(peek_object_id(&sign_hs256(b"k", &json!({"oid": oid}))), Some(oid));
        assert_eq!(peek_object_id(&sign_hs256(b"k", &json!({"oid": 7}))), None);
        assert_eq!(peek_object_id("a.b.c"), None);
    }

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
