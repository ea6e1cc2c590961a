//! The verb `expect_journal`.

use std::collections::BTreeMap;

use outlive_wire::counted;
use outlive_wire::{JournalEvent, JournalLine, Subject, SubjectKind};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::{Verb, text_of};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::lab_client::JournalFilter;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::template;

/// Where the subject is within a step.
const SUBJECT: [&str; 2] = ["expect_journal", "subject"];

/// How many of the newest events are shown if their number is not the expected one.
const EVENTS_SHOWN: usize = 5;

/// The expected journal events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectJournal {
    /// The service that recorded them.
    service: Option<Spanned<String>>,
    /// The kind, or a prefix that ends in a dot.
    kind: Spanned<String>,
    /// Only events after this mark.
    since: Option<Spanned<String>>,
    /// The subject. Placeholders such as `${user.owner.id}` are replaced.
    subject: Option<String>,
    /// Values that the payload must have, by dotted path.
    #[serde(default, rename = "where")]
    matching: BTreeMap<String, Value>,
    /// The number of events.
    count: Option<u64>,
    /// The minimum number of events.
    at_least: Option<u64>,
    /// A chain that the events must form.
    chain: Option<Chain>,
}

/// A chain of events: each refers to the previous one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chain {
    /// The path of an event's own id in its payload (`refresh_token.id`).
    each: String,
    /// The path of the previous event's id (`refresh_token.parent`).
    follows: String,
}

impl Verb for ExpectJournal {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must_if(Kind::Mark, self.since.as_ref());
        if self.count.is_none() && self.at_least.is_none_or(|least| least == 0) && self.chain.is_none() {
            checker.wrong("this step checks nothing", "give count, at_least of 1 or more, or chain");
        }
        if let Some(service) = &self.service {
            checker.one_of("service", service, &["idp", "hub", "resource", "flow"]);
        }
        checker.journal_kind(&self.kind, self.service.as_ref());
        for (path, value) in &self.matching {
            checker.json(value);
            checker.payload_member(&self.kind.value, path, &["expect_journal", "where", path]);
        }
        if let Some(Chain { each, follows }) = &self.chain {
            for (name, path) in [("each", each), ("follows", follows)] {
                checker.payload_member(&self.kind.value, path, &["expect_journal", "chain", name]);
            }
        }
        checker.texts(&self.subject);
        if let Some(subject) = self.subject.as_deref().filter(|subject| !subject.is_empty()) {
            checker.journal_subject(subject);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let since = world.since(text_of(self.since.as_ref()))?;
        world.check_time_passed(text_of(self.since.as_ref()), recorder);
        let subject = self.subject.as_deref().map(|subject| world.fill(subject)).transpose()?;
        let kind = &self.kind.value;
        let filter = JournalFilter { kind: Some(kind.clone()), subject, trace: None };
        let mut matching = Vec::new();
        for (path, value) in &self.matching {
            matching.push((path.as_str(), world.fill_json(value)?));
        }
        let lines = world.lab.journal(world.tenant(), &filter).await?;
        let lines: Vec<_> = lines
            .iter()
            .filter(|line| line.at > since)
            .filter(|line| self.service.as_ref().is_none_or(|service| line.service == service.value))
            .filter(|line| matching.iter().all(|(path, value)| value_at(line, path) == Some(value)))
            .collect();
        recorder.note(format!("the journal contains {}", counted(lines.len(), &format!("{kind} event"))));
        let actual = lines.len() as u64;
        let what = format!("{kind} events");
        if let Some(count) = self.count {
            recorder.check(Check::equal(&what, count, actual));
        }
        if let Some(least) = self.at_least {
            let expected = format!("at least {least}");
            recorder.check(Check::that(&what, expected, actual.to_string(), actual >= least));
        }
        let fits = self.count.is_none_or(|count| actual == count)
            && self.at_least.is_none_or(|least| actual >= least);
        if !fits {
            let newest = lines.len().saturating_sub(EVENTS_SHOWN);
            lines[newest..].iter().for_each(|line| recorder.note(in_words(line)));
        }
        if let Some(chain) = &self.chain {
            let check = check_chain(&lines, chain);
            if check.passed {
                recorder.note(format!("each event refers to the previous one: {}", check.actual));
            }
            recorder.check(check);
        }
        Ok(())
    }
}

