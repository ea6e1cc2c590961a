//! Parses token responses: granted, rejected, or failed for the moment.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use outlive_clock::{Instant, Span};
use outlive_tokens::Secret;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use uuid::Uuid;

/// The tokens of a successful response.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    /// When the access token expires (virtual time).
    pub(crate) expires: Instant,
    /// The account, if the response contains an ID token.
    pub(crate) account: Option<Account>,
}

/// The account of the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// The user principal name.
    pub(crate) name: String,
    pub(crate) object_id: Option<Uuid>,
}

/// A token request that the issuer rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejected {
    /// How the client authenticated, in the documented words; empty for a public client.
    pub(crate) authentication: &'static str,
    pub(crate) status: StatusCode,
    /// The error response, as received.
    pub(crate) response: String,
}

/// A token request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenFailure {
    /// The issuer rejected the request. A retry does not help.
    Refused {
        /// The rejected requests: more than one if the client authenticated in several ways.
        attempts: Vec<Rejected>,
        /// `invalid_grant`, `invalid_client`, … of the last one.
        error: String,
    },
    /// The issuer could not be reached in time, or its response is not valid. A retry may help.
    Transient {
        /// Whether the request timed out.
        timed_out: bool,
        /// The reason, for logs and the journal.
        why: String,
    },
}

impl TokenFailure {
    pub(crate) fn transient(why: impl Into<String>) -> Self {
        Self::Transient { timed_out: false, why: why.into() }
    }

    /// Removes secrets that an error response repeats: statuses and the journal show it.
    pub(super) fn without(mut self, secrets: &[Secret]) -> Self {
        let Self::Refused { attempts, .. } = &mut self else { return self };
        for attempt in attempts.iter_mut() {
            attempt.response = redacted(&attempt.response, secrets);
        }
        self
    }

    /// Records how the client authenticated.
    pub(super) fn authenticated_by(mut self, authentication: &'static str) -> Self {
        if let Self::Refused { attempts, .. } = &mut self {
            attempts.iter_mut().for_each(|attempt| attempt.authentication = authentication);
        }
        self
    }
}

/// Returns a text without these secrets, in whatever form it repeats them.
pub(crate) fn redacted(text: &str, secrets: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= REDACTED_MIN) {
        for spelling in spellings(secret) {
            if text.contains(&spelling) {
                text = text.replace(&spelling, "[redacted]");
            }
        }
    }
    text
}

/// Returns the forms in which an error response can repeat a secret: as it is, as a JSON string,
/// and percent-encoded, in base64 or for HTML. A Basic header contains more than the secret; the
/// caller adds it.
fn spellings(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let json = Value::from(secret).to_string();
    let json = json.trim_matches('"');
    let mut all = vec![secret.to_owned(), json.to_owned(), json.replace('/', "\\/")];
    // Hosts of URLs are in lower case.
    all.push(secret.to_ascii_lowercase());
    let unicode: String = secret.chars().map(escaped).collect();
    all.extend([unicode.to_ascii_lowercase(), unicode]);
    all.push(secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"));
    all.push(STANDARD.encode(secret));
    all.push(url::form_urlencoded::byte_serialize(form.as_bytes()).collect());
    all.push(url::form_urlencoded::byte_serialize(percent.as_bytes()).collect());
    all.extend([lower_case_escapes(&form), lower_case_escapes(&percent), form, percent]);
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    all.dedup();
    all
}

/// Writes a character as .NET does in JSON.
fn escaped(character: char) -> String {
    if "&<>+'\"`".contains(character) || !character.is_ascii() {
        format!("\\u{:04X}", u32::from(character))
    } else {
        character.to_string()
    }
}

/// Writes percent escapes with lower-case digits.
fn lower_case_escapes(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut escaped = 0;
    for character in text.chars() {
        if character == '%' {
            escaped = 3;
        }
        lower.push(if escaped > 0 { character.to_ascii_lowercase() } else { character });
        escaped = i32::max(escaped - 1, 0);
    }
    lower
}

/// Shorter secrets would be found in any text.
const REDACTED_MIN: usize = 6;

#[derive(Deserialize)]
struct Success {
    access_token: Secret,
    refresh_token: Option<Secret>,
    #[serde(default, deserialize_with = "number")]
    expires_in: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    expires_on: Option<i64>,
    id_token: Option<String>,
}

/// Returns an error response as it came or, if tokens are in it, only its members about the error.
fn without_tokens(body: &str, document: &Value) -> String {
    if !["access_token", "refresh_token", "id_token"].iter().any(|name| document.get(name).is_some()) {
        return body.to_owned();
    }
    const SHOWN: [&str; 7] =
        ["error", "error_description", "error_codes", "error_uri", "suberror", "trace_id", "correlation_id"];
    let members = document.as_object().into_iter().flatten();
    let shown = members.filter(|(name, _)| SHOWN.contains(&name.as_str()) || *name == "timestamp");
    Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()
}

/// Deserializes a number; version 1 endpoints write numbers as strings.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?)),
        _ => None,
    })
}

