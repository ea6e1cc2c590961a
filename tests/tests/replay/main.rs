//! `outlive replay`: an exchange that was recorded against Outlive is answered as recorded, changed
//! members are found by name, and redacted recordings have no secret.
//!
//! `scripts/test` runs it on SQLite only: its subject is answers, not what is stored.

mod answered;
mod changes;
mod interruption;
mod mistakes;
mod recorder;
mod recording;
mod redirects;
mod secrets;

use outlive_tests::{Ended, Service, System, outlive_on_database};
use serde_json::Value;

use self::recorder::text;

fn write(home: &tempfile::TempDir, name: &str, har: &Value) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, har.to_string()).expect("it is writable");
    path.to_str().expect("UTF-8").to_owned()
}

/// The differences of a replay that are not expected: entry, member, recorded, Outlive.
fn differences(replay: &Ended) -> Vec<[String; 4]> {
    let all = all_differences(replay).into_iter();
    all.filter(|(_, one)| one["severity"] != "expected")
        .map(|(place, one)| {
            let [member, recorded, outlive] =
                ["member", "recorded", "outlive"].map(|cell| text(&one[cell]).to_owned());
            [place, member, recorded, outlive]
        })
        .collect()
}

/// All differences of a replay, with the number of the entry.
fn all_differences(replay: &Ended) -> Vec<(String, Value)> {
    let result: Value = serde_json::from_str(&replay.stdout).unwrap_or_else(|_| panic!("{replay:?}"));
    let entries = result["entries"].as_array().expect("entries");
    let rows = entries.iter().flat_map(|entry| {
        let found = entry["differences"].as_array().expect("differences");
        found.iter().map(|one| (text(&entry["place"]).to_owned(), one.clone()))
    });
    rows.collect()
}

/// The tenants of a system.
async fn tenants(system: &System) -> Value {
    let lab = system.url(Service::Console);
    let answer = system.http().get(format!("{lab}/lab/tenants")).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

async fn replay(file: &str, options: &[&str]) -> Ended {
    outlive_on_database([&["replay", file, "--format", "json"], options].concat()).await
}
