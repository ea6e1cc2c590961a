//! What the page of twins shows.

use askama::Template;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::tenant::ApplicationKind;

use super::Wanted;
use super::result::{Pair, ReplayList, Step, Twins};
use crate::frame::Frame;
use crate::number_words::capital;

#[derive(Template)]
#[template(path = "twins.html")]
pub(super) struct TwinsPage {
    pub(super) frame: Frame,
    title: String,
    below: String,
    /// Each paired scenario: its name, and whether it is shown.
    stories: Vec<(String, bool)>,
    /// The run to replay.
    run: Option<RunChoice>,
    fact: String,
    heads: Vec<Head>,
    result: Option<ResultView>,
    /// The query of exports.
    query: String,
}

/// A run, and the facts that can be changed.
struct RunChoice {
    name: String,
    /// Each fact: its name, its label, and whether it is shown.
    changes: Vec<(String, String, bool)>,
    limits: Vec<String>,
}

struct Head {
    value: String,
    note: &'static str,
}

struct ResultView {
    spine: Vec<SpineStep>,
    parts: bool,
    sides: Vec<SideView>,
    scenario: Option<String>,
}

struct SpineStep {
    at: String,
    exact: String,
    title: String,
    is_cause: bool,
}

/// How one side ends.
pub(super) struct SideView {
    pub(super) value: String,
    pub(super) style: &'static str,
    icon: &'static str,
    pub(super) state: &'static str,
    at: String,
    pub(super) reason: String,
    more: String,
    pub(super) happened: String,
}

impl TwinsPage {
    pub(super) fn of(
        frame: Frame,
        tenant: &TenantCredentials,
        wanted: &Wanted,
        pairs: &[Pair],
        replays: Option<ReplayList>,
        twins: Option<&Twins>,
    ) -> Self {
        let pair = match wanted {
            Wanted::Story(name) => pairs.iter().find(|pair| pair.name == *name),
            Wanted::Replay { .. } => None,
        };
        let change = match (wanted, &replays) {
            (Wanted::Replay { fact: Some(fact), .. }, Some(replays)) => {
                replays.changes.iter().find(|change| change.fact == *fact)
            }
            _ => None,
        };
        let (fact, values) = match (pair, change, twins) {
            (_, Some(change), _) => (change.title.clone(), Some(change.values.clone())),
            (Some(pair), ..) => (pair.fact.replace('-', " "), Some(pair.values.clone())),
            (.., Some(twins)) => (twins.fact.fact.replace('-', " "), Some(twins.shown.clone())),
            _ => (String::new(), None),
        };
        let heads = values.into_iter().flatten().map(|value| Head { note: note(tenant, &value), value });
        let name = match wanted {
            Wanted::Story(name) => name.clone(),
            Wanted::Replay { .. } => "The run’s token again".to_owned(),
        };
        let is_replay = matches!(wanted, Wanted::Replay { .. });
        Self {
            title: title(&name, twins, is_replay),
            below: match (twins, pair) {
                (Some(_), _) => format!(
                    "Two new tenants, the same user, the same times, deleted since. Only this differs: {fact}."
                ),
                (None, Some(pair)) => pair.about.clone().unwrap_or_default(),
                (None, None) => {
                    "The story of the run’s token is played in two new tenants that differ in one fact."
                        .to_owned()
                }
            },
            stories: pairs.iter().map(|pair| (pair.name.clone(), !is_replay && pair.name == name)).collect(),
            run: run_choice(wanted, replays),
            fact,
            heads: heads.collect(),
            result: twins.map(ResultView::of),
            query: wanted.query(tenant),
            frame,
        }
    }
}

