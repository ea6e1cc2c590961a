//! Writes steps.

use outlive_wire::run_steps::{Carried, Party, RunStep, StepKind};

use crate::why::lines::Line;

/// The maximum length of the texts of a step, in characters.
const DETAIL_MAX: usize = 600;
const LABEL_MAX: usize = 60;

/// Is added where only the hub knows who sent a request.
pub(super) const SENDER_UNKNOWN: &str =
    "whether the flow or the hub sent it is not known, because the hub does not answer";

/// The steps so far.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) steps: Vec<RunStep>,
}

impl Writer {
    /// A step with these words; [`Self::add`] completes it.
    pub(super) fn step(words: &str, detail: &str) -> RunStep {
        RunStep {
            kind: StepKind::Note,
            from: Party::Flow,
            to: Party::Flow,
            at: outlive_clock::Instant::EPOCH,
            wall: None,
            words: words.to_owned(),
            detail: detail.to_owned(),
            label: String::new(),
            carries: None,
            credential: None,
            status: None,
            code: None,
            is_refused: false,
            row: None,
        }
    }

    /// Adds a step that an event is the record of.
    pub(super) fn add(&mut self, line: &Line, kind: StepKind, (from, to): (Party, Party), step: RunStep) {
        let wall = (kind != StepKind::Request).then_some(line.line.wall);
        let cut = |text: &str, most: usize| match text.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        let (detail, label) = (cut(&step.detail, DETAIL_MAX), cut(&step.label, LABEL_MAX));
        self.steps.push(RunStep { kind, from, to, at: line.line.at, wall, detail, label, ..step });
    }
}

/// What a service is called in the words of a step.
pub(super) const fn name_of(party: Party) -> &'static str {
    match party {
        Party::Flow => "Flow",
        Party::Hub => "Hub",
        Party::Idp => "Identity provider",
        Party::Resource => "Orders API",
        Party::BackEnd => "API of the connector",
    }
}

/// The same within a sentence.
pub(super) const fn object_of(party: Party) -> &'static str {
    match party {
        Party::Flow => "the flow",
        Party::Hub => "the hub",
        Party::Idp => "the identity provider",
        Party::Resource => "the Orders API",
        Party::BackEnd => "the API of the connector",
    }
}

/// What a credential is called within a sentence.
pub(super) const fn credential_words(carried: Carried) -> &'static str {
    match carried {
        Carried::CallerToken => "its caller token",
        Carried::RefreshToken => "the refresh token",
        Carried::AccessToken => "the access token",
        Carried::Password => "a user name and a password",
        Carried::Key => "an API key",
        Carried::Certificate => "a client certificate",
        Carried::ClientCredential => "a credential of its own",
    }
}
