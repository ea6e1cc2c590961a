//! `WWW-Authenticate: Bearer` challenges.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use outlive_clock::Instant;
use serde_json::json;

/// The message in the body of a claims challenge, in Microsoft Graph's words.
pub const TOKEN_ISSUED_BEFORE_REVOCATION: &str = "Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: \
     TokenIssuedBeforeRevocationTimestamp";

/// The longest parameter value, in characters; longer values are truncated.
const VALUE_CHARS_MAX: usize = 1_024;
/// The longest accepted header, in characters.
const HEADER_CHARS_MAX: usize = 16 * 1024;

/// A bearer challenge (RFC 6750 §3) with the parameters that Entra adds.
///
/// Values are sanitized for a quoted string: `"` becomes `'`, `\` becomes `/`, and every other
/// character outside printable ASCII becomes a space. No value can terminate its parameter or the
/// header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    realm: Option<String>,
    authorization_uri: Option<String>,
    client_id: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    scope: Option<String>,
    claims: Option<String>,
}

impl Challenge {
    /// A challenge that names only the authorization endpoint. An empty `realm` means any tenant,
    /// as in Entra ID.
    #[must_use]
    pub fn new(realm: &str, authorization_uri: &str) -> Self {
        Self { realm: Some(fit(realm)), authorization_uri: Some(fit(authorization_uri)), ..Self::default() }
    }

    /// Sets `client_id`, the client id of the resource.
    #[must_use]
    pub fn with_client_id(mut self, client_id: &str) -> Self {
        self.client_id = Some(fit(client_id));
        self
    }

    /// Sets the `error` (RFC 6750) and its description.
    #[must_use]
    pub fn with_error(mut self, error: &str, description: &str) -> Self {
        self.error = Some(fit(error));
        self.error_description = Some(fit(description));
        self
    }

    /// Requires a token with `nbf` no earlier than `at`, the time of the challenge (virtual). As in
    /// Entra ID, the value is a string and `nbf` the only claim.
    #[must_use]
    pub fn no_older_than(mut self, at: Instant) -> Self {
        let not_before = json!({"essential": true, "value": at.as_seconds().to_string()});
        self.error = Some("insufficient_claims".to_owned());
        self.error_description = None;
        self.with_claims(&json!({"access_token": {"nbf": not_before}}).to_string())
    }

    /// Sets the required scope.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scope = Some(fit(scope));
        self
    }

    /// Sets the required claims (JSON), which are sent as base64.
    #[must_use]
    pub fn with_claims(mut self, json: &str) -> Self {
        self.claims = Some(fit(&STANDARD.encode(json)));
        self
    }

    /// Returns the header value.
    #[must_use]
    pub fn to_header_value(&self) -> HeaderValue {
        HeaderValue::try_from(self.to_string())
            .expect("names are ASCII and every value was made printable ASCII")
    }

    /// Parses the first bearer challenge in a header value. Quotes are optional; unknown parameters
    /// are ignored.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let header = Some(header).filter(|h| h.len() <= HEADER_CHARS_MAX)?.trim_start();
        let rest = match header.split_at_checked(6) {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest,
            _ => return None,
        };
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
        let mut challenge = Self::default();
        let mut rest = rest;
        while let Some((name, value, after)) = parameter(rest) {
            let slot = match name.to_ascii_lowercase().as_str() {
                "realm" => Some(&mut challenge.realm),
                "authorization_uri" => Some(&mut challenge.authorization_uri),
                "client_id" => Some(&mut challenge.client_id),
                "error" => Some(&mut challenge.error),
                "error_description" | "errordescription" => Some(&mut challenge.error_description),
                "scope" => Some(&mut challenge.scope),
                "claims" => Some(&mut challenge.claims),
                _ => None,
            };
            if let Some(slot) = slot {
                slot.get_or_insert(fit(&value));
            }
            rest = after;
        }
        Some(challenge)
    }

    /// The tenant whose tokens are required; empty means any.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }
    /// The authorization endpoint.
    #[must_use]
    pub fn authorization_uri(&self) -> Option<&str> {
        self.authorization_uri.as_deref()
    }
    /// The client id of the resource.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }
    /// `invalid_token`, `insufficient_scope`, `insufficient_claims`, …
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
    /// The error description.
    #[must_use]
    pub fn error_description(&self) -> Option<&str> {
        self.error_description.as_deref()
    }
    /// The required scope.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }
    /// The required claims as JSON text; `None` if absent or not base64-encoded text.
    #[must_use]
    pub fn claims(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(self.claims.as_deref()?).ok()?).ok()
    }
}

