//! Spans of time for readers.

use outlive_clock::Span;
use outlive_wire::counted;

/// Returns a span in its two largest units, to the minute: `1 hour 20 minutes`.
pub(crate) fn in_words(span: Span) -> String {
    let minutes = (span.as_seconds().max(0) + 30) / 60;
    if minutes == 0 {
        return "less than a minute".to_owned();
    }
    let parts = [(minutes / 1_440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let named = parts.iter().filter(|(number, _)| *number > 0).take(2);
    let named = named.map(|(number, unit)| counted(*number, unit));
    named.collect::<Vec<_>>().join(" ")
}

/// Returns a long span that belongs to no date, in years of 365 and months of 30 days.
pub(crate) fn long_in_words(span: Span) -> String {
    let days = span.as_seconds() / 86_400;
    let (years, months) = (days / 365, days % 365 / 30);
    match (years, months.min(11)) {
        (0, _) => in_words(span),
        (years, 0) => counted(years, "year"),
        (years, months) => format!("{} {}", counted(years, "year"), counted(months, "month")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_or_more_is_given_in_years_and_months() {
        for (days, words) in [
            (364, "364 days"),
            (365, "1 year"),
            (396, "1 year 1 month"),
            (729, "1 year 11 months"),
            (3 * 365 + 61, "3 years 2 months"),
        ] {
            assert_eq!(long_in_words(Span::from_days(days)), words, "{days}");
        }
    }

    #[test]
    fn a_span_has_at_most_two_units() {
        for (seconds, words) in [
            (0, "less than a minute"),
            (29, "less than a minute"),
            (60, "1 minute"),
            (1_199, "20 minutes"),
            (3_600, "1 hour"),
            (4_799, "1 hour 20 minutes"),
            (86_400, "1 day"),
            (91 * 86_400, "91 days"),
            (90_060, "1 day 1 hour"),
        ] {
            assert_eq!(in_words(Span::from_seconds(seconds)), words, "{seconds}");
        }
    }
}
