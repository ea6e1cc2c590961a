//! The page of the story.

use askama::Template;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential};

use super::drawing;
use super::facts::StoryFacts;
use super::happened::{Happened, happened};
use super::headline::{Headline, headline};
use super::names::{badge, holder_name, kind_name, style_of};
use super::sentence::{Part, sentence};
use crate::frame::Frame;
use crate::when::When;

/// The number of sentences above the levers on a narrow page.
const FIRST_SENTENCES: usize = 4;

#[derive(Template)]
#[template(path = "story.html")]
pub(crate) struct StoryPage {
    pub(crate) frame: Frame,
    headline: Headline,
    first: Vec<Row>,
    more: Vec<Row>,
    happened: Vec<Happened>,
    wide: String,
    tall: String,
    lever: Lever,
    password: String,
    next_run: Option<When>,
    broken: Vec<BrokenConnection>,
    has_desktop: bool,
    missing: String,
    active_faults: usize,
}

/// A credential.
pub(crate) struct Row {
    pub(crate) style: &'static str,
    pub(crate) icon: String,
    /// Its name for the inspector.
    pub(crate) name: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) holder: String,
    pub(crate) badge: String,
    pub(crate) parts: Vec<Part>,
}

/// The lever that makes the next good step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lever {
    Change,
    Advance,
    Fix,
}

/// A connection that has to be fixed.
struct BrokenConnection {
    name: String,
    /// What distinguishes it: `public` of `Orders, public`.
    label: String,
}

impl StoryPage {
    pub(crate) fn of(frame: Frame, facts: &StoryFacts, password: String) -> Self {
        let StoryFacts { credentials: tenant, story, notable, created, .. } = facts;
        let mut first = rows(story);
        let more = first.split_off(first.len().min(FIRST_SENTENCES));
        let broken = broken(story);
        let lever = if story.latest.is_none() {
            Lever::Change
        } else if broken.iter().any(|one| one.is_noticed) {
            Lever::Fix
        } else {
            Lever::Advance
        };
        Self {
            headline: headline(story),
            first,
            more,
            happened: happened(story, &notable.lines, created.as_ref()),
            wide: drawing::wide(story),
            tall: drawing::tall(story),
            lever,
            password,
            next_run: story
                .flows
                .iter()
                .filter_map(|flow| flow.flow.next_due)
                .min()
                .map(|at| When::of(at, story.now)),
            broken: broken.into_iter().map(|one| one.connection).collect(),
            has_desktop: tenant.applications.iter().any(|application| application.name == "Orders Desktop"),
            missing: story.missing.join(", "),
            active_faults: story.active_faults,
            frame,
        }
    }
}

/// The credentials of a story, in the order of its page.
pub(crate) fn rows(story: &Story) -> Vec<Row> {
    ordered(story).into_iter().map(|one| row(one, story)).collect()
}

pub(crate) fn row(one: &StoryCredential, story: &Story) -> Row {
    Row {
        style: style_of(one.state),
        icon: style_of(one.state).replace("is-", "i-"),
        name: one.name.clone(),
        kind: kind_name(one.kind),
        holder: holder_name(&one.holder),
        badge: badge(one, story.now),
        parts: sentence(one, story),
    }
}

/// The credentials in the order of the page: what connections renew themselves with, what they
/// store, what applications renew themselves with, the access tokens of applications, browsers, and
/// the access tokens of connections.
fn ordered(story: &Story) -> Vec<&StoryCredential> {
    let mut all: Vec<_> = story.credentials.iter().collect();
    all.sort_by_key(|one| match (one.kind, &one.holder) {
        (CredentialKind::RefreshToken, Holder::Connection { .. }) => 0,
        (CredentialKind::Password | CredentialKind::Key, _) => 1,
        (CredentialKind::RefreshToken, _) => 2,
        (CredentialKind::AccessToken, Holder::Application { .. }) => 3,
        (CredentialKind::SessionCookie, _) => 4,
        (CredentialKind::AccessToken, _) => 5,
    });
    all
}

struct Broken {
    connection: BrokenConnection,
    is_noticed: bool,
}

fn broken(story: &Story) -> Vec<Broken> {
    let mut broken: Vec<Broken> = Vec::new();
    for one in &story.credentials {
        let Holder::Connection { name, display_name, .. } = &one.holder else { continue };
        let needs_fix = one.kind != CredentialKind::AccessToken
            && matches!(
                one.state,
                CredentialState::Revoked | CredentialState::Expired | CredentialState::Absent
            );
        if needs_fix {
            broken.push(Broken {
                is_noticed: one.noticed.is_some()
                    || one.state != CredentialState::Revoked
                    || (one.kind != CredentialKind::RefreshToken && one.code.is_some()),
                connection: BrokenConnection { name: name.clone(), label: label_of(display_name) },
            });
        }
    }
    broken
}

/// What distinguishes a connection from others: what follows the comma in its name.
pub(super) fn label_of(display_name: &str) -> String {
    display_name.rsplit(", ").next().unwrap_or(display_name).to_owned()
}
