//! Steps that look at run histories.

use std::collections::BTreeMap;

use super::lab_client::Wanted;
use super::telling::Telling;
use super::world::{StepError, World};
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
        if let Some(every) = step.every {
            let uneven = runs.windows(2).find(|pair| {
                pair[1].properties.start_time - pair[0].properties.start_time != every
            });
            let actual = uneven.map_or(format!("every {every}"), |pair| {
                format!("{} then {}", pair[0].properties.start_time, pair[1].properties.start_time)
            });
            telling.check(Check::equal("start of the runs", format!("every {every}"), actual));
        }
        if let Some(expected) = &step.last {
            self.compare_last(runs.last(), expected, telling)?;
        }
        if let Some(failed) = runs.iter().rev().find(|run| run.properties.status == "Failed") {
            telling.tell(format!("the last failed run says: {}", shortened(&failed.error_text())));
            self.explain_refusals(since, telling).await?;
        }
        Ok(())
    }

    fn compare_last(
        &self,
        last: Option<&FlowRun>,
        expected: &LastRun,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let status = last.map_or("none", |run| run.properties.status.as_str());
        telling.check(Check::equal("last run", &expected.status, status));
        if let Some(code) = &expected.code {
            let error_code = last.and_then(|run| run.properties.error.as_ref());
            let error_code = error_code.and_then(|error| error.get("code")).and_then(|code| code.as_str());
            let came = error_code.or_else(|| last.and_then(|run| run.properties.code.as_deref()));
            telling.check(Check::equal("code of the last run", code, came.unwrap_or("none")));
        }
        let error = last.map(FlowRun::error_text).unwrap_or_default();
        for text in &expected.text_has {
            telling.check(Check::holds("error of the last run", &self.fill(text)?, &error));
        }
        Ok(())
    }

    /// Lets the issuer say why it last refused a token since then.
    async fn explain_refusals(
        &self,
        since: outlive_clock::Instant,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let wanted = Wanted { kind: Some("token.refused".to_owned()), ..Wanted::default() };
        let lines = self.lab.journal(self.tenant(), &wanted).await?;
        let last = lines.iter().rfind(|line| super::journal::instant_of(line) > since);
        if let Some(words) = last.and_then(super::journal::explanation_of) {
            telling.explain(words);
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
