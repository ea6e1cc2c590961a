//! Claims challenges: what a back end that evaluates access continuously asks for, and how it is asked of the issuer.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};
use outlive_tokens::{Challenge, ClaimsRequest, Secret};
use serde_json::{Value, json};

/// The `claims` by which a client says that it can be challenged.
pub(crate) const CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// An access token that a back end did not take, and what the next one has to be.
#[derive(Debug, Clone)]
pub(crate) struct Challenged {
    /// The token that was refused.
    pub(crate) refused: Secret,
    /// The `claims` to ask the issuer for: those of the challenge, and that the client can be challenged.
    pub(crate) claims: String,
}

impl Challenged {
    /// Reads the answer that a back end gave to `token`; `None` unless it is a claims challenge that can be answered.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap, token: &Secret) -> Option<Self> {
        if status != StatusCode::UNAUTHORIZED {
            return None;
        }
        let claims = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| Challenge::parse(value.to_str().ok()?))
            .filter(|challenge| challenge.error() == Some("insufficient_claims"))
            .find_map(|challenge| merged(&challenge.claims()?))?;
        Some(Self { refused: token.clone(), claims })
    }
}

/// The claims of a challenge together with the client's capability; `None` if they have not the documented form.
fn merged(claims: &str) -> Option<String> {
    ClaimsRequest::parse(claims).ok()?;
    let mut claims: Value = serde_json::from_str(claims).ok()?;
    claims["access_token"]["xms_cc"] = json!({"values": ["cp1"]});
    Some(claims.to_string())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderValue;

    use super::*;

    fn read(status: u16, values: &[String]) -> Option<Value> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).expect("printable"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let read = Challenged::of(status, &headers, &Secret::new("t"))?;
        assert_eq!(read.refused, Secret::new("t"));
        Some(serde_json::from_str(&read.claims).expect("JSON"))
    }

    fn challenge(error: &str, claims: &str) -> String {
        format!("Bearer realm=\"\", error=\"{error}\", claims=\"{}\"", STANDARD.encode(claims))
    }

    #[test]
    fn the_claims_are_asked_for_together_with_the_capability() {
        let nbf = r#"{"access_token":{"nbf":{"essential":true, "value":"1635527790"}}}"#;
        let merged = json!({"access_token": {
            "nbf": {"essential": true, "value": "1635527790"}, "xms_cc": {"values": ["cp1"]},
        }});
        let asked = challenge("insufficient_claims", nbf);
        assert_eq!(read(401, std::slice::from_ref(&asked)), Some(merged.clone()));
        let several = ["Basic realm=\"x\"".to_owned(), challenge("invalid_token", nbf), asked];
        assert_eq!(read(401, &several), Some(merged), "the challenge may stand in any of several headers");
        let alone = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
        for claims in ["{}", r#"{"access_token":null}"#, CAPABLE] {
            assert_eq!(
                read(401, &[challenge("insufficient_claims", claims)]),
                Some(alone.clone()),
                "{claims}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_claims_challenge() {
        let nbf = r#"{"access_token":{"nbf":{"value":"1"}}}"#;
        for (status, header) in [
            (403, challenge("insufficient_claims", nbf)),
            (200, challenge("insufficient_claims", nbf)),
            (401, challenge("invalid_token", nbf)),
            (401, challenge("insufficient_claims", "[]")),
            (401, challenge("insufficient_claims", r#"{"access_token":[]}"#)),
            (401, challenge("insufficient_claims", "no JSON")),
            (401, "Bearer error=\"insufficient_claims\"".to_owned()),
            (401, "Bearer error=\"insufficient_claims\", claims=\"%%%\"".to_owned()),
            (401, challenge("insufficient_claims", nbf).replacen("Bearer", "Basic", 1)),
        ] {
            assert_eq!(read(status, std::slice::from_ref(&header)), None, "{status} {header}");
        }
        assert_eq!(read(401, &[]), None);
    }
}
