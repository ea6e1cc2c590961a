use anstream::adapter::strip_str;

use super::*;
use crate::diagnostic::{Diagnostic, Position};
use crate::scenario::TwinFact;
use crate::scenario::result::{Check, FileResult, RunResult, ScenarioResult, Status, StepResult, Variant};

fn diagnostic(message: &str) -> Diagnostic {
    Diagnostic::new("s.yaml", "", Position { line: 7, column: 11 }, message, "see docs")
}

fn plain(text: &str) -> String {
    strip_str(text).to_string()
}

fn result() -> RunResult {
    let step = |title: &str, status: Status| StepResult {
        chapter: "1. Signing in".to_owned(),
        title: title.to_owned(),
        verb: "refresh",
        status,
        at: (status != Status::Skipped).then(|| "2026-01-05T09:00:00.5Z".parse().expect("an instant")),
        wall_ms: if status == Status::Skipped { 0 } else { 625 },
        position: Position { line: 7, column: 11 },
        narration: vec!["Orders Desktop presents the refresh token 'a'".to_owned()],
        why: Vec::new(),
        checks: vec![Check::equal("status", 400, if status == Status::Failed { 200 } else { 400 })],
        error: None,
        diagnostic: None,
    };
    let mut failed = step("The refresh token is <refused>", Status::Failed);
    failed.why = vec!["Accepted: nothing has ended it.".to_owned()];
    failed.diagnostic = Some(diagnostic("status: expected 400, got 200"));
    let scenario = ScenarioResult {
        name: "A story".to_owned(),
        about: Some("Of a\n  password".to_owned()),
        status: Status::Failed,
        tenant: None,
        began: Some("2026-01-05T08:00:00Z".parse().expect("an instant")),
        wall_ms: 1_250,
        steps: vec![step("It works", Status::Passed), failed, step("Never reached", Status::Skipped)],
        variant: None,
    };
    let file = FileResult { file: "s.yaml".to_owned(), status: Status::Failed, scenarios: vec![scenario] };
    RunResult { status: Status::Failed, files: vec![file] }
}

