//! The clock of a tenant.

use serde::{Deserialize, Serialize};

use crate::{Instant, Span};

/// The speed of virtual time: 0 is stopped, 1 is real time, 1440 makes a day of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Speed(u32);

impl Speed {
    /// Stopped until moved.
    pub const FROZEN: Self = Self(0);
    /// As fast as wall time.
    pub const REAL: Self = Self(1);
    /// A day per second: an hourly flow then has 24 runs per second, which one core can handle.
    pub const MAX: Self = Self(86_400);

    /// A speed of `times` virtual seconds for each wall second.
    #[must_use]
    pub const fn times(times: u32) -> Self {
        Self(times)
    }
    /// Virtual seconds for each wall second.
    #[must_use]
    pub const fn factor(self) -> u32 {
        self.0
    }
    /// Whether the clock is stopped.
    #[must_use]
    pub const fn is_frozen(self) -> bool {
        self.0 == 0
    }
}

/// The clock of one tenant: at wall instant `wall` it showed `shows`; since then it runs at
/// `speed`.
///
/// It is a plain value: callers pass the wall time, so that reading is pure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualClock {
    shows: Instant,
    wall: Instant,
    speed: Speed,
}

impl VirtualClock {
    /// Creates a clock that shows `shows` at wall instant `wall` and runs at `speed`.
    #[must_use]
    pub const fn new(shows: Instant, wall: Instant, speed: Speed) -> Self {
        Self { shows, wall, speed }
    }

    /// Virtual time at wall instant `wall`; never earlier than the last setting, even if the wall
    /// clock stepped back.
    #[must_use]
    pub fn at(&self, wall: Instant) -> Instant {
        let passed = (wall - self.wall).as_micros().max(0);
        self.shows + Span::from_micros(passed) * i64::from(self.speed.0)
    }

    /// The virtual instant it was last set to.
    #[must_use]
    pub const fn shows(&self) -> Instant {
        self.shows
    }
    /// The wall instant at which it was last set.
    #[must_use]
    pub const fn wall(&self) -> Instant {
        self.wall
    }
    /// How fast it runs.
    #[must_use]
    pub const fn speed(&self) -> Speed {
        self.speed
    }

    /// The wall time from `wall` until virtual time reaches `due`; `None` if the clock is stopped
    /// before.
    #[must_use]
    pub fn wall_until(&self, due: Instant, wall: Instant) -> Option<Span> {
        let missing = due - self.at(wall);
        if missing <= Span::ZERO {
            return Some(Span::ZERO);
        }
        (!self.speed.is_frozen()).then(|| {
            let factor = i64::from(self.speed.0);
            Span::from_micros(missing.as_micros().div_euclid(factor) + 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Instant = Instant::from_seconds(1_000);
    const SHOWS: Instant = Instant::from_seconds(50_000);

    #[test]
    fn a_frozen_clock_stands_still() {
        let clock = VirtualClock::new(SHOWS, WALL, Speed::FROZEN);
        assert_eq!(clock.at(WALL + Span::from_days(3)), SHOWS);
        assert_eq!(clock.wall_until(SHOWS + Span::from_seconds(1), WALL), None);
    }

    #[test]
    fn a_fast_clock_runs_ahead() {
        let clock = VirtualClock::new(SHOWS, WALL, Speed::times(1440));
        assert_eq!(clock.at(WALL + Span::from_minutes(1)), SHOWS + Span::from_days(1));
        let wait = clock.wall_until(SHOWS + Span::from_hours(1), WALL).expect("runs");
        assert!(clock.at(WALL + wait) >= SHOWS + Span::from_hours(1));
    }

    #[test]
    fn a_wall_clock_stepping_back_never_turns_virtual_time_back() {
        let clock = VirtualClock::new(SHOWS, WALL, Speed::REAL);
        assert_eq!(clock.at(WALL - Span::from_hours(1)), SHOWS);
    }
}
