//! Computes when a recurrence is due, over virtual instants.
//!
//! Occurrences are counted from the anchor, not from the previous one, so that late or slow runs do
//! not shift the next.

use std::cmp::Ordering;

use outlive_clock::{Instant, Span};

pub(crate) use calendar::{Schedule, Zone};

mod calendar;
mod count;
mod scheduled;

/// The unit of a recurrence (reference §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    /// Seconds, at least 60, as in Power Automate (reference §6.1).
    Second,
    Minute,
    Hour,
    /// Days of 24 hours.
    Day,
    /// Weeks of 7 days.
    Week,
    /// Calendar months; the 31st becomes the last day of a shorter month.
    Month,
}

impl Frequency {
    /// All units, in documented order.
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("Second", Self::Second),
        ("Minute", Self::Minute),
        ("Hour", Self::Hour),
        ("Day", Self::Day),
        ("Week", Self::Week),
        ("Month", Self::Month),
    ];

    /// Returns the minimum and maximum interval (reference §6.1).
    pub(crate) const fn intervals(self) -> (u32, u32) {
        match self {
            Self::Second => (60, 9_999_999),
            Self::Minute => (1, 72_000),
            Self::Hour => (1, 12_000),
            Self::Day => (1, 500),
            Self::Week => (1, 71),
            Self::Month => (1, 16),
        }
    }

    /// Returns the length of the unit, or `None` for months.
    const fn unit(self) -> Option<Span> {
        match self {
            Self::Second => Some(Span::from_seconds(1)),
            Self::Minute => Some(Span::from_minutes(1)),
            Self::Hour => Some(Span::from_hours(1)),
            Self::Day => Some(Span::from_days(1)),
            Self::Week => Some(Span::from_days(7)),
            Self::Month => None,
        }
    }
}

/// A recurrence trigger: every `interval` units from an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recurrence {
    /// The unit.
    pub frequency: Frequency,
    /// The number of units between occurrences, within [`Frequency::intervals`].
    pub interval: u32,
    /// The first occurrence; if `None`, the flow first runs when it is turned on.
    pub start: Option<Instant>,
    /// There are no occurrences after it.
    pub end: Option<Instant>,
    /// The time zone of days, weeks, months and the schedule.
    pub zone: Zone,
    /// The times within each day, week or month.
    pub schedule: Schedule,
}

impl Default for Recurrence {
    /// Every three minutes, as designers set it for triggers that ask a connector.
    fn default() -> Self {
        Self {
            frequency: Frequency::Minute,
            interval: 3,
            start: None,
            end: None,
            zone: Zone::default(),
            schedule: Schedule::default(),
        }
    }
}

impl Recurrence {
    /// Returns the anchor of a flow that is turned on at `turned_on` (virtual).
    pub(crate) fn anchor(&self, turned_on: Instant) -> Instant {
        self.start.unwrap_or(turned_on)
    }

    /// Returns the first occurrence at or after `from`, at most [`Instant::MAX`].
    pub(crate) fn first_at_or_after(&self, anchor: Instant, from: Instant) -> Instant {
        if self.is_scheduled() {
            let from = from.max(anchor);
            return self.bounded(self.scheduled_after(anchor, from - Span::from_micros(1)));
        }
        if from <= anchor {
            return self.bounded(anchor);
        }
        self.next_after(anchor, from - Span::from_micros(1))
    }

    /// Returns the first occurrence after `after`, at most [`Instant::MAX`].
    pub(crate) fn next_after(&self, anchor: Instant, after: Instant) -> Instant {
        if self.is_scheduled() {
            let after = after.max(anchor - Span::from_micros(1));
            return self.bounded(self.scheduled_after(anchor, after));
        }
        if after < anchor {
            return self.bounded(anchor);
        }
        let interval = i64::from(self.interval.max(1));
        self.bounded(match self.frequency.unit() {
            Some(unit) => {
                let step = unit * interval;
                let passed = (after - anchor).as_micros() / step.as_micros();
                anchor + step * (passed + 1)
            }
            None => next_month(anchor, interval, after),
        })
    }

    fn bounded(&self, occurrence: Instant) -> Instant {
        if self.end.is_some_and(|end| occurrence > end) { Instant::MAX } else { occurrence }
    }

