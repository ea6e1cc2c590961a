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
        ended
            .stdout
            .contains("\n2 scenarios in 1 file: 1 passed, 1 failed; 4 steps, 1 hour of virtual time ("),
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

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_not_given_twice_however_it_is_spelled() {
    let home = Home::new();
    std::fs::create_dir(home.path("sub")).expect("it is writable");
    std::os::unix::fs::symlink("r", home.path("link")).expect("it is writable");
    let (report, input) = (home.path("r"), home.path("two.yaml"));
    for other in ["r", "./r", "sub/../r", "link"] {
        let other = home.path(other);
        let ended = home.run(&["--junit", &report, "--json", &other]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains("--json and --junit name the same file"), "{ended:?}");
        assert!(!std::path::Path::new(&report).exists(), "{other}");
    }
    let ended = home.run(&["--tap", &home.path("sub/../two.yaml")]).await;
    assert!(ended.stderr.contains("a scenario file and --tap name the same file"), "{ended:?}");
    assert_eq!((ended.code, home.text("two.yaml").as_str()), (Some(2), FILE), "{input}");
    // A report at a link to a new file creates that file.
    let ended = home.run(&["--name", "passes", "--tap", &home.path("link")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(home.text("r").starts_with("TAP version 14"));
    assert!(std::fs::symlink_metadata(home.path("link")).expect("it is there").is_symlink());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_failed_run_with_a_lost_report_says_both() {
    let home = Home::new();
    for (arguments, code, is_failed) in [
        (&["--tap", "/dev/full"][..], 2, true),
        (&["--tap", "/dev/full", "--json", "-"], 2, true),
        (&["--tap", "/dev/full", "--name", "passes"], 2, false),
        (&["--tap", "/dev/null"], 1, true),
    ] {
        let ended = home.run(arguments).await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        let (lost, failed) = (
            "cannot write the report /dev/full: No space left",
            "outlive: 1 of 2 scenarios did not pass, either",
        );
        assert_eq!(ended.stderr.contains(lost), code == 2, "{arguments:?}: {ended:?}");
        assert_eq!(ended.stderr.contains(failed), code == 2 && is_failed, "{arguments:?}: {ended:?}");
    }
}

const MISTAKEN: &str = "scenarios:\n  - name: A\n    chapters:\n      - title: C\n        steps: [{advance: {by: soon, of: x}}]\n";

#[tokio::test]
async fn mistakes_in_files_are_annotations() {
    let home = Home::new();
    let file = home.path("mistaken: 1, 2.yaml");
    std::fs::write(&file, MISTAKEN).expect("it is writable");
    let seed = home.path("seed.yaml");
    std::fs::write(&seed, "seed: 1\ntenant: {}\n").expect("it is writable");
    let missing = home.path("missing.yaml");
    let escaped = file.replace(':', "%3A").replace(',', "%2C");
    let place = format!("::error file={escaped},line=5,col=");
    for (arguments, begins, is_stdout) in [
        (&["run", &file][..], &place, true),
        (&["run", &file, "--json", "-"], &place, false),
        (&["check", &file], &place, true),
        (&["check", &file, "--format", "json"], &place, false),
        (
            &["check", &missing],
            &format!("::error file={missing},title=Mistake in a file::cannot be read"),
            true,
        ),
        (&["run", &home.path("two.yaml"), "--seed", &seed], &format!("::error file={seed},line="), true),
        (&["check", &seed], &format!("::error file={seed},line="), true),
    ] {
        let asked = [arguments, &["--annotations"]].concat();
        let in_actions = [("GITHUB_ACTIONS", "true")];
        for (environment, arguments) in [(&[][..], &asked[..]), (&in_actions[..], arguments)] {
            let ended = outlive_printing_to(std::process::Stdio::piped(), environment, arguments).await;
            assert_eq!(ended.code, Some(2), "{ended:?}");
            let (with, without) =
                if is_stdout { (&ended.stdout, &ended.stderr) } else { (&ended.stderr, &ended.stdout) };
            let lines: Vec<&str> = with.lines().filter(|line| line.starts_with("::")).collect();
            assert!(
                !lines.is_empty() && lines.iter().all(|line| line.starts_with(begins.as_str())),
                "{ended:?}"
            );
            assert!(lines.iter().all(|line| line.contains("%0Aremedy: ")), "{ended:?}");
            assert!(!without.contains("::error"), "{ended:?}");
        }
        let ended = outlive_printing_to(std::process::Stdio::piped(), &[], arguments).await;
        assert!(!ended.stdout.contains("::error") && !ended.stderr.contains("::error"), "{ended:?}");
    }
}

#[tokio::test]
async fn check_counts_in_the_singular_too() {
    let home = Home::new();
    let one = home.path("one.yaml");
    std::fs::write(&one, MISTAKEN.replace("soon, of: x", "PT1H")).expect("it is writable");
    let ended = outlive(["check", &one, &home.path("two.yaml")]).await;
    assert!(ended.stdout.contains("one.yaml: valid: 1 scenario, 1 step\n"), "{ended:?}");
    assert!(ended.stdout.contains("two.yaml: valid: 2 scenarios, 4 steps\n"), "{ended:?}");
}
