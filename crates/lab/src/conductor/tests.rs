use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use outlive_clock::{Instant, Span, Speed};
use parking_lot::Mutex;

use super::*;
use crate::http::CallError;
use crate::services::{ClockChange, ClockState, DueWork, Service};

/// Four clocks. The flow service has due work every `every`.
struct Fakes {
    states: Mutex<[ClockState; 4]>,
    every: Span,
    ran_at: Mutex<Vec<Instant>>,
    stuck: bool,
    /// How many more calls to the hub go without an answer.
    silent: Mutex<u32>,
    /// The instant that a call of the flow service carries to the hub while its own clock stops.
    carried: Mutex<Option<Instant>>,
    /// The instants that calls carry to the hub when all clocks have stopped at one, in reverse.
    carried_when_stopped: Mutex<Vec<Instant>>,
}

/// Stops the clocks, moves time, and lets it run on.
async fn advance(
    fakes: &Fakes,
    target: Target,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Moved, ConductError> {
    let conductor = Conductor::new(fakes);
    let speed = conductor.look().await?.speed;
    let stopped = conductor.stop().await?;
    let moved = conductor.advance(stopped, target.from(stopped.now), progress).await?;
    let nows = fakes.states.lock().map(|state| state.now);
    assert_eq!(nows, [moved.now; 4], "clocks differ after an advance");
    if !speed.is_frozen() {
        conductor.run_from(moved.now, speed).await?;
    }
    Ok(moved)
}

const START: Instant = Instant::from_seconds(1_000_000);

impl Fakes {
    fn new(every: Span, first: Option<Instant>) -> Self {
        let mut states = [ClockState { now: START, speed: Speed::FROZEN, next_due: None }; 4];
        states[Service::Flow.index()].next_due = first;
        Self {
            states: Mutex::new(states),
            every,
            ran_at: Mutex::default(),
            stuck: false,
            silent: Mutex::new(0),
            carried: Mutex::default(),
            carried_when_stopped: Mutex::default(),
        }
    }

    /// Lets a call move the clock of the hub, if all are stopped after a call to the last service.
    fn arrive_when_stopped(&self, service: Service, states: &mut [ClockState; 4]) {
        let now = states[Service::Hub.index()].now;
        let have_stopped = states.iter().all(|state| state.speed.is_frozen() && state.now == now);
        if service == Service::Flow
            && have_stopped
            && let Some(carried) = self.carried_when_stopped.lock().pop()
        {
            states[Service::Hub.index()].now = carried;
        }
    }

    fn ran_at(&self) -> Vec<Instant> {
        self.ran_at.lock().clone()
    }
}

impl Timepieces for &Fakes {
    async fn read(&self, service: Service) -> Result<ClockState, CallError> {
        let mut states = self.states.lock();
        let read = states[service.index()];
        self.arrive_when_stopped(service, &mut states);
        Ok(read)
    }

    async fn set(&self, service: Service, change: ClockChange) -> Result<ClockState, CallError> {
        let mut silent = self.silent.lock();
        if service == Service::Hub && *silent > 0 {
            *silent -= 1;
            let (call, problem) = ("PUT".to_owned(), "got no answer: connection refused".to_owned());
            return Err(CallError { call, problem, status: None });
        }
        drop(silent);
        let mut states = self.states.lock();
        let state = &mut states[service.index()];
        if let Some(now) = change.now {
            if now < state.now {
                let (call, problem) = ("PUT".to_owned(), format!("answered 409 to {now}"));
                return Err(CallError { call, problem, status: Some(409) });
            }
            state.now = now;
        }
        state.speed = change.speed.unwrap_or(state.speed);
        let state = *state;
        if service == Service::Flow
            && let Some(carried) = self.carried.lock().take()
        {
            states[Service::Hub.index()].now = carried;
        }
        self.arrive_when_stopped(service, &mut states);
        Ok(state)
    }

    async fn run_due(&self, service: Service, change: Option<ClockChange>) -> Result<DueWork, CallError> {
        if let Some(change) = change {
            self.set(service, change).await?;
        }
        let mut states = self.states.lock();
        let nows: Vec<_> = states.iter().map(|state| state.now).collect();
        let now = nows[service.index()];
        assert!(nows.iter().all(|other| *other <= now), "a clock is ahead of the work: {nows:?}");
        // The calls of the work carry the instant, here to the hub.
        states[Service::Hub.index()].now = now;
        assert!(states.iter().all(|state| state.speed.is_frozen()), "a clock runs while work runs");
        let state = &mut states[service.index()];
        let due = state.next_due.expect("asked only when due");
        assert!(due <= state.now);
        self.ran_at.lock().push(state.now);
        if !self.stuck {
            state.next_due = Some(due + self.every);
        }
        Ok(DueWork { done: 1, failed: 0, started: 1, next_due: state.next_due })
    }
}

#[tokio::test]
async fn hourly_work_runs_at_every_hour_and_at_the_target() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START + Span::from_hours(1)));
    let moved = advance(&fakes, Target::By(Span::from_days(89)), &|_| ()).await.expect("moves");
    assert_eq!((moved.steps, moved.done, moved.failed), (2_136, 2_136, 0));
    assert_eq!(moved.now, START + Span::from_days(89));
    let ran_at = fakes.ran_at();
    assert_eq!(ran_at.last(), Some(&(START + Span::from_days(89))));
    assert!(ran_at.windows(2).all(|pair| pair[1] - pair[0] == Span::from_hours(1)));
}

