//! A recording is changed in one place: exactly that difference is reported.

mod bodies;
mod edits;
mod rows;
mod token_rows;

use futures::stream::{self, StreamExt as _};
use outlive_tests::{Service, System};
use serde_json::Value;

use self::edits::Edit;
use self::rows::rows;
use crate::recorder::{Recorder, har, text};
use crate::recording::{Entries, record};
use crate::{all_differences, replay, write};

/// A change of a recording, and what is reported of it.
struct Row {
    what: &'static str,
    /// The name of the entry.
    entry: &'static str,
    /// The name of the entry at which the difference is reported.
    reported_at: &'static str,
    edit: Edit,
    expected: Vec<Reported>,
}

/// Member, recorded value, that of Outlive, severity, and whether it is certain.
type Reported = (&'static str, &'static str, &'static str, &'static str, bool);

#[tokio::test]
async fn a_change_in_the_recording_is_exactly_the_difference_reported() {
    let system = System::start().await;
    let mut recorder = Recorder::start(&system).await;
    let entries = record(&mut recorder).await;
    let home = tempfile::tempdir().expect("a directory");
    let lab = system.url(Service::Console);
    let event = format!("{}=change_password", entries.at("wrong secret") + 1);
    let options = ["--event", &event, "--against", &lab];
    let unchanged = replay(&write(&home, "unchanged.har", &recorder.har()), &options).await;
    assert_eq!(all_differences(&unchanged), [], "{}", unchanged.stdout);

    let rows = rows();
    assert!(rows.len() >= 25, "{} rows", rows.len());
    let replays = rows.iter().enumerate().map(|(number, row)| {
        let mut changed = recorder.entries.clone();
        row.edit.apply(&mut changed[entries.at(row.entry)], recorder.tenant.id());
        let file = write(&home, &format!("{number}.har"), &har(&changed));
        async move { replay(&file, &options).await }
    });
    let replayed: Vec<_> = stream::iter(replays).buffered(2).collect().await;
    let mut wrong = Vec::new();
    for (row, ended) in rows.iter().zip(&replayed) {
        let found: Vec<_> = all_differences(ended).iter().map(reported).collect();
        let expected = expected_of(row, &entries);
        let counts = row.expected.iter().any(|(_, _, _, severity, _)| *severity != "expected");
        if found != expected || ended.code != Some(i32::from(counts)) {
            let code = ended.code;
            wrong.push(format!("{}: {code:?}\n  found    {found:?}\n  expected {expected:?}", row.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    system.stop().await;
}

/// A difference in one line.
fn reported((place, one): &(String, Value)) -> String {
    let [member, recorded, outlive, severity] =
        ["member", "recorded", "outlive", "severity"].map(|name| text(&one[name]));
    format!("{place} {member} | {recorded} | {outlive} | {severity} | certain: {}", one["certain"])
}

fn expected_of(row: &Row, entries: &Entries) -> Vec<String> {
    let place = entries.at(row.reported_at) + 1;
    let line = |(member, recorded, outlive, severity, certain): &Reported| {
        format!("{place} {member} | {recorded} | {outlive} | {severity} | certain: {certain}")
    };
    row.expected.iter().map(line).collect()
}
