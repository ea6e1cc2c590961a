//! Steps that look at the journal, and what the journal says about why.

use outlive_clock::Instant;
use serde_json::Value;

use super::lab_client::Wanted;
use super::requests::value_at;
use super::telling::Telling;
use super::world::{StepError, World};
use crate::scenario::file::{ChainExpectation, JournalExpectation, Step, Verb, With};
use crate::scenario::result::Check;

impl World {
    pub(super) async fn expect_journal(
        &mut self,
        step: &JournalExpectation,
        telling: &mut Telling,
    ) -> Result<(), StepError> {
        let since = self.since(step.since.as_ref().map(|mark| mark.value.as_str()))?;
        let subject = step.subject.as_deref().map(|subject| self.fill(subject)).transpose()?;
        let wanted = Wanted { kind: Some(step.kind.value.clone()), subject, trace: None };
        let mut matching = Vec::new();
        for (path, value) in &step.matching {
            matching.push((path.as_str(), self.fill_json(value)?));
        }
        let lines = self.lab.journal(self.tenant(), &wanted).await?;
        let lines: Vec<_> = lines
            .iter()
            .filter(|line| instant_of(line) > since)
            .filter(|line| {
                step.service.as_ref().is_none_or(|service| line["service"] == service.value.as_str())
            })
            .filter(|line| matching.iter().all(|(path, value)| value_at(line, path) == Some(value)))
            .collect();
        telling.tell(format!("the journal holds {} lines of {}", lines.len(), step.kind.value));
        let came = lines.len() as u64;
        if let Some(count) = step.count {
            telling.check(Check::equal(format!("lines of {}", step.kind.value), count, came));
        }
        if let Some(least) = step.at_least {
            let what = format!("lines of {}", step.kind.value);
            telling.check(Check::that(what, format!("at least {least}"), came.to_string(), came >= least));
        }
        if let Some(chain) = &step.chain {
            let check = chained(&lines, chain);
            if check.passed {
                telling.tell(format!("each of them names the one before: {}", check.actual));
            }
            telling.check(check);
        }
        Ok(())
    }

    /// Lets the issuer say why it decided as it did in the calls of this step.
    pub(super) async fn explain_step(&self, step: &Step, telling: &mut Telling) -> Result<(), StepError> {
        // The portal's browser falls back to the password when its session is over: not what a step about something else tells.
        let by_session =
            matches!(step.verb(), Some((_, Verb::SignIn(sign_in))) if sign_in.with == With::Session);
        let trace = Some(self.http.trace_id().to_owned());
        let lines = self.lab.journal(self.tenant(), &Wanted { trace, ..Wanted::default() }).await?;
        let asked = lines.iter().filter(|line| {
            let kind = line["kind"].as_str().unwrap_or_default();
            (kind.ends_with(".refused") && (by_session || kind != "session.refused"))
                || line["data"]["grant_type"] == "refresh_token"
        });
        for words in asked.filter_map(explanation_of) {
            telling.explain(words);
        }
        Ok(())
    }
}

/// Whether every line names the line before it.
fn chained(lines: &[&Value], chain: &ChainExpectation) -> Check {
    let at = |line: &Value, path: &str| value_at(line, path).cloned().unwrap_or(Value::Null);
    let expected = format!("every {} is the {} before it", chain.follows, chain.each);
    let broken = lines.windows(2).enumerate().find(|(_, pair)| {
        let before = at(pair[0], &chain.each);
        before.is_null() || at(pair[1], &chain.follows) != before
    });
    let actual = match broken {
        // One line, or none, is no chain.
        None if lines.len() < 2 => format!("lines in all: {}", lines.len()),
        None => format!("{} links, all of them joined", lines.len().saturating_sub(1)),
        Some((index, pair)) => format!(
            "link {} at {}: follows {}, but the one before is {}",
            index + 1,
            instant_of(pair[1]),
            at(pair[1], &chain.follows),
            at(pair[0], &chain.each)
        ),
    };
    Check::that("chain", expected, actual, broken.is_none() && lines.len() >= 2)
}

/// When a line was written, in virtual time.
pub(super) fn instant_of(line: &Value) -> Instant {
    line["at"].as_str().and_then(|text| text.parse().ok()).unwrap_or(Instant::EPOCH)
}

/// Why, in the issuer's words: the verdict's explanation, or the text of the error.
pub(super) fn explanation_of(line: &Value) -> Option<String> {
    let verdict = line.pointer("/data/verdict/explanation").and_then(Value::as_str);
    let description = line.pointer("/data/description").and_then(Value::as_str);
    verdict.or(description).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_chain_is_whole_or_says_where_it_breaks() {
        let line = |id: &str, parent: &str| json!({"at": "2026-01-05T10:00:00Z", "data": {"refresh_token": {"id": id, "parent": parent}}});
        let chain = ChainExpectation {
            each: "refresh_token.id".to_owned(),
            follows: "refresh_token.parent".to_owned(),
        };
        let (a, b, c) = (line("a", "-"), line("b", "a"), line("c", "b"));
        assert!(chained(&[&a, &b, &c], &chain).passed);
        let broken = chained(&[&a, &c], &chain);
        assert!(!broken.passed);
        assert!(broken.actual.contains(r#"follows "b", but the one before is "a""#), "{}", broken.actual);
        assert!(!chained(&[], &chain).passed && !chained(&[&a], &chain).passed);
        let nothing = json!({"data": {}});
        assert!(!chained(&[&nothing, &nothing], &chain).passed);
    }
}
