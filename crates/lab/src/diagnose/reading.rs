//! What a pasted text contains: codes, instants, the service that refreshed, a token.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use serde_json::Value;

/// The largest number of error codes that are read.
const CODES_MAX: usize = 16;

/// What was read in a text. It contains no secret: of a token, only its times and its audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The text in small letters, on one line.
    pub(super) words: String,
    /// The numbers of AADSTS codes, in their order.
    pub(super) codes: Vec<u32>,
    /// The `error` of an OAuth response.
    pub(super) error: Option<String>,
    /// When the grant was issued.
    pub(super) granted: Option<Instant>,
    /// The instant before which tokens of the user are not valid.
    pub(super) cutoff: Option<Instant>,
    /// When the failure was noticed.
    pub(super) noticed: Option<Instant>,
    /// The sign-in service of a connection's status (`aadcertificate`).
    pub(super) service: Option<String>,
    /// A token that was pasted.
    pub(super) token: Option<PastedToken>,
}

/// The claims of a pasted token that a diagnosis uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PastedToken {
    pub(super) audience: Option<String>,
    pub(super) issued: Option<Instant>,
    pub(super) expires: Option<Instant>,
    /// Whether it is signed with a shared key, like a connection key.
    pub(super) is_key: bool,
    /// Whether its client handles claims challenges (`xms_cc`).
    pub(super) is_continuous: bool,
}

impl Reading {
    pub(super) fn of(text: &str) -> Self {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        Self {
            codes: codes(&words),
            error: oauth_error(&words),
            granted: after(&words, "grant was issued on").or_else(|| after(&words, "token was issued on")),
            cutoff: after(&words, "is not valid) for this user is")
                .or_else(|| after(&words, "not valid) for this user is")),
            noticed: after(&words, "utc timestamp=").or_else(|| after(&words, "\"timestamp\":")),
            service: service(&words),
            token: text.split(|c: char| c.is_whitespace() || "\"',".contains(c)).find_map(token),
            words,
        }
    }

    /// Whether the text has all of these words or beginnings of words, in any order: `valid` is not
    /// in `invalid`.
    pub(super) fn has_all(&self, words: &[&str]) -> bool {
        words.iter().all(|word| {
            self.words.match_indices(word).any(|(at, _)| {
                let before = self.words[..at].chars().next_back();
                !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
            })
        })
    }

    /// Whether nothing that a rule could use was found.
    pub(super) fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.error.is_none() && self.service.is_none() && self.token.is_none()
    }
}

/// `AADSTS50173` in a text, and numbers in `error_codes`.
fn codes(words: &str) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    let named = words.match_indices("aadsts").map(|(at, name)| &words[at + name.len()..]);
    let listed = words.split("\"error_codes\":").skip(1).flat_map(|rest| {
        let list = rest.trim_start().strip_prefix('[').and_then(|list| list.split(']').next());
        list.unwrap_or_default().split(',').map(str::trim)
    });
    let number = |text: &str| {
        let digits: String = text.trim_start().chars().take_while(char::is_ascii_digit).take(9).collect();
        digits.parse::<u32>().ok()
    };
    named.chain(listed).filter_map(number).filter(|code| seen.insert(*code)).take(CODES_MAX).collect()
}

const OAUTH_ERRORS: [&str; 8] = [
    "invalid_grant",
    "invalid_client",
    "interaction_required",
    "unauthorized_client",
    "invalid_resource",
    "temporarily_unavailable",
    "access_denied",
    "consent_required",
];

fn oauth_error(words: &str) -> Option<String> {
    OAUTH_ERRORS.into_iter().find(|error| words.contains(error)).map(str::to_owned)
}

/// The service of `Failed to refresh access token for service: NAME.`
fn service(words: &str) -> Option<String> {
    let rest = words.split("failed to refresh access token for service:").nth(1)?.trim_start();
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).take(40).collect();
    Some(name).filter(|name| !name.is_empty())
}

/// The instant behind a phrase.
fn after(words: &str, phrase: &str) -> Option<Instant> {
    let rest = words.split(phrase).nth(1)?.trim_start_matches([' ', '\'', '"', ':', '=']);
    let end = rest.find(['\'', '"', ',', ')', ';', '}']).unwrap_or(rest.len());
    instant(rest[..end].trim().trim_end_matches('.'))
}

