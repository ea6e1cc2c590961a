//! Steps that check run histories.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journal::explanation_of;
use super::lab_client::JournalFilter;
use super::recorder::StepRecorder;
use super::world::{ScenarioFlow, StepError, World};
use crate::maker::FlowRun;
use crate::scenario::file::{LastRun, RunsExpectation};
use crate::scenario::result::Check;

impl World {
    pub(super) async fn expect_runs(
        &mut self,
        step: &RunsExpectation,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let flow = self.flow(&step.flow.value)?;
        let since = self.since(step.since.as_ref().map(|mark| mark.value.as_str()))?;
        let now = self.now;
        let runs = self.maker(&flow.owner)?.runs(now, &flow.id, since).await?;
        let mut counts = BTreeMap::<String, u64>::new();
        for run in &runs {
            *counts.entry(run.properties.status.clone()).or_default() += 1;
        }
        recorder.note(format!("the run history of '{}' contains {}", step.flow.value, counts_text(&counts)));
        if let Some(expected) = &step.counts {
            let expected: BTreeMap<_, _> =
                expected.iter().filter(|(_, count)| **count > 0).map(|(s, n)| (s.clone(), *n)).collect();
            recorder.check(Check::equal("runs", counts_text(&expected), counts_text(&counts)));
        }
        for (status, least) in &step.at_least {
            let actual = counts.get(status).copied().unwrap_or(0);
            recorder.check(Check::that(
                format!("{status} runs"),
                format!("at least {least}"),
                actual.to_string(),
                actual >= *least,
            ));
        }
        if let Some(every) = &step.every {
            let every = every.value;
            let uneven = runs
                .windows(2)
                .find(|pair| pair[1].properties.start_time - pair[0].properties.start_time != every);
            let actual = match uneven {
                Some(pair) => {
                    format!("{} then {}", pair[0].properties.start_time, pair[1].properties.start_time)
                }
                // An interval needs at least two runs.
                None if runs.len() < 2 => format!("{} runs", runs.len()),
                None => format!("every {every}"),
            };
            recorder.check(Check::equal("interval of the runs", format!("every {every}"), actual));
        }
        if let Some(expected) = &step.last {
            let status = runs.last().map_or("none", |run| run.properties.status.as_str());
            recorder.check(Check::equal("last run", &expected.status.value, status));
        }
        if let Some(failed) = runs.iter().rev().find(|run| run.properties.status == "Failed") {
            self.check_failed_run(&flow, failed, step.last.as_ref(), recorder).await?;
            self.explain_refusal(failed, recorder).await?;
        }
        Ok(())
    }

    async fn check_failed_run(
        &mut self,
        flow: &ScenarioFlow,
        failed: &FlowRun,
        expected: Option<&LastRun>,
        recorder: &mut StepRecorder,
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
    async fn explain_refusal(&self, run: &FlowRun, recorder: &mut StepRecorder) -> Result<(), StepError> {
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