#[tokio::test]
async fn what_is_overdue_runs_first_and_what_is_later_does_not_run() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START - Span::from_minutes(5)));
    let moved = advance(&fakes, Target::By(Span::from_minutes(54)), &|_| ()).await.expect("moves");
    assert_eq!((moved.done, fakes.ran_at()), (1, vec![START]));
}

#[tokio::test]
async fn a_running_clock_stands_still_meanwhile_and_runs_on_afterwards() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START + Span::from_hours(1)));
    for state in fakes.states.lock().iter_mut() {
        state.speed = Speed::times(60);
    }
    advance(&fakes, Target::By(Span::from_hours(2)), &|_| ()).await.expect("moves");
    assert!(fakes.states.lock().iter().all(|state| state.speed == Speed::times(60)));
}

#[tokio::test]
async fn a_clock_that_a_call_moves_while_the_others_stop_is_followed() {
    for disagree in [false, true] {
        let fakes = Fakes::new(Span::from_hours(1), None);
        for state in fakes.states.lock().iter_mut() {
            state.speed = Speed::times(60);
        }
        if disagree {
            fakes.states.lock()[Service::Idp.index()].now = START + Span::from_millis(1);
        }
        *fakes.carried.lock() = Some(START + Span::from_millis(2));
        let settled = Conductor::new(&fakes).settle(Speed::times(60), true).await.expect("settles");
        assert_eq!(settled.now, START + Span::from_millis(2));
        *fakes.carried.lock() = Some(START + Span::from_millis(3));
        let moved = advance(&fakes, Target::By(Span::from_minutes(1)), &|_| ()).await.expect("moves");
        assert_eq!(moved.from, START + Span::from_millis(3));
    }
}

/// A service reads its running clock while the freeze of that clock is being committed, and its
/// call arrives at another service after all clocks were stopped.
#[tokio::test]
async fn a_call_that_arrives_when_all_clocks_have_stopped_delays_them() {
    for speed in [Speed::FROZEN, Speed::times(60)] {
        let fakes = Fakes::new(Span::from_hours(1), None);
        for state in fakes.states.lock().iter_mut() {
            state.speed = Speed::REAL;
        }
        let conductor = Conductor::new(&fakes);
        let instants = (1..=4).rev().map(|late| START + Span::from_millis(late));
        *fakes.carried_when_stopped.lock() = instants.collect();
        let stopped = conductor.stop().await.expect("stops");
        let run = conductor.run_from(stopped.now, speed).await.expect("sets the speed");
        assert!(fakes.carried_when_stopped.lock().is_empty());
        assert_eq!(run.now, START + Span::from_millis(4));
        let states = *fakes.states.lock();
        assert!(states.iter().all(|state| (state.now, state.speed) == (run.now, speed)), "{states:?}");
    }
}

