//! Functions over timestamps.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::arguments::Arguments;
use super::super::cultures::Culture;
use super::super::date_format::{ROUND_TRIP, format, length_max};
use super::super::error::{EvaluationError, refuse};
use super::super::function::Row;
use super::super::time_zones;
use super::super::timestamp::Timestamp;

type Made = Result<Value, EvaluationError>;

pub(super) static ROWS: [Row; 22] = [
    Row::make("addDays", (2, 3), |given| add(given, Unit::Day)),
    Row::make("addHours", (2, 3), |given| add(given, Unit::Hour)),
    Row::make("addMinutes", (2, 3), |given| add(given, Unit::Minute)),
    Row::make("addSeconds", (2, 3), |given| add(given, Unit::Second)),
    Row::make("addToTime", (3, 4), |given| shift(given, timestamp(given, 0)?, 1, 1)),
    Row::make("convertFromUtc", (2, 3), |given| {
        let utc = timestamp(given, 0)?;
        printed(given, in_zone(given, utc.civil, &TimeZone::UTC, &zone(given, 1)?)?, 2)
    }),
    Row::make("convertTimeZone", (3, 4), |given| {
        let local = timestamp(given, 0)?;
        let source = zone(given, 1)?;
        printed(given, in_zone(given, local.civil, &source, &zone(given, 2)?)?, 3)
    }),
    Row::make("convertToUtc", (2, 3), |given| {
        let local = timestamp(given, 0)?;
        let utc = in_zone(given, local.civil, &zone(given, 1)?, &TimeZone::UTC)?;
        printed(given, Timestamp { is_utc: true, ..utc }, 2)
    }),
    Row::make("dateDifference", (2, 2), difference),
    Row::make("dayOfMonth", (1, 1), |given| Ok(Value::from(timestamp(given, 0)?.civil.day()))),
    Row::make("dayOfWeek", (1, 1), |given| {
        Ok(Value::from(timestamp(given, 0)?.civil.weekday().to_sunday_zero_offset()))
    }),
    Row::make("dayOfYear", (1, 1), |given| Ok(Value::from(timestamp(given, 0)?.civil.day_of_year()))),
    Row::make("formatDateTime", (1, 3), |given| {
        printed_in(given, timestamp(given, 0)?, 1, culture(given, 2)?)
    }),
    Row::make("getFutureTime", (2, 3), |given| shift(given, now(given)?, 0, 1)),
    Row::make("getPastTime", (2, 3), |given| shift(given, now(given)?, 0, -1)),
    Row::make("parseDateTime", (1, 3), parse),
    Row::make("startOfDay", (1, 2), |given| start(given, |civil| civil.date().to_datetime(Time::midnight()))),
    Row::make("startOfHour", (1, 2), |given| start(given, |civil| civil.date().at(civil.hour(), 0, 0, 0))),
    Row::make("startOfMonth", (1, 2), |given| {
        start(given, |civil| civil.date().first_of_month().to_datetime(Time::midnight()))
    }),
    Row::make("subtractFromTime", (3, 4), |given| shift(given, timestamp(given, 0)?, 1, -1)),
    Row::make("ticks", (1, 1), |given| Ok(Value::from(timestamp(given, 0)?.ticks()))),
    Row::make("utcNow", (0, 1), |given| printed(given, now(given)?, 0)),
];

#[derive(Clone, Copy)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

fn timestamp(given: &Arguments<'_, '_>, at: usize) -> Result<Timestamp, EvaluationError> {
    let text = given.text(at)?;
    Timestamp::parse(text, false).map_or_else(|| not_a_timestamp(given, text), Ok)
}

fn not_a_timestamp<T>(given: &Arguments<'_, '_>, text: &str) -> Result<T, EvaluationError> {
    let shown: String = text.chars().take(80).collect();
    refuse(format!(
        "In function '{}', the value provided for date time string '{shown}' was not valid. The datetime string \
         must match ISO 8601 format",
        given.signature.name
    ))
}

fn now(given: &Arguments<'_, '_>) -> Result<Timestamp, EvaluationError> {
    Timestamp::of(given.facts.now()).map_or_else(|| out_of_range(given), Ok)
}

fn out_of_range<T>(given: &Arguments<'_, '_>) -> Result<T, EvaluationError> {
    given.refuse("has a result outside the years 1 to 9999")
}

fn zone(given: &Arguments<'_, '_>, at: usize) -> Result<TimeZone, EvaluationError> {
    let name = given.text(at)?;
    time_zones::find(name).map_or_else(
        || {
            let shown: String = name.chars().take(80).collect();
            refuse(format!(
                "In function '{}', the value provided for the time zone id '{shown}' was not valid",
                given.signature.name
            ))
        },
        Ok,
    )
}

