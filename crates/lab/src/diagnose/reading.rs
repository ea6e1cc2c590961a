//! What a pasted text contains: codes, instants, the service that refreshed, a token.

use outlive_clock::Instant;

use super::codes::codes;
use super::field::is_named;
use super::pasted_token::{PastedToken, pasted_token};
use super::plain::plain;

/// What stands before the instant of the failure.
const NOTICED: [&str; 4] = ["utc timestamp=", "\"timestamp\":", "'timestamp':", "timestamp: "];

/// What was read in a text. It contains no secret: of a token, only its times and its audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The text in small letters, on one line.
    pub(super) words: String,
    /// Whether it names this field, so that rules on ordinary words apply.
    pub(super) is_of_field: bool,
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

impl Reading {
    pub(super) fn of(text: &str) -> Self {
        let text = plain(text);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        Self {
            codes: codes(&text.to_lowercase()),
            is_of_field: is_named(&words),
            error: oauth_error(&words),
            granted: after(&words, "grant was issued on").or_else(|| after(&words, "token was issued on")),
            cutoff: after(&words, "is not valid) for this user is")
                .or_else(|| after(&words, "not valid) for this user is")),
            noticed: NOTICED.into_iter().find_map(|phrase| after(&words, phrase)),
            service: service(&words),
            token: pasted_token(&text),
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
    let mut parts = text.split(' ').filter(|part| !part.is_empty());
    let first = parts.clone().take(if text.split(' ').next()?.contains('T') { 1 } else { 2 });
    let iso = first.collect::<Vec<_>>().join("T");
    if let Ok(instant) = iso.parse().or_else(|_| format!("{iso}Z").parse()) {
        return Some(instant);
    }
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
}