fn run_choice(wanted: &Wanted, replays: Option<ReplayList>) -> Option<RunChoice> {
    let Wanted::Replay { run, fact } = wanted else { return None };
    let ReplayList { changes, limits } = replays.unwrap_or_default();
    let choice = |change: super::result::Change| {
        let [then, other] = change.values;
        let is_shown = fact.as_ref() == Some(&change.fact);
        (change.fact, format!("{}: {then} → {other}", capital(&change.title)), is_shown)
    };
    Some(RunChoice { name: run.clone(), changes: changes.into_iter().map(choice).collect(), limits })
}

fn title(name: &str, twins: Option<&Twins>, is_replay: bool) -> String {
    let Some(twins) = twins else {
        return if is_replay {
            "Which fact should differ when this run is replayed?".to_owned()
        } else {
            format!("{name}: where do the two part?")
        };
    };
    let count = twins.results[0].steps.len();
    match twins.diverged_at {
        Some(at) => format!("{name}: one fact differs, and they part at step {} of {count}", at + 1),
        None => format!("{name}: one fact differs, and both end the same"),
    }
}

/// What a value means, if it is an application.
fn note(tenant: &TenantCredentials, value: &str) -> &'static str {
    let application = tenant.applications.iter().find(|one| one.name == value);
    match application.map(|one| one.kind) {
        Some(ApplicationKind::Public | ApplicationKind::Spa) => "public client: keeps no secret",
        Some(ApplicationKind::Confidential | ApplicationKind::Daemon) => {
            "confidential client: keeps a secret"
        }
        _ => "",
    }
}

impl ResultView {
    fn of(twins: &Twins) -> Self {
        let steps = &twins.results[0].steps;
        let last = steps.len().saturating_sub(1);
        let end = twins.diverged_at.unwrap_or(last);
        let spine = steps.iter().take(end).enumerate().map(|(place, step)| SpineStep {
            at: step.at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
            exact: step.at.map(|at| at.to_string()).unwrap_or_default(),
            title: step.title.clone(),
            is_cause: place + 1 == end || matches!(step.verb.as_str(), "event" | "change_password"),
        });
        Self {
            spine: spine.collect(),
            parts: twins.diverged_at.is_some(),
            sides: sides(twins),
            scenario: twins.scenario.clone(),
        }
    }
}

/// How both sides end: at the step where they part, or at the last.
pub(super) fn sides(twins: &Twins) -> Vec<SideView> {
    let last = twins.results[0].steps.len().saturating_sub(1);
    let end = twins.diverged_at.unwrap_or(last);
    let both = twins.results.iter().zip(&twins.shown);
    both.filter_map(|(side, value)| Some(side_of(side.steps.get(end)?, value))).collect()
}

fn side_of(step: &Step, value: &str) -> SideView {
    let reason = step.why.last().cloned().or_else(|| step.error.clone()).unwrap_or_default();
    let happened = step.narration.last().cloned().unwrap_or_default();
    let is_refused = reason.starts_with("Refused") || happened.contains(": refused");
    let (style, icon, state) = match (step.status.as_str(), is_refused) {
        ("error" | "skipped", _) => ("is-idle", "i-unknown", "Not executed"),
        (_, true) => ("is-revoked", "i-revoked", "Rejected"),
        (_, false) => ("is-alive", "i-alive", "New tokens"),
    };
    let (reason, more) = divided(&reason);
    SideView {
        value: value.to_owned(),
        style,
        icon,
        state,
        at: step.at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
        reason,
        more,
        happened: happened.split(": ").skip(1).collect::<Vec<_>>().join(": "),
    }
}

/// The reason in one sentence, and what follows it. The instants are in the steps.
fn divided(reason: &str) -> (String, String) {
    let ends = [" Error code:", " Source:"];
    let end = ends.into_iter().filter_map(|end| reason.find(end)).min().unwrap_or(reason.len());
    let plain = &reason[..end];
    let row = plain.find(" By the row ").or_else(|| plain.find(" Since then, "));
    match row {
        Some(row) => (plain[row + 1..].to_owned(), plain[..row].to_owned()),
        None => (plain.to_owned(), String::new()),
    }
}
