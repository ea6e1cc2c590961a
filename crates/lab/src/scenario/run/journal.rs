//! Steps that check the journal, and the reasons that the journal gives.

use outlive_wire::{JournalEvent, JournalLine};
use serde_json::Value;

use super::lab_client::JournalFilter;
use super::recorder::StepRecorder;
use super::world::{StepError, World};
use crate::scenario::file::{ChainExpectation, JournalExpectation, Step, Verb, With};
use crate::scenario::result::Check;

impl World {
    pub(super) async fn expect_journal(
        &mut self,
        step: &JournalExpectation,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let since = self.since(step.since.as_ref().map(|mark| mark.value.as_str()))?;
        let subject = step.subject.as_deref().map(|subject| self.fill(subject)).transpose()?;
        let kind = &step.kind.value;
        let filter = JournalFilter { kind: Some(kind.clone()), subject, trace: None };
        let mut matching = Vec::new();
        for (path, value) in &step.matching {
            matching.push((path.as_str(), self.fill_json(value)?));
        }
        let lines = self.lab.journal(self.tenant(), &filter).await?;
        let lines: Vec<_> = lines
            .iter()
            .filter(|line| line.at > since)
            .filter(|line| step.service.as_ref().is_none_or(|service| line.service == service.value))
            .filter(|line| matching.iter().all(|(path, value)| value_at(line, path) == Some(value)))
            .collect();
        recorder.note(format!("the journal contains {} {kind} events", lines.len()));
        let actual = lines.len() as u64;
        let what = format!("{kind} events");
        if let Some(count) = step.count {
            recorder.check(Check::equal(&what, count, actual));
        }
        if let Some(least) = step.at_least {
            let expected = format!("at least {least}");
            recorder.check(Check::that(&what, expected, actual.to_string(), actual >= least));
        }
        if let Some(chain) = &step.chain {
            let check = check_chain(&lines, chain);
            if check.passed {
                recorder.note(format!("each event refers to the previous one: {}", check.actual));
            }
            recorder.check(check);
        }
        Ok(())
    }

    /// Records the reasons of the issuer's decisions in this step.
    pub(super) async fn explain_step(
        &self,
        step: &Step,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        // The portal's browser uses the password once its session is refused, which matters only
        // in a step that signs in by session.
        let by_session =
            matches!(step.verb(), Some((_, Verb::SignIn(sign_in))) if sign_in.with == With::Session);
        let trace = Some(self.http.trace_id().to_owned());
        let filter = JournalFilter { trace, ..JournalFilter::default() };
        for line in self.lab.journal(self.tenant(), &filter).await? {
            // An event that another version of the program recorded is not explained.
            let Ok(event) = line.event() else { continue };
            let is_relevant = match &event {
                JournalEvent::TokenIssued(issued) => issued.grant_type == "refresh_token",
                JournalEvent::SessionRefused(_) => by_session,
                event => event.kind().ends_with(".refused"),
            };
            if is_relevant && let Some(reason) = explanation_of(&event) {
                recorder.explain(reason);
            }
        }
        Ok(())
    }
}

/// Checks that every event refers to the previous one.
fn check_chain(lines: &[&JournalLine], chain: &ChainExpectation) -> Check {
    let at = |line: &JournalLine, path: &str| value_at(line, path).cloned().unwrap_or(Value::Null);
    let expected = format!("every {} is the previous {}", chain.follows, chain.each);
    let broken = lines.windows(2).enumerate().find(|(_, pair)| {
        let previous = at(pair[0], &chain.each);
        previous.is_null() || at(pair[1], &chain.follows) != previous
    });
    let actual = match broken {
        // A chain has at least two events.
        None if lines.len() < 2 => format!("{} events", lines.len()),
        None => format!("{} unbroken links", lines.len().saturating_sub(1)),
        Some((index, pair)) => format!(
            "link {} at {}: follows {}, but the previous one is {}",
            index + 1,
            pair[1].at,
            at(pair[1], &chain.follows),
            at(pair[0], &chain.each)
        ),
    };
    Check::that("chain", expected, actual, broken.is_none() && lines.len() >= 2)
}

/// Returns a value in the payload of an event, by dotted path.
fn value_at<'a>(line: &'a JournalLine, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(&line.data, |value, name| value.get(name))
}

/// Returns the issuer's reason: the explanation of the verdict, or the description of the error.
pub(super) fn explanation_of(event: &JournalEvent) -> Option<String> {
    if let Some(verdict) = event.verdict() {
        return Some(verdict.explain());
    }
    match event {
        JournalEvent::TokenRefused(refused) => Some(refused.description.clone()),
        JournalEvent::SignInRefused(refused) => Some(refused.description.clone()),
        JournalEvent::PasskeyRefused(refused) => Some(refused.description.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use outlive_wire::EventPayload as _;
    use outlive_wire::events::{ConnectionBroken, SignInRefused, TokenIssued};
    use serde_json::json;

    use super::*;

    fn line(data: Value) -> JournalLine {
        let line = json!({
            "seq": 1, "service": "idp", "tenant": "c0470500-0000-4000-8000-000000000001",
            "at": "2026-01-05T10:00:00Z", "wall": "2026-01-05T10:00:00Z", "kind": "token.issued",
            "subject": "user:7", "trace": "0", "data": data,
        });
        serde_json::from_value(line).expect("a journal line")
    }

    #[test]
    fn a_chain_is_unbroken_or_its_first_broken_link_is_reported() {
        let linked = |id: &str, parent: &str| line(json!({"refresh_token": {"id": id, "parent": parent}}));
        let chain = ChainExpectation {
            each: "refresh_token.id".to_owned(),
            follows: "refresh_token.parent".to_owned(),
        };
        let (a, b, c) = (linked("a", "-"), linked("b", "a"), linked("c", "b"));
        assert!(check_chain(&[&a, &b, &c], &chain).passed);
        let broken = check_chain(&[&a, &c], &chain);
        assert!(!broken.passed);
        assert!(broken.actual.contains(r#"follows "b", but the previous one is "a""#), "{}", broken.actual);
        assert!(!check_chain(&[], &chain).passed && !check_chain(&[&a], &chain).passed);
        let nothing = line(json!({}));
        assert!(!check_chain(&[&nothing, &nothing], &chain).passed);
    }

    #[test]
    fn the_reason_is_the_explanation_of_the_verdict_or_the_description_of_the_error() {
        let issued = explanation_of(&TokenIssued::example().into()).expect("a verdict");
        assert!(issued.starts_with("Accepted"), "{issued}");
        let refused = SignInRefused::example();
        assert_eq!(explanation_of(&refused.clone().into()), Some(refused.description));
        assert_eq!(explanation_of(&ConnectionBroken::example().into()), None);
    }
}
