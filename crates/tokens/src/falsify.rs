//! Tokens that no validator may accept, for tests of validators.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Returns a token whose header names a key that its issuer never published. `None` if the text is
/// not a compact JWS.
#[must_use]
pub fn with_unknown_key(token: &str) -> Option<String> {
    let (header, rest) = token.split_once('.')?;
    let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    for name in ["kid", "x5t"] {
        // The thumbprint of no certificate, but recognizably derived from that of the real key.
        if let Some(kid) = header.get(name).and_then(Value::as_str) {
            header[name] = kid.chars().rev().collect::<String>().into();
        }
    }
    Some(format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string())))
}

/// Returns a token whose signature does not fit it. `None` if the text is not a compact JWS.
#[must_use]
pub fn with_wrong_signature(token: &str) -> Option<String> {
    let (signed, signature) = token.rsplit_once('.')?;
    let mut signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    *signature.first_mut()? ^= 1;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sign_hs256;

    #[test]
    fn only_the_key_or_the_signature_changes() {
        let token = sign_hs256(b"k", &json!({"a": 1}));
        let mut parts = token.split('.');
        let (header, claims, signature) = (parts.next(), parts.next(), parts.next());
        let forged = with_wrong_signature(&token).expect("a token");
        let mut parts = forged.split('.');
        assert_eq!((parts.next(), parts.next()), (header, claims));
        assert_ne!(parts.next(), signature);
        let named = |kid: &str| URL_SAFE_NO_PAD.encode(json!({"kid": kid, "alg": "RS256"}).to_string());
        let unknown = with_unknown_key(&format!("{}.b.c", named("abc"))).expect("a token");
        assert_eq!(unknown, format!("{}.b.c", named("cba")));
        for text in ["", "a", "é.b.c", "YQ.b.c"] {
            assert_eq!(with_unknown_key(text), None, "{text}");
        }
        assert_eq!(with_wrong_signature("a.b."), None);
    }
}
