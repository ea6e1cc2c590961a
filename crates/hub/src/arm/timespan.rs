//! Lengths of time as .NET writes them.

use outlive_clock::Span;

/// Reads `[d.]hh:mm[:ss]`, or a plain number of days. `None` for anything else, and for what is not within an hour's and a
/// day's bounds.
pub(crate) fn timespan(text: &str) -> Option<Span> {
    if text.is_empty()
        || text.len() > 20
        || !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'))
    {
        return None;
    }
    let Some((_, _)) = text.split_once(':') else { return text.parse().ok().map(Span::from_days) };
    let (days, clock) = match text.split_once('.') {
        Some((days, clock)) => (days.parse::<i64>().ok()?, clock),
        None => (0, text),
    };
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = match parts.next() {
        None => 0,
        Some(seconds) => seconds?,
    };
    let fits = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
    fits.then(|| {
        Span::from_days(days)
            + Span::from_hours(hours)
            + Span::from_minutes(minutes)
            + Span::from_seconds(seconds)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_forms_are_read() {
        for (text, span) in [
            ("7.00:00:00", Some(Span::from_days(7))),
            ("7", Some(Span::from_days(7))),
            ("01:30", Some(Span::from_minutes(90))),
            ("00:00:10", Some(Span::from_seconds(10))),
            ("1.02:03:04", Some(Span::from_seconds(93_784))),
            ("", None),
            ("P7D", None),
            ("-1", None),
            ("24:00:00", None),
            ("1:60", None),
            ("1:2:3:4", None),
            (":", None),
            ("1.", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(timespan(text), span, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_entra_prints_is_read(seconds in 0_i64..400_000_000) {
            let span = Span::from_seconds(seconds);
            prop_assert_eq!(timespan(&span.to_dotnet()), Some(span));
        }
    }
}
