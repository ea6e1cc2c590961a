//! Messages that a condition would repeat very often, at a rate that a log can hold.

use outlive_clock::{Instant, Span, wall_now};

/// How long, in wall time, a message is not repeated.
const QUIET: Span = Span::from_seconds(60);

/// Counts occurrences of a condition and says when to log them.
#[derive(Debug, Default)]
pub(crate) struct Occasional {
    reported: Option<Instant>,
    since: u64,
}

impl Occasional {
    /// Counts one more occurrence. Returns the number of occurrences to report now, this one
    /// included; `None` shortly after the last report.
    pub(crate) fn report(&mut self) -> Option<u64> {
        self.report_at(wall_now())
    }

    fn report_at(&mut self, now: Instant) -> Option<u64> {
        self.since += 1;
        if self.reported.is_some_and(|reported| now < reported + QUIET) {
            return None;
        }
        self.reported = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_occurrence_is_reported_and_later_ones_as_a_count() {
        let mut occasional = Occasional::default();
        let start = wall_now();
        assert_eq!(occasional.report_at(start), Some(1));
        for second in 1..60 {
            assert_eq!(occasional.report_at(start + Span::from_seconds(second)), None);
        }
        assert_eq!(occasional.report_at(start + Span::from_seconds(60)), Some(60));
        assert_eq!(occasional.report_at(start + Span::from_seconds(61)), None);
    }
}
