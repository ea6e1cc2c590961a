//! Checks scenarios before anything is started: unknown names, values that no service accepts,
//! steps that are impossible after the steps before them.

mod connections;
mod events;
mod names;
mod requests;
mod time;
mod values;

use outlive_rules::Ruleset;
use outlive_wire::JournalEvent;
use serde_saphyr::Spanned;

use self::names::{Kind, Known};
use super::file::{JournalExpectation, Scenario, ScenarioFile, Step, VERBS, Verb};
use super::template;
use crate::diagnostic::Position;
use crate::seed::Seed;

/// The seeds that scenarios can use.
#[derive(Clone, Copy, Debug)]
pub struct KnownSeeds<'a> {
    /// The seeds; the first is the default one.
    pub seeds: &'a [Seed],
    /// Whether there are no others. A remote lab can have more.
    pub complete: bool,
}

/// A mistake with its position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) position: Position,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Returns all mistakes of a file, in the order of the file.
pub(super) fn check(file: &ScenarioFile, seeds: KnownSeeds<'_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if file.scenarios.value.is_empty() {
        mistakes.push(Mistake {
            position: Position::of(&file.scenarios),
            message: "there is nothing to run: the file has no scenario".to_owned(),
            remedy: "write a scenario, or leave the file out".to_owned(),
        });
    }
    for scenario in &file.scenarios.value {
        mistakes.extend(Checker::check(scenario, seeds));
    }
    mistakes
}

/// Checks one scenario.
struct Checker<'a> {
    seed: Option<&'a Seed>,
    known: Known<'a>,
    mistakes: Vec<Mistake>,
    /// The position of the current step.
    at: Position,
}

impl<'a> Checker<'a> {
    fn check(scenario: &'a Scenario, seeds: KnownSeeds<'a>) -> Vec<Mistake> {
        let named = scenario.seed.as_ref().map(|name| name.value.as_str());
        let seed = match named {
            None => seeds.seeds.first(),
            Some(name) => seeds.seeds.iter().find(|seed| seed.file.seed == name),
        };
        let mut checker = Self {
            seed,
            known: Known::of(seed, scenario.start.value),
            mistakes: Vec::new(),
            at: Position::of(&scenario.name),
        };
        checker.scenario(scenario, seeds);
        checker.mistakes
    }

    fn scenario(&mut self, scenario: &'a Scenario, seeds: KnownSeeds<'_>) {
        if let (Some(name), None, true) = (&scenario.seed, self.seed, seeds.complete) {
            let known: Vec<_> = seeds.seeds.iter().map(|seed| seed.file.seed.as_str()).collect();
            let remedy = format!("use {}, or give the seed's file with --seed FILE", known.join(", "));
            self.wrong_at(Position::of(name), format!("there is no seed '{}'", name.value), remedy);
        }
        if let Some(rules) = &scenario.rules
            && let Err(error) = rules.value.parse::<Ruleset>()
        {
            let remedy = "write one of the editions 2018, 2021, 2025-05, 2025-11";
            self.wrong_at(Position::of(rules), error.to_string(), remedy);
        }
        self.start(&scenario.start);
        if scenario.chapters.value.is_empty() {
            let message = "there is nothing to run: the scenario has no chapter";
            self.wrong_at(Position::of(&scenario.chapters), message, "write a chapter with steps");
        }
        for chapter in &scenario.chapters.value {
            if chapter.steps.value.is_empty() {
                let message = "there is nothing to run: the chapter has no step";
                self.wrong_at(Position::of(&chapter.steps), message, "write a step, or remove the chapter");
            }
            for step in &chapter.steps.value {
                self.at = Position::of(step);
                self.step(&step.value);
                if let Some(mark) = &step.value.mark {
                    self.known.add(Kind::Mark, mark);
                }
            }
        }
    }

    fn step(&mut self, step: &'a Step) {
        if let Some((_, verb)) = step.verb() {
            return self.verb(verb);
        }
        let names = step.verb_names();
        if names.is_empty() {
            self.wrong("this step has no verb", format!("add one of: {VERBS}"));
        } else {
            let message = format!("this step has more than one verb: {}", names.join(", "));
            self.wrong(message, "make a step of each");
        }
    }