/// Converts the time on a clock in one zone to that in another. A time that a zone skips is that
/// after the change.
fn in_zone(
    given: &Arguments<'_, '_>,
    civil: DateTime,
    from: &TimeZone,
    to: &TimeZone,
) -> Result<Timestamp, EvaluationError> {
    let converted = from.to_ambiguous_timestamp(civil).compatible().map(|instant| to.to_datetime(instant));
    converted.ok().and_then(|civil| Timestamp::valid(civil, false)).map_or_else(|| out_of_range(given), Ok)
}

/// Prints a timestamp in the format that an argument may give.
fn printed(given: &Arguments<'_, '_>, timestamp: Timestamp, at: usize) -> Made {
    printed_in(given, timestamp, at, Culture::AMERICAN)
}

fn printed_in(given: &Arguments<'_, '_>, timestamp: Timestamp, at: usize, culture: Culture) -> Made {
    let with = given.optional_text(at)?.unwrap_or(ROUND_TRIP);
    given.charge(length_max(with))?;
    match format(timestamp, with, culture) {
        Some(text) => Ok(Value::String(text)),
        None => {
            let shown: String = with.chars().take(80).collect();
            refuse(format!(
                "In function '{}', the value provided for the date time format '{shown}' was not valid{}",
                given.signature.name,
                if culture.is_american { "" } else { ", or is not known for the locale" }
            ))
        }
    }
}

fn later(
    given: &Arguments<'_, '_>,
    from: Timestamp,
    count: i64,
    unit: Unit,
) -> Result<Timestamp, EvaluationError> {
    let span = jiff::Span::new();
    let span = match unit {
        Unit::Second => span.try_seconds(count),
        Unit::Minute => span.try_minutes(count),
        Unit::Hour => span.try_hours(count),
        Unit::Day => span.try_days(count),
        Unit::Week => span.try_weeks(count),
        Unit::Month => span.try_months(count),
        Unit::Year => span.try_years(count),
    };
    span.and_then(|span| from.civil.checked_add(span))
        .ok()
        .and_then(|civil| Timestamp::valid(civil, from.is_utc))
        .map_or_else(|| out_of_range(given), Ok)
}

fn add(given: &Arguments<'_, '_>, unit: Unit) -> Made {
    printed(given, later(given, timestamp(given, 0)?, given.integer(1)?, unit)?, 2)
}

/// Adds an interval, whose number, unit and format are the arguments from `at`.
fn shift(given: &Arguments<'_, '_>, from: Timestamp, at: usize, sign: i64) -> Made {
    let Some(count) = given.integer(at)?.checked_mul(sign) else { return out_of_range(given) };
    let unit = match given.text(at + 1)?.to_ascii_lowercase().as_str() {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "year" => Unit::Year,
        _ => {
            return given.refuse(
                "expects a time unit of 'Second', 'Minute', 'Hour', 'Day', 'Week', 'Month' or 'Year'",
            );
        }
    };
    printed(given, later(given, from, count, unit)?, at + 2)
}

fn start(given: &Arguments<'_, '_>, of: fn(DateTime) -> DateTime) -> Made {
    let timestamp = timestamp(given, 0)?;
    printed(given, Timestamp { civil: of(timestamp.civil), ..timestamp }, 1)
}

/// Returns the time from the first to the second timestamp, as .NET prints a time span.
fn difference(given: &Arguments<'_, '_>) -> Made {
    let ticks = timestamp(given, 1)?.ticks() - timestamp(given, 0)?.ticks();
    let (sign, ticks) = (if ticks < 0 { "-" } else { "" }, ticks.unsigned_abs());
    let (seconds, fraction) = (ticks / 10_000_000, ticks % 10_000_000);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:07}") };
    Ok(Value::String(format!("{sign}{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)))
}

fn culture(given: &Arguments<'_, '_>, at: usize) -> Result<Culture, EvaluationError> {
    let Some(name) = given.optional_text(at)? else { return Ok(Culture::AMERICAN) };
    Culture::named(name).map_or_else(
        || {
            let shown: String = name.chars().take(80).collect();
            refuse(format!(
                "In function '{}', the value provided for the locale '{shown}' was not valid. Give a locale such as \
                 'en-US'",
                given.signature.name
            ))
        },
        Ok,
    )
}

fn parse(given: &Arguments<'_, '_>) -> Made {
    let (text, culture) = (given.text(0)?, culture(given, 1)?);
    let english = culture.translated(text);
    let parsed = match given.optional_text(2)? {
        Some(with) => super::super::date_parse::parse(&english, with),
        None => Timestamp::parse(&english, !culture.is_american),
    };
    match parsed {
        Some(timestamp) => printed(given, timestamp, 3),
        None => not_a_timestamp(given, text),
    }
}
