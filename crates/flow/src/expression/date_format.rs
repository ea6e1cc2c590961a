//! .NET's standard and custom date and time format strings. Standard formats that depend on the
//! culture are those of `en-US`.

use std::fmt::Write;

use super::cultures::Culture;
use super::timestamp::Timestamp;

/// The round-trip format, which is the default.
pub(super) const ROUND_TRIP: &str = "o";

/// Returns how many bytes a formatted timestamp has at most.
pub(super) fn length_max(format: &str) -> usize {
    60 + 14 * format.len()
}

/// Formats a timestamp; `None` if the format is not valid, or not known for the culture.
pub(super) fn format(timestamp: Timestamp, format: &str, culture: Culture) -> Option<String> {
    let mut letters = format.chars();
    let custom = match (letters.next(), letters.next()) {
        (Some(letter), None) if culture.is_american || "oOrRsu".contains(letter) => standard(letter)?,
        (Some(_), None) => return None,
        _ => format,
    };
    // The round-trip formats are those of the invariant culture.
    let culture = if custom == format { culture } else { Culture::AMERICAN };
    let mut text = String::new();
    let mut rest = custom;
    while let Some(letter) = rest.chars().next() {
        let count = rest.chars().take_while(|c| *c == letter).count();
        let mut used = count * letter.len_utf8();
        match letter {
            '\'' | '"' => used = quoted(&mut text, rest, letter)?,
            '\\' => {
                let escaped = rest[1..].chars().next()?;
                text.push(escaped);
                used = 1 + escaped.len_utf8();
            }
            '%' => {
                // `%d` is the custom specifier `d`.
                if matches!(rest[1..].chars().next(), None | Some('%')) {
                    return None;
                }
                used = 1;
            }
            _ => specifier(&mut text, timestamp, letter, count, culture)?,
        }
        rest = &rest[used..];
    }
    Some(text)
}

/// Returns the custom format of a standard one.
fn standard(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "M/d/yyyy",
        'D' => "dddd, MMMM d, yyyy",
        'f' => "dddd, MMMM d, yyyy h:mm tt",
        'F' | 'U' => "dddd, MMMM d, yyyy h:mm:ss tt",
        'g' => "M/d/yyyy h:mm tt",
        'G' => "M/d/yyyy h:mm:ss tt",
        'm' | 'M' => "MMMM d",
        'o' | 'O' => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        'r' | 'R' => "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        's' => "yyyy-MM-ddTHH:mm:ss",
        't' => "h:mm tt",
        'T' => "h:mm:ss tt",
        'u' => "yyyy-MM-dd HH:mm:ss'Z'",
        'y' | 'Y' => "MMMM yyyy",
        _ => return None,
    })
}

/// Copies a quoted literal. Returns its length with the quotes.
fn quoted(text: &mut String, rest: &str, quote: char) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?.1),
            _ if letter == quote => return Some(at + 1),
            _ => text.push(letter),
        }
    }
    None
}

