//! Instants of virtual time, for people.

use outlive_clock::Instant;

/// An instant of virtual time (UTC), formatted in the ways in which pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// `15:01` on the day of the page, `5 Jan 15:01` in its year, `5 Jan 2025 15:01` otherwise.
    pub(crate) shown: String,
    /// `15:01` on the day of the page, `5 Jan` otherwise.
    pub(crate) short: String,
    /// `5 Jan 2026`.
    pub(crate) day: String,
    /// `15:01:00`.
    pub(crate) seconds: String,
    /// As in the journal, for programs.
    pub(crate) exact: String,
}

impl When {
    /// Formats `at` on a page whose time is `now`.
    pub(crate) fn of(at: Instant, now: Instant) -> Self {
        let shown_day = |instant: Instant| instant.strftime("%-d %b %Y").to_string();
        let year = |instant: Instant| instant.strftime("%Y").to_string();
        let day = shown_day(at);
        let form = match (day == shown_day(now), year(at) == year(now)) {
            (true, _) => "%H:%M",
            (false, true) => "%-d %b %H:%M",
            (false, false) => "%-d %b %Y %H:%M",
        };
        let is_today = form == "%H:%M";
        Self {
            short: at.strftime(if is_today { "%H:%M" } else { "%-d %b" }).to_string(),
            shown: at.strftime(form).to_string(),
            day,
            seconds: at.strftime("%H:%M:%S").to_string(),
            exact: at.to_string(),
        }
    }
}

impl When {
    fn is_today(&self) -> bool {
        self.shown == self.short
    }

    /// `at 15:01`, `on 5 Jan 15:01`.
    pub(crate) fn with_preposition(&self) -> String {
        format!("{} {}", if self.is_today() { "at" } else { "on" }, self.shown)
    }
}

/// The length of an instant up to its seconds: `2026-01-05T12:01:30`.
const TO_SECONDS: usize = 19;

/// Writes the instants (RFC 3339, UTC) within a text as [`When::shown`].
pub(crate) fn with_times_for_people(text: &str, now: Instant) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(place);
        written.push_str(before);
        let found = instant_at_start(from);
        let length = found.map_or_else(
            || from.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(from.len()),
            |(_, length)| length,
        );
        let (digits, after) = from.split_at(length);
        match found {
            Some((at, _)) => push_when(&mut written, &When::of(at, now)),
            None => written.push_str(digits),
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

/// Appends an instant. "on" becomes "at" if only its time of day is shown.
fn push_when(written: &mut String, when: &When) {
    let is_word = |before: &str| before.is_empty() || before.ends_with(' ');
    if when.is_today() && written.strip_suffix("on ").is_some_and(is_word) {
        written.truncate(written.len() - "on ".len());
        written.push_str("at ");
    }
    written.push_str(&when.shown);
}

/// The instant with which a text begins, and its length.
fn instant_at_start(text: &str) -> Option<(Instant, usize)> {
    let seconds = text.get(..TO_SECONDS)?;
    if seconds.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let end = TO_SECONDS + text.get(TO_SECONDS..)?.find('Z')? + 1;
    let fraction = text.get(TO_SECONDS..end - 1)?;
    let is_fraction =
        fraction.is_empty() || fraction.strip_prefix('.')?.bytes().all(|byte| byte.is_ascii_digit());
    if !is_fraction {
        return None;
    }
    Some((text.get(..end)?.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_texts_are_written_for_people() {
        let now = "2026-01-05T15:01:00Z".parse::<Instant>().expect("an instant");
        for (text, written) in [
            ("on 2026-01-05T12:01:30.867916Z the user", "at 12:01 the user"),
            ("issued on 2026-01-04T12:01:30Z.", "issued on 4 Jan 12:01."),
            ("xon 2026-01-05T12:01:30Z", "xon 12:01"),
            ("'2026-01-04T12:01:30Z'", "'4 Jan 12:01'"),
            ("AADSTS50173, 2026-01-05 and 12", "AADSTS50173, 2026-01-05 and 12"),
            ("2026-01-05T12:01:30.x Z 2026-01-05T", "2026-01-05T12:01:30.x Z 2026-01-05T"),
            ("ü2026-13-45T99:99:99Zü", "ü2026-13-45T99:99:99Zü"),
            ("", ""),
        ] {
            assert_eq!(with_times_for_people(text, now), written);
        }
    }

    #[test]
    fn the_day_is_left_out_on_the_same_day() {
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        let now = at("2026-01-05T15:01:00Z");
        for (text, shown) in [
            ("2026-01-05T12:01:30Z", "12:01"),
            ("2026-02-24T00:00:00Z", "24 Feb 00:00"),
            ("2025-12-31T23:59:59Z", "31 Dec 2025 23:59"),
        ] {
            assert_eq!(When::of(at(text), now).shown, shown);
        }
    }
}
