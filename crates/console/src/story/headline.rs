//! The verdict, as the title of the page.

use outlive_wire::ClientClass;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryFlow};

use super::sentence::Part;
use crate::number_words::{capital, number};
use crate::when::When;

/// The title, and the sentence under it.
pub(crate) struct Headline {
    pub(crate) title: String,
    pub(crate) below: Vec<Part>,
}

/// What a flow does since the latest event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowFate {
    /// It has not run since.
    Unknown,
    Succeeds,
    Fails,
}

/// What a flow does since the latest event, by its latest run.
pub(crate) fn fate_of(flow: &StoryFlow, story: &Story) -> FlowFate {
    let since = story.latest.as_ref().map(|event| event.at);
    let ended =
        flow.flow.runs.iter().find(|run| matches!(run.status.as_str(), "Succeeded" | "Failed" | "TimedOut"));
    match ended {
        Some(run) if since.is_none_or(|since| run.started > since) => {
            if run.status == "Succeeded" {
                FlowFate::Succeeds
            } else {
                FlowFate::Fails
            }
        }
        _ => FlowFate::Unknown,
    }
}

/// The headline of a story.
pub(crate) fn headline(story: &Story) -> Headline {
    let fates: Vec<_> = story.flows.iter().map(|flow| fate_of(flow, story)).collect();
    let count = |fate: FlowFate| fates.iter().filter(|one| **one == fate).count();
    let (works, fails, all) = (count(FlowFate::Succeeds), count(FlowFate::Fails), fates.len());
    let Some(event) = &story.latest else { return nothing_happened(story) };
    let title = if all == 0 {
        revoked_so_far(story)
    } else if works + fails == 0 {
        format!("{}. Which flow still runs?", revoked_so_far(story))
    } else if fails == 0 && is_repaired(story) {
        let fixed = if all == 1 { "its connection was fixed" } else { "the broken connections were fixed" };
        format!("{} again: {fixed}.", run_words(works, all))
    } else if fails == 0 {
        format!("{}: {}.", still_run(works, all), reason(story))
    } else if works == 0 && revokes_everything(story) {
        "Nothing works: an explicit revocation leaves no token alive.".to_owned()
    } else if works == 0 {
        "No flow runs: what each of them uses was revoked or is wrong.".to_owned()
    } else {
        format!("{}: {}.", still_run(works, all), reason(story))
    };
    let mut below = vec![
        Part::Text(format!(
            "{} {}, row ",
            what_happened(event.event.name()),
            When::of(event.at, story.now).with_preposition()
        )),
        Part::Row(event.title.clone()),
        Part::Text(format!(", edition {}", story.rules)),
    ];
    let noticed = noticed(story);
    below.push(Part::Text(if noticed.is_empty() { ".".to_owned() } else { format!(": {noticed}.") }));
    Headline { title, below }
}

fn nothing_happened(story: &Story) -> Headline {
    let flows = story.flows.len();
    let who = match flows {
        0 => "No flow is set up".to_owned(),
        1 => "One hourly flow reads orders for the owner".to_owned(),
        count => format!("{} hourly flows read orders for the owner", capital(&number(count))),
    };
    let guess = if flows > 1 { "Guess which flow will stop" } else { "Guess what will stop" };
    Headline {
        title: "You change your password. What still works?".to_owned(),
        below: vec![
            Part::Text(format!("{who}, and everything is alive. ")),
            Part::Would(String::new(), guess.to_owned()),
            Part::Text("; then change the password and advance three hours.".to_owned()),
        ],
    }
}

fn what_happened(event: &str) -> &'static str {
    match event {
        "password_changed_by_user" => "Changed",
        "sspr"
        | "admin_reset"
        | "admin_reset_azure_portal"
        | "admin_reset_entra_admin_center"
        | "admin_reset_m365_admin_center" => "Reset",
        "user_revokes" | "admin_revokes" => "Revoked",
        "password_expires" => "Expired",
        _ => "Happened",
    }
}

fn revoked_so_far(story: &Story) -> String {
    let revoked = story.credentials.iter().filter(|one| one.state == CredentialState::Revoked).count();
    match (revoked, story.credentials.len()) {
        (0, _) => "Every credential is still alive".to_owned(),
        (revoked, all) if revoked == all => "Every credential is revoked".to_owned(),
        (1, all) => format!("One of {} credentials is revoked", number(all)),
        (revoked, all) => format!("{} of {} credentials are revoked", capital(&number(revoked)), number(all)),
    }
}

/// Whether a flow that works now failed since the latest event: its connection was fixed.
fn is_repaired(story: &Story) -> bool {
    let since = story.latest.as_ref().map(|event| event.at);
    let failed = |flow: &StoryFlow| {
        flow.flow
            .runs
            .iter()
            .any(|run| run.status == "Failed" && since.is_some_and(|since| run.started > since))
    };
    story.flows.iter().any(failed)
}

fn revokes_everything(story: &Story) -> bool {
    story.latest.as_ref().is_some_and(|event| matches!(event.event.name(), "user_revokes" | "admin_revokes"))
}

fn still_run(works: usize, all: usize) -> String {
    match (works, all) {
        (1, 1) => "The flow still runs".to_owned(),
        (works, all) if works == all => format!("All {} flows still run", number(all)),
        (1, all) => format!("One of {} flows still runs", number(all)),
        (works, all) => format!("{} of {} flows still run", capital(&number(works)), number(all)),
    }
}

fn run_words(works: usize, all: usize) -> String {
    match (works, all) {
        (1, 1) => "The flow runs".to_owned(),
        (2, 2) => "Both flows run".to_owned(),
        _ => format!("All {} flows run", number(all)),
    }
}

/// Why what works does: from the credentials of the connections that the working flows use.
fn reason(story: &Story) -> &'static str {
    let working = story.flows.iter().filter(|flow| fate_of(flow, story) == FlowFate::Succeeds);
    let mut used = working.filter_map(|flow| {
        story.credentials.iter().find(|one| match (&one.holder, &flow.connection) {
            (Holder::Connection { id, .. }, Some(connection)) => {
                id == connection && one.kind != CredentialKind::AccessToken
            }
            _ => false,
        })
    });
    match used.next() {
        Some(one) if used.all(|other| other.client_class == one.client_class && other.kind == one.kind) => {
            match (one.kind, one.client_class, one.state) {
                (CredentialKind::RefreshToken, Some(ClientClass::Confidential), CredentialState::Alive) => {
                    "its token belongs to a confidential client"
                }
                (CredentialKind::RefreshToken, _, CredentialState::Revoked) => {
                    "its access token has not expired yet"
                }
                (CredentialKind::Key, _, _) => "no password matters to its key",
                (CredentialKind::Password, _, _) => "it sends the password itself, not a token",
                _ => "the row leaves its credential alive",
            }
        }
        Some(_) => "some keep their token, some have not noticed yet",
        None => "what it uses is alive",
    }
}

/// Which connections noticed, and when.
fn noticed(story: &Story) -> String {
    let broken = |kind: CredentialKind| {
        story.credentials.iter().any(|one| {
            one.kind == kind
                && one.state == CredentialState::Revoked
                && (one.noticed.is_some() || (kind == CredentialKind::Password && one.code.is_some()))
                && matches!(one.holder, Holder::Connection { .. })
        })
    };
    let mut words = Vec::new();
    if broken(CredentialKind::Password) {
        words.push("the stored password failed at the next run");
    }
    if broken(CredentialKind::RefreshToken) {
        words.push("the refresh token was refused at the next refresh");
    }
    words.join(", ")
}
