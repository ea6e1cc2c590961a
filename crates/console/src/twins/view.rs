//! What the page of twins shows.

use askama::Template;
use outlive_clock::Instant;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::tenant::ApplicationKind;

use super::result::{Change, Pair, ReplayList, Step, Twins};
use super::wanted::Wanted;
use crate::frame::Frame;
use crate::number_words::capital;
use crate::when::with_times_for_people;

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
    pub(super) row: Option<String>,
    pub(super) more: String,
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
    let choice = |change: Change| {
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
        let is_event = |step: &Step| matches!(step.verb.as_str(), "event" | "change_password");
        let has_event = steps.iter().take(end).any(is_event);
        let spine = steps.iter().take(end).enumerate().map(|(place, step)| SpineStep {
            at: step.at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
            exact: step.at.map(|at| at.to_string()).unwrap_or_default(),
            title: step.title.clone(),
            is_cause: if has_event { is_event(step) } else { place + 1 == end },
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
    let Reason { sentence, row, more } =
        Reason::of(&with_times_for_people(&reason, step.at.unwrap_or(Instant::EPOCH)));
    SideView {
        value: value.to_owned(),
        style,
        icon,
        state,
        at: step.at.map(|at| at.strftime("%H:%M:%S").to_string()).unwrap_or_default(),
        reason: sentence,
        row,
        more,
        happened: brief(&happened),
    }
}

/// Why a token was refused or accepted, in parts.
#[derive(Debug, PartialEq, Eq)]
struct Reason {
    /// What the row says about such tokens, or the whole reason.
    sentence: String,
    row: Option<String>,
    /// What else there is to know.
    more: String,
}

impl Reason {
    /// Divides an explanation. What else the row leaves alive, and the source, are on other pages.
    fn of(explained: &str) -> Self {
        let ends = [" The same row", " Error code:", " Source:"];
        let end = ends.into_iter().filter_map(|end| explained.find(end)).min().unwrap_or(explained.len());
        let plain = &explained[..end];
        let divided = || {
            let (before, after) = plain.split_once("y the row \"")?;
            let (row, after) = after.split_once('"')?;
            let (_, says) = after.split_once("), ")?;
            let before = before.trim_end_matches(['B', 'b']).trim_end_matches([' ', ';']);
            let more = if before.ends_with('.') { before.to_owned() } else { format!("{before}.") };
            let says = says
                .strip_prefix("this ")
                .map_or_else(|| says.to_owned(), |does| format!("the event {does}"));
            Some(Self { sentence: capital(&says), row: Some(row.to_owned()), more })
        };
        divided().unwrap_or_else(|| Self { sentence: plain.to_owned(), row: None, more: String::new() })
    }
}

/// The answer to the client, up to its code.
fn brief(happened: &str) -> String {
    let mut parts = happened.split(": ").skip(1);
    let first = parts.next().unwrap_or_default();
    match parts.next().filter(|code| code.starts_with("AADSTS")) {
        Some(code) => format!("{first}, {code}"),
        None => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_sentence_a_row_and_the_rest() {
        let reason = |sentence: &str, row: Option<&str>, more: &str| Reason {
            sentence: sentence.to_owned(),
            row: row.map(str::to_owned),
            more: more.to_owned(),
        };
        for (explained, expected) in [
            (
                "Refused: granted at 9. By the row \"R\" (edition 2025-11), this revokes tokens. The same row leaves alive: x. Source: S.",
                reason("The event revokes tokens.", Some("R"), "Refused: granted at 9."),
            ),
            (
                "Accepted: granted at 9. Since then, the user changed it; by the row \"R\" (edition 2025-11), tokens stay alive then. Source: S.",
                reason(
                    "Tokens stay alive then.",
                    Some("R"),
                    "Accepted: granted at 9. Since then, the user changed it.",
                ),
            ),
            ("Accepted: granted. Source: S.", reason("Accepted: granted.", None, "")),
            ("by the row \"", reason("by the row \"", None, "")),
        ] {
            assert_eq!(Reason::of(explained), expected);
        }
    }

    #[test]
    fn an_answer_is_cut_after_its_code() {
        for (happened, shown) in [
            (
                "X presents 't': refused, 400 invalid_grant: AADSTS50173: The grant.",
                "refused, 400 invalid_grant, AADSTS50173",
            ),
            ("X presents 't': tokens were issued", "tokens were issued"),
            ("nothing", ""),
        ] {
            assert_eq!(brief(happened), shown);
        }
    }
}
