//! Parses timestamps by .NET's custom date and time format strings.

use jiff::civil::DateTime;

use super::cultures::ENGLISH;
use super::timestamp::{Timestamp, fraction_of};

/// The parts of a timestamp that have been read.
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    is_utc: bool,
}

/// Parses a text that is exactly of a format; `None` if it is not.
pub(super) fn parse(text: &str, format: &str) -> Option<Timestamp> {
    let mut parts = Parts {
        year: 1,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        afternoon: None,
        is_utc: false,
    };
    let (mut text, mut format) = (text, format);
    while let Some(letter) = format.chars().next() {
        let count = format.chars().take_while(|c| *c == letter).count();
        let mut used = count * letter.len_utf8();
        match letter {
            '\'' | '"' => {
                let end = format[1..].find(letter)?;
                text = text.strip_prefix(&format[1..=end])?;
                used = end + 2;
            }
            '\\' => {
                let escaped = format[1..].chars().next()?;
                text = text.strip_prefix(escaped)?;
                used = 1 + escaped.len_utf8();
            }
            '%' => used = 1,
            _ => text = parts.read(text, letter, count)?,
        }
        format = &format[used..];
    }
    if !text.is_empty() {
        return None;
    }
    if let Some(afternoon) = parts.afternoon {
        parts.hour = parts.hour % 12 + if afternoon { 12 } else { 0 };
    }
    let Parts { year, month, day, hour, minute, second, nanosecond, .. } = parts;
    let civil = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    Timestamp::valid(civil, parts.is_utc)
}

impl Parts {
    /// Reads what a specifier stands for. Returns the rest of the text.
    fn read<'a>(&mut self, text: &'a str, letter: char, count: usize) -> Option<&'a str> {
        let two = |most: usize| -> Option<(i8, &'a str)> {
            let (digits, rest) = digits(text, if most == 1 { 1 } else { 2 }, 2)?;
            Some((digits.parse().ok()?, rest))
        };
        match (letter, count) {
            ('y', 1 | 2) => {
                let (digits, rest) = digits(text, count, 2)?;
                let year: i16 = digits.parse().ok()?;
                self.year = if year < 50 { 2000 + year } else { 1900 + year };
                Some(rest)
            }
            ('y', _) => {
                let (digits, rest) = digits(text, 4, 4)?;
                self.year = digits.parse().ok()?;
                Some(rest)
            }
            ('M', 1 | 2) => two(count).map(|(n, rest)| (self.month = n, rest).1),
            ('M', _) => {
                let (at, rest) = name(text, &ENGLISH.months, count == 3)?;
                self.month = i8::try_from(at + 1).ok()?;
                Some(rest)
            }
            ('d', 1 | 2) => two(count).map(|(n, rest)| (self.day = n, rest).1),
            ('d', _) => name(text, &ENGLISH.days, count == 3).map(|(_, rest)| rest),
            ('h' | 'H', _) => two(count).map(|(n, rest)| (self.hour = n, rest).1),
            ('m', _) => two(count).map(|(n, rest)| (self.minute = n, rest).1),
            ('s', _) => two(count).map(|(n, rest)| (self.second = n, rest).1),
            ('f', 1..=7) => {
                let (digits, rest) = digits(text, count, count)?;
                self.nanosecond = fraction_of(digits)?;
                Some(rest)
            }
            ('t', _) => {
                let length = count.min(2);
                let word = text.get(..length)?;
                self.afternoon = Some(match word.to_ascii_uppercase().as_str() {
                    "A" | "AM" => false,
                    "P" | "PM" => true,
                    _ => return None,
                });
                Some(&text[length..])
            }
            ('K', _) => Some(match text.strip_prefix('Z') {
                Some(rest) => (self.is_utc = true, rest).1,
                None => text,
            }),
            ('f' | 'F' | 'z' | 'g', _) => None,
            _ => (0..count).try_fold(text, |text, _| text.strip_prefix(letter)),
        }
    }
}

fn digits(text: &str, fewest: usize, most: usize) -> Option<(&str, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (length >= fewest).then(|| text.split_at(length))
}

fn name<'a>(text: &'a str, names: &[&str], is_short: bool) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = if is_short { &name[..3] } else { name };
        let found = text.get(..name.len())?;
        found.eq_ignore_ascii_case(name).then(|| (at, &text[name.len()..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_says_what_is_where() {
        for (text, format, parsed) in [
            ("21052019", "ddMMyyyy", "2019-05-21"),
            ("10/20/2014 15h", "MM/dd/yyyy HH\\h", "2014-10-20T15:00"),
            ("5 March 2018 1:07 PM", "d MMMM yyyy h:mm tt", "2018-03-05T13:07"),
            ("Mon 05-Mar-18", "ddd dd-MMM-yy", "2018-03-05"),
            ("2018-03-05T13:07:09.25Z", "yyyy-MM-ddTHH:mm:ss.ffK", "2018-03-05T13:07:09.25Z"),
            ("at 12 AM", "'at' hh tt", "0001-01-01T00:00"),
        ] {
            assert_eq!(parse(text, format), Timestamp::parse(parsed, false), "{text}");
        }
        for (text, format) in [
            ("21", "ddMM"),
            ("32012019", "ddMMyyyy"),
            ("2019 ", "yyyy"),
            ("x", "yyyy"),
            ("'", "'"),
            ("", "\\"),
        ] {
            assert_eq!(parse(text, format), None, "{text}");
        }
    }
}
