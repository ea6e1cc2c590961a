use super::*;
use crate::diagnostic::Position;
use crate::scenario::result::{Check, FileResult, RunResult, ScenarioResult, Status, StepResult};

fn result() -> RunResult {
    let step = |title: &str, status: Status| StepResult {
        chapter: "1. Signing in".to_owned(),
        title: title.to_owned(),
        verb: "refresh",
        status,
        at: (status != Status::Skipped).then(|| "2026-01-05T09:00:00.5Z".parse().expect("an instant")),
        position: Position { line: 7, column: 11 },
        told: vec!["Orders Desktop presents the refresh token 'a'".to_owned()],
        why: Vec::new(),
        checks: vec![Check::equal("status", 400, if status == Status::Failed { 200 } else { 400 })],
        error: None,
        diagnostic: None,
    };
    let mut failed = step("The refresh token is <refused>", Status::Failed);
    failed.why = vec!["Accepted: nothing has ended it.".to_owned()];
    failed.diagnostic = Some("s.yaml:7:11: status: expected 400, got 200".to_owned());
    let scenario = ScenarioResult {
        name: "A story".to_owned(),
        about: Some("Of a\n  password".to_owned()),
        status: Status::Failed,
        tenant: None,
        wall_ms: 1_250,
        steps: vec![step("It works", Status::Passed), failed, step("Never reached", Status::Skipped)],
    };
    let file = FileResult { file: "s.yaml".to_owned(), status: Status::Failed, scenarios: vec![scenario] };
    RunResult { status: Status::Failed, files: vec![file] }
}

#[test]
fn the_story_is_readable() {
    insta::assert_snapshot!(story::report(&result()), @"");
}

#[test]
fn junit_escapes_and_counts() {
    insta::assert_snapshot!(junit::report(&result()), @"");
}

#[test]
fn json_is_one_tree() {
    let tree: serde_json::Value = serde_json::from_str(&json::report(&result())).expect("JSON");
    let step = &tree["files"][0]["scenarios"][0]["steps"][1];
    assert_eq!((tree["status"].as_str(), step["status"].as_str()), (Some("failed"), Some("failed")));
    assert_eq!(step["at"], "2026-01-05T09:00:00.5Z");
    assert_eq!(
        (&step["checks"][0]["expected"], &step["checks"][0]["actual"]),
        (&"400".into(), &"200".into())
    );
    assert_eq!(step["position"]["line"], 7);
}
