//! Whether every name in a scenario means something, before anything is started.

mod names;

use serde_saphyr::Spanned;

use self::names::{Kind, Known};
use super::file::{Advance, RefusalExpectation, Scenario, ScenarioFile, Step, VERBS, Verb, With};
use super::template;
use crate::diagnostic::Position;
use crate::seed::Seed;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) position: Position,
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Mistake {
    fn new(position: Position, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { position, message: message.into(), remedy: remedy.into() }
    }
}

/// Checks a whole file; the first mistake is told.
pub(super) fn check(file: &ScenarioFile, seeds: &[Seed]) -> Result<(), Mistake> {
    file.scenarios.iter().try_for_each(|scenario| check_scenario(scenario, seeds))
}

fn check_scenario(scenario: &Scenario, seeds: &[Seed]) -> Result<(), Mistake> {
    let seed = match &scenario.seed {
        None => seeds.first(),
        // A seed that only the lab knows is the lab's to check.
        Some(name) => seeds.iter().find(|seed| seed.file.seed == *name),
    };
    let mut known = Known::of(seed);
    for step in scenario.chapters.iter().flat_map(|chapter| &chapter.steps) {
        check_step(step, &mut known)?;
        if let Some(mark) = &step.value.mark {
            known.add(Kind::Mark, mark);
        }
    }
    Ok(())
}

fn check_step(step: &Spanned<Step>, known: &mut Known) -> Result<(), Mistake> {
    let at = Position::of(step);
    let Some((_, verb)) = step.value.verb() else {
        let written = step.value.written();
        return Err(if written.is_empty() {
            Mistake::new(at, "this step has no verb", format!("add one of: {VERBS}"))
        } else {
            let message = format!("this step has more than one verb: {}", written.join(", "));
            Mistake::new(at, message, "make a step of each")
        });
    };
    check_names(verb, at, known)
}

fn check_names(verb: Verb<'_>, at: Position, known: &mut Known) -> Result<(), Mistake> {
    match verb {
        Verb::SignIn(step) => {
            known.must(Kind::User, &step.user)?;
            known.must(Kind::Application, &step.app)?;
            if step.with != With::Password && step.password != "current" {
                let message = "who signs in with a passkey or a session types no password";
                return Err(Mistake::new(at, message, "remove password, or with"));
            }
            if step.with != With::Password && step.stay_signed_in {
                let message = "only the page that asks for a password has the box to stay signed in";
                return Err(Mistake::new(at, message, "remove stay_signed_in, or with"));
            }
            refusal(step.refused.as_ref(), at, known)?;
            known.add_if(Kind::Tokens, step.keep.as_ref());
        }
        Verb::Refresh(step) => {
            known.must(Kind::Tokens, &step.tokens)?;
            known.must_if(Kind::Application, step.by.as_ref())?;
            refusal(step.refused.as_ref(), at, known)?;
            known.add_if(Kind::Tokens, step.keep.as_ref());
        }
        Verb::ClientCredentials(step) => {
            known.must(Kind::Application, &step.app)?;
            refusal(step.refused.as_ref(), at, known)?;
            known.add_if(Kind::Tokens, step.keep.as_ref());
        }
        Verb::Call(step) => {
            known.must(Kind::Tokens, &step.tokens)?;
            method(&step.method)?;
            texts(
                std::iter::once(&step.path).chain(&step.body_has).chain(step.header_has.values()),
                at,
                known,
            )?;
        }
        Verb::Graph(step) => {
            known.must(Kind::User, &step.user)?;
            method(&step.method)?;
            texts(std::iter::once(&step.path).chain(&step.body_has), at, known)?;
            known.add_if(Kind::Object, step.keep.as_ref());
        }
        Verb::ChangePassword(step) => known.must(Kind::User, &step.user)?,
        Verb::RegisterPasskey(step) => known.must(Kind::User, &step.user)?,
        Verb::Event(step) => {
            known.must_if(Kind::User, step.user.as_ref())?;
            known.must_if(Kind::Application, step.app.as_ref())?;
        }
        Verb::CreateConnection(step) => {
            known.must(Kind::Connector, &step.connector)?;
            known.must(Kind::User, &step.owner)?;
            known.add(Kind::Connection, &step.name);
        }
        Verb::FixConnection(step) => known.must(Kind::Connection, &step.connection)?,
        Verb::ExpectConnection(step) => {
            known.must(Kind::Connection, &step.connection)?;
            texts(step.message_has.iter(), at, known)?;
        }
        Verb::CreateFlow(step) => {
            known.must(Kind::User, &step.owner)?;
            known.must(Kind::Connection, &step.connection)?;
            if step.every.is_some() == step.definition.is_some() {
                let remedy = "say how often it runs with every, or give the whole definition";
                return Err(Mistake::new(at, "a flow needs exactly one of every and definition", remedy));
            }
            known.add(Kind::Flow, &step.name);
        }
        Verb::StartFlow(step) | Verb::StopFlow(step) | Verb::RunFlow(step) => {
            known.must(Kind::Flow, &step.flow)?
        }
        Verb::Advance(step) => advance(step, at, known)?,
        Verb::ExpectRuns(step) => {
            known.must(Kind::Flow, &step.flow)?;
            known.must_if(Kind::Mark, step.since.as_ref())?;
            let actions = step.last.iter().flat_map(|last| &last.failed_action);
            texts(actions.flat_map(|action| &action.text_has), at, known)?;
        }
        Verb::ExpectJournal(step) => {
            known.must_if(Kind::Mark, step.since.as_ref())?;
            let values = step.matching.values().filter_map(|value| value.as_str().map(str::to_owned));
            let values: Vec<_> = values.chain(step.subject.clone()).collect();
            texts(values.iter(), at, known)?;
        }
    }
    Ok(())
}

fn advance(step: &Advance, at: Position, known: &Known) -> Result<(), Mistake> {
    let given = [step.by.is_some(), step.to.is_some(), step.to_expiry_of.is_some()];
    if given.into_iter().filter(|given| *given).count() != 1 {
        let message = "time moves to one place: give exactly one of by, to and to_expiry_of";
        return Err(Mistake::new(at, message, "for example advance: {by: PT1H}"));
    }
    if step.less.is_some() && step.to_expiry_of.is_none() {
        return Err(Mistake::new(at, "less belongs to to_expiry_of", "remove less, or give to_expiry_of"));
    }
    known.must_if(Kind::Tokens, step.to_expiry_of.as_ref())
}

fn method(method: &Spanned<String>) -> Result<(), Mistake> {
    const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    if METHODS.contains(&method.value.as_str()) {
        return Ok(());
    }
    let message = format!("'{}' is no HTTP method", method.value);
    Err(Mistake::new(Position::of(method), message, format!("use one of: {}", METHODS.join(", "))))
}

fn refusal(expected: Option<&RefusalExpectation>, at: Position, known: &Known) -> Result<(), Mistake> {
    texts(expected.iter().flat_map(|expected| &expected.text_has), at, known)
}

fn texts<'a>(texts: impl Iterator<Item = &'a String>, at: Position, known: &Known) -> Result<(), Mistake> {
    for text in texts {
        template::fill(text, |name| known.can_fill(name).then(String::new)).map_err(|error| {
            let remedy = "use ${mark.M}, ${issued.T} or ${expires.T} of tokens T, ${user.ROLE.id}, ${user.ROLE.upn}, \
                          ${app.NAME.client_id}, ${connection.C.id}, ${flow.F.id}, ${object.O.id} or ${tenant.id}";
            Mistake::new(at, format!("in the text '{text}': {error}"), remedy)
        })?;
    }
    Ok(())
}
