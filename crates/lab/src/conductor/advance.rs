//! The loop that moves time.

use futures::future::try_join_all;
use outlive_clock::{Instant, Span, Speed, wall_now};

use super::{ConductError, Moved, Progress, Timepieces};
use crate::http::CallError;
use crate::services::{ClockChange, ClockState, Service};

/// Most due instants in one move: an hour's recurrence for a hundred years.
const STEPS_MAX: u64 = 1_000_000;
/// How often a service is asked at one instant before it counts as stuck.
const ROUNDS_MAX: u32 = 10_000;

/// Where time should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// So much later than now.
    By(Span),
    /// That instant.
    At(Instant),
    /// The first whole second that is strictly later than now.
    NextWholeSecond,
}

/// Moves one tenant's time.
#[derive(Debug)]
pub struct Conductor<T> {
    pieces: T,
}

/// What the conductor knows while it moves.
struct Course {
    states: [ClockState; 4],
    moved: Moved,
    target: Instant,
}

impl<T: Timepieces> Conductor<T> {
    /// A conductor of these clocks.
    #[must_use]
    pub const fn new(pieces: T) -> Self {
        Self { pieces }
    }

    /// What the clocks show: the latest time of any service, the earliest due instant of all.
    ///
    /// # Errors
    /// A service did not answer.
    pub async fn state(&self) -> Result<ClockState, ConductError> {
        let states = self.read_all().await?;
        Ok(ClockState {
            now: latest(&states),
            speed: states[Service::Idp.index()].speed,
            next_due: states.iter().filter_map(|state| state.next_due).min(),
        })
    }

    /// Sets how fast time runs, at every service at the same virtual instant.
    ///
    /// # Errors
    /// A service did not do its part.
    pub async fn run_at(&self, speed: Speed) -> Result<ClockState, ConductError> {
        let now = latest(&self.freeze().await?);
        let states = self
            .set_all(ClockChange { now: Some(now), speed: Some(speed), wall: Some(wall_now()), step: false })
            .await?;
        Ok(ClockState {
            now: latest(&states),
            speed,
            next_due: states.iter().filter_map(|state| state.next_due).min(),
        })
    }

    /// Moves time to `target`, doing everything that falls due on the way, and calls `progress` after every step.
    /// A running clock stands still meanwhile and runs on afterwards.
    ///
    /// # Errors
    /// The target is in the past, or a service did not do its part; the clocks keep the time they have reached.
    pub async fn advance(
        &self,
        target: Target,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Moved, ConductError> {
        let speed = self.pieces.read(Service::Idp).await?.speed;
        let result = self.advance_frozen(target, progress).await;
        if !speed.is_frozen() {
            self.run_at(speed).await?;
        }
        result
    }

    async fn advance_frozen(
        &self,
        target: Target,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Moved, ConductError> {
        let mut states = self.freeze().await?;
        let now = latest(&states);
        let target = match target {
            Target::By(span) => now + span,
            Target::At(instant) => instant,
            Target::NextWholeSecond => now.next_whole_second(),
        };
        if target < now {
            return Err(ConductError::Backwards { now, target });
        }
        if states.iter().any(|state| state.now != now) {
            tracing::warn!(%now, "the services' clocks disagreed; all go to the latest");
            states = self.set_all(ClockChange { now: Some(now), ..ClockChange::default() }).await?;
        }
        let moved = Moved { from: now, now, steps: 0, done: 0, failed: 0 };
        let mut course = Course { states, moved, target };
        while let Some(next) = course.next_stop() {
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

    /// Moves all clocks to `next`: last that of the first service with something due then, which is told together with being asked
    /// to do it. Whether there was one.
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
        let others = Service::ALL.into_iter().filter(|service| *service != first);
        let states = try_join_all(others.clone().map(|service| self.pieces.set(service, change))).await?;
        for (service, state) in others.zip(states) {
            course.states[service.index()] = state;
        }
        course.moved.now = next;
        self.work(course, first, Some(change)).await?;
        Ok(true)
    }

    /// Has a service do what is due.
    async fn work(
        &self,
        course: &mut Course,
        service: Service,
        change: Option<ClockChange>,
    ) -> Result<(), ConductError> {
        let work = self.pieces.run_due(service, change).await?;
        course.moved.done += work.done;
        course.moved.failed += work.failed;
        let state = &mut course.states[service.index()];
        state.now = course.moved.now;
        state.next_due = work.next_due;
        // Work at one service may have made work for another one that keeps a schedule too.
        for other in Service::ALL {
            if other != service && course.states[other.index()].next_due.is_some() {
                course.states[other.index()] = self.pieces.read(other).await?;
            }
        }
        Ok(())
    }

    /// Has every service do what is due now, until none has anything left. Whether there was anything.
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

    async fn freeze(&self) -> Result<[ClockState; 4], CallError> {
        let states = self.read_all().await?;
        if states.iter().all(|state| state.speed.is_frozen()) {
            return Ok(states);
        }
        self.set_all(ClockChange { speed: Some(Speed::FROZEN), ..ClockChange::default() }).await
    }

    async fn read_all(&self) -> Result<[ClockState; 4], CallError> {
        gather(try_join_all(Service::ALL.map(|service| self.pieces.read(service))).await?)
    }

    async fn set_all(&self, change: ClockChange) -> Result<[ClockState; 4], CallError> {
        gather(try_join_all(Service::ALL.map(|service| self.pieces.set(service, change))).await?)
    }
}

impl Course {
    /// The next instant at which to stop: what is due, else the target; `None` when all is done.
    fn next_stop(&self) -> Option<Instant> {
        let due = self.states.iter().filter_map(|state| state.next_due).min();
        match due {
            Some(due) if due <= self.target => Some(due.max(self.moved.now)),
            _ if self.moved.now < self.target => Some(self.target),
            _ => None,
        }
    }

    /// The first service that has something due at `now`.
    fn first_due_service(&self, now: Instant) -> Option<Service> {
        Service::ALL
            .into_iter()
            .find(|service| self.states[service.index()].next_due.is_some_and(|due| due <= now))
    }

    const fn progress(&self) -> Progress {
        let Moved { from, now, done, failed, .. } = self.moved;
        Progress { from, now, target: self.target, done, failed }
    }
}

fn latest(states: &[ClockState; 4]) -> Instant {
    states.iter().map(|state| state.now).max().unwrap_or(Instant::EPOCH)
}

fn gather(states: Vec<ClockState>) -> Result<[ClockState; 4], CallError> {
    states.try_into().map_err(|_| CallError {
        call: "moving time".to_owned(),
        problem: "heard from another number of services than four".to_owned(),
        status: None,
    })
}