/// `2026-04-09T06:31:07.0000000Z`, `2026-04-09 06:31:07Z`, or `4/9/2026 7:05:12 AM`, all UTC.
fn instant(text: &str) -> Option<Instant> {
    let text = text.to_uppercase();
    if let Ok(instant) = text.replacen(' ', "T", 1).parse() {
        return Some(instant);
    }
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    let (date, time, half) = (parts.next()?, parts.next()?, parts.next()?);
    let numbers =
        |text: &str, mark| text.split(mark).map(|part| part.parse::<u32>().ok()).collect::<Option<Vec<_>>>();
    let [month, day, year] = numbers(date, '/')?.try_into().ok()?;
    let [hour, minute, second] = numbers(time, ':')?.try_into().ok()?;
    let hour = match half {
        "AM" if hour == 12 => 0,
        "PM" if hour < 12 => hour + 12,
        "AM" | "PM" => hour,
        _ => return None,
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z").parse().ok()
}

/// The claims of a token in compact form, unverified: the text says what it says.
fn token(word: &str) -> Option<PastedToken> {
    let mut parts = word.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if !header.starts_with("eyJ") || parts.next().is_some() {
        return None;
    }
    let decode = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
    };
    let (header, claims) = (decode(header)?, decode(payload)?);
    let at = |name: &str| {
        claims[name].as_i64().filter(|at| (0..253_402_300_800).contains(at)).map(Instant::from_seconds)
    };
    Some(PastedToken {
        audience: claims["aud"].as_str().map(|audience| audience.chars().take(120).collect()),
        issued: at("iat"),
        expires: at("exp"),
        is_key: header["alg"].as_str().is_some_and(|algorithm| algorithm.starts_with("HS")),
        is_continuous: claims["xms_cc"].to_string().to_lowercase().contains("cp1"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Instant> {
        Some(text.parse().expect("an instant"))
    }

    #[test]
    fn a_status_is_read_with_its_three_instants() {
        let reading = Reading::of(
            "Failed to refresh access token for service: aadcertificate. Correlation Id=g-1, UTC TimeStamp=4/9/2026 \
             7:05:12 AM, Error: Failed to acquire token from AAD: {\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50173: \
             The provided grant has expired due to it being revoked. The grant was issued on '2026-03-12T08:14:09.5517230Z' and \
             the TokensValidFrom date (before which tokens are not valid) for this user is '2026-04-09T06:31:07.0000000Z'.\",\
             \"error_codes\":[50173]}",
        );
        assert_eq!(reading.codes, [50173]);
        assert_eq!(reading.service.as_deref(), Some("aadcertificate"));
        assert_eq!(reading.granted, at("2026-03-12T08:14:09.551723Z"));
        assert_eq!(reading.cutoff, at("2026-04-09T06:31:07Z"));
        assert_eq!(reading.noticed, at("2026-04-09T07:05:12Z"));
        assert_eq!(reading.error.as_deref(), Some("invalid_grant"));
    }

    #[test]
    fn instants_are_read_in_each_form() {
        for (text, read) in [
            ("12/31/2025 12:00:01 AM", "2025-12-31T00:00:01Z"),
            ("1/5/2026 12:30:00 PM", "2026-01-05T12:30:00Z"),
            ("2026-01-05 12:30:00Z", "2026-01-05T12:30:00Z"),
        ] {
            assert_eq!(instant(text), at(read), "{text}");
        }
        for text in ["", "yesterday", "13/32/2026 1:00:00 AM", "1/5/2026 1:00 AM", "1/5/2026 1:00:00 XM"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_decoded_without_its_signature() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let text = format!(
            "token: \"{}.{}.sig\"",
            part(r#"{"alg":"RS256"}"#),
            part(r#"{"aud":"api://orders","iat":1767600000,"exp":1767604500,"xms_cc":["cp1"]}"#)
        );
        let token = Reading::of(&text).token.expect("a token");
        assert_eq!(token.audience.as_deref(), Some("api://orders"));
        assert_eq!(token.expires, Some(Instant::from_seconds(1_767_604_500)));
        assert!(token.is_continuous && !token.is_key);
        for word in ["eyJ.eyJ.x", "eyJhbGciOiJSUzI1NiJ9.e30", "a.b.c", "eyJhbGciOiJub25lIn0.e30.x.y"] {
            assert_eq!(token_of(word), None, "{word}");
        }
    }

    fn token_of(word: &str) -> Option<PastedToken> {
        Reading::of(word).token
    }
}
