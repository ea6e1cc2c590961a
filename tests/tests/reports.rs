//! The reports of `outlive run`, and which scenarios run.

use outlive_tests::{Ended, outlive, outlive_printing_to};

const FILE: &str = "\
scenarios:
  - name: Fails <at> its second step
    chapters:
      - title: One
        steps:
          - client_credentials: {app: Nightly Job, scope: api://contoso-orders/.default, keep: t}
          - say: Without doubt, the API accepts 100 %
            call: {tokens: t, path: /orders, status: 418}
          - advance: {by: PT1H}
  - name: Passes
    tags: [quick]
    chapters:
      - title: One
        steps:
          - advance: {by: PT1H}
";

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("the temporary directory is writable");
        std::fs::write(home.path().join("two.yaml"), FILE).expect("it is writable");
        Self(home)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("it is written")
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let file = self.path("two.yaml");
        outlive(["run", &file].iter().chain(arguments)).await
    }
}

#[tokio::test]
async fn one_run_writes_every_report() {
    let home = Home::new();
    let [tap, html, junit] = ["r.tap", "r.html", "r.xml"].map(|name| home.path(name));
    let ended = home.run(&["--tap", &tap, "--html", &html, "--junit", &junit, "--annotations"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("\n2 scenarios in 1 file: 1 passed, 1 failed; 4 steps ("),
        "{}",
        ended.stdout
    );
    let annotation = ended.stdout.lines().last().expect("a line");
    let place = format!("::error file={},line=7,", home.path("two.yaml"));
    assert!(
        annotation.starts_with(&place) && annotation.contains("Without doubt%2C the API accepts 100 %25::"),
        "{annotation}"
    );
    let text = home.text("r.tap");
    assert!(text.starts_with("TAP version 14\n1..2\nnot ok 1 - ") && text.contains("\nok 2 - "), "{text}");
    let page = home.text("r.html");
    assert!(page.contains("Fails &#60;at&#62; its second step") && page.contains("418"), "{page}");
    assert!(home.text("r.xml").contains("<failure message="));
}

#[tokio::test]
async fn a_report_on_standard_output_is_alone_there() {
    let home = Home::new();
    let file = home.path("two.yaml");
    for (option, begins) in [("--tap", "TAP version 14\n"), ("--html", "<!doctype html>\n")] {
        let arguments = ["run", &file, option, "-", "--name", "passes"];
        let in_actions = [("GITHUB_ACTIONS", "true")];
        let ended = outlive_printing_to(std::process::Stdio::piped(), &in_actions, &arguments).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{option}");
        assert!(ended.stdout.starts_with(begins), "{option}: {}", ended.stdout);
    }
    let in_actions = [("GITHUB_ACTIONS", "true")];
    let ended =
        outlive_printing_to(std::process::Stdio::piped(), &in_actions, &["run", &file, "--tap", "-"]).await;
    assert!(ended.stderr.starts_with("::error file=") && !ended.stdout.contains("::error"), "{ended:?}");
}

#[tokio::test]
async fn scenarios_are_selected_repeated_and_stopped() {
    let home = Home::new();
    for (arguments, code, lines) in [
        (&["--name", "PASSES"][..], 0, &["1..1", "ok 1 - "][..]),
        (&["--name", "passes", "--name", "fails"], 1, &["1..2", "not ok 1 - ", "ok 2 - "]),
        (&["--tag", "quick"], 0, &["1..1", "ok 1 - "]),
        (&["--shard", "1/2"], 1, &["1..1", "not ok 1 - "]),
        (&["--shard", "2/2"], 0, &["1..1", "ok 1 - "]),
        (&["--name", "passes", "--repeat", "2"], 0, &["1..2", "Passes (1 of 2)", "Passes (2 of 2)"]),
        (&["--fail-fast"], 1, &["1..2", "not ok 1 - ", "Passes # SKIP"]),
    ] {
        let all: Vec<_> = ["--tap", "-"].iter().chain(arguments).copied().collect();
        let ended = home.run(&all).await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        for part in lines {
            assert!(ended.stdout.contains(part), "{arguments:?} lacks {part}: {}", ended.stdout);
        }
    }
}

#[tokio::test]
async fn a_selection_without_scenarios_is_no_success() {
    let home = Home::new();
    for (arguments, message) in [
        (&["--name", "no such name"][..], "none of 2 scenarios is selected"),
        (&["--tag", "quick", "--name", "fails"], "none of 2 scenarios is selected"),
        (&["--shard", "3/3"], "this part has none of the 2 selected scenarios"),
        (&["--shard", "3/2"], "give the number of the part and of all parts, such as 2/4"),
        (&["--repeat", "0"], "0"),
        (&["--tap", "x", "--html", "x"], "--tap and --html name the same file"),
    ] {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(message), "{arguments:?}: {}", ended.stderr);
    }
}
