//! The loop that advances time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use outlive_clock::{Instant, Span, Speed, wall_now};

use super::{ConductError, Moved, Progress, Stopped, TenantTime, Timepieces};
use crate::services::{ClockChange, ClockState, Service};

/// Maximum number of due instants in one advance: an hourly recurrence for a hundred years.
const STEPS_MAX: u64 = 1_000_000;
/// Maximum length of one advance (virtual time): a hundred years.
pub(crate) const ADVANCE_MAX: Span = Span::from_days(36_525);
/// How long (wall time) the clocks of services without a schedule may stay behind, for callers
/// whose requests do not carry the time.
const BEHIND_MAX: Span = Span::from_millis(200);
/// Maximum number of requests to execute the work due at one instant; more count as stuck.
const ROUNDS_MAX: u32 = 10_000;
/// Maximum number of attempts to set stopped clocks to one instant.
const ALIGNMENTS_MAX: u32 = 10;

/// The target of an advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This much later than now.
    By(Span),
    At(Instant),
    /// The first whole second that is strictly later than now.
    NextWholeSecond,
}

impl Target {
    /// Returns the instant at which an advance from `now` ends.
    pub(crate) fn within_reach(self, now: Instant) -> Result<Instant, ConductError> {
        let target = self.from(now);
        if target < now {
            return Err(ConductError::Backwards { now, target });
        }
        match self {
            Self::By(span) if span > ADVANCE_MAX => Err(ConductError::TooFar { now }),
            Self::At(instant) if instant - now > ADVANCE_MAX => Err(ConductError::TooFar { now }),
            // Sums of instants saturate at the last one.
            Self::By(span) if target - now < span => Err(ConductError::EndOfTime { now }),
            _ => Ok(target),
        }
    }

    /// Returns the target instant for a clock at `now`.
    #[must_use]
    pub fn from(self, now: Instant) -> Instant {
        match self {
            Self::By(span) => now + span,
            Self::At(instant) => instant,
            Self::NextWholeSecond => now.next_whole_second(),
        }
    }
}

/// Moves the time of one tenant.
#[derive(Debug)]
pub(crate) struct Conductor<T> {
    pub(super) pieces: T,
    pub(super) patience: Duration,
    canceled: Arc<AtomicBool>,
}

/// The state of an advance.
struct Course {
    states: [ClockState; 4],
    /// When all clocks were last set (wall time).
    all_set: Instant,
    moved: Moved,
    target: Instant,
}

impl<T: Timepieces> Conductor<T> {
    /// Creates a conductor that does not retry calls.
    pub(crate) fn new(pieces: T) -> Self {
        Self { pieces, patience: Duration::ZERO, canceled: Arc::default() }
    }

    /// Retries calls for this long (wall time) while a service does not respond.
    pub(crate) const fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Ends an advance between two steps once `canceled` is set.
    pub(crate) fn until(mut self, canceled: Arc<AtomicBool>) -> Self {
        self.canceled = canceled;
        self
    }

