//! Steps that look at run histories.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lab_client::Wanted;
use super::telling::Telling;
use super::world::{StepError, StoryFlow, World};
use crate::maker::FlowRun;
use crate::scenario::file::{LastRun, RunsExpectation};
use crate::scenario::result::Check;

impl World {
    pub(super) async fn expect_runs(
        &mut self,
        step: &RunsExpectation,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let flow = self.flow(&step.flow.value)?;
        let since = self.since(step.since.as_ref().map(|mark| mark.value.as_str()))?;
        let now = self.now;
        let runs = self.maker(&flow.owner)?.runs(now, &flow.id, since).await?;
        let mut counts = BTreeMap::<String, u64>::new();
        for run in &runs {
            *counts.entry(run.properties.status.clone()).or_default() += 1;
        }
        telling.tell(format!("the run history of '{}' says: {}", step.flow.value, words(&counts)));
        if let Some(expected) = &step.counts {
            let expected: BTreeMap<_, _> =
                expected.iter().filter(|(_, count)| **count > 0).map(|(s, n)| (s.clone(), *n)).collect();
            telling.check(Check::equal("runs", words(&expected), words(&counts)));
        }
        for (status, least) in &step.at_least {
            let came = counts.get(status).copied().unwrap_or(0);
            telling.check(Check::that(
                format!("runs {status}"),
                format!("at least {least}"),
                came.to_string(),
                came >= *least,
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
                // One run, or none, is not evenly spaced from anything.
                None if runs.len() < 2 => format!("runs in all: {}", runs.len()),
                None => format!("every {every}"),
            };
            telling.check(Check::equal("start of the runs", format!("every {every}"), actual));
        }
        if let Some(expected) = &step.last {
            let status = runs.last().map_or("none", |run| run.properties.status.as_str());
            telling.check(Check::equal("last run", &expected.status.value, status));
        }
        if let Some(failed) = runs.iter().rev().find(|run| run.properties.status == "Failed") {
            self.look_at_failure(&flow, failed, step.last.as_ref(), telling).await?;
            self.explain_refusal(failed, telling).await?;
        }
        Ok(())
    }

    async fn look_at_failure(
        &mut self,
        flow: &StoryFlow,
        failed: &FlowRun,
        expected: Option<&LastRun>,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let now = self.now;
        let actions = self.maker(&flow.owner)?.run_actions(now, &flow.id, &failed.name).await?;
        let action = actions.iter().find(|action| action.properties.status == "Failed");
        let code = action.and_then(|action| action.properties.code.as_deref()).unwrap_or("none");
        let answered = action.map_or(&Value::Null, |action| &action.properties.outputs);
        let status = answered.get("statusCode").map_or_else(|| "none".to_owned(), ToString::to_string);
        let body = answered.get("body").cloned().unwrap_or_default().to_string();
        telling.tell(format!("the last failed run got {status} {code}: {}", shortened(&body)));
        let Some(expected) = expected.and_then(|last| last.failed_action.as_ref()) else { return Ok(()) };
        telling.check(Check::equal("code of the failed action", &expected.code, code));
        if let Some(wanted) = &expected.answered {
            telling.check(Check::equal("status it was answered with", wanted.value, &status));
        }
        if let Some(retries) = expected.retries {
            let came = action.map_or(0, |action| action.properties.retry_count);
            telling.check(Check::equal("retries of the failed action", retries, came));
        }
        for text in &expected.text_has {
            telling.check(Check::holds("what it was answered", &self.fill(text)?, &body));
        }
        Ok(())
    }

    /// Lets the issuer say why it refused a token in this run.
    async fn explain_refusal(&self, run: &FlowRun, telling: &mut Telling) -> Result<(), StepError> {
        let Some(trace) = run.properties.correlation.trace_id.clone() else { return Ok(()) };
        let kind = Some("token.refused".to_owned());
        let wanted = Wanted { kind, trace: Some(trace), ..Wanted::default() };
        for line in self.lab.journal(self.tenant(), &wanted).await? {
            if let Some(words) = super::journal::explanation_of(&line) {
                telling.explain(words);
            }
        }
        Ok(())
    }
}

fn words(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "no runs".to_owned();
    }
    counts.iter().map(|(status, count)| format!("{count} {status}")).collect::<Vec<_>>().join(", ")
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 300 { line.chars().take(300).chain("…".chars()).collect() } else { line }
}
