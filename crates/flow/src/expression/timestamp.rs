//! Timestamps as .NET reads them: ISO 8601, and what is common in the United States.

use jiff::civil::{Date, DateTime, Time};
use outlive_clock::Instant;

use super::cultures::ENGLISH;

/// A date and time, in UTC or in a zone that is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    pub(super) civil: DateTime,
    /// Whether it is known to be in UTC; then it is printed with a `Z`.
    pub(super) is_utc: bool,
}

/// Ticks per second; a tick has 100 nanoseconds.
const TICKS: i64 = 10_000_000;
/// Seconds from year 1 to 1970.
const SECONDS_TO_1970: i64 = 62_135_596_800;

impl Timestamp {
    /// Returns a virtual instant as a timestamp in UTC.
    pub(super) fn of(instant: Instant) -> Option<Self> {
        let timestamp = jiff::Timestamp::from_microsecond(instant.as_micros()).ok()?;
        Self::valid(timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime(), true)
    }

    /// Returns a timestamp in the years 1 to 9999, which are those of .NET.
    pub(super) fn valid(civil: DateTime, is_utc: bool) -> Option<Self> {
        (civil.year() >= 1).then_some(Self { civil, is_utc })
    }

    /// Returns the number of ticks since the beginning of year 1.
    pub(super) fn ticks(self) -> i64 {
        let days = i64::from(days_from_1970(self.civil.date()));
        let of_day = i64::from(self.civil.hour()) * 3_600
            + i64::from(self.civil.minute()) * 60
            + i64::from(self.civil.second());
        (days * 86_400 + of_day + SECONDS_TO_1970) * TICKS + i64::from(self.civil.subsec_nanosecond()) / 100
    }

    /// Parses a timestamp. A timestamp with an offset is converted to UTC.
    pub(super) fn parse(text: &str, day_first: bool) -> Option<Self> {
        let text = text.trim();
        let (rest, offset) = offset_of(text)?;
        let (date, time) = date_and_time(rest, day_first)?;
        let civil = date.to_datetime(time);
        match offset {
            None => Self::valid(civil, false),
            Some(seconds) => {
                Self::valid(civil.checked_sub(jiff::SignedDuration::from_secs(seconds)).ok()?, true)
            }
        }
    }
}

fn days_from_1970(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    date.since(epoch).map(|span| span.get_days()).unwrap_or_default()
}

/// Splits the offset (`Z`, `GMT`, `+02:00`) from the end of a text; in seconds.
fn offset_of(text: &str) -> Option<(&str, Option<i64>)> {
    // .NET also reads 1970-01-01Z00:00:00.
    if text.get(10..).is_some_and(|time| time.starts_with('Z') && time.len() > 1) {
        return Some((text, Some(0)));
    }
    for utc in ["Z", "z", " GMT", " UTC"] {
        if let Some(rest) = text.strip_suffix(utc) {
            return Some((rest.trim_end(), Some(0)));
        }
    }
    let Some(at) = text.rfind(['+', '-']).filter(|at| text[..*at].contains(':')) else {
        return Some((text, None));
    };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3_600 + minutes * 60;
    Some((text[..at].trim_end(), Some(if text[at..].starts_with('-') { -seconds } else { seconds })))
}

fn date_and_time(text: &str, day_first: bool) -> Option<(Date, Time)> {
    // The time begins with the last word that contains a colon; an `AM` or `PM` may follow it.
    let split = text.find(':').map(|colon| text[..colon].rfind(['T', 't', 'Z', ' ']).map_or(0, |at| at));
    let (date, time) = match split {
        Some(at) => (&text[..at], text[at..].trim_start_matches(['T', 't', 'Z', ' '])),
        None => (text.strip_suffix(['T', 't']).unwrap_or(text), ""),
    };
    let time = if time.is_empty() { Time::midnight() } else { time_of(time)? };
    Some((date_of(date.trim(), day_first)?, time))
}

fn time_of(text: &str) -> Option<Time> {
    let lower = text.to_ascii_lowercase();
    let (clock, afternoon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(false)),
        (_, Some(clock)) => (clock.trim_end(), Some(true)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 2)?;
    let minute = number(parts.next()?, 2)?;
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once(['.', ',']) {
            None => (number(seconds, 2)?, 0),
            Some((second, fraction)) => (number(second, 2)?, fraction_of(fraction)?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, nanosecond)
        .ok()
}

/// Reads the digits of a fraction, of which seven count.
pub(super) fn fraction_of(digits: &str) -> Option<i32> {
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seven: String = digits.chars().chain("0000000".chars()).take(7).collect();
    seven.parse::<i32>().ok().map(|ticks| ticks * 100)
}

fn number(digits: &str, most: usize) -> Option<i32> {
    let is_short = (1..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if is_short { digits.parse().ok() } else { None }
}

fn date_of(text: &str, day_first: bool) -> Option<Date> {
    let date = |year: i32, month: i32, day: i32| {
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    let parts: Vec<&str> = text.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    // The name of a day is not compared with the date.
    let is_day = |part: &&str| ENGLISH.days.iter().any(|day| is_name(part, day));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !is_day(part)).collect();
    let month_of =
        |part: &str| ENGLISH.months.iter().position(|month| is_name(part, month)).map(|at| at as i32 + 1);
    match parts.as_slice() {
        [year, month] if year.len() == 4 => date(number(year, 4)?, number(month, 2)?, 1),
        [year, month, day] if year.len() == 4 => {
            date(number(year, 4)?, month_of(month).or_else(|| number(month, 2))?, number(day, 2)?)
        }
        [a, b, year] => {
            let year = match year.len() {
                4 => number(year, 4)?,
                2 => number(year, 2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?,
                _ => return None,
            };
            match (month_of(a), month_of(b)) {
                (Some(month), _) => date(year, month, number(b, 2)?),
                (_, Some(month)) => date(year, month, number(a, 2)?),
                _ if day_first => date(year, number(b, 2)?, number(a, 2)?),
                _ => date(year, number(a, 2)?, number(b, 2)?),
            }
        }
        _ => None,
    }
}

/// Whether a text is a name or its abbreviation of three letters.
pub(super) fn is_name(text: &str, name: &str) -> bool {
    text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(&name[..3])
}
