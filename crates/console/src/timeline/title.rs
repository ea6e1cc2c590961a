//! The title of a timeline: what its latest event did.

use outlive_wire::timeline::{MarkKind, Timeline};
use outlive_wire::{counted, grouped};

use crate::number_words::{capital, number};

/// The answer of the page, as a sentence.
pub(super) fn title(timeline: &Timeline) -> String {
    let rows = timeline.events.iter().filter(|event| event.row.is_some());
    let Some(event) = rows.max_by_key(|event| event.at) else { return of_runs(timeline) };
    let what = match event.kind.as_str() {
        "password.changed" => "The password change",
        "password.reset" => "The password reset",
        "password.expired" => "The expiry of the password",
        _ => "The revocation of all sessions",
    };
    let count = |kind: MarkKind| {
        let marks = timeline.lanes.iter().flat_map(|lane| &lane.marks);
        marks.filter(|mark| mark.kind == kind && mark.at == event.at).count()
    };
    let left = count(MarkKind::Survived) + count(MarkKind::Refused);
    match (count(MarkKind::Revoked), left) {
        (0, 0) => format!("{what} found no credential alive."),
        (0, _) => format!("{what} ended no credential."),
        (ended, 0) => format!("{what} ended every credential: {}.", number(ended)),
        (ended, left) => format!("{what} ended {} of {} credentials.", number(ended), number(ended + left)),
    }
}

fn of_runs(timeline: &Timeline) -> String {
    let total: u64 = timeline.flows.iter().map(|flow| flow.total).sum();
    let about = if timeline.flows.iter().any(|flow| flow.is_estimate) { "about " } else { "" };
    let failed: u64 = timeline
        .flows
        .iter()
        .map(|flow| {
            let listed = flow.runs.iter().filter(|run| matches!(run.status.as_str(), "Failed" | "TimedOut"));
            let counted: u64 = flow.bins.iter().map(|bin| bin.failed).sum();
            u64::try_from(listed.count()).unwrap_or_default() + counted
        })
        .sum();
    match (failed, total) {
        (_, 0) => "Nothing ran in this time.".to_owned(),
        (0, 1) => "The one run succeeded.".to_owned(),
        (0, total) => format!("None of {about}{} failed.", counted(total, "run")),
        (failed, total) => {
            let words = usize::try_from(failed).map_or_else(
                |_| grouped(failed),
                |failed| match failed {
                    0..10 => capital(&number(failed)),
                    _ => grouped(u64::try_from(failed).unwrap_or_default()),
                },
            );
            let all = counted(total, "run");
            format!("{words} of {about}{all} failed; no event in this time ended a credential.")
        }
    }
}
