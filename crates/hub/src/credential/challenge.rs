//! Claims challenges of CAE-enabled back ends, and the token request that satisfies them.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};
use outlive_tokens::{Challenge, ClaimsRequest, Secret};
use serde_json::{Value, json};

/// The `claims` with which a client declares that it is CAE-capable.
pub(crate) const CAE_CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;

/// An access token that a back end rejected with a claims challenge.
#[derive(Debug, Clone)]
pub(crate) struct Challenged {
    pub(crate) refused: Secret,
    /// The `claims` of the token request: those of the challenge, and the client capability.
    pub(crate) claims: String,
}

impl Challenged {
    /// Parses a back end's response to `token`. Returns `None` unless it is a claims challenge of
    /// the documented form.
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

/// Adds the client capability to the claims of a challenge. Returns `None` if they have another
/// form.
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
    fn the_claims_are_merged_with_the_capability() {
        let nbf = r#"{"access_token":{"nbf":{"essential":true, "value":"1635527790"}}}"#;
        let merged = json!({"access_token": {
            "nbf": {"essential": true, "value": "1635527790"}, "xms_cc": {"values": ["cp1"]},
        }});
        let challenge_header = challenge("insufficient_claims", nbf);
        assert_eq!(read(401, std::slice::from_ref(&challenge_header)), Some(merged.clone()));
        let several = ["Basic realm=\"x\"".to_owned(), challenge("invalid_token", nbf), challenge_header];
        assert_eq!(read(401, &several), Some(merged), "any of several headers can contain the challenge");
        let alone = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
        for claims in ["{}", r#"{"access_token":null}"#, CAE_CAPABLE] {
            assert_eq!(
                read(401, &[challenge("insufficient_claims", claims)]),
                Some(alone.clone()),
                "{claims}"
            );
        }
    }

    #[test]
    fn other_responses_are_not_claims_challenges() {
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