/// Returns the whole seconds of a lifetime with a fraction.
fn whole(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is dropped")]
    (seconds.abs() < 1e15).then_some(seconds as i64)
}

/// The lifetime of a token whose response has none (RFC 6749 §5.1 leaves it open).
const DEFAULT_LIFETIME: Span = Span::from_hours(1);

/// Parses the response to a request that was sent at `now`.
pub(crate) fn read(status: StatusCode, body: &str, now: Instant) -> Result<Granted, TokenFailure> {
    if status.is_success() {
        let Some(document) = document(body) else {
            return Err(TokenFailure::transient("the token response is not valid"));
        };
        // Some issuers return errors with status 200.
        if document.get("access_token").is_none()
            && let Some(error) = document.get("error").and_then(Value::as_str)
        {
            return Err(rejected(status, &without_tokens(body, &document), error));
        }
        // Without its source, which may quote a token.
        let Ok(success) = serde_json::from_value::<Success>(document) else {
            return Err(TokenFailure::transient("the token response is not valid"));
        };
        let lifetime = success.expires_in.filter(|seconds| *seconds >= 0).map(Span::from_seconds);
        let expires = match (success.expires_on, lifetime) {
            (Some(seconds), _) if seconds > 0 => Instant::from_seconds(seconds).min(Instant::MAX),
            (_, lifetime) => now + lifetime.unwrap_or(DEFAULT_LIFETIME),
        };
        if success.access_token.is_empty() {
            return Err(TokenFailure::transient("the token response contains no access token"));
        }
        return Ok(Granted {
            access_token: success.access_token,
            refresh_token: success.refresh_token.filter(|token| !token.is_empty()),
            expires,
            account: success.id_token.as_deref().and_then(account),
        });
    }
    let error = document(body).and_then(|body| body.get("error").and_then(Value::as_str).map(str::to_owned));
    // Status 401 alone says that the client was rejected (RFC 6749 §5.2).
    let error = error.or_else(|| (status == StatusCode::UNAUTHORIZED).then(|| "invalid_client".to_owned()));
    match error {
        Some(error)
            if status.is_client_error()
                && !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
                && !matches!(error.as_str(), "temporarily_unavailable" | "server_error") =>
        {
            Err(rejected(status, body, &error))
        }
        _ => Err(TokenFailure::transient(format!("the token endpoint returned {status}"))),
    }
}

fn rejected(status: StatusCode, body: &str, error: &str) -> TokenFailure {
    let response = body.trim().to_owned();
    TokenFailure::Refused {
        attempts: vec![Rejected { authentication: "", status, response }],
        error: error.to_owned(),
    }
}