impl std::fmt::Display for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parameters = [
            ("realm", &self.realm),
            ("authorization_uri", &self.authorization_uri),
            ("client_id", &self.client_id),
            ("error", &self.error),
            ("error_description", &self.error_description),
            ("scope", &self.scope),
            ("claims", &self.claims),
        ];
        f.write_str("Bearer")?;
        let present = parameters.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        for (n, (name, value)) in present.enumerate() {
            write!(f, "{}{name}=\"{value}\"", if n == 0 { " " } else { ", " })?;
        }
        Ok(())
    }
}

fn fit(value: &str) -> String {
    let fit = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => c,
        _ => ' ',
    };
    value.chars().take(VALUE_CHARS_MAX).map(fit).collect()
}

/// Parses the first `name=value` of a list: the name, the unescaped value, and the rest.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', ',', '\t']);
    let (name, rest) = text.split_once('=')?;
    let (name, rest) = (name.trim_end(), rest.trim_start());
    let Some(quoted) = rest.strip_prefix('"') else {
        let (value, after) = rest.split_at(rest.find([',', ' ']).unwrap_or(rest.len()));
        return Some((name, value.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((name, value, &quoted[at + 1..])),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    Some((name, value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn header_matches_entra() {
        let challenge = Challenge::new("", "http://127.0.0.1:8701/common/oauth2/authorize")
            .with_client_id("00000003-0000-0000-c000-000000000000")
            .with_error("insufficient_claims", "go back")
            .with_claims(r#"{"access_token":{}}"#);
        insta::assert_snapshot!(challenge, @r#"Bearer realm="", authorization_uri="http://127.0.0.1:8701/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", error_description="go back", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#);
    }

    #[test]
    fn a_claims_challenge_requires_a_new_token() {
        let challenge = Challenge::new("", "http://idp/common/oauth2/authorize")
            .with_error("invalid_token", "old")
            .no_older_than(Instant::from_micros(1_635_527_790_900_000));
        assert_eq!(challenge.error(), Some("insufficient_claims"));
        assert_eq!(challenge.error_description(), None);
        assert_eq!(
            challenge.claims().as_deref(),
            Some(r#"{"access_token":{"nbf":{"essential":true,"value":"1635527790"}}}"#)
        );
    }

    #[test]
    fn unquoted_parameters_are_parsed() {
        let read =
            Challenge::parse(r#"bearer realm="a \"b\"", error=invalid_token, errorDescription="no", x=y"#)
                .expect("bearer");
        assert_eq!(
            (read.realm(), read.error(), read.error_description()),
            (Some("a 'b'"), Some("invalid_token"), Some("no"))
        );
        assert_eq!(Challenge::parse("Bearer"), Some(Challenge::default()));
        for header in ["", "Basic realm=\"x\"", "Bearerx realm=\"x\"", "bearé realm"] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
        assert_eq!(Challenge::parse(r#"Bearer error="unclosed"#).expect("bearer").error(), Some("unclosed"));
    }

    #[test]
    fn values_cannot_inject_parameters() {
        let value = Challenge::new("x\", error=\"y", "u\r\nSet-Cookie: a=b").to_header_value();
        assert_eq!(
            value.to_str().expect("printable"),
            r#"Bearer realm="x', error='y", authorization_uri="u  Set-Cookie: a=b""#
        );
    }

    proptest! {
        #[test]
        fn challenges_round_trip(realm in any::<String>(), uri in any::<String>(), what in any::<String>(), claims in any::<String>()) {
            let challenge = Challenge::new(&realm, &uri).with_error(&what, &what).with_scope(&what).with_claims(&claims);
            let value = challenge.to_header_value();
            let read = Challenge::parse(value.to_str().expect("printable")).expect("bearer");
            prop_assert_eq!(&read, &challenge);
            if claims.len() < 500 {
                prop_assert_eq!(read.claims(), Some(claims));
            }
        }

        #[test]
        fn parsing_never_panics(header in "([Bb]earer )?[ -~é,=\"\\\\]{0,80}") {
            let _ = Challenge::parse(&header);
        }
    }
}
