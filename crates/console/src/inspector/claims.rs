//! A pasted JWT, decoded: its claims, and what each means.

use data_encoding::BASE64URL_NOPAD;
use outlive_clock::Instant;
use serde_json::{Map, Value};

use crate::when::When;

/// The maximum length of a value on the page, in characters.
const VALUE_CHARS_MAX: usize = 300;

/// A decoded JWT, without its signature.
pub(crate) struct Decoded {
    header: Map<String, Value>,
    payload: Map<String, Value>,
    /// The claims of the payload.
    pub(crate) claims: Vec<Claim>,
}

/// A claim.
pub(crate) struct Claim {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
}

/// Decodes a text if it is a JWT in compact form. Its signature is not checked.
pub(crate) fn decoded(text: &str) -> Option<Decoded> {
    let mut parts = text.trim().split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let read = |part: &str| -> Option<Map<String, Value>> {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok()
    };
    Some(Decoded { header: read(header)?, payload: read(payload)?, claims: Vec::new() })
}

impl Decoded {
    /// Describes the claims on a page whose time is `now`.
    pub(crate) fn at(mut self, now: Instant) -> Self {
        let describe = |(name, value): (&String, &Value)| Claim {
            name: name.clone(),
            value: shown(name, value, now),
            meaning: meaning(name, value),
        };
        self.claims = self.payload.iter().map(describe).collect();
        self
    }

    /// The algorithm and the key of the header.
    pub(crate) fn signature(&self) -> String {
        let text = |name: &str| self.header.get(name).and_then(Value::as_str).unwrap_or("none");
        format!("{}, key {}", text("alg"), text("kid"))
    }
}

fn shown(name: &str, value: &Value, now: Instant) -> String {
    let text = match value {
        Value::Number(number) if matches!(name, "iat" | "nbf" | "exp" | "auth_time" | "xms_tcdt") => {
            match number.as_i64() {
                Some(seconds) => When::of(Instant::from_seconds(seconds), now).shown,
                None => number.to_string(),
            }
        }
        Value::String(text) => text.clone(),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    };
    text.chars().take(VALUE_CHARS_MAX).collect()
}

fn meaning(name: &str, value: &Value) -> &'static str {
    match (name, value.as_str()) {
        ("aud", _) => "The API this token is for. Any other API rejects it.",
        ("iss", _) => "The issuer: the identity provider of a tenant.",
        ("iat", _) => "When it was issued.",
        ("nbf", _) => "Not valid before.",
        ("exp", _) => "When it expires.",
        ("auth_time", _) => "When the user signed in.",
        ("azp" | "appid", _) => "The client it was issued to.",
        ("azpacr" | "appidacr", Some("0")) => "The client did not authenticate: a public client.",
        ("azpacr" | "appidacr", Some("1")) => {
            "The client authenticated with a secret: a confidential client."
        }
        ("azpacr" | "appidacr", Some("2")) => {
            "The client authenticated with a certificate: a confidential client."
        }
        ("scp", _) => "Delegated permissions: on behalf of a user.",
        ("roles", _) => "Application permissions, or roles of the user at the API.",
        ("upn" | "preferred_username" | "unique_name", _) => "The sign-in name of the user.",
        ("name", _) => "The display name.",
        ("oid", _) => "The object id of the user or service principal.",
        ("sub", _) => "The subject: differs for each application.",
        ("tid", _) => "The tenant.",
        ("uti", _) => "The id of this token, by which the journal names it.",
        ("ver", _) => "The version of the token format.",
        ("amr", _) => "How the user signed in: pwd for a password, mfa for a second factor.",
        ("acr", _) => "Whether a user authenticated.",
        ("xms_cc", _) => {
            "What the client can handle; cp1: a claims challenge, so that events can end the token early."
        }
        ("sid", _) => "The browser session.",
        ("nonce", _) => "A value of the authorization request, against replay.",
        ("idtyp", _) => "app: the token is an application’s own.",
        ("groups", _) => "The groups of the user.",
        ("wids", _) => "The directory roles of the user.",
        ("acct", _) => "0 for a member, 1 for a guest.",
        ("ipaddr", _) => "The address of the sign-in.",
        ("aio" | "rh" | "xms_ftd" | "xms_idrel" | "sub_jwk", _) => "Internal; clients do not use it.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_jwt_is_decoded() {
        let part = |value: &str| BASE64URL_NOPAD.encode(value.as_bytes());
        let token =
            format!("{}.{}.x", part(r#"{"alg":"RS256","kid":"n2"}"#), part(r#"{"azpacr":"0","exp":0}"#));
        let decoded = decoded(&token).expect("a JWT").at(Instant::EPOCH);
        assert_eq!(decoded.signature(), "RS256, key n2");
        let claims: Vec<_> =
            decoded.claims.iter().map(|claim| (claim.name.as_str(), claim.value.as_str())).collect();
        assert_eq!(claims, [("azpacr", "0"), ("exp", "00:00")]);
        assert!(decoded.claims[0].meaning.contains("public client"));
        for text in ["", "a.b.c", "01a21d35-3ebc-7001-926b-f83df9940fa5", &format!("{token}.y"), &part("{}")]
        {
            assert!(super::decoded(text).is_none(), "{text}");
        }
    }
}