    /// Whether occurrences are times of days of a calendar.
    fn is_scheduled(&self) -> bool {
        let by_day = matches!(self.frequency, Frequency::Day | Frequency::Week | Frequency::Month);
        by_day && (!self.schedule.is_empty() || !self.zone.is_utc())
    }
}

fn next_month(anchor: Instant, interval: i64, after: Instant) -> Instant {
    let (Some(from), Some(to)) = (civil(anchor), civil(after)) else { return Instant::MAX };
    let months = (i64::from(to.year()) - i64::from(from.year())) * 12 + i64::from(to.month())
        - i64::from(from.month());
    // The occurrence in the month of `after` can be before or after it; check one step to either
    // side.
    let near = (months / interval).max(0);
    for turn in [near, near + 1] {
        let Some(occurrence) = months_later(from, turn * interval) else { break };
        if occurrence.cmp(&after) == Ordering::Greater {
            return occurrence;
        }
    }
    Instant::MAX
}

/// Returns the instant a number of calendar months later, at most [`Instant::MAX`].
pub(crate) fn months_after(instant: Instant, months: i64) -> Instant {
    civil(instant).and_then(|from| months_later(from, months)).unwrap_or(Instant::MAX)
}

fn civil(instant: Instant) -> Option<jiff::civil::DateTime> {
    jiff::Timestamp::from_microsecond(instant.as_micros())
        .ok()
        .map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).datetime())
}

