//! Spans of time for readers.

use outlive_clock::Span;

/// Returns a span in its two largest units, to the minute: `1 hour 20 minutes`.
pub(crate) fn in_words(span: Span) -> String {
    let minutes = (span.as_seconds().max(0) + 30) / 60;
    if minutes == 0 {
        return "less than a minute".to_owned();
    }
    let parts = [(minutes / 1_440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let named = parts.iter().filter(|(number, _)| *number > 0).take(2);
    let named = named.map(|(number, unit)| format!("{number} {unit}{}", if *number == 1 { "" } else { "s" }));
    named.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
