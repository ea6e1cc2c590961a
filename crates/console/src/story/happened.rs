//! What happened: runs of flows and events of the journal, the latest first.

use outlive_clock::{Instant, Span};
use outlive_wire::JournalLine;
use outlive_wire::KnownRun;
use outlive_wire::grouped;
use outlive_wire::story::{CredentialKind, Holder, Story, StoryFlow};

use crate::journal::is_set_up;
use crate::number_words::number;
use crate::when::{When, with_times_for_people};
use crate::words;

/// The kind of the events about rejected refresh tokens of connections.
const BROKEN: &str = "connection.broken";
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
        BROKEN,
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

/// Whether an event reports a connection as broken that was broken before: each failed run does.
fn is_broken_again(line: &JournalLine, earlier: &[JournalLine]) -> bool {
    let about = |other: &&JournalLine| other.subject == line.subject && other.kind.starts_with("connection.");
    line.kind == BROKEN && earlier.iter().find(about).is_some_and(|other| other.kind == BROKEN)
}

/// The set-up of the tenant, as one line.
fn set_up(story: &Story, created: &JournalLine) -> Happened {
    let flows = match story.flows.len() {
        0 => String::new(),
        1 => " with a flow".to_owned(),
        several => format!(" with {} flows", number(several)),
    };
    Happened {
        at: created.at,
        when: When::of(created.at, story.now),
        style: "is-idle",
        icon: "i-idle",
        result: "Event",
        what: format!("The tenant was set up{flows}."),
        run: None,
    }
}

/// Merges runs and notable events, the newest first. `created` is the event with which the set-up
/// began: what belongs to it is one line.
pub(crate) fn happened(
    story: &Story,
    notable: &[JournalLine],
    created: Option<&JournalLine>,
) -> Vec<Happened> {
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
    let is_set_up = |line: &JournalLine| created.is_some_and(|created| is_set_up(line, created));
    let is_shown = |place: usize, line: &JournalLine| {
        is_of_the_story(line) && !is_set_up(line) && !is_broken_again(line, &notable[place + 1..])
    };
    let events = (0..).zip(notable).filter(|(place, line)| is_shown(*place, line)).map(|(_, line)| {
        let (style, icon, result) = match words::outcome(line) {
            Some("refused") => ("is-revoked", "i-cross", "Refused"),
            Some(_) => ("is-alive", "i-check", "Accepted"),
            None if line.kind == BROKEN => ("is-revoked", "i-cross", "Broken"),
            None => ("is-idle", "i-idle", "Event"),
        };
        let what = with_times_for_people(&words::brief(&line.words()), story.now);
        Happened { at: line.at, when: When::of(line.at, story.now), style, icon, result, what, run: None }
    });
    let begun = created.map(|created| set_up(story, created));
    let mut all: Vec<_> = runs.chain(events).chain(begun).collect();
    all.sort_by_key(|line| std::cmp::Reverse(line.at));
    all.truncate(LINES_SHOWN);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_is_reported_once_until_it_is_connected_again() {
        let line = |kind: &str, subject: &str| JournalLine {
            seq: 0,
            service: "hub".to_owned(),
            tenant: "c0470500-0000-4000-8000-000000000001".parse().expect("an id"),
            at: Instant::EPOCH,
            wall: Instant::EPOCH,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            trace: String::new(),
            data: serde_json::Value::Null,
        };
        let newest_first = [
            line(BROKEN, "connection:1"),
            line(BROKEN, "connection:2"),
            line(BROKEN, "connection:1"),
            line("connection.connected", "connection:1"),
            line("run.failed", "connection:1"),
            line(BROKEN, "connection:1"),
        ];
        let again: Vec<_> = (0..newest_first.len())
            .map(|place| is_broken_again(&newest_first[place], &newest_first[place + 1..]))
            .collect();
        assert_eq!(again, [true, false, false, false, false, false]);
    }

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