    pub(super) fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }

    /// Returns the latest time of any service and the earliest due instant. Lists services that do
    /// not respond.
    pub(crate) async fn state(&self) -> Result<TenantTime, ConductError> {
        let (mut missing, mut failed) = (Vec::new(), None);
        let mut time: Option<TenantTime> = None;
        for (service, read) in Service::ALL.into_iter().zip(self.read_each().await) {
            let state = match read {
                Ok(state) => state,
                Err(error) => {
                    missing.push(service);
                    failed.get_or_insert(error);
                    continue;
                }
            };
            let ClockState { now, speed, next_due } = state;
            let time = time.get_or_insert(TenantTime { now, speed, next_due, missing: Vec::new() });
            time.now = time.now.max(now);
            time.next_due = time.next_due.into_iter().chain(next_due).min();
        }
        match (time, failed) {
            (Some(time), _) => Ok(TenantTime { missing, ..time }),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ConductError::Canceled { at: Instant::EPOCH }),
        }
    }

    /// Reads the time before an operation; every service has to respond.
    pub(crate) async fn look(&self) -> Result<ClockState, ConductError> {
        let states = self.read_each().await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let speed = states.get(Service::Idp.index()).map_or(Speed::FROZEN, |state| state.speed);
        let now = states.iter().map(|state| state.now).max().unwrap_or(Instant::EPOCH);
        Ok(ClockState { now, speed, next_due: states.iter().filter_map(|state| state.next_due).min() })
    }

    /// Starts clocks that are stopped at `now`, or later: a call between services that was under
    /// way when they stopped may have moved one since, by the time that it carries.
    pub(crate) async fn run_from(&self, mut now: Instant, speed: Speed) -> Result<ClockState, ConductError> {
        let mut tries = 0;
        let states = loop {
            // One wall instant for all services, so that their clocks agree while they run.
            let (speed_set, wall) = (Some(speed), Some(wall_now()));
            let change = ClockChange { now: Some(now), speed: speed_set, wall, ..ClockChange::default() };
            match self.set_all(change).await {
                Err(error) if error.is_conflict() && tries < ALIGNMENTS_MAX => tries += 1,
                set => break set?,
            }
            // Some may have started.
            now = self.freeze().await?.now;
        };
        Ok(ClockState {
            now: latest(&states),
            speed,
            next_due: states.iter().filter_map(|state| state.next_due).min(),
        })
    }

    /// Stops all clocks at one instant.
    pub(crate) async fn stop(&self) -> Result<Stopped, ConductError> {
        let states = self.read_all().await?;
        if states.iter().any(|state| !state.speed.is_frozen()) {
            return self.freeze().await;
        }
        let now = latest(&states);
        if states.iter().all(|state| state.now == now) {
            return Ok(Stopped { states, now });
        }
        tracing::warn!(%now, "the clocks of the services showed different times; all are set to the latest");
        self.align().await
    }

    /// Stops all clocks, which may run, at one instant.
    async fn freeze(&self) -> Result<Stopped, ConductError> {
        self.set_all(ClockChange { speed: Some(Speed::FROZEN), ..ClockChange::default() }).await?;
        self.align().await
    }

    /// Sets stopped clocks to the latest instant of any. They do not stop at the same instant, and
    /// a call between services that was under way may move one again, by the time that it carries.
    async fn align(&self) -> Result<Stopped, ConductError> {
        let mut tries = 0;
        loop {
            let states = self.read_all().await?;
            let now = latest(&states);
            if states.iter().all(|state| state.now == now) {
                return Ok(Stopped { states, now });
            }
            tries += 1;
            match self.set_all(ClockChange { now: Some(now), ..ClockChange::default() }).await {
                Err(error) if error.is_conflict() && tries < ALIGNMENTS_MAX => {}
                Err(error) => return Err(error),
                Ok(states) => return Ok(Stopped { states, now }),
            }
        }
    }

    /// Ends an interrupted operation: sets all clocks to the latest instant that any of them
    /// reached, executes the work due then if `finish` is set, and continues at `speed`.
    pub(crate) async fn settle(&self, speed: Speed, finish: bool) -> Result<ClockState, ConductError> {
        let Stopped { states, now } = self.freeze().await?;
        if finish {
            let moved = Moved { from: now, now, steps: 0, done: 0, failed: 0, started: 0 };
            let mut course = Course { states, all_set: wall_now(), moved, target: now };
            match self.finish_due(&mut course).await {
                Ok(_) => {}
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => tracing::warn!(%error, %now, "due work is left for later"),
            }
        }
        self.run_from(now, speed).await
    }

    /// Advances stopped clocks to `target`, executes all work that becomes due, and calls
    /// `progress` after every step.
    pub(crate) async fn advance(
        &self,
        stopped: Stopped,
        target: Instant,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Moved, ConductError> {
        let Stopped { states, now } = stopped;
        if target < now {
            return Err(ConductError::Backwards { now, target });
        }
        let moved = Moved { from: now, now, steps: 0, done: 0, failed: 0, started: 0 };
        let mut course = Course { states, all_set: wall_now(), moved, target };
        while let Some(next) = course.next_stop() {
            if self.is_canceled() {
                return Err(ConductError::Canceled { at: course.moved.now });
            }
            let mut found = false;
            if next > course.moved.now {
                let step = next < course.target;
                let change = ClockChange { now: Some(next), step, ..ClockChange::default() };
                found = self.step(&mut course, change, next).await?;
            }
            if self.finish_due(&mut course).await? || found {
                course.moved.steps += 1;
                if course.moved.steps > STEPS_MAX {
                    return Err(ConductError::TooManySteps { limit: STEPS_MAX, target });
                }
            }
            progress(course.progress());
        }
        Ok(course.moved)
    }

    /// Moves time to `next`. Before the target, only the clocks of services with a schedule are
    /// set: first that of a service with work due then, by the call that executes the work, whose
    /// own calls carry the instant to the other services. Returns whether there was due work.
    async fn step(
        &self,
        course: &mut Course,
        change: ClockChange,
        next: Instant,
    ) -> Result<bool, ConductError> {
        let Some(first) = course.first_due_service(next) else {
            course.states = self.set_all(change).await?;
            course.moved.now = next;
            return Ok(false);
        };
        if !change.step || wall_now() - course.all_set >= BEHIND_MAX {
            self.set_others(first, change, &mut course.states).await?;
            course.all_set = wall_now();
        }
        course.moved.now = next;
        self.work(course, first, Some(change)).await?;
        Ok(true)
    }

    /// Makes a service execute its due work.
    async fn work(
        &self,
        course: &mut Course,
        service: Service,
        change: Option<ClockChange>,
    ) -> Result<(), ConductError> {
        let work = self.run_due(service, change).await?;
        course.moved.done += work.done;
        course.moved.failed += work.failed;
        course.moved.started += work.started;
        let state = &mut course.states[service.index()];
        state.now = course.moved.now;
        state.next_due = work.next_due;
        // The work of one service may have scheduled work in another.
        for other in Service::ALL {
            if other != service && (other.has_schedule() || course.states[other.index()].next_due.is_some()) {
                let behind = change.filter(|_| course.states[other.index()].now < course.moved.now);
                course.states[other.index()] = match behind {
                    Some(change) => self.set(other, change).await?,
                    None => self.read(other).await?,
                };
            }
        }
        Ok(())
    }

    /// Makes every service execute its due work until none is left. Returns whether there was any.
    async fn finish_due(&self, course: &mut Course) -> Result<bool, ConductError> {
        let now = course.moved.now;
        let mut rounds = 0;
        while let Some(service) = course.first_due_service(now) {
            rounds += 1;
            if rounds > ROUNDS_MAX {
                return Err(ConductError::Stuck { service, at: now, rounds: ROUNDS_MAX });
            }
            self.work(course, service, None).await?;
        }
        Ok(rounds > 0)
    }
}

impl Course {
    /// Returns the next due instant, or the target; `None` when the advance is complete.
    fn next_stop(&self) -> Option<Instant> {
        let due = self.states.iter().filter_map(|state| state.next_due).min();
        match due {
            Some(due) if due <= self.target => Some(due.max(self.moved.now)),
            _ if self.moved.now < self.target => Some(self.target),
            _ => None,
        }
    }

    /// Returns the first service with work due at `now`.
    fn first_due_service(&self, now: Instant) -> Option<Service> {
        Service::ALL
            .into_iter()
            .find(|service| self.states[service.index()].next_due.is_some_and(|due| due <= now))
    }

    const fn progress(&self) -> Progress {
        let Moved { from, now, done, failed, started, .. } = self.moved;
        Progress { from, now, target: self.target, done, failed, started }
    }
}

fn latest(states: &[ClockState; 4]) -> Instant {
    states.iter().map(|state| state.now).max().unwrap_or(Instant::EPOCH)
}
