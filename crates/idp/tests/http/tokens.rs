//! Token responses.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::tenant::Answer;

/// A successful token response.
#[derive(Debug, Clone)]
pub(crate) struct Tokens(pub(crate) Value);

impl Tokens {
    pub(crate) fn of(answer: Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store, no-cache");
        Self(answer.json())
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    pub(crate) fn access(&self) -> &str {
        self.text("access_token")
    }

    pub(crate) fn refresh(&self) -> &str {
        self.text("refresh_token")
    }

    pub(crate) fn claims(&self) -> Value {
        claims(self.access())
    }

    pub(crate) fn id_claims(&self) -> Value {
        claims(self.text("id_token"))
    }
}

/// Returns the claims of a JWT.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

impl Answer {
    /// Asserts an error response: status, error, number and text. Returns the body.
    pub(crate) fn refused(&self, status: u16, error: &str, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["error"], error, "{body}");
        let number: u32 = code.trim_start_matches("AADSTS").parse().expect("a number");
        assert_eq!(body["error_codes"], serde_json::json!([number]), "{body}");
        let description = body["error_description"].as_str().expect("a text");
        assert!(description.starts_with(&format!("{code}: ")), "{body}");
        assert!(!description.contains(['{', '}']), "nothing is left out of the text: {body}");
        assert_eq!(self.header("x-ms-request-id"), body["trace_id"], "{body}");
        assert_eq!(self.header("cache-control"), "no-store, no-cache");
        body
    }

    /// Asserts `invalid_grant` with this number.
    pub(crate) fn grant_refused(&self, code: &str) -> Value {
        self.refused(400, "invalid_grant", code)
    }
}
