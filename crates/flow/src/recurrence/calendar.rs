//! Times of days, and time zones.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use outlive_clock::Instant;

/// The times within a day, week or month; an empty list stands for the time of the anchor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Schedule {
    pub hours: Vec<i8>,
    pub minutes: Vec<i8>,
    /// Days of the week, from 0 for Monday.
    pub week_days: Vec<i8>,
    /// Days of the month; -1 is the last.
    pub month_days: Vec<i8>,
    /// Weekdays of the month: the day, from 0 for Monday, and its number, from the end if negative.
    pub occurrences: Vec<(i8, i8)>,
}

impl Schedule {
    pub(super) const fn is_empty(&self) -> bool {
        self.hours.is_empty()
            && self.minutes.is_empty()
            && self.week_days.is_empty()
            && self.month_days.is_empty()
            && self.occurrences.is_empty()
    }

    /// Sorts the lists and removes duplicates.
    pub(crate) fn sort(&mut self) {
        for list in [&mut self.hours, &mut self.minutes, &mut self.week_days, &mut self.month_days] {
            list.sort_unstable();
            list.dedup();
        }
    }
}

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// Returns the time zone of a Windows or IANA name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let utc = ["UTC", "Etc/UTC", "Coordinated Universal Time"];
        if utc.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
            return Some(Self::default());
        }
        crate::expression::time_zones::find(name).map(Self)
    }

    pub(super) fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }

    /// Returns the instant of a local time (`2026-01-05T09:00:00`).
    pub(crate) fn local(&self, text: &str) -> Option<Instant> {
        self.instant(text.parse().ok()?)
    }

    /// Returns the instant of a local time; one that a clock skips is moved forward.
    pub(super) fn instant(&self, local: DateTime) -> Option<Instant> {
        let stamp = local.to_zoned(self.0.clone()).ok()?.timestamp();
        Some(Instant::from_micros(stamp.as_microsecond()).min(Instant::MAX))
    }

    pub(super) fn local_of(&self, instant: Instant) -> Option<DateTime> {
        let stamp = jiff::Timestamp::from_microsecond(instant.as_micros()).ok()?;
        Some(stamp.to_zoned(self.0.clone()).datetime())
    }
}
