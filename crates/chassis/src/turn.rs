//! One bounded turn of due work.

use outlive_clock::{Instant, Span, VirtualClock, wall_now};

use crate::ClockReading;

/// How long, in wall time, a turn begins new pieces of work: far less than a call between services
/// may take, so that a backlog of any length never makes a call fail.
const TURN: Span = Span::from_seconds(2);
/// How long ago, in wall time, a running clock must have passed an occurrence for it to count as
/// missed.
const MISSED_AFTER: Span = Span::from_seconds(60);

/// A turn of due work: the instant up to which work is due, and how much of it may be done before
/// the answer.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    time: ClockReading,
    missed_before: Option<Instant>,
    ends_wall: Option<Instant>,
}

impl Turn {
    /// A bounded turn at what the clock of this incarnation of a tenant shows at a wall instant.
    #[must_use]
    pub(crate) fn of(clock: &VirtualClock, incarnation: Instant, wall: Instant) -> Self {
        let speed = clock.speed();
        let missed_before =
            (!speed.is_frozen()).then(|| clock.at(wall) - MISSED_AFTER * i64::from(speed.factor()));
        let time = ClockReading { now: clock.at(wall), incarnation, is_frozen: speed.is_frozen() };
        Self { time, missed_before, ends_wall: Some(wall + TURN) }
    }

    /// A turn that does everything that is due at this time.
    #[must_use]
    pub const fn whole(time: ClockReading) -> Self {
        Self { time, missed_before: None, ends_wall: None }
    }

    /// The virtual instant up to which work is due.
    #[must_use]
    pub const fn now(self) -> Instant {
        self.time.now
    }

    /// The time that calls of the work carry.
    #[must_use]
    pub const fn time(self) -> ClockReading {
        self.time
    }

    /// Whether the rest is left to the next turn.
    #[must_use]
    pub fn is_over(self) -> bool {
        self.ends_wall.is_some_and(|ends| wall_now() >= ends)
    }

    /// The instant before which occurrences of recurring work count as missed: a running clock
    /// passed it more than a minute of wall time ago, because the service was down or does not keep
    /// up. Missed occurrences are skipped, as in the original ("doesn't process missed recurrences
    /// but restarts recurrences with the next scheduled interval"). `None` for time that is moved
    /// in steps, which misses nothing.
    #[must_use]
    pub const fn missed_before(self) -> Option<Instant> {
        self.missed_before
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Speed;

    use super::*;

    #[test]
    fn only_running_clocks_miss_something_and_faster_ones_later() {
        let wall = wall_now();
        let shows = Instant::from_seconds(1_000_000_000);
        let missed = |speed| Turn::of(&VirtualClock::new(shows, wall, speed), wall, wall).missed_before();
        assert_eq!(missed(Speed::FROZEN), None);
        let late = |speed| shows - missed(speed).expect("it runs");
        // The clock keeps running during the test.
        assert!(late(Speed::REAL) <= Span::from_seconds(60) && late(Speed::REAL) > Span::from_seconds(30));
        assert!(late(Speed::times(1440)) > Span::from_hours(12));
    }

    #[test]
    fn a_turn_ends_and_a_whole_one_does_not() {
        let clock = VirtualClock::new(Instant::EPOCH, wall_now(), Speed::FROZEN);
        let mut turn = Turn::of(&clock, Instant::EPOCH, wall_now());
        assert!(!turn.is_over());
        turn.ends_wall = Some(wall_now() - Span::from_micros(1));
        assert!(turn.is_over());
        assert!(!Turn::whole(turn.time()).is_over());
    }
}
