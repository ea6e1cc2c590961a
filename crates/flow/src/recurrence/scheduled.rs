//! Occurrences at times of days.

use jiff::civil::{Date, Time};
use outlive_clock::Instant;

use super::{Frequency, Recurrence, Schedule};

/// The maximum number of days, weeks or months in which an occurrence is looked for: with the
/// longest interval of months, the 29th of February needs 16 × 12 × 4 months.
const PERIODS_MAX: i64 = 1_000;

impl Recurrence {
    /// Returns the first time of the schedule after `after`, not before the anchor.
    pub(super) fn scheduled_after(&self, anchor: Instant, after: Instant) -> Instant {
        self.find_after(anchor, after).unwrap_or(Instant::MAX)
    }

    fn find_after(&self, anchor: Instant, after: Instant) -> Option<Instant> {
        let from = self.zone.local_of(anchor)?;
        let to = self.zone.local_of(after)?;
        let interval = i64::from(self.interval.max(1));
        let passed = match self.frequency {
            Frequency::Month => {
                (i64::from(to.year()) - i64::from(from.year())) * 12 + i64::from(to.month())
                    - i64::from(from.month())
            }
            Frequency::Week => days_between(first_of_week(from.date())?, to.date())?.div_euclid(7),
            _ => days_between(from.date(), to.date())?,
        };
        let times = self.times(from.time());
        let first = (passed / interval - 1).max(0);
        for turn in first..first + PERIODS_MAX {
            let days = self.days(from.date(), turn.checked_mul(interval)?)?;
            let found = days.into_iter().flat_map(|day| times.iter().map(move |time| day.to_datetime(*time)));
            let found = found.filter_map(|local| self.zone.instant(local));
            if let Some(next) = found.filter(|next| *next > after && *next >= anchor).min() {
                return Some(next);
            }
        }
        None
    }

    /// Returns the days of the period that begins `later` units after the anchor's, in order.
    fn days(&self, anchor: Date, later: i64) -> Option<Vec<Date>> {
        let schedule = &self.schedule;
        let days = match self.frequency {
            Frequency::Month => {
                let month =
                    anchor.first_of_month().checked_add(jiff::Span::new().try_months(later).ok()?).ok()?;
                let last = month.days_in_month();
                let own = [anchor.day().min(last)];
                let is_own = schedule.month_days.is_empty() && schedule.occurrences.is_empty();
                let wanted = if is_own { &own[..] } else { &schedule.month_days };
                let first = month.weekday().to_monday_zero_offset();
                let nth = schedule.occurrences.iter().map(|occurrence| nth_weekday(first, last, *occurrence));
                let day = |day: &i8| if *day < 0 { last + 1 + *day } else { *day };
                let mut days: Vec<_> = wanted
                    .iter()
                    .map(day)
                    .chain(nth)
                    .filter(|day| (1..=last).contains(day))
                    .filter_map(|day| Date::new(month.year(), month.month(), day).ok())
                    .collect();
                days.sort_unstable();
                days.dedup();
                days
            }
            Frequency::Week => {
                let week = later_by(first_of_week(anchor)?, later.checked_mul(7)?)?;
                let own = [anchor.weekday().to_monday_zero_offset()];
                let wanted = if schedule.week_days.is_empty() { &own[..] } else { &schedule.week_days };
                wanted.iter().filter_map(|day| later_by(week, i64::from(*day))).collect()
            }
            _ => vec![later_by(anchor, later)?],
        };
        Some(days)
    }

    /// Returns the times of a day, in order. The minutes and seconds of a start are kept where the
    /// schedule does not set them; without a start, hours of a schedule are full hours.
    fn times(&self, anchor: Time) -> Vec<Time> {
        let Schedule { hours, minutes, .. } = &self.schedule;
        if hours.is_empty() && minutes.is_empty() {
            return vec![anchor];
        }
        let kept = if self.start.is_some() { anchor.minute() } else { 0 };
        let own = ([anchor.hour()], [kept]);
        let hours = if hours.is_empty() { &own.0[..] } else { hours };
        let minutes = if minutes.is_empty() { &own.1[..] } else { minutes };
        let times = hours.iter().flat_map(|hour| minutes.iter().map(move |minute| (*hour, *minute)));
        times.filter_map(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).collect()
    }
}

/// Returns the day of a month of the nth weekday, if the month has one: otherwise a number that is
/// no day. `first` is the weekday of the first, `last` the number of days.
fn nth_weekday(first: i8, last: i8, (weekday, number): (i8, i8)) -> i8 {
    let earliest = 1 + (weekday - first).rem_euclid(7);
    if number > 0 {
        return earliest + 7 * (number - 1);
    }
    let latest = earliest + (last - earliest) / 7 * 7;
    latest + 7 * (number + 1)
}

fn first_of_week(date: Date) -> Option<Date> {
    later_by(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

fn later_by(date: Date, days: i64) -> Option<Date> {
    date.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn days_between(from: Date, to: Date) -> Option<i64> {
    Some(i64::from((to - from).get_days()))
}