fn specifier(
    text: &mut String,
    timestamp: Timestamp,
    letter: char,
    count: usize,
    culture: Culture,
) -> Option<()> {
    let civil = timestamp.civil;
    let month = usize::try_from(civil.month() - 1).ok()?;
    let day = usize::try_from(civil.weekday().to_sunday_zero_offset()).ok()?;
    let padded = |text: &mut String, value: i32, width: usize| write!(text, "{value:0width$}").ok();
    match (letter, count) {
        ('d', 1 | 2) => padded(text, civil.day().into(), count)?,
        ('d' | 'M', 3) | ('t', _) if !culture.is_english => return None,
        ('d', 3) => text.push_str(&culture.names?.days[day][..3]),
        ('d', _) => text.push_str(culture.names?.days[day]),
        ('M', 1 | 2) => padded(text, civil.month().into(), count)?,
        ('M', 3) => text.push_str(&culture.names?.months[month][..3]),
        ('M', _) => text.push_str(culture.names?.months[month]),
        ('y', 1 | 2) => padded(text, (civil.year() % 100).into(), count)?,
        ('y', _) => padded(text, civil.year().into(), count.min(16))?,
        ('h', _) => padded(text, i32::from((civil.hour() + 11) % 12 + 1), count.min(2))?,
        ('H', _) => padded(text, civil.hour().into(), count.min(2))?,
        ('m', _) => padded(text, civil.minute().into(), count.min(2))?,
        ('s', _) => padded(text, civil.second().into(), count.min(2))?,
        ('t', 1) => text.push(if civil.hour() < 12 { 'A' } else { 'P' }),
        ('t', _) => text.push_str(if civil.hour() < 12 { "AM" } else { "PM" }),
        ('f' | 'F', 1..=7) => {
            let ticks = format!("{:07}", civil.subsec_nanosecond() / 100);
            let digits = &ticks[..count];
            if letter == 'f' {
                text.push_str(digits);
            } else {
                let digits = digits.trim_end_matches('0');
                text.push_str(digits);
                if digits.is_empty() && text.ends_with('.') {
                    text.pop();
                }
            }
        }
        ('f' | 'F', _) => return None,
        ('K', _) => (0..count).for_each(|_| text.push_str(if timestamp.is_utc { "Z" } else { "" })),
        ('z', 1) => text.push_str("+0"),
        ('z', 2) => text.push_str("+00"),
        ('z', _) => text.push_str("+00:00"),
        ('g', _) => text.push_str("A.D."),
        _ => (0..count).for_each(|_| text.push(letter)),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formatted(with: &str) -> Option<String> {
        format(
            Timestamp::parse("2018-03-05T13:07:09.0450000Z", false).expect("parses"),
            with,
            Culture::AMERICAN,
        )
    }

    /// Source: *Standard date and time format strings* and *Custom date and time format strings*
    /// in the documentation of .NET.
    #[test]
    fn formats() {
        for (with, text) in [
            ("d", "3/5/2018"),
            ("D", "Monday, March 5, 2018"),
            ("f", "Monday, March 5, 2018 1:07 PM"),
            ("F", "Monday, March 5, 2018 1:07:09 PM"),
            ("g", "3/5/2018 1:07 PM"),
            ("G", "3/5/2018 1:07:09 PM"),
            ("M", "March 5"),
            ("o", "2018-03-05T13:07:09.0450000Z"),
            ("R", "Mon, 05 Mar 2018 13:07:09 GMT"),
            ("s", "2018-03-05T13:07:09"),
            ("t", "1:07 PM"),
            ("T", "1:07:09 PM"),
            ("u", "2018-03-05 13:07:09Z"),
            ("y", "March 2018"),
            ("yyyy-MM-dd", "2018-03-05"),
            ("ddd d MMM yy", "Mon 5 Mar 18"),
            ("dddd, dd MMMM yyyy", "Monday, 05 March 2018"),
            ("hh:mm:ss tt", "01:07:09 PM"),
            ("H\\h m\\m", "13h 7m"),
            ("HH 'o''clock'", "13 oclock"),
            ("HH \"o'clock\"", "13 o'clock"),
            ("%d", "5"),
            ("%h", "1"),
            ("ss.f", "09.0"),
            ("ss.ff", "09.04"),
            ("ss.FFF", "09.045"),
            ("ss.F", "09"),
            ("ss.fffffff", "09.0450000"),
            ("yyyyMMddTHHmmssZ", "20180305T130709Z"),
            ("zzz", "+00:00"),
            ("", ""),
            ("dd/MM/yyyy", "05/03/2018"),
            ("läßt", "läßP"),
        ] {
            assert_eq!(formatted(with).as_deref(), Some(text), "{with}");
        }
    }

    #[test]
    fn invalid_formats_have_no_result() {
        for with in ["x", "%", "%%d", "'open", "\"open", "end\\", "ffffffff", "é"] {
            assert_eq!(formatted(with), None, "{with}");
        }
    }
}
