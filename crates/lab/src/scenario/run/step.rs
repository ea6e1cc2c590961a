//! Runs a step.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use outlive_chassis::Trace;
use outlive_clock::wall_now;

use super::observer::Observer;
use super::recorder::StepRecorder;
use super::world::{StepError, World};
use crate::diagnostic::Position;
use crate::scenario::eventually::Eventually;
use crate::scenario::read::ReadScenarios;
use crate::scenario::result::{Status, StepResult};
use crate::scenario::verbs::{Step, StepVerb};

/// What to do about a step that did not pass.
pub(super) const REMEDY: &str = "--keep keeps the tenant, to look at it afterwards";

pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// Panics at the step that a test has chosen with `RunOptions::panic_at_step`.
pub(super) fn test_panic(place: &str) -> ! {
    panic!("a panic requested by a test, {place}")
}

/// The position of a step in its file.
pub(super) struct StepLocation<'a> {
    pub(super) file: &'a ReadScenarios,
    pub(super) chapter: &'a str,
    pub(super) position: Position,
}

impl StepLocation<'_> {
    pub(super) fn skipped(&self, step: &Step) -> StepResult {
        let verb = step.verb().map_or("step", StepVerb::name);
        StepResult {
            chapter: self.chapter.to_owned(),
            title: step.say.as_ref().map_or_else(|| verb.replace('_', " "), |say| say.value.clone()),
            verb,
            status: Status::Skipped,
            at: None,
            wall_ms: 0,
            position: self.position,
            narration: Vec::new(),
            why: Vec::new(),
            checks: Vec::new(),
            error: None,
            diagnostic: None,
        }
    }

    pub(super) fn error(&self, step: &Step, why: &str) -> StepResult {
        StepResult {
            status: Status::Error,
            error: Some(why.to_owned()),
            diagnostic: Some(self.file.at(self.position, why, REMEDY)),
            ..self.skipped(step)
        }
    }
}

/// Runs a step and returns its result.
pub(super) async fn run_step(
    world: &mut World,
    step: &Step,
    location: &StepLocation<'_>,
    observer: &dyn Observer,
    panics: bool,
) -> StepResult {
    let started = wall_now();
    let mut recorder = StepRecorder::new(observer);
    let running = async {
        if panics {
            test_panic("in this step");
        }
        match &step.eventually {
            None => run_verb(world, step, &mut recorder).await?,
            Some(eventually) => run_eventually(world, step, eventually, &mut recorder).await?,
        }
        match &step.capture {
            Some(captures) if recorder.passed() => world.capture(&captures.value, &mut recorder),
            _ => Ok(()),
        }
    };
    // State that a panic left inconsistent is not used again: the steps after a failed one are
    // skipped.
    let outcome = AssertUnwindSafe(running).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(StepError(panic_message(panic.as_ref()))));
    observer.time_stopped();
    if let Some(mark) = &step.mark {
        world.marks.insert(mark.value.clone(), world.now);
        if let Some(snapshot) = step.taken_snapshot() {
            world.mark_snapshot(snapshot, &mark.value);
        }
    }
    let mut result = location.skipped(step);
    result.at = Some(world.now);
    result.wall_ms = (wall_now() - started).as_millis();
    result.status = match &outcome {
        Err(_) => Status::Error,
        Ok(()) if recorder.passed() => Status::Passed,
        Ok(()) => Status::Failed,
    };
    result.error = outcome.err().map(|StepError(message)| message);
    (result.narration, result.why, result.checks) = (recorder.narration, recorder.why, recorder.checks);
    if result.status != Status::Passed {
        let message = match &result.error {
            Some(error) => error.clone(),
            None => result
                .failures()
                .map(|check| format!("{}: expected {}, got {}", check.what, check.expected, check.actual))
                .collect::<Vec<_>>()
                .join("; "),
        };
        result.diagnostic = Some(location.file.at(location.position, message, REMEDY));
    }
    result
}

async fn run_verb(world: &mut World, step: &Step, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
    // Every attempt has a trace of its own, by which its decisions are found in the journal.
    world.http = world.http.traced(Trace::begin(&world.random));
    world.lab = world.lab.traced(world.http.clone());
    let Ok(verb) = step.verb() else {
        return Err(StepError("a step needs exactly one verb".to_owned()));
    };
    verb.run(world, recorder).await?;
    world.explain_step(step.is_sign_in_by_session(), recorder).await
}

/// Repeats a step until its expectations are met, and moves time between the attempts.
async fn run_eventually(
    world: &mut World,
    step: &Step,
    eventually: &Eventually,
    recorder: &mut StepRecorder<'_>,
) -> Result<(), StepError> {
    let (began, limit) = (world.now, world.now + eventually.within.value);
    loop {
        let mut attempt = StepRecorder::new(recorder.observer);
        let ended = run_verb(world, step, &mut attempt).await;
        let is_met = ended.is_ok() && attempt.passed();
        // What cannot be done yet, such as explaining a run before there is one, is tried again.
        if world.now >= limit {
            ended?;
        }
        if is_met || world.now >= limit {
            let waited = world.now - began;
            recorder.adopt(attempt);
            recorder.note(if is_met {
                format!("met after {waited}")
            } else {
                format!("not met within {waited}")
            });
            return Ok(());
        }
        let next = (world.now + eventually.every.value).min(limit);
        world.now = world.lab.set(world.tenant(), next).await?.now;
    }
}