impl Checker<'_> {
    /// Checks that a subject is one of the journal. With another text, `count: 0` would pass.
    fn journal_subject(&mut self, written: &str) {
        let Ok(filled) = template::fill(written, |_| Some("${".to_owned())) else { return };
        let subject = match filled.parse::<Subject>() {
            Ok(subject) => subject,
            Err(error) => {
                let remedy = "write KIND:ID, such as user:${user.owner.id}, or leave subject out";
                return self.wrong_within(SUBJECT, error.to_string(), remedy);
            }
        };
        let name = subject.id.as_str();
        let (kind, id) = match subject.kind {
            SubjectKind::User => (Kind::User, format!("user:${{user.{name}.id}}")),
            SubjectKind::Client => (Kind::Application, format!("client:${{app.{name}.client_id}}")),
            SubjectKind::Group => (Kind::Object, format!("group:${{object.{name}.id}}")),
            SubjectKind::Connection => (Kind::Connection, format!("connection:${{connection.{name}.id}}")),
            SubjectKind::Flow => (Kind::Flow, format!("flow:${{flow.{name}.id}}")),
            _ => return,
        };
        if self.known.is_defined(kind, name) {
            let message = format!("'{written}' has a name where the journal has an id");
            self.wrong_within(SUBJECT, message, format!("write {id}"));
        }
    }

    /// Checks that a kind of journal events exists. With an unknown kind, `count: 0` would pass.
    fn journal_kind(&mut self, kind: &Spanned<String>, service: Option<&Spanned<String>>) {
        let (at, name) = (Position::of(kind), kind.value.as_str());
        if JournalEvent::kinds_of(name, None).next().is_none() {
            let beginning = name.split_once('.').map_or(name, |(beginning, _)| beginning);
            let mut known: Vec<&str> = JournalEvent::kinds_of(&format!("{beginning}."), None).collect();
            if known.is_empty() {
                known = JournalEvent::KINDS.iter().map(|(kind, _)| *kind).collect();
                known.sort_unstable();
            }
            let message = format!("no journal event has the kind '{name}'");
            return self.wrong_at(at, message, format!("use one of: {}", known.join(", ")));
        }
        if let Some(service) = service
            && JournalEvent::kinds_of(name, Some(&service.value)).next().is_none()
        {
            let message = format!("the service {} records no events of kind '{name}'", service.value);
            self.wrong_at(Position::of(service), message, "remove service, or correct it");
        }
    }
}

/// An event for people.
fn in_words(line: &JournalLine) -> String {
    format!("{} {}: {}", line.at, line.service, line.words())
}

/// Checks that every event refers to the previous one.
fn check_chain(lines: &[&JournalLine], chain: &Chain) -> Check {
    let at = |line: &JournalLine, path: &str| value_at(line, path).cloned().unwrap_or(Value::Null);
    let expected = format!("every {} is the previous {}", chain.follows, chain.each);
    let broken = lines.windows(2).enumerate().find(|(_, pair)| {
        let previous = at(pair[0], &chain.each);
        previous.is_null() || at(pair[1], &chain.follows) != previous
    });
    let actual = match broken {
        // A chain has at least two events.
        None if lines.len() < 2 => counted(lines.len(), "event"),
        None => counted(lines.len().saturating_sub(1), "unbroken link"),
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

#[cfg(test)]
mod tests {
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
        let chain = Chain { each: "refresh_token.id".to_owned(), follows: "refresh_token.parent".to_owned() };
        let (a, b, c) = (linked("a", "-"), linked("b", "a"), linked("c", "b"));
        assert!(check_chain(&[&a, &b, &c], &chain).passed);
        let broken = check_chain(&[&a, &c], &chain);
        assert!(!broken.passed);
        assert!(broken.actual.contains(r#"follows "b", but the previous one is "a""#), "{}", broken.actual);
        assert!(!check_chain(&[], &chain).passed && !check_chain(&[&a], &chain).passed);
        let nothing = line(json!({}));
        assert!(!check_chain(&[&nothing, &nothing], &chain).passed);
    }
}