    fn verb(&mut self, verb: Verb<'a>) {
        match verb {
            Verb::SignIn(step) => self.sign_in(step),
            Verb::Refresh(step) => self.refresh(step),
            Verb::ClientCredentials(step) => self.client_credentials(step),
            Verb::Call(step) => self.call(step),
            Verb::Graph(step) => self.graph(step),
            Verb::ChangePassword(step) => self.change_password(step),
            Verb::RegisterPasskey(step) => {
                self.must(Kind::User, &step.user);
                self.known.passkeys.insert(&step.user.value);
            }
            Verb::Event(step) => self.event(step),
            Verb::CreateConnection(step) => self.create_connection(step),
            Verb::FixConnection(step) => self.must(Kind::Connection, &step.connection),
            Verb::ExpectConnection(step) => self.expect_connection(step),
            Verb::CreateFlow(step) => self.create_flow(step),
            Verb::StartFlow(step) | Verb::StopFlow(step) | Verb::RunFlow(step) => {
                self.must(Kind::Flow, &step.flow);
            }
            Verb::Advance(step) => self.advance(step),
            Verb::ExpectRuns(step) => self.expect_runs(step),
            Verb::ExpectJournal(step) => self.expect_journal(step),
        }
    }

    fn expect_journal(&mut self, step: &JournalExpectation) {
        self.must_if(Kind::Mark, step.since.as_ref());
        if step.count.is_none() && step.at_least.is_none_or(|least| least == 0) && step.chain.is_none() {
            self.wrong("this step checks nothing", "give count, at_least of 1 or more, or chain");
        }
        if let Some(service) = &step.service {
            self.one_of("service", service, &["idp", "hub", "resource", "flow"]);
        }
        self.journal_kind(&step.kind, step.service.as_ref());
        for value in step.matching.values() {
            self.json(value);
        }
        self.texts(&step.subject);
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

    fn wrong(&mut self, message: impl Into<String>, remedy: impl Into<String>) {
        self.wrong_at(self.at, message, remedy);
    }

    fn wrong_at(&mut self, position: Position, message: impl Into<String>, remedy: impl Into<String>) {
        // An absent field is reported at the position of its step.
        let position = if position.line == 0 { self.at } else { position };
        self.mistakes.push(Mistake { position, message: message.into(), remedy: remedy.into() });
    }

    fn must(&mut self, kind: Kind, name: &Spanned<String>) {
        self.mistakes.extend(self.known.must(kind, name).err());
    }

    fn must_if(&mut self, kind: Kind, name: Option<&Spanned<String>>) {
        if let Some(name) = name {
            self.must(kind, name);
        }
    }

    /// Checks that a value is one of `possible`.
    fn one_of(&mut self, what: &str, value: &Spanned<String>, possible: &[&str]) {
        if !possible.contains(&value.value.as_str()) {
            let message = format!("there is no {what} '{}'", value.value);
            self.wrong_at(Position::of(value), message, format!("use one of: {}", possible.join(", ")));
        }
    }

    /// Checks the placeholders in texts.
    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            self.text(self.at, text);
        }
    }

    fn text(&mut self, position: Position, text: &str) {
        let filled = template::fill(text, |name| self.known.can_fill(name).then(String::new));
        if let Err(error) = filled {
            let remedy = "use ${mark.M}, ${issued.T} or ${expires.T} of tokens T, ${user.ROLE.id}, ${user.ROLE.upn}, \
                          ${app.NAME.client_id}, ${connection.C.id}, ${flow.F.id}, ${object.O.id} or ${tenant.id}";
            self.wrong_at(position, format!("in the text '{text}': {error}"), remedy);
        }
    }

    /// Checks the placeholders in the texts of a JSON value.
    fn json(&mut self, value: &serde_json::Value) {
        match value {
            serde_json::Value::String(text) => self.text(self.at, text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.json(item)),
            serde_json::Value::Object(fields) => fields.values().for_each(|field| self.json(field)),
            _ => {}
        }
    }
}