#[test]
fn the_story_is_readable() {
    insta::assert_snapshot!(plain(&story::report(&result())), @r"

    A story
    =======
    Of a password

    1. Signing in
      2026-01-05T09:00:00Z  It works … ok
                            Orders Desktop presents the refresh token 'a'
      2026-01-05T09:00:00Z  The refresh token is <refused> … FAILED
                            Orders Desktop presents the refresh token 'a'
                            why: Accepted: nothing has ended it.
                            status:
                              expected  400
                              got       200
        s.yaml:7:11: status: expected 400, got 200
          remedy: see docs
                            Never reached … skipped

    failed: 1 of 3 steps passed, 3 expectations checked, 1 failed, 1 skipped (1.2 s)
    ");
}

#[test]
fn junit_escapes_and_counts() {
    insta::assert_snapshot!(junit::report(&result()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
      <testsuite name="A story" file="s.yaml" tests="3" failures="1" errors="0" skipped="1" time="1.250">
        <testcase classname="A story" name="1. Signing in / It works" line="7" time="0.625"/>
        <testcase classname="A story" name="1. Signing in / The refresh token is &lt;refused&gt;" line="7" time="0.625"><failure message="s.yaml:7:11: status: expected 400, got 200">s.yaml:7:11: status: expected 400, got 200
      remedy: see docs
    Accepted: nothing has ended it.</failure></testcase>
        <testcase classname="A story" name="1. Signing in / Never reached" line="7" time="0.000"><skipped/></testcase>
      </testsuite>
    </testsuites>
    "#);
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

#[test]
fn tap_has_a_point_for_each_scenario_and_what_was_wrong() {
    let mut result = result();
    let mut other = result.files[0].scenarios[0].clone();
    (other.name, other.status, other.steps) = ("Not # started".to_owned(), Status::Skipped, Vec::new());
    result.files[0].scenarios.push(other);
    let mut also = result.files[0].scenarios[0].steps[1].clone();
    also.title = "Another at the same time".to_owned();
    result.files[0].scenarios[0].steps.push(also);
    insta::assert_snapshot!(tap::report(&result), @r#"
    TAP version 14
    1..2
    not ok 1 - s.yaml > A story
      ---
      message: "s.yaml:7:11: status: expected 400, got 200"
      severity: "fail"
      step: "The refresh token is <refused>"
      file: "s.yaml"
      line: 7
      why: "Accepted: nothing has ended it."
      also: ["Another at the same time"]
      ...
    ok 2 - s.yaml > Not \# started # SKIP
    "#);
    assert!(
        junit::report(&result)
            .contains(r#"<testcase classname="Not # started" name="Not # started"><skipped/>"#)
    );
}

#[test]
fn annotations_are_one_line_each() {
    let mut result = result();
    result.files[0].scenarios[0].steps[1].diagnostic = Some(diagnostic("100 % wrong\nsecond line"));
    insta::assert_snapshot!(annotations::report(&result), @r"::error file=s.yaml,line=7,col=11,title=A story / The refresh token is <refused>::s.yaml:7:11: 100 %25 wrong\nsecond line%0A  remedy: see docs%0AAccepted: nothing has ended it.");
}

#[test]
fn the_page_escapes_and_needs_nothing_else() {
    let page = html::report(&result(), 1_250);
    assert!(page.contains("The refresh token is &#60;refused&#62;") && !page.contains("<refused>"), "{page}");
    for outside in ["<script", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for part in [
        "1 scenario in 1 file: 0 passed, 1 failed; 3 steps, 1 hour of virtual time (1.2 s)",
        "<details open>",
        "expected",
        "Why: Accepted",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn the_summary_counts_scenarios() {
    assert_eq!(
        plain(&summary::report(&result(), 61_250)),
        "\n1 scenario in 1 file: 0 passed, 1 failed; 3 steps, 1 hour of virtual time (61.2 s)\n"
    );
    let mut frozen = result();
    frozen.files[0].scenarios[0].began = frozen.files[0].scenarios[0].steps[0].at;
    assert!(plain(&summary::report(&frozen, 1_000)).ends_with("; 3 steps (1.0 s)\n"));
}

#[test]
fn a_paired_scenario_is_beside_its_variant() {
    let mut result = result();
    let scenario = &mut result.files[0].scenarios[0];
    scenario.steps.truncate(2);
    scenario.steps[1] = StepResult { title: "It is refreshed".to_owned(), ..scenario.steps[0].clone() };
    let mut other = scenario.clone();
    other.steps[1].status = Status::Failed;
    other.steps[1].narration = vec!["refused: <50173>".to_owned()];
    other.steps[1].checks = vec![Check::equal("status", 200, 400)];
    let fact = TwinFact { fact: "client".to_owned(), values: ["Connector".to_owned(), "Desktop".to_owned()] };
    scenario.variant = Some(Box::new(Variant { fact, diverged_at: Some(1), result: other }));
    let page = html::report(&result, 0);
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    // What is the same is shown once, what differs twice.
    assert_eq!(page.matches("class=\"side\"").count(), 2, "{page}");
    for part in [
        "one fact differs, client: <b>Connector</b> or <b>Desktop</b>",
        "It works <span class=\"passed\">passed</span>",
        "It is refreshed <strong>outcomes differ</strong>",
        "<b>Connector</b> <span class=\"passed\">passed</span>",
        "<b>Desktop</b> <span class=\"failed\">failed</span>",
        "refused: &#60;50173&#62;",
        "<dt>got</dt><dd>400</dd>",
        "in virtual time: Desktop",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let tree: serde_json::Value = serde_json::from_str(&json::report(&result)).expect("JSON");
    let variant = &tree["files"][0]["scenarios"][0]["variant"];
    assert_eq!((&variant["fact"], &variant["diverged_at"]), (&"client".into(), &1.into()), "{variant}");
    assert_eq!(variant["result"]["steps"][1]["status"], "failed", "{variant}");
}

#[test]
fn a_mistake_in_a_file_is_an_annotation_at_its_place() {
    let whole = Diagnostic {
        file: "a,b: c.yaml".to_owned(),
        position: Position::default(),
        excerpt: None,
        ..diagnostic("cannot be read\r\nat 100 %")
    };
    insta::assert_snapshot!(annotations::mistakes(&[diagnostic("unknown field `x`"), whole]), @r"
    ::error file=s.yaml,line=7,col=11,title=Mistake in a file::unknown field `x`%0Aremedy: see docs
    ::error file=a%2Cb%3A c.yaml,title=Mistake in a file::cannot be read\r\nat 100 %25%0Aremedy: see docs
    ");
}
