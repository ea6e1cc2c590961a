//! How many occurrences a recurrence has.

use outlive_clock::Instant;

use super::Recurrence;

/// The number of occurrences in calendars that are counted one by one; further ones are estimated.
const COUNTED_MAX: u64 = 2_000;

/// A number of occurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) occurrences: u64,
    /// Whether it is that number, rather than about as many.
    pub(crate) is_exact: bool,
}

impl Recurrence {
    /// Counts the occurrences until an instant, inclusively: `first`, which is due next, and those
    /// after it.
    pub(crate) fn count(&self, anchor: Instant, first: Instant, until: Instant) -> Count {
        let until = self.end.map_or(until, |end| until.min(end.max(first)));
        if first > until {
            return Count { occurrences: 0, is_exact: true };
        }
        match self.frequency.unit() {
            Some(unit) if !self.is_scheduled() => {
                let step = (unit * i64::from(self.interval.max(1))).as_micros();
                let number = |at: Instant| (at - anchor).as_micros().div_euclid(step).max(-1);
                let later = (number(until) - number(first)).max(0);
                Count { occurrences: u64::try_from(later).unwrap_or_default() + 1, is_exact: true }
            }
            _ => self.count_each(anchor, first, until),
        }
    }

    fn count_each(&self, anchor: Instant, first: Instant, until: Instant) -> Count {
        let (mut occurrences, mut last) = (1, first);
        while occurrences < COUNTED_MAX {
            let next = self.next_after(anchor, last);
            if next > until || next == Instant::MAX {
                return Count { occurrences, is_exact: true };
            }
            (occurrences, last) = (occurrences + 1, next);
        }
        // As dense as those that were counted.
        let (counted, all) = ((last - first).as_micros().max(1), (until - first).as_micros());
        let later = i128::from(occurrences - 1) * i128::from(all) / i128::from(counted);
        Count { occurrences: u64::try_from(later + 1).unwrap_or(u64::MAX), is_exact: false }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Frequency, Schedule};
    use super::*;
    use proptest::prelude::*;

    fn every(interval: u32, frequency: Frequency) -> Recurrence {
        Recurrence { frequency, interval, ..Recurrence::default() }
    }

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    #[test]
    fn occurrences_are_counted_by_arithmetic() {
        let anchor = at("2026-01-05T09:00:00Z");
        let workdays = Recurrence {
            schedule: Schedule { hours: vec![8, 16], week_days: vec![0, 1, 2, 3, 4], ..Schedule::default() },
            ..every(1, Frequency::Week)
        };
        let ended = Recurrence { end: Some(at("2026-01-05T12:30:00Z")), ..every(1, Frequency::Hour) };
        let quarterly = Recurrence {
            schedule: Schedule {
                minutes: vec![0, 15, 30, 45],
                hours: (0..24).collect(),
                ..Schedule::default()
            },
            ..every(1, Frequency::Day)
        };
        for (recurrence, first, until, occurrences, is_exact) in [
            (&every(1, Frequency::Hour), "2026-01-05T10:00:00Z", "2026-04-04T09:00:00Z", 2_136, true),
            (&every(1, Frequency::Hour), "2026-01-05T10:00:00Z", "2026-01-05T09:59:59Z", 0, true),
            (&every(1, Frequency::Hour), "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z", 1, true),
            // The next is late, because a connector asked for it.
            (&every(1, Frequency::Hour), "2026-01-05T10:20:00Z", "2026-01-05T12:00:00Z", 3, true),
            (&every(7, Frequency::Day), "2026-01-12T09:00:00Z", "2026-02-02T08:59:59Z", 3, true),
            (&every(1, Frequency::Month), "2026-02-05T09:00:00Z", "2027-01-05T09:00:00Z", 12, true),
            (&workdays, "2026-01-05T16:00:00Z", "2026-01-12T07:00:00Z", 9, true),
            (&ended, "2026-01-05T10:00:00Z", "2030-01-01T00:00:00Z", 3, true),
            // Too many for one by one.
            (&quarterly, "2026-01-05T09:00:00Z", "2126-01-05T09:00:00Z", 3_506_305, false),
        ] {
            let count = recurrence.count(anchor, at(first), at(until));
            assert_eq!((count.occurrences, count.is_exact), (occurrences, is_exact), "{first} until {until}");
        }
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_all_occurrences(
            row in 0..6_usize, interval in 1..100_u32, anchor in 0..2_000_000_000_i64, skipped in 0..50_i64, length in 0..30_000_000_i64,
        ) {
            let frequency = Frequency::ALL[row].1;
            let (low, high) = frequency.intervals();
            let recurrence = every(interval.clamp(low, high), frequency);
            let anchor = Instant::from_seconds(anchor);
            let mut first = anchor;
            for _ in 0..skipped {
                first = recurrence.next_after(anchor, first);
            }
            let until = first + outlive_clock::Span::from_seconds(length);
            let count = recurrence.count(anchor, first, until);
            let (mut next, mut occurrences) = (first, 0);
            while next <= until && occurrences < 3_000 {
                next = recurrence.next_after(anchor, next);
                occurrences += 1;
            }
            prop_assume!(occurrences < 3_000);
            prop_assert_eq!((count.occurrences, count.is_exact), (occurrences, true));
        }
    }
}