fn months_later(from: jiff::civil::DateTime, months: i64) -> Option<Instant> {
    let later = from.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?;
    let stamp = later.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Instant::from_micros(stamp.as_microsecond()).min(Instant::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("instant")
    }

    fn every(interval: u32, frequency: Frequency) -> Recurrence {
        Recurrence { frequency, interval, ..Recurrence::default() }
    }

    #[test]
    fn next_occurrences() {
        let anchor = at("2026-01-31T09:00:00.5Z");
        for (recurrence, after, next) in [
            (every(1, Frequency::Hour), "2026-01-31T09:00:00.5Z", "2026-01-31T10:00:00.5Z"),
            (every(1, Frequency::Hour), "2026-01-31T10:59:59Z", "2026-01-31T11:00:00.5Z"),
            (every(1, Frequency::Hour), "2020-01-01T00:00:00Z", "2026-01-31T09:00:00.5Z"),
            (every(90, Frequency::Second), "2026-01-31T09:01:00Z", "2026-01-31T09:01:30.5Z"),
            (every(15, Frequency::Minute), "2026-02-01T00:00:00Z", "2026-02-01T00:00:00.5Z"),
            (every(2, Frequency::Day), "2026-02-01T00:00:00Z", "2026-02-02T09:00:00.5Z"),
            (every(1, Frequency::Week), "2026-02-07T09:00:00.5Z", "2026-02-14T09:00:00.5Z"),
            (every(1, Frequency::Month), "2026-01-31T09:00:00.5Z", "2026-02-28T09:00:00.5Z"),
            (every(1, Frequency::Month), "2026-02-28T09:00:00.5Z", "2026-03-31T09:00:00.5Z"),
            (every(3, Frequency::Month), "2026-05-01T00:00:00Z", "2026-07-31T09:00:00.5Z"),
            (every(16, Frequency::Month), "2027-05-30T00:00:00Z", "2027-05-31T09:00:00.5Z"),
        ] {
            assert_eq!(recurrence.next_after(anchor, at(after)), at(next), "{recurrence:?} after {after}");
        }
    }

    #[test]
    fn months_are_counted_from_the_anchor() {
        let monthly = every(1, Frequency::Month);
        let anchor = at("2026-03-05T09:00:00Z");
        for (after, next) in [
            ("2026-12-10T00:00:00Z", "2027-01-05T09:00:00Z"),
            ("2028-02-04T00:00:00Z", "2028-02-05T09:00:00Z"),
        ] {
            assert_eq!(monthly.next_after(anchor, at(after)), at(next), "after {after}");
        }
    }

    #[test]
    fn a_start_can_be_in_the_past_or_in_the_future() {
        let mut hourly = every(1, Frequency::Hour);
        let now = at("2026-01-05T09:20:00Z");
        assert_eq!(hourly.first_at_or_after(hourly.anchor(now), now), now);
        hourly.start = Some(at("2026-01-01T00:30:00Z"));
        assert_eq!(hourly.first_at_or_after(hourly.anchor(now), now), at("2026-01-05T09:30:00Z"));
        hourly.start = Some(at("2026-03-01T00:00:00Z"));
        assert_eq!(hourly.first_at_or_after(hourly.anchor(now), now), at("2026-03-01T00:00:00Z"));
        hourly.start = Some(at("2026-01-05T08:20:00Z"));
        assert_eq!(hourly.first_at_or_after(hourly.anchor(now), now), now);
    }

    #[test]
    fn schedules_have_times_of_days() {
        let schedule = |hours: &[i8], minutes: &[i8], week_days: &[i8], month_days: &[i8]| Schedule {
            hours: hours.to_vec(),
            minutes: minutes.to_vec(),
            week_days: week_days.to_vec(),
            month_days: month_days.to_vec(),
            occurrences: Vec::new(),
        };
        let occurrences = |occurrences: &[(i8, i8)]| Schedule {
            occurrences: occurrences.to_vec(),
            ..schedule(&[6], &[0], &[], &[])
        };
        // 2026-01-05 is a Monday.
        let anchor = at("2026-01-05T09:20:30Z");
        for (frequency, interval, start, schedule, occurrences) in [
            (
                Frequency::Day,
                1,
                None,
                schedule(&[8, 10], &[], &[], &[]),
                ["2026-01-05T10:00:00Z", "2026-01-06T08:00:00Z"],
            ),
            (
                Frequency::Day,
                1,
                None,
                schedule(&[10], &[5, 35], &[], &[]),
                ["2026-01-05T10:05:00Z", "2026-01-05T10:35:00Z"],
            ),
            (
                Frequency::Day,
                3,
                None,
                schedule(&[8], &[], &[], &[]),
                ["2026-01-08T08:00:00Z", "2026-01-11T08:00:00Z"],
            ),
            (
                Frequency::Day,
                1,
                Some("2026-02-01T12:45:00Z"),
                schedule(&[10], &[], &[], &[]),
                ["2026-02-02T10:45:00Z", "2026-02-03T10:45:00Z"],
            ),
            (
                Frequency::Week,
                1,
                None,
                schedule(&[9], &[30], &[0, 4], &[]),
                ["2026-01-05T09:30:00Z", "2026-01-09T09:30:00Z"],
            ),
            (
                Frequency::Week,
                2,
                None,
                schedule(&[9], &[0], &[0, 4], &[]),
                ["2026-01-09T09:00:00Z", "2026-01-19T09:00:00Z"],
            ),
            (
                Frequency::Month,
                1,
                None,
                schedule(&[6], &[0], &[], &[1, 31, -1]),
                ["2026-01-31T06:00:00Z", "2026-02-01T06:00:00Z"],
            ),
            (
                Frequency::Month,
                1,
                None,
                schedule(&[], &[], &[], &[6]),
                ["2026-01-06T09:20:30Z", "2026-02-06T09:20:30Z"],
            ),
            (
                Frequency::Month,
                12,
                None,
                schedule(&[0], &[0], &[], &[30]),
                ["2026-01-30T00:00:00Z", "2027-01-30T00:00:00Z"],
            ),
            // The first and the last Friday; the second Monday of every third month.
            (
                Frequency::Month,
                1,
                None,
                occurrences(&[(4, 1), (4, -1)]),
                ["2026-01-30T06:00:00Z", "2026-02-06T06:00:00Z"],
            ),
            (
                Frequency::Month,
                3,
                None,
                occurrences(&[(0, 2)]),
                ["2026-01-12T06:00:00Z", "2026-04-13T06:00:00Z"],
            ),
            // Not every month has a fifth Saturday, counted from either end.
            (
                Frequency::Month,
                1,
                None,
                occurrences(&[(5, 5)]),
                ["2026-01-31T06:00:00Z", "2026-05-30T06:00:00Z"],
            ),
            (
                Frequency::Month,
                1,
                None,
                occurrences(&[(5, -5)]),
                ["2026-05-02T06:00:00Z", "2026-08-01T06:00:00Z"],
            ),
        ] {
            let start = start.map(at);
            let recurrence = Recurrence { schedule, start, ..every(interval, frequency) };
            let anchor = recurrence.anchor(anchor);
            let first = recurrence.first_at_or_after(anchor, anchor);
            assert_eq!(first, at(occurrences[0]), "{recurrence:?}");
            assert_eq!(recurrence.next_after(anchor, first), at(occurrences[1]), "{recurrence:?}");
        }
        let never = Recurrence { schedule: schedule(&[], &[], &[], &[31]), ..every(12, Frequency::Month) };
        assert_eq!(never.next_after(at("2026-02-01T00:00:00Z"), at("2026-02-01T00:00:00Z")), Instant::MAX);
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        let zone = Zone::named("W. Europe Standard Time").expect("a zone");
        let start = zone.local("2026-03-28T10:00:00");
        assert_eq!(start, Some(at("2026-03-28T09:00:00Z")));
        let daily = Recurrence { zone, start, ..every(1, Frequency::Day) };
        let anchor = daily.anchor(at("2026-01-01T00:00:00Z"));
        // Clocks are put forward on 2026-03-29.
        assert_eq!(daily.first_at_or_after(anchor, anchor), anchor);
        assert_eq!(daily.next_after(anchor, anchor), at("2026-03-29T08:00:00Z"));
        let schedule = Schedule { hours: vec![2], minutes: vec![30], ..Schedule::default() };
        let skipped = Recurrence { schedule, ..daily };
        assert_eq!(skipped.next_after(anchor, anchor), at("2026-03-29T01:30:00Z"));
        assert_eq!(Zone::named("Atlantis Standard Time"), None);
    }

    #[test]
    fn a_recurrence_can_end() {
        let end = Some(at("2026-01-31T11:00:00Z"));
        let hourly = Recurrence { end, ..every(1, Frequency::Hour) };
        let anchor = at("2026-01-31T09:30:00Z");
        assert_eq!(hourly.next_after(anchor, anchor), at("2026-01-31T10:30:00Z"));
        assert_eq!(hourly.next_after(anchor, at("2026-01-31T10:30:00Z")), Instant::MAX);
    }

    #[test]
    fn occurrences_end_at_the_last_instant() {
        for (_, frequency) in Frequency::ALL {
            assert_eq!(
                every(16, frequency).next_after(Instant::EPOCH, Instant::MAX),
                Instant::MAX,
                "{frequency:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_next_scheduled_occurrence_is_the_first_after(
            row in 3..6_usize, interval in 1..16_u32, anchor in 0..2_000_000_000_i64, offset in -1_000_000_i64..400_000_000,
            hours in proptest::collection::vec(0..24_i8, 0..3), minutes in proptest::collection::vec(0..60_i8, 0..3),
            week_days in proptest::collection::vec(0..7_i8, 0..3), month_days in proptest::collection::vec(1..29_i8, 0..3),
            occurrences in proptest::collection::vec((0..7_i8, 1..5_i8), 0..3),
        ) {
            let mut schedule = Schedule { hours, minutes, week_days, month_days, occurrences };
            schedule.sort();
            let recurrence = Recurrence { schedule, ..every(interval, Frequency::ALL[row].1) };
            let (anchor, after) = (Instant::from_seconds(anchor), Instant::from_seconds(anchor + offset));
            let next = recurrence.next_after(anchor, after);
            prop_assert!(next > after && next >= anchor && next < Instant::MAX);
            prop_assert_eq!(recurrence.next_after(anchor, next - Span::from_micros(1)), next);
            prop_assert_eq!(recurrence.first_at_or_after(anchor, next), next);
            let later = recurrence.next_after(anchor, next);
            prop_assert!(later > next);
        }

        #[test]
        fn the_next_occurrence_is_the_first_after(
            row in 0..6_usize, interval in 1..72_000_u32, anchor in 0..2_000_000_000_i64, offset in -1_000_000_i64..400_000_000,
        ) {
            let frequency = Frequency::ALL[row].1;
            let (low, high) = frequency.intervals();
            let recurrence = every(interval.clamp(low, high), frequency);
            let (anchor, after) = (Instant::from_seconds(anchor), Instant::from_seconds(anchor + offset));
            let next = recurrence.next_after(anchor, after);
            prop_assert!(next > after && next >= anchor);
            prop_assert_eq!(recurrence.next_after(anchor, next - Span::from_micros(1)), next);
            prop_assert_eq!(recurrence.first_at_or_after(anchor, next), next);
            if after >= anchor {
                prop_assert!(next - after <= Span::from_days(31) * 16 || frequency != Frequency::Month);
            }
        }
    }
}
