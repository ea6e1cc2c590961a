//! The story for the projector: what happened, two flows side by side, and a drawing.

use askama::Template;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryFlow};

use super::headline::{FlowFate, fate_of, headline};
use super::names::{class_name, fate, kind_name, style_of};
use super::sentence::{Part, first_sentence, sentence};
use super::view::label_of;
use crate::frame::Frame;

/// The number of rows that the drawing shows.
const ROWS_MAX: usize = 3;
/// The distance of its rows.
const ROW_HEIGHT: usize = 96;
/// The number of runs that it shows of each flow.
const RUNS_SHOWN: usize = 4;
/// The number of letters that fit into a box.
const LETTERS_MAX: usize = 17;

#[derive(Template)]
#[template(path = "story_present.html")]
pub(crate) struct StoryPresentation {
    pub(crate) frame: Frame,
    title: String,
    below: Vec<Part>,
    /// The row of the table and the edition, if an event happened.
    rule: Option<(String, String)>,
    contrast: String,
    sides: Vec<Side>,
    rows: Vec<DrawnRow>,
}

/// A flow, with why it runs or not.
struct Side {
    style: &'static str,
    icon: &'static str,
    badge: &'static str,
    name: String,
    reason: Vec<Part>,
}

/// A row of the drawing: who holds what, and what that means. Positions are in its units.
struct DrawnRow {
    y: usize,
    name: String,
    role: &'static str,
    style: &'static str,
    kind: &'static str,
    fate: String,
    outcome: &'static str,
    /// The latest runs, the oldest first: position, style and whether they succeeded.
    marks: Vec<(usize, &'static str, bool)>,
}

impl StoryPresentation {
    pub(crate) fn of(frame: Frame, story: &Story) -> Self {
        let headline = headline(story);
        let flow = |wanted: FlowFate| story.flows.iter().find(|flow| fate_of(flow, story) == wanted);
        let contrasted = match (flow(FlowFate::Succeeds), flow(FlowFate::Fails)) {
            (Some(works), Some(fails)) => vec![works, fails],
            _ => story.flows.iter().take(2).collect(),
        };
        let contrast = match contrasted.as_slice() {
            [one, other] if fate_of(one, story) != fate_of(other, story) => "One flow runs, one does not",
            [_, _] => "What each flow depends on",
            _ => "What the flow depends on",
        };
        Self {
            title: headline.title,
            below: headline.below,
            rule: story.latest.as_ref().map(|event| (event.title.clone(), story.rules.clone())),
            contrast: contrast.to_owned(),
            sides: contrasted.into_iter().map(|flow| side(flow, story)).collect(),
            rows: drawn(story),
            frame,
        }
    }

    /// The height of the drawing.
    fn height(&self) -> usize {
        self.rows.len() * ROW_HEIGHT
    }
}

fn side(flow: &StoryFlow, story: &Story) -> Side {
    let (style, icon, badge) = match fate_of(flow, story) {
        FlowFate::Succeeds => ("is-alive", "i-check", "Succeeds"),
        FlowFate::Fails => ("is-revoked", "i-cross", "Fails"),
        FlowFate::Unknown => ("is-idle", "i-idle", "Not run since"),
    };
    let stored = story.credentials.iter().find(|one| {
        one.kind != CredentialKind::AccessToken
            && matches!(&one.holder, Holder::Connection { id, .. } if flow.connection.as_ref() == Some(id))
    });
    Side {
        style,
        icon,
        badge,
        name: flow.flow.display_name.clone(),
        reason: stored.map(|one| first_sentence(sentence(one, story))).unwrap_or_default(),
    }
}

fn drawn(story: &Story) -> Vec<DrawnRow> {
    let held = story.credentials.iter();
    let held =
        held.filter(|one| !matches!(one.kind, CredentialKind::AccessToken | CredentialKind::SessionCookie));
    let mut held: Vec<_> = held.collect();
    // Tokens first: the row of the table decides about them.
    held.sort_by_key(|one| one.kind != CredentialKind::RefreshToken);
    held.into_iter().take(ROWS_MAX).enumerate().map(|(place, one)| drawn_row(place, one, story)).collect()
}

fn drawn_row(place: usize, one: &StoryCredential, story: &Story) -> DrawnRow {
    let (name, flow) = match &one.holder {
        Holder::Connection { id, display_name, .. } => {
            let flow = story.flows.iter().find(|flow| flow.connection.as_ref() == Some(id));
            (format!("Hub, {}", label_of(display_name)), flow)
        }
        Holder::Application { name, .. } => (name.clone(), None),
        Holder::Browser => ("Browser".to_owned(), None),
    };
    let alive = matches!(one.state, CredentialState::Alive | CredentialState::Fading);
    let outcome = match (flow.map(|flow| fate_of(flow, story)), alive) {
        (Some(FlowFate::Succeeds), _) => "Flow runs",
        (Some(FlowFate::Fails), _) => "Flow fails",
        (Some(FlowFate::Unknown), _) => "Flow not run since",
        (None, true) => "Stays signed in",
        (None, false) => "Must sign in",
    };
    let runs = flow.iter().flat_map(|flow| flow.flow.runs.iter().take(RUNS_SHOWN).rev());
    let marks = runs.enumerate().map(|(at, run)| {
        let succeeded = run.status == "Succeeded";
        (468 + 17 * at, if succeeded { "is-alive" } else { "is-revoked" }, succeeded)
    });
    DrawnRow {
        y: place * ROW_HEIGHT,
        name: if name.chars().count() > LETTERS_MAX {
            name.chars().take(LETTERS_MAX - 1).chain(['…']).collect()
        } else {
            name
        },
        role: class_name(one),
        style: style_of(one.state),
        kind: kind_name(one.kind),
        fate: match one.state {
            CredentialState::Alive => "stays alive".to_owned(),
            _ => fate(one, story.now),
        },
        outcome,
        marks: marks.collect(),
    }
}
