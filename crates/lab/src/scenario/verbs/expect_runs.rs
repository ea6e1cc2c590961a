//! The verb `expect_runs`.

use std::collections::BTreeMap;

use outlive_clock::{Instant, Span};
use outlive_wire::counted;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::maker::FlowRun;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::explain::explanation_of;
use crate::scenario::run::lab_client::JournalFilter;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{ScenarioFlow, StepError, World};

/// The expected runs of a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectRuns {
    /// The flow.
    flow: Spanned<String>,
    /// Only runs that started after this mark; all by default.
    since: Option<Spanned<String>>,
    /// Only runs that started before this instant or mark.
    until: Option<Spanned<String>>,
    /// The status of every run, of which there must be at least one.
    all: Option<Spanned<String>>,
    /// The number of runs of each status. Other statuses must not occur.
    counts: Option<BTreeMap<String, u64>>,
    /// The minimum number of runs of each status.
    #[serde(default)]
    at_least: BTreeMap<String, u64>,
    /// The interval between successive runs.
    every: Option<Spanned<Span>>,
    /// The expected last run.
    last: Option<LastRun>,
}

/// An expected run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastRun {
    /// Its status.
    status: Spanned<String>,
    /// Its expected first failed action.
    failed_action: Option<FailedAction>,
}

/// An expected failed action.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailedAction {
    /// Its code (`Unauthorized`).
    code: String,
    /// The HTTP status of the response.
    answered: Option<Spanned<u16>>,
    /// The number of retries.
    retries: Option<u64>,
    /// Texts that the body of the response must contain.
    #[serde(default)]
    text_has: Vec<String>,
}

/// The statuses of runs, as the flow service returns them.
const RUN_STATUSES: &[&str] =
    &["Running", "Waiting", "Succeeded", "Failed", "Cancelled", "TimedOut", "Aborted"];

impl Verb for ExpectRuns {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Flow, &self.flow);
        checker.must_if(Kind::Mark, self.since.as_ref());
        if self.counts.is_none()
            && self.at_least.values().all(|least| *least == 0)
            && self.every.is_none()
            && self.all.is_none()
            && self.last.is_none()
        {
            checker
                .wrong("this step checks nothing", "give all, counts, at_least of 1 or more, every or last");
        }
        for status in self.counts.iter().flatten().map(|(status, _)| status).chain(self.at_least.keys()) {
            checker.run_status(checker.at, status);
        }
        if let Some(every) = &self.every
            && every.value <= Span::ZERO
        {
            let message = format!("runs cannot start every {}", every.value);
            checker.wrong_at(Position::of(every), message, "write a duration, for example PT1H");
        }
        if let Some(all) = &self.all {
            checker.run_status(Position::of(all), &all.value);
        }
        if let Some(until) = &self.until
            && until.value.parse::<Instant>().is_err()
        {
            checker.must(Kind::Mark, until);
        }
        let Some(last) = &self.last else { return };
        checker.run_status(Position::of(&last.status), &last.status.value);
        let Some(action) = &last.failed_action else { return };
        if last.status.value != "Failed" {
            let message = format!("a run with the status {} has no failed action", last.status.value);
            checker.wrong_at(
                Position::of(&last.status),
                message,
                "write status: Failed, or remove failed_action",
            );
        }
        if let Some(status) = &action.answered {
            checker.http_status(status);
        }
        checker.texts(&action.text_has);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let flow = world.flow(&self.flow.value)?;
        let since = world.since(text_of(self.since.as_ref()))?;
        world.check_time_passed(text_of(self.since.as_ref()), recorder);
        let now = world.now;
        let mut runs = world.maker(&flow.owner)?.runs(now, &flow.id, since).await?;
        if let Some(until) = &self.until {
            let until = match until.value.parse::<Instant>() {
                Ok(instant) => instant,
                Err(_) => world.since(Some(&until.value))?,
            };
            runs.retain(|run| run.properties.start_time < until);
        }
        let mut counts = BTreeMap::<String, u64>::new();
        for run in &runs {
            *counts.entry(run.properties.status.clone()).or_default() += 1;
        }
        recorder.note(format!("the run history of '{}' contains {}", self.flow.value, counts_text(&counts)));
        if let Some(expected) = &self.counts {
            let expected: BTreeMap<_, _> =
                expected.iter().filter(|(_, count)| **count > 0).map(|(s, n)| (s.clone(), *n)).collect();
            recorder.check(Check::equal("runs", counts_text(&expected), counts_text(&counts)));
        }
        if let Some(all) = &self.all {
            let others: BTreeMap<_, _> = counts
                .iter()
                .filter(|(status, _)| **status != all.value)
                .map(|(s, n)| (s.clone(), *n))
                .collect();
            let (passed, actual) = match (runs.is_empty(), others.is_empty()) {
                (true, _) => (false, "no runs".to_owned()),
                (false, true) => (true, format!("all {}", all.value)),
                (false, false) => (false, counts_text(&others)),
            };
            recorder.check(Check::that("status of every run", format!("all {}", all.value), actual, passed));
        }
        for (status, least) in &self.at_least {
            let actual = counts.get(status).copied().unwrap_or(0);
            recorder.check(Check::that(
                format!("{status} runs"),
                format!("at least {least}"),
                actual.to_string(),
                actual >= *least,
            ));
        }
        if let Some(every) = &self.every {
            let every = every.value;
            let uneven = runs
                .windows(2)
                .find(|pair| pair[1].properties.start_time - pair[0].properties.start_time != every);
            let actual = match uneven {
                Some(pair) => {
                    format!("{} then {}", pair[0].properties.start_time, pair[1].properties.start_time)
                }
                // An interval needs at least two runs.
                None if runs.len() < 2 => counted(runs.len(), "run"),
                None => format!("every {every}"),
            };
            recorder.check(Check::equal("interval of the runs", format!("every {every}"), actual));
        }
        if let Some(expected) = &self.last {
            let status = runs.last().map_or("none", |run| run.properties.status.as_str());
            recorder.check(Check::equal("last run", &expected.status.value, status));
        }
        if let Some(failed) = runs.iter().rev().find(|run| run.properties.status == "Failed") {
            let is_last = runs.last().is_some_and(|last| last.name == failed.name);
            let expected = self.last.as_ref().filter(|_| is_last);
            world.check_failed_run(&flow, failed, expected, recorder).await?;
            world.explain_refusal(failed, recorder).await?;
        }
        Ok(())
    }
}

