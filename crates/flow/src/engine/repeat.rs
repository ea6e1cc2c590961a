//! The iterations of `Foreach` and `Until`.

use super::archive::ARCHIVED_BYTES_MAX;
use super::ending::has_unhandled_failure;
use super::place::{FrameId, Spot};
use super::record::{Failure, Iterations};
use super::state::RUN_BYTES_MAX;
use super::stepper::{ACTIONS_PER_RUN_MAX, Engine, Step};
use crate::definition::{Action, ActionKind, Until};
use crate::expression::EvaluationError;
use crate::status::ActionStatus;

/// The maximum number of items of a `Foreach` (reference §6.3).
pub(super) const ITEMS_MAX: usize = 100_000;

/// Whether there is another iteration.
enum More {
    Yes,
    No,
    Failed(Failure),
}

impl<'d> Engine<'d, '_> {
    /// Starts and runs iterations, as many at a time as the loop allows.
    pub(super) fn repeat(&mut self, at: Spot, action: &'d Action) -> Step<'d> {
        let concurrency = match action.kind {
            ActionKind::Foreach { concurrency, .. } => concurrency,
            _ => 1,
        };
        loop {
            if self.state.must_store() {
                return Step::Pause;
            }
            let more = self.start_iterations(at, action, concurrency);
            let running = self.iterations(at).map_or_else(Vec::new, |iterations| iterations.running.clone());
            if running.is_empty() {
                return match more {
                    More::Yes => Step::Pause,
                    More::No => self.end_loop(at, action, None),
                    More::Failed(failure) => self.end_loop(at, action, Some(failure)),
                };
            }
            let mut has_ended = false;
            let mut wait = None;
            for frame in running {
                match self.run_frame(frame) {
                    Step::Idle | Step::Progress => {
                        self.end_iteration(at, frame);
                        has_ended = true;
                    }
                    Step::Wait(due) => {
                        wait = Some(wait.map_or(due, |earlier: outlive_clock::Instant| earlier.min(due)));
                    }
                    other => return other,
                }
            }
            if !has_ended {
                return wait.map_or(Step::Idle, Step::Wait);
            }
        }
    }

    fn iterations(&mut self, at: Spot) -> Option<&mut Iterations> {
        self.state.record_mut(at)?.iterations.as_deref_mut()
    }

    /// Starts iterations until enough run at the same time.
    fn start_iterations(&mut self, at: Spot, action: &'d Action, concurrency: usize) -> More {
        loop {
            let more = self.more(at, action);
            let now = self.now();
            // A run that holds much already runs one iteration after the other.
            let concurrency = if self.state.is_heavy() { 1 } else { concurrency };
            let Some(iterations) = self.iterations(at) else { return More::No };
            let is_busy = iterations.running.len() >= concurrency;
            if !matches!(more, More::Yes) || is_busy || self.left == 0 {
                return more;
            }
            let Some(iterations) = self.iterations(at) else { return More::No };
            let index = iterations.started;
            iterations.started += 1;
            let frame = self.state.add_frame(self.definition, at, index, now);
            if let Some(iterations) = self.iterations(at) {
                iterations.running.push(frame);
            }
            self.left -= 1;
            self.state.executed += 1;
        }
    }

    /// Decides whether the loop has another iteration.
    fn more(&self, at: Spot, action: &Action) -> More {
        let Some(record) = self.state.record(at) else { return More::No };
        let Some(iterations) = &record.iterations else { return More::No };
        let more = match &action.kind {
            ActionKind::Foreach { .. } => iterations.started < iterations.items.len(),
            ActionKind::Until(_) if !iterations.running.is_empty() => return More::No,
            ActionKind::Until(until) => match self.goes_on(at, until, iterations) {
                Ok(more) => more,
                Err(failure) => return More::Failed(failure),
            },
            _ => false,
        };
        if more && self.state.executed >= ACTIONS_PER_RUN_MAX {
            return More::Failed(Failure::new(
                "RunActionsLimitExceeded",
                format!("The run has executed {ACTIONS_PER_RUN_MAX} actions and iterations, the maximum."),
            ));
        }
        if more && self.state.is_full() {
            return More::Failed(Failure::new(
                "ActionResultSizeLimitExceeded",
                format!(
                    "The iterations of '{}' are larger than a run may hold: {RUN_BYTES_MAX} bytes of those that other \
                     actions read, {ARCHIVED_BYTES_MAX} bytes of all.",
                    action.name
                ),
            ));
        }
        if more { More::Yes } else { More::No }
    }

    /// Whether an `Until` goes on after its last iteration: its condition is evaluated there.
    fn goes_on(&self, at: Spot, until: &Until, iterations: &Iterations) -> Result<bool, Failure> {
        let Some(last) = iterations.recorded.last() else { return Ok(true) };
        let name = self.action(at).map_or("", |action| &action.name);
        let is_done = until.done.holds(&self.view(*last));
        if is_done.map_err(|error| Failure::template(name, &error))? {
            return Ok(false);
        }
        let start = self.state.record(at).map_or(self.now(), |record| record.start);
        let at_limit = iterations.started >= until.count || self.now() >= start + until.timeout;
        if at_limit && until.fails_at_limit {
            return Err(Failure::new(
                "ActionFailed",
                format!(
                    "The loop '{name}' reached its limit of {} iterations or {} before its condition was true.",
                    until.count, until.timeout
                ),
            ));
        }
        Ok(!at_limit)
    }

    /// Ends an iteration whose actions have ended. In a run that holds much, the iterations before
    /// the last are archived, unless expressions outside of the loop read them.
    fn end_iteration(&mut self, at: Spot, frame: FrameId) {
        let now = self.now();
        let failed =
            has_unhandled_failure(self.definition, self.state, frame, |action| action.within.is_none());
        let mut is_read_outside = false;
        if let Some(ended) = self.state.frames.get_mut(&frame) {
            ended.status = if failed { ActionStatus::Failed } else { ActionStatus::Succeeded };
            ended.end = Some(now);
            is_read_outside = self.definition.bodies.get(ended.body).is_some_and(|body| body.is_read_outside);
        }
        // A request that ends a subscription reads the iteration.
        let is_read = is_read_outside || !self.state.unsubscriptions.is_empty();
        let should_archive = !is_read && self.state.should_archive();
        let Some(iterations) = self.iterations(at) else { return };
        iterations.running.retain(|running| *running != frame);
        iterations.failed += usize::from(failed);
        let earlier = if should_archive { std::mem::take(&mut iterations.recorded) } else { Vec::new() };
        iterations.archived += earlier.len();
        iterations.recorded.push(frame);
        for frame in earlier {
            self.state.archive(frame);
        }
    }

    fn end_loop(&mut self, at: Spot, action: &'d Action, failure: Option<Failure>) -> Step<'d> {
        let now = self.now();
        let last = self.iterations(at).and_then(|iterations| iterations.recorded.last().copied());
        let last_failed = last
            .and_then(|last| self.state.frames.get(&last))
            .is_some_and(|frame| frame.status == ActionStatus::Failed);
        let Some(mut record) = self.state.record(at).cloned() else { return Step::Idle };
        if let Some(iterations) = &mut record.iterations {
            // A request that ends a subscription may read the item of its iteration.
            if self.state.unsubscriptions.is_empty() {
                iterations.items = Vec::new();
            }
            let has_failed = match action.kind {
                ActionKind::Until(_) => last_failed,
                _ => iterations.failed > 0,
            };
            let failure = failure.or_else(|| has_failed.then(Failure::action_failed));
            record.end(failure.map_or(Ok(None), Err), now);
        }
        self.state.store(at, record);
        self.track(at, action);
        Step::Progress
    }
}

/// The failure of a `Foreach` whose value is not an array of acceptable length.
pub(super) fn not_an_array(action: &str, kind: &str) -> Failure {
    Failure::new(
        "ExpressionEvaluationFailed",
        format!(
            "The execution of template action '{action}' failed: the result of the evaluation of 'foreach' expression \
             is of type '{kind}'. The result must be a valid array."
        ),
    )
}

pub(super) fn too_many_items(action: &str, items: usize) -> Failure {
    Failure::template(
        action,
        &EvaluationError(format!("the array has {items} items; a loop has at most {ITEMS_MAX}")),
    )
}
