//! What a lesson consists of. Lessons are data: [`super::content`] has one table for each, and one
//! renderer and one runner serve all of them.

use outlive_rules::{Credential, Event};

/// The rules of the tenants of lessons, unless an act needs another edition.
pub(crate) const EDITION: &str = "2025-11";

/// A lesson.
pub(crate) struct Lesson {
    pub(crate) title: &'static str,
    pub(crate) minutes: u8,
    /// What it is about, in one sentence.
    pub(crate) about: &'static str,
    pub(crate) setting: Setting,
    pub(crate) acts: &'static [Act],
    /// What the rules say, in one sentence.
    pub(crate) sentence: &'static str,
    pub(crate) teacher: Teacher,
}

/// The tenant at the beginning.
pub(crate) struct Setting {
    /// The name of the first step.
    pub(crate) begin: &'static str,
    /// What the tenant contains, for the student.
    pub(crate) scene: &'static str,
    /// Whether it has three connections and flows and a sign-in to Orders Desktop, not one flow.
    pub(crate) complete: bool,
    pub(crate) actions: &'static [Action],
}

/// A prediction and what then happens: two steps.
pub(crate) struct Act {
    /// The names of the two steps.
    pub(crate) steps: [&'static str; 2],
    pub(crate) question: &'static str,
    /// What is known before, in one or two sentences.
    pub(crate) scene: &'static str,
    /// The edition of a new tenant for this act.
    pub(crate) edition: Option<&'static str>,
    /// The button after the prediction.
    pub(crate) button: &'static str,
    pub(crate) actions: &'static [Action],
    /// What was done, as a sentence.
    pub(crate) done: &'static str,
    pub(crate) asks: &'static [Ask],
    /// What to say in one's own words.
    pub(crate) reflect: &'static str,
}

/// A question with the answer that the rules promise.
pub(crate) struct Ask {
    pub(crate) subject: Subject,
    /// The answers to choose from.
    pub(crate) choices: &'static [&'static str],
    pub(crate) promise: &'static str,
    pub(crate) source: Source,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The refresh token of an application.
    Refresh(&'static str),
    /// The access token of an application.
    Access(&'static str),
    /// The refresh token that the hub keeps for a connection.
    HubRefresh(&'static str),
    /// The session cookie of the latest sign-in.
    Cookie,
    /// A flow, by its latest run.
    Flow(&'static str),
    /// The error code in the status of a connection.
    Code(&'static str),
}

/// Where a promise comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A cell of the table.
    Cell(Event, Credential),
    /// Another rule.
    Rule(&'static str),
}

/// What a step does to the tenant: one call of the lab.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// An event with these members.
    Event(&'static [(&'static str, &'static str)]),
    /// Moves time.
    Advance(&'static str),
    /// The owner signs in to an application.
    SignIn { app: &'static str, passkey: bool, can_be_challenged: bool },
    /// The owner signs in for a connection again.
    Fix(&'static str),
}

/// The page for the teacher.
pub(crate) struct Teacher {
    pub(crate) goal: &'static str,
    /// Minutes, and what happens in them.
    pub(crate) timing: &'static [(u8, &'static str)],
    pub(crate) beliefs: &'static [&'static str],
    pub(crate) discussion: &'static [&'static str],
}

/// Choices for a token after an event.
pub(crate) const FATES: &[&str] = &["alive", "fading", "revoked"];
/// Choices for a token after a long time.
pub(crate) const AGES: &[&str] = &["alive", "expired", "revoked"];
/// Choices for a flow.
pub(crate) const FLOWS: &[&str] = &["runs", "fails"];
/// Choices for the code of a connection.
pub(crate) const CODES: &[&str] = &["AADSTS50173", "AADSTS50057", "AADSTS700082"];
/// Choices for the code of a connection whose connector has a wrong secret.
pub(crate) const SECRET_CODES: &[&str] = &["AADSTS7000222", "AADSTS7000215", "AADSTS50173"];

/// The owner changes the password.
pub(crate) const PASSWORD_CHANGE: Action = Action::Event(&[("type", "password_change"), ("user", "owner")]);
/// An administrator revokes the owner's sessions.
pub(crate) const ADMIN_REVOKES: Action =
    Action::Event(&[("type", "revoke_sessions"), ("user", "owner"), ("by", "admin")]);

impl Lesson {
    /// The number of steps.
    pub(crate) const fn steps(&self) -> usize {
        2 * self.acts.len() + 3
    }

    /// The names of all steps.
    pub(crate) fn step_names(&self) -> Vec<&'static str> {
        let acts = self.acts.iter().flat_map(|act| act.steps);
        [self.setting.begin, "Look at what there is"]
            .into_iter()
            .chain(acts)
            .chain(["In one sentence"])
            .collect()
    }

    /// What a step, counted from one, is.
    pub(crate) fn place(&self, step: usize) -> Place {
        match step {
            0 | 1 => Place::Begin,
            2 => Place::Look,
            step if step >= self.steps() => Place::End,
            step => match ((step - 3) / 2, step % 2 == 1) {
                (act, true) => Place::Predict(act),
                (act, false) => Place::See(act),
            },
        }
    }
}

/// What a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Begin,
    Look,
    /// The prediction of an act.
    Predict(usize),
    /// What happened in an act.
    See(usize),
    End,
}