#[tokio::test]
async fn clocks_that_disagree_go_to_the_latest() {
    let fakes = Fakes::new(Span::from_hours(1), None);
    fakes.states.lock()[Service::Hub.index()].now = START + Span::from_minutes(3);
    let moved = advance(&fakes, Target::By(Span::from_minutes(1)), &|_| ()).await.expect("moves");
    assert_eq!(moved.from, START + Span::from_minutes(3));
    let states = fakes.states.lock();
    assert!(states.iter().all(|state| state.now == START + Span::from_minutes(4)));
}

#[tokio::test]
async fn moving_time_back_and_stuck_work_are_errors() {
    let mut fakes = Fakes::new(Span::from_hours(1), Some(START));
    let earlier = Target::At(START - Span::from_seconds(1));
    let refused = advance(&fakes, earlier, &|_| ()).await;
    assert!(matches!(refused, Err(ConductError::Backwards { .. })), "{refused:?}");
    fakes.stuck = true;
    let stuck = advance(&fakes, Target::By(Span::ZERO), &|_| ()).await;
    assert!(matches!(stuck, Err(ConductError::Stuck { service: Service::Flow, .. })), "{stuck:?}");
}

#[tokio::test]
async fn progress_is_reported_and_the_next_whole_second_is_strictly_later() {
    let fakes = Fakes::new(Span::from_hours(1), None);
    let reported = Mutex::new(Vec::new());
    let moved = advance(&fakes, Target::NextWholeSecond, &|progress| reported.lock().push(progress))
        .await
        .expect("moves");
    assert_eq!(moved.now, START + Span::from_seconds(1));
    assert_eq!(reported.lock().len(), 1);
}

#[tokio::test]
async fn a_step_is_repeated_while_a_service_does_not_answer_and_only_as_long_as_patience_lasts() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START + Span::from_hours(1)));
    *fakes.silent.lock() = 2;
    let conductor = Conductor::new(&fakes).patient(Duration::from_secs(60));
    let stopped = conductor.stop().await.expect("stops");
    let moved = conductor.advance(stopped, START + Span::from_hours(3), &|_| ()).await.expect("moves");
    assert_eq!((moved.done, fakes.ran_at().len()), (3, 3));

    *fakes.silent.lock() = 2;
    let failed = advance(&fakes, Target::By(Span::from_hours(1)), &|_| ()).await.expect_err("no patience");
    assert_eq!((failed.service(), failed.is_temporary()), (Some(Service::Hub), true));
    assert_eq!(failed.to_string(), "The hub service does not answer (connection refused)");
}

#[tokio::test]
async fn settling_an_interrupted_advance_completes_its_work_at_the_latest_instant() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START + Span::from_hours(1)));
    let reached = START + Span::from_hours(1);
    fakes.states.lock()[Service::Idp.index()].now = reached;
    let state = Conductor::new(&fakes).settle(Speed::times(60), true).await.expect("settles");
    assert_eq!((state.now, fakes.ran_at()), (reached, vec![reached]));
    let states = fakes.states.lock();
    assert!(states.iter().all(|state| state.now == reached && state.speed == Speed::times(60)));
}

#[tokio::test]
async fn a_canceled_advance_ends_between_two_steps() {
    let fakes = Fakes::new(Span::from_hours(1), Some(START + Span::from_hours(1)));
    let canceled = Arc::new(AtomicBool::new(false));
    let conductor = Conductor::new(&fakes).until(Arc::clone(&canceled));
    let stopped = conductor.stop().await.expect("stops");
    let cancel = |progress: Progress| canceled.store(progress.done == 2, Ordering::Relaxed);
    let ended = conductor.advance(stopped, START + Span::from_days(9), &cancel).await;
    let reached = START + Span::from_hours(2);
    assert!(matches!(ended, Err(ConductError::Canceled { at }) if at == reached), "{ended:?}");
}
