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

#[cfg(test)]
mod tests {
    use super::*;

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