/// Parses a token response: JSON, or a form as some issuers return it.
fn document(body: &str) -> Option<Value> {
    if let Ok(document) = serde_json::from_str::<Value>(body) {
        return document.is_object().then_some(document);
    }
    let body = body.trim();
    let is_form = ["access_token=", "error="]
        .iter()
        .any(|name| body.split('&').any(|pair| pair.starts_with(name)) && !body.starts_with(['<', '{']));
    is_form.then(|| {
        let pairs = url::form_urlencoded::parse(body.as_bytes());
        Value::Object(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
    })
}

/// Reads the account of an ID token. It comes directly from the issuer's token endpoint, so that
/// its signature need not be verified (OpenID Connect Core §3.1.3.7, 6), and only its name is used.
fn account(id_token: &str) -> Option<Account> {
    let claims = URL_SAFE_NO_PAD.decode(id_token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = ["upn", "preferred_username", "unique_name", "email"].into_iter().find_map(text)?;
    Some(Account {
        name: name.chars().take(320).collect(),
        object_id: text("oid").and_then(|id| id.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Instant = Instant::from_seconds(1_767_603_600);

    fn ok(body: &Value) -> Result<Granted, TokenFailure> {
        read(StatusCode::OK, &body.to_string(), NOW)
    }

    #[test]
    fn lifetimes_are_numbers_or_strings_relative_or_absolute() {
        for (body, seconds) in [
            (json!({"access_token": "a", "expires_in": 3599}), 3599),
            (json!({"access_token": "a", "expires_in": "3599"}), 3599),
            (
                json!({"access_token": "a", "expires_in": "3599", "expires_on": (NOW.as_seconds() + 60).to_string()}),
                60,
            ),
            (json!({"access_token": "a"}), 3600),
            (json!({"access_token": "a", "expires_in": "soon"}), 3600),
            (json!({"access_token": "a", "expires_in": null, "expires_on": "2026-01-05T10:00:00Z"}), 3600),
            (json!({"access_token": "a", "expires_in": 1800.5}), 1800),
            (json!({"access_token": "a", "expires_in": "1800.0"}), 1800),
            (json!({"access_token": "a", "expires_in": -5}), 3600),
        ] {
            let granted = ok(&body).expect("granted");
            assert_eq!(granted.expires - NOW, Span::from_seconds(seconds), "{body}");
            assert!(granted.refresh_token.is_none() && granted.account.is_none());
        }
    }

    #[test]
    fn a_form_is_read_as_json() {
        let body = "access_token=a%2Bb&scope=repo%2Cgist&token_type=bearer&expires_in=28800&refresh_token=r";
        let granted = read(StatusCode::OK, body, NOW).expect("granted");
        assert_eq!(granted.access_token, Secret::new("a+b"));
        assert_eq!(granted.refresh_token, Some(Secret::new("r")));
        assert_eq!(granted.expires - NOW, Span::from_hours(8));
    }

    #[test]
    fn the_account_is_read_from_the_id_token() {
        let oid = Uuid::from_u128(9);
        let claims = URL_SAFE_NO_PAD.encode(json!({"oid": oid, "upn": "owner@contoso.example"}).to_string());
        let body = json!({"access_token": "a", "refresh_token": "r", "id_token": format!("h.{claims}.s")});
        let granted = ok(&body).expect("granted");
        let account = Account { name: "owner@contoso.example".into(), object_id: Some(oid) };
        assert_eq!((granted.account, granted.refresh_token), (Some(account), Some(Secret::new("r"))));
        let odd = ok(&json!({"access_token": "a", "id_token": "garbage"})).expect("granted");
        assert_eq!(odd.account, None);
    }

    #[test]
    fn rejections_and_transient_failures_are_distinguished() {
        let refused = |error: &str| Some(error.to_owned());
        for (status, body, expected) in [
            (
                400,
                json!({"error": "invalid_grant", "error_codes": [50173]}).to_string(),
                refused("invalid_grant"),
            ),
            (401, json!({"error": "invalid_client"}).to_string(), refused("invalid_client")),
            (401, "<html>".into(), refused("invalid_client")),
            (401, String::new(), refused("invalid_client")),
            (400, "error=invalid_request&error_description=a+b".into(), refused("invalid_request")),
            (200, json!({"error": "bad_verification_code"}).to_string(), refused("bad_verification_code")),
            (200, "error=bad_verification_code".into(), refused("bad_verification_code")),
            (403, json!({"error": "access_denied"}).to_string(), refused("access_denied")),
            (400, json!({"error": "temporarily_unavailable"}).to_string(), None),
            (429, json!({"error": "too_many"}).to_string(), None),
            (500, json!({"error": "invalid_grant"}).to_string(), None),
            (503, String::new(), None),
            (400, "<html>".into(), None),
            (302, String::new(), None),
            (200, "{}".into(), None),
            (200, "[]".into(), None),
            (200, "<a href=\"?access_token=b\">".into(), None),
            (200, json!({"access_token": ""}).to_string(), None),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let failure = read(status, &body, NOW).expect_err("no tokens");
            let error = match &failure {
                TokenFailure::Refused { error, attempts } => {
                    let kept = Rejected { authentication: "", status, response: body.clone() };
                    assert_eq!(attempts, &[kept], "the response is kept as received");
                    Some(error.clone())
                }
                TokenFailure::Transient { .. } => None,
            };
            assert_eq!(error, expected, "{status} {body}");
        }
    }

    #[test]
    fn every_spelling_of_a_secret_is_removed() {
        let secret = Secret::new("a/b \"c\"+ü");
        for repeated in [
            "a/b \"c\"+ü",
            "a/b \\\"c\\\"+ü",
            "a\\/b \\\"c\\\"+ü",
            "a%2Fb+%22c%22%2B%C3%BC",
            "a%2fb+%22c%22%2b%c3%bc",
            "a%2Fb%20%22c%22%2B%C3%BC",
            "a/b \\u0022c\\u0022\\u002B\\u00FC",
            "a/b &quot;c&quot;+ü",
            "a%252Fb%2B%2522c%2522%252B%25C3%25BC",
            "YS9iICJjIivDvA==",
        ] {
            let body = format!("client_secret={repeated} is wrong");
            let failure = rejected(StatusCode::BAD_REQUEST, &body, "invalid_client");
            let TokenFailure::Refused { attempts, .. } = failure.without(std::slice::from_ref(&secret))
            else {
                panic!("refused")
            };
            assert_eq!(attempts[0].response, "client_secret=[redacted] is wrong", "{repeated}");
        }
    }

    #[test]
    fn an_error_with_status_200_shows_no_tokens() {
        let body = r#"{"error":"invalid_scope","refresh_token":"0.AbC-secret","timestamp":"t"}"#;
        let Err(TokenFailure::Refused { attempts, .. }) =
            read(StatusCode::OK, body, Instant::from_seconds(0))
        else {
            panic!("refused")
        };
        assert_eq!(attempts[0].response, r#"{"error":"invalid_scope","timestamp":"t"}"#);
    }
}
