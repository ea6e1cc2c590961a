//! The claims of a pasted token, unverified: the text says what it says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use serde_json::{Map, Value};

/// The largest number of places at which a decoded token is looked for.
const PLACES_MAX: usize = 16;

/// The first instant that has no year of four digits.
const SECONDS_MAX: f64 = 253_402_300_800.0;

/// What a token is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TokenKind {
    #[default]
    Access,
    /// It says who signed in, to the client itself.
    Id,
    /// It is signed with a shared key, like a connection key.
    Key,
}

/// The claims of a pasted token that a diagnosis uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PastedToken {
    pub(super) kind: TokenKind,
    pub(super) audience: Option<String>,
    pub(super) issued: Option<Instant>,
    pub(super) expires: Option<Instant>,
    /// Whether it has an `exp` that is no number of seconds.
    pub(super) is_end_unreadable: bool,
    /// Whether its client handles claims challenges (`xms_cc`).
    pub(super) is_continuous: bool,
}

/// The first token in a text: in compact form, or decoded as pages show it.
pub(super) fn pasted_token(text: &str) -> Option<PastedToken> {
    let is_edge = |c: char| c.is_whitespace() || "\"',=&<>;:()[]{}`*".contains(c);
    text.split(is_edge).find_map(compact).or_else(|| decoded(text))
}

fn compact(word: &str) -> Option<PastedToken> {
    let mut parts = word.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if !header.starts_with("eyJ") || parts.next().is_some() {
        return None;
    }
    let decode = |part: &str| -> Option<Map<String, Value>> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
    };
    Some(of_claims(&decode(header)?, &decode(payload)?))
}

/// `{"typ":"JWT","alg":"RS256"}.{"aud":…}`.
fn decoded(text: &str) -> Option<PastedToken> {
    let object = |text: &str| -> Option<(Map<String, Value>, usize)> {
        let mut objects = serde_json::Deserializer::from_str(text).into_iter();
        let object = objects.next()?.ok()?;
        Some((object, objects.byte_offset()))
    };
    text.match_indices('{').take(PLACES_MAX).find_map(|(at, _)| {
        let (header, length) = object(&text[at..])?;
        let rest = text[at + length..].trim_start().strip_prefix('.')?.trim_start();
        let (claims, _) = object(rest).filter(|_| header.contains_key("alg"))?;
        Some(of_claims(&header, &claims))
    })
}

fn of_claims(header: &Map<String, Value>, claims: &Map<String, Value>) -> PastedToken {
    let at = |name: &str| claims.get(name).and_then(seconds);
    let has = |names: &[&str]| names.iter().any(|name| claims.contains_key(*name));
    let text = |object: &Map<String, Value>, name: &str| {
        object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let is_for_client = has(&["nonce", "at_hash", "c_hash", "preferred_username"])
        && !has(&["scp", "azp", "appid", "azpacr"]);
    PastedToken {
        kind: if text(header, "alg").starts_with("HS") {
            TokenKind::Key
        } else if is_for_client {
            TokenKind::Id
        } else {
            TokenKind::Access
        },
        audience: Some(printable(&text(claims, "aud"))).filter(|audience| !audience.is_empty()),
        issued: at("iat"),
        expires: at("exp"),
        is_end_unreadable: claims.contains_key("exp") && at("exp").is_none(),
        is_continuous: claims
            .get("xms_cc")
            .is_some_and(|values| values.to_string().to_lowercase().contains("cp1")),
    }
}

/// A number of seconds may have a fraction.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn seconds(value: &Value) -> Option<Instant> {
    let seconds = value.as_f64().filter(|seconds| (0.0..SECONDS_MAX).contains(seconds))?;
    Some(Instant::from_seconds(seconds as i64))
}

/// A claim as it can be shown: nothing in it moves a terminal's cursor or begins a line.
fn printable(claim: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    claim.chars().filter(|c| !is_hidden(*c)).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> Option<PastedToken> {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        pasted_token(&format!("access_token={}.{}.sig&x=1", part(header), part(claims)))
    }

    #[test]
    fn a_token_is_decoded_without_its_signature() {
        let claims = r#"{"aud":"api://orders","iat":1767600000,"exp":1767604500,"xms_cc":["cp1"]}"#;
        let read = token(r#"{"alg":"RS256"}"#, claims).expect("a token");
        assert_eq!(read.audience.as_deref(), Some("api://orders"));
        assert_eq!(read.expires, Some(Instant::from_seconds(1_767_604_500)));
        assert!(read.is_continuous && read.kind == TokenKind::Access);
        let shown = format!("{{\n \"typ\":\"JWT\",\"alg\":\"RS256\"\n}}.{claims}");
        assert_eq!(pasted_token(&shown), Some(read));
        for word in ["eyJ.eyJ.x", "eyJhbGciOiJSUzI1NiJ9.e30", "a.b.c", "eyJhbGciOiJub25lIn0.e30.x.y"] {
            assert_eq!(pasted_token(word), None, "{word}");
        }
        for claims in ["[1,2]", "null", "7", "\"text\""] {
            assert_eq!(token(r#"{"alg":"RS256"}"#, claims), None, "{claims}");
        }
    }

    #[test]
    fn a_token_is_of_one_kind() {
        for (algorithm, claims, kind) in [
            ("HS256", r#"{"aud":"a"}"#, TokenKind::Key),
            ("RS256", r#"{"aud":"a","nonce":"n"}"#, TokenKind::Id),
            ("RS256", r#"{"aud":"a","nonce":"n","scp":"s"}"#, TokenKind::Access),
        ] {
            let read = token(&format!(r#"{{"alg":"{algorithm}"}}"#), claims).expect("a token");
            assert_eq!(read.kind, kind, "{claims}");
        }
    }

    #[test]
    fn an_end_is_a_number_of_seconds() {
        for (end, is_read) in
            [("1767604500", true), ("1767604500.5", true), ("\"1767604500\"", false), ("1e20", false)]
        {
            let read = token(r#"{"alg":"RS256"}"#, &format!(r#"{{"exp":{end}}}"#)).expect("a token");
            assert_eq!((read.expires.is_some(), read.is_end_unreadable), (is_read, !is_read), "{end}");
        }
    }

    #[test]
    fn claims_are_shown_without_control_characters() {
        let read =
            token(r#"{"alg":"RS256"}"#, r#"{"aud":"a\u001b[31mRED\u0007\nEvil\u202e"}"#).expect("a token");
        assert_eq!(read.audience.as_deref(), Some("a[31mREDEvil"));
    }
}