impl Checker<'_> {
    fn run_status(&mut self, position: Position, status: &str) {
        if !RUN_STATUSES.contains(&status) {
            let message = format!("no run has the status '{status}'");
            self.wrong_at(position, message, format!("use one of: {}", RUN_STATUSES.join(", ")));
        }
    }
}

impl World {
    async fn check_failed_run(
        &mut self,
        flow: &ScenarioFlow,
        failed: &FlowRun,
        expected: Option<&LastRun>,
        recorder: &mut StepRecorder<'_>,
    ) -> Result<(), StepError> {
        let now = self.now;
        let actions = self.maker(&flow.owner)?.run_actions(now, &flow.id, &failed.name).await?;
        let action = actions.iter().find(|action| action.properties.status == "Failed");
        let code = action.and_then(|action| action.properties.code.as_deref()).unwrap_or("none");
        let outputs = action.map_or(&Value::Null, |action| &action.properties.outputs);
        let status = outputs.get("statusCode").map_or_else(|| "none".to_owned(), ToString::to_string);
        let body = outputs.get("body").cloned().unwrap_or_default().to_string();
        recorder.note(format!("the last failed run received {status} {code}: {}", shortened(&body)));
        let Some(expected) = expected.and_then(|last| last.failed_action.as_ref()) else { return Ok(()) };
        recorder.check(Check::equal("code of the failed action", &expected.code, code));
        if let Some(answered) = &expected.answered {
            recorder.check(Check::equal("status of the response", answered.value, &status));
        }
        if let Some(retries) = expected.retries {
            let actual = action.map_or(0, |action| action.properties.retry_count);
            recorder.check(Check::equal("retries of the failed action", retries, actual));
        }
        for text in &expected.text_has {
            recorder.check(Check::holds("body of the response", &self.fill(text)?, &body));
        }
        Ok(())
    }

    /// Records why the issuer refused a token in this run.
    async fn explain_refusal(&self, run: &FlowRun, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let Some(trace) = run.properties.correlation.trace_id.clone() else { return Ok(()) };
        let kind = Some("token.refused".to_owned());
        let filter = JournalFilter { kind, trace: Some(trace), ..JournalFilter::default() };
        for line in self.lab.journal(self.tenant(), &filter).await? {
            if let Some(reason) = line.event().ok().as_ref().and_then(explanation_of) {
                recorder.explain(reason);
            }
        }
        Ok(())
    }
}

fn counts_text(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "no runs".to_owned();
    }
    counts.iter().map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 300 { line.chars().take(300).chain("…".chars()).collect() } else { line }
}
