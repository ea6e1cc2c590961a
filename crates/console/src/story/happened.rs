//! What happened: runs of flows and events of the journal, the latest first.

use outlive_clock::{Instant, Span};
use outlive_wire::JournalLine;
use outlive_wire::KnownRun;
use outlive_wire::story::{CredentialKind, Holder, Story, StoryFlow};

use crate::frame::grouped;
use crate::when::{When, with_times_for_people};
use crate::words;

/// The number of lines shown.
const LINES_SHOWN: usize = 14;

/// A line of the table.
pub(crate) struct Happened {
    pub(crate) at: Instant,
    pub(crate) when: When,
    /// The class of style sheet rules.
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) result: &'static str,
    pub(crate) what: String,
    /// The run, for its own page.
    pub(crate) run: Option<String>,
}

/// Why a run failed: from the credential that its connection uses, or the code of the run.
fn reason(flow: &StoryFlow, run: &KnownRun, story: &Story) -> String {
    let used = story.credentials.iter().find(|one| {
        let is_its = matches!((&one.holder, &flow.connection), (Holder::Connection { id, .. }, Some(used)) if id == used);
        is_its && one.noticed.is_some_and(|at| at <= run.started + Span::from_minutes(1))
    });
    match (used.and_then(|one| one.code.as_ref().map(|code| (one, code))), &run.code) {
        (Some((one, code)), _) => {
            let what = if one.kind == CredentialKind::RefreshToken {
                "its refresh token is refused"
            } else {
                "the API refuses what it stores"
            };
            format!(": {code}, {what}")
        }
        (None, Some(code)) => format!(": {code}"),
        (None, None) => String::new(),
    }
}

/// Whether an event is one of users, connections and flows, not of a single request.
fn is_of_the_story(line: &JournalLine) -> bool {
    const KINDS: [&str; 12] = [
        "password.",
        "sessions.",
        "sign_in.succeeded",
        "sign_out",
        "user.",
        "connection.created",
        "connection.connected",
        "connection.broken",
        "connection.deleted",
        "flow.",
        "connector.",
        "consent.",
    ];
    KINDS.iter().any(|kind| line.kind.starts_with(kind))
}

/// Runs with the same result in a row are shown up to this number; of more, the first and the last.
const STREAK_SHOWN: usize = 3;

/// Folds rows of runs with the same result, the latest first. With each run: how many there were
/// between it and the first of its row, in words.
fn streaks(runs: &[KnownRun]) -> Vec<(&KnownRun, String)> {
    let mut shown = Vec::new();
    for streak in runs.chunk_by(|one, other| one.status == other.status) {
        match streak {
            [last, between @ .., first] if streak.len() > STREAK_SHOWN => {
                shown.push((last, format!("; before it, {} like it", grouped(between.len() as u64))));
                shown.push((first, String::new()));
            }
            all => shown.extend(all.iter().map(|run| (run, String::new()))),
        }
    }
    shown
}

/// Merges runs and notable events.
pub(crate) fn happened(story: &Story, notable: &[JournalLine]) -> Vec<Happened> {
    let runs = story.flows.iter().flat_map(|flow| {
        streaks(&flow.flow.runs).into_iter().map(|(run, more)| {
            let (style, icon, result) = match run.status.as_str() {
                "Succeeded" => ("is-alive", "i-check", "Succeeded"),
                "Failed" | "TimedOut" => ("is-revoked", "i-cross", "Failed"),
                "Cancelled" => ("is-idle", "i-idle", "Cancelled"),
                _ => ("is-idle", "i-clock", "Running"),
            };
            let why = if result == "Failed" { reason(flow, run, story) } else { String::new() };
            let what = format!("{}{why}{more}", flow.flow.display_name);
            Happened {
                at: run.started,
                when: When::of(run.started, story.now),
                style,
                icon,
                result,
                what,
                run: Some(run.name.clone()),
            }
        })
    });
    let events = notable.iter().filter(|line| is_of_the_story(line)).map(|line| {
        let (style, icon, result) = match words::outcome(line) {
            Some("refused") => ("is-revoked", "i-cross", "Refused"),
            Some(_) => ("is-alive", "i-check", "Accepted"),
            None if line.kind == "connection.broken" => ("is-revoked", "i-cross", "Broken"),
            None => ("is-idle", "i-idle", "Event"),
        };
        let what = with_times_for_people(&words::brief(&words::sentence(line)), story.now);
        Happened { at: line.at, when: When::of(line.at, story.now), style, icon, result, what, run: None }
    });
    let mut all: Vec<_> = runs.chain(events).collect();
    all.sort_by_key(|line| std::cmp::Reverse(line.at));
    all.truncate(LINES_SHOWN);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_of_runs_are_folded() {
        let run = |hour: i64, status: &str| KnownRun {
            name: hour.to_string(),
            started: Instant::from_seconds(hour * 3_600),
            status: status.to_owned(),
            code: None,
        };
        let statuses = ["Failed", "Failed", "Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed"];
        let runs: Vec<_> = (0..).zip(statuses).map(|(place, status)| run(10 - place, status)).collect();
        let folded = streaks(&runs);
        let folded: Vec<_> = folded.iter().map(|(run, more)| format!("{}{more}", run.name)).collect();
        assert_eq!(folded, ["10", "9", "8; before it, 2 like it", "5", "4"]);
    }
}
