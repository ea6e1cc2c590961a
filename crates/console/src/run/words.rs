//! What parties and credentials are called in a diagram, and the title of a run.

use outlive_wire::run_steps::{Carried, Party, RunStep, RunSteps, StepKind};

use crate::inspector::{Why, cause};

pub(super) const fn party_name(party: Party) -> &'static str {
    match party {
        Party::Flow => "Flow",
        Party::Hub => "Hub",
        Party::Idp => "Identity provider",
        Party::Resource => "Orders API",
        Party::BackEnd => "API of the connector",
    }
}

/// The name and the style of a credential.
pub(super) const fn carried(carried: Option<Carried>) -> (&'static str, &'static str) {
    match carried {
        Some(Carried::CallerToken) => ("caller token", "k-caller"),
        Some(Carried::RefreshToken) => ("refresh token", "k-refresh"),
        Some(Carried::AccessToken) => ("access token", "k-access"),
        Some(Carried::Password) => ("stored password", ""),
        Some(Carried::Key) => ("API key", ""),
        Some(Carried::Certificate) => ("client certificate", ""),
        Some(Carried::ClientCredential) => ("its own credential", ""),
        None => ("", ""),
    }
}

/// The title of a decision in a diagram: the row, or what was found.
pub(super) fn note_title(step: &RunStep) -> String {
    if let Some(row) = &step.row {
        return format!("Row {row}");
    }
    let found = ["Hub finds that the ", "Hub finds the ", "Identity provider "];
    let rest = found.into_iter().find_map(|start| step.words.strip_prefix(start)).unwrap_or(&step.words);
    let mut letters = rest.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// An event by its name in the rules, as the cause of something.
fn cause_named(name: &str) -> &'static str {
    serde_json::from_value(name.into()).map_or("an event", cause)
}

/// The answer of the page, as a sentence.
pub(super) fn title(run: &RunSteps, why: Option<&Why>) -> String {
    match run.status.as_str() {
        "Succeeded" => succeeded(why),
        "Failed" | "TimedOut" => format!("This run failed because {}", reason(run, why)),
        "Waiting" => "This run waits: it has not ended".to_owned(),
        other => format!("This run ended: {}", other.to_lowercase()),
    }
}

fn succeeded(why: Option<&Why>) -> String {
    let outlived = why.and_then(|why| why.fact("outlived"));
    match outlived.and_then(|outlived| outlived.split(' ').next()) {
        Some(event) => format!("This run succeeded: its refresh token outlived {}", cause_named(event)),
        None if why.is_some_and(|why| why.verdict.is_some()) => {
            "This run succeeded: nothing has ended the token that it used".to_owned()
        }
        None => "This run succeeded".to_owned(),
    }
}

fn reason(run: &RunSteps, why: Option<&Why>) -> String {
    let mut refused = run.steps.iter().filter(|step| step.kind == StepKind::Response && step.is_refused);
    // What the flow got last came from an earlier refusal.
    let decisive = refused.clone().rfind(|step| step.to != Party::Flow).or_else(|| refused.next());
    let Some(decisive) = decisive else {
        return match &run.code {
            Some(code) => format!("it ended with {code}"),
            None => "an action failed".to_owned(),
        };
    };
    let event = why.and_then(|why| why.fact("event"));
    let is_revoked = run.steps.iter().any(|step| step.row.is_some() && step.is_refused);
    match (decisive.from, decisive.to) {
        (Party::Idp, Party::Hub) => match (is_revoked, event, &decisive.code) {
            (true, Some(event), _) => {
                format!("the hub’s refresh token had been revoked by {}", cause_named(event))
            }
            (_, _, Some(code)) => format!("the identity provider refused the hub new tokens: {code}"),
            _ => "the hub got no answer from the identity provider".to_owned(),
        },
        (Party::Idp, Party::Resource) => "the password that the connection stores is wrong".to_owned(),
        (Party::Idp, _) => "the identity provider refused it a token".to_owned(),
        (Party::Hub, _) => "the hub refused its call".to_owned(),
        (api, _) => match decisive.status {
            Some(status) => format!("the {} answered {status}", party_name(api)),
            None => format!("the {} did not answer", party_name(api)),
        },
    }
}
