//! Parses `recurrence` (reference §6.1).

use outlive_clock::Instant;
use serde_json::Value;

use super::node::Node;
use super::refusal::{Collected, DefinitionError};
use crate::recurrence::{Frequency, Recurrence, Schedule, Zone};

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) fn read(node: &Node<'_>, errors: &mut Collected) -> Option<Recurrence> {
    errors.keep(node.only(&["frequency", "interval", "startTime", "endTime", "timeZone", "schedule"]));
    let frequency = errors.keep(frequency(node));
    let interval = frequency.and_then(|frequency| errors.keep(interval(node, frequency)));
    let zone = node.optional("timeZone").map(|zone| errors.keep(time_zone(&zone)));
    let zone = zone.unwrap_or(Some(Zone::default()));
    let mut instant = |member: &str| {
        let written = node.optional(member)?;
        errors.keep(start_time(&written, zone.as_ref()?))
    };
    let (start, end) = (instant("startTime"), instant("endTime"));
    let schedule = node.optional("schedule").map(|written| schedule(&written, frequency, errors));
    Some(Recurrence {
        frequency: frequency?,
        interval: interval?,
        start,
        end,
        zone: zone?,
        schedule: schedule.unwrap_or_default(),
    })
}

fn frequency(node: &Node<'_>) -> Result<Frequency, DefinitionError> {
    let remedy = "use Second, Minute, Hour, Day, Week or Month";
    let written = node.required("frequency", remedy)?;
    let text = written.text()?;
    let found = Frequency::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, frequency)| frequency).ok_or_else(|| written.refuse("this is not a frequency", remedy))
}

fn interval(node: &Node<'_>, frequency: Frequency) -> Result<u32, DefinitionError> {
    let (low, high) = frequency.intervals();
    let remedy = format!("give a whole number from {low} to {high}");
    let written = node.required("interval", &remedy)?;
    // Templates also write it as a string.
    let interval = match written.value() {
        Value::String(text) => text.trim().parse::<i64>().ok(),
        other => other.as_i64(),
    };
    let Some(interval) = interval else { return Err(written.refuse("this is not a whole number", &remedy)) };
    u32::try_from(interval)
        .ok()
        .filter(|n| (low..=high).contains(n))
        .ok_or_else(|| written.refuse(&format!("this interval of {frequency:?} is out of range"), &remedy))
}

fn time_zone(node: &Node<'_>) -> Result<Zone, DefinitionError> {
    Zone::named(node.text()?).ok_or_else(|| {
        node.refuse("this is not a known time zone", "use UTC, a Windows name or an IANA name")
    })
}

/// Parses an instant as RFC 3339 or, as the platform also writes it, without an offset: a time in
/// the time zone.
fn start_time(written: &Node<'_>, zone: &Zone) -> Result<Instant, DefinitionError> {
    let text = written.text()?;
    text.parse()
        .ok()
        .or_else(|| zone.local(text))
        .filter(|start| (Instant::EPOCH..=Instant::MAX).contains(start))
        .ok_or_else(|| written.refuse("this is not an instant", "write it as 2026-01-05T09:00:00Z"))
}

fn schedule(node: &Node<'_>, frequency: Option<Frequency>, errors: &mut Collected) -> Schedule {
    errors.keep(node.only(&["hours", "minutes", "weekDays", "monthDays", "monthlyOccurrences"]));
    let mut schedule = Schedule {
        hours: numbers(node, "hours", 0, 23, errors),
        minutes: numbers(node, "minutes", 0, 59, errors),
        month_days: numbers(node, "monthDays", -31, 31, errors),
        week_days: Vec::new(),
        occurrences: Vec::new(),
    };
    let occurrences = node.optional("monthlyOccurrences").map(|list| errors.keep(list.elements()));
    for one in occurrences.flatten().unwrap_or_default() {
        schedule.occurrences.extend(occurrence(&one, errors));
    }
    let days = node.optional("weekDays").map(|days| errors.keep(days.elements()));
    for day in days.flatten().unwrap_or_default() {
        schedule.week_days.extend(errors.keep(week_day(&day)));
    }
    schedule.sort();
    let allowed = |errors: &mut Collected, name: &str, allowed: &[Frequency]| {
        let Some(written) = node.optional(name) else { return };
        let is_empty = written.value().as_array().is_some_and(Vec::is_empty);
        if !is_empty && frequency.is_some_and(|frequency| !allowed.contains(&frequency)) {
            let names: Vec<_> = allowed.iter().map(|frequency| format!("{frequency:?}")).collect();
            let remedy = format!("use the frequency {}, or remove it", names.join(" or "));
            errors.push(written.refuse("this does not go with the frequency", &remedy));
        }
    };
    allowed(errors, "hours", &[Frequency::Day, Frequency::Week, Frequency::Month]);
    allowed(errors, "minutes", &[Frequency::Day, Frequency::Week, Frequency::Month]);
    allowed(errors, "weekDays", &[Frequency::Week]);
    allowed(errors, "monthDays", &[Frequency::Month]);
    allowed(errors, "monthlyOccurrences", &[Frequency::Month]);
    schedule
}

fn week_day(node: &Node<'_>) -> Result<i8, DefinitionError> {
    let text = node.text()?;
    let place = WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text));
    place
        .and_then(|place| i8::try_from(place).ok())
        .ok_or_else(|| node.refuse("this is not a weekday", "write Monday, Tuesday …"))
}

/// Parses `{"day": "Friday", "occurrence": -1}`: the last Friday of the month.
fn occurrence(node: &Node<'_>, errors: &mut Collected) -> Option<(i8, i8)> {
    errors.keep(node.only(&["day", "occurrence"]))?;
    let day = errors.keep(node.required("day", "write Monday, Tuesday …"));
    let day = day.and_then(|day| errors.keep(week_day(&day)));
    let remedy = "give a number from 1 to 5, or from -5 to -1 to count from the end of the month";
    let written = errors.keep(node.required("occurrence", remedy))?;
    let number = whole(&written).filter(|number| (-5..=5).contains(number) && *number != 0);
    if number.is_none() {
        errors.push(written.refuse("this is not the number of a weekday in a month", remedy));
    }
    Some((day?, number?))
}

fn whole(node: &Node<'_>) -> Option<i8> {
    match node.value() {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64().and_then(|number| i8::try_from(number).ok()),
    }
}

/// Parses a list of whole numbers, which the platform also writes as strings.
fn numbers(node: &Node<'_>, member: &str, low: i8, high: i8, errors: &mut Collected) -> Vec<i8> {
    let written = node.optional(member).map(|list| errors.keep(list.elements()));
    let mut numbers = Vec::new();
    for element in written.flatten().unwrap_or_default() {
        match whole(&element).filter(|n| (low..=high).contains(n) && (low >= 0 || *n != 0)) {
            Some(number) => numbers.push(number),
            None => errors.push(
                element.refuse("this number is out of range", &format!("give one from {low} to {high}")),
            ),
        }
    }
    numbers
}
