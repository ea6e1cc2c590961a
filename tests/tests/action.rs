//! The GitHub Action: the shell scripts of its steps run here as a runner executes them, except for
//! the steps of other actions, with files in place of the runner's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use outlive_tests::{free_base, program};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The addresses of Outlive's actions in workflows.
const OWN_ACTIONS: &str = "outlive/outlive/action";

fn yaml(path: &str) -> Value {
    let text =
        fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => panic!("{other} is not a text"),
    }
}

/// The names and texts of an object; no object has none.
fn texts(value: &Value) -> Vec<(String, String)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn steps(action: &Value) -> &[Value] {
    action["runs"]["steps"].as_array().expect("a composite action has steps")
}

/// A job on a runner, with its directory for temporary files.
struct Job {
    directory: tempfile::TempDir,
    /// What expressions can name, such as `inputs.version`.
    context: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    path: String,
}

impl Job {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("temp")).expect("the directory is writable");
        fs::create_dir(directory.path().join("work")).expect("the directory is writable");
        let mut context = BTreeMap::new();
        for (name, value) in [
            ("runner.os", "Linux"),
            ("runner.arch", "X64"),
            ("github.action_repository", ""),
            ("github.repository", "contoso/orders"),
        ] {
            context.insert(name.to_owned(), value.to_owned());
        }
        let path = std::env::var("PATH").expect("there is a PATH");
        Self { directory, context, environment: BTreeMap::new(), path }
    }

    fn temporary(&self) -> PathBuf {
        self.directory.path().join("temp")
    }

    fn work(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Evaluates `a && !b || c`, with names of the context; an unknown name fails the test.
    fn evaluate(&self, expression: &str) -> String {
        let term = |term: &str| {
            let (negated, name) =
                term.trim().strip_prefix('!').map_or((false, term.trim()), |name| (true, name));
            let value = self.context.get(name).unwrap_or_else(|| panic!("no '{name}' in the context"));
            match negated {
                true if value.is_empty() => "true".to_owned(),
                true => String::new(),
                false => value.clone(),
            }
        };
        let all = |terms: &str| {
            terms.split("&&").map(term).reduce(|one, other| if one.is_empty() { one } else { other })
        };
        expression.split("||").filter_map(all).find(|value| !value.is_empty()).unwrap_or_default()
    }

    fn expand(&self, text: &str) -> String {
        let mut parts = text.split("${{");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once("}}").expect("an expression ends");
            expanded.push_str(&self.evaluate(expression));
            expanded.push_str(rest);
        }
        expanded
    }

    /// Executes a script as a runner does, and takes over what it sets.
    fn shell(&mut self, script: &str, action: &Path, environment: &Value) -> (Output, Vec<(String, String)>) {
        let file = |name: &str| self.directory.path().join(name);
        for name in ["output", "env", "path"] {
            fs::write(file(name), "").expect("the directory is writable");
        }
        fs::write(file("step.sh"), script).expect("the directory is writable");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(file("step.sh"));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("OUTLIVE_")) {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.work())
            .env("GITHUB_ACTION_PATH", action)
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_ENV", file("env"))
            .env("GITHUB_PATH", file("path"))
            .env("RUNNER_TEMP", self.temporary())
            .env("PATH", &self.path)
            .envs(&self.environment)
            .envs(texts(environment).into_iter().map(|(name, value)| (name, self.expand(&value))));
        let output = command.output().expect("bash is installed");
        let pairs = |name: &str| -> Vec<(String, String)> {
            let text = fs::read_to_string(file(name)).expect("the file is there");
            text.lines()
                .map(|line| line.split_once('=').expect("NAME=VALUE"))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        };
        let (outputs, variables) = (pairs("output"), pairs("env"));
        for line in fs::read_to_string(file("path")).expect("the file is there").lines() {
            self.path = format!("{line}:{}", self.path);
        }
        self.environment.extend(variables);
        (output, outputs)
    }

    /// Executes the steps of an action until one fails. Returns what its scripts printed, and its
    /// outputs. `instead` stands in for the steps of other actions.
    fn run(
        &mut self,
        folder: &str,
        inputs: &[(&str, &str)],
        instead: impl Fn(&BTreeMap<String, String>),
    ) -> Result<(String, BTreeMap<String, String>), String> {
        let action = yaml(&format!("{folder}/action.yml"));
        for (name, input) in action["inputs"].as_object().into_iter().flatten() {
            self.context.insert(format!("inputs.{name}"), text(&input["default"]));
        }
        for (name, value) in inputs {
            let known = self.context.insert(format!("inputs.{name}"), (*value).to_owned());
            assert!(known.is_some(), "the action has no input '{name}'");
        }
        let mut printed = String::new();
        for step in steps(&action) {
            let condition = step["if"].as_str().map(|condition| self.expand(condition));
            if condition.is_some_and(|value| value.is_empty()) {
                continue;
            }
            let Some(script) = step["run"].as_str() else {
                let with = texts(&step["with"]).into_iter();
                instead(&with.map(|(name, value)| (name, self.expand(&value))).collect());
                continue;
            };
            let (output, outputs) = self.shell(script, &Path::new(ROOT).join(folder), &step["env"]);
            printed.push_str(&String::from_utf8_lossy(&output.stdout));
            if !output.status.success() {
                return Err(printed + &String::from_utf8_lossy(&output.stderr));
            }
            for (name, value) in outputs {
                let id = step["id"].as_str().expect("a step with outputs has an id");
                self.context.insert(format!("steps.{id}.outputs.{name}"), value);
            }
        }
        let outputs = action["outputs"].as_object().into_iter().flatten();
        Ok((
            printed,
            outputs.map(|(name, output)| (name.clone(), self.expand(&text(&output["value"])))).collect(),
        ))
    }

    /// Writes a release archive with its checksum, and returns its path.
    fn archive(&self) -> String {
        let folder = self.work().join("outlive-0-test");
        fs::create_dir(&folder).expect("the directory is writable");
        std::os::unix::fs::symlink(fs::canonicalize(program()).expect("it exists"), folder.join("outlive"))
            .expect("the directory is writable");
        let packed = Command::new("bash")
            .args(["-c", "tar -ch outlive-0-test | gzip --fast >a.tar.gz && sha256sum a.tar.gz >a.sha256"])
            .current_dir(self.work())
            .status();
        assert!(packed.expect("bash is installed").success());
        self.work().join("a.tar.gz").to_str().expect("a text").to_owned()
    }
}

/// Ends what a failed test has left.
impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.run("action/stop", &[], |_| {});
    }
}

/// The installed release runs the scenario step of the example, and stops in order.
#[test]
fn a_release_archive_is_installed_started_used_and_stopped() {
    let mut job = Job::new();
    let (archive, base) = (job.archive(), free_base().to_string());
    let inputs =
        [("archive", archive.as_str()), ("port-base", &base), ("options", "--rules 2021\n--seed 7\n")];
    let (printed, outputs) =
        job.run("action", &inputs, |with| panic!("nothing is cached, but {with:?}")).expect("it starts");
    let url = format!("http://127.0.0.1:{base}");
    assert!(printed.contains(&format!("Outlive is up at {url}")), "{printed}");
    assert_eq!(outputs["url"], url);
    assert_eq!(job.environment["OUTLIVE_AGAINST"], url);
    assert_eq!(job.environment["OUTLIVE_CA"], outputs["ca"]);
    assert_eq!(job.environment["OUTLIVE_BIN"], outputs["binary"]);
    assert!(Path::new(&outputs["directory"]).join("outlive").is_file());
    assert!(fs::read_to_string(&outputs["ca"]).expect("a certificate").contains("BEGIN CERTIFICATE"));

    let again = job.run("action", &inputs, |_| {}).expect_err("it runs already");
    assert!(again.contains("this job has started it already"), "{again}");

    let workflow = yaml("action/example-workflow.yml");
    let example = workflow["jobs"]["outlive"]["steps"].as_array().expect("the example has steps");
    let scenarios = example.iter().find(|step| step["name"] == "Scenarios").expect("it runs scenarios");
    fs::create_dir(job.work().join("scenarios")).expect("the directory is writable");
    fs::copy(Path::new(ROOT).join("scenarios/api-down.yaml"), job.work().join("scenarios/api-down.yaml"))
        .expect("the scenario exists");
    let (run, _) = job.shell(&text(&scenarios["run"]), Path::new(ROOT), &Value::Null);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let report = fs::read_to_string(job.work().join("reports/scenarios.xml")).expect("a report");
    assert!(report.contains("<testsuite "), "{report}");

    let (printed, _) = job.run("action/stop", &[], |_| {}).expect("it stops");
    assert!(printed.contains(&format!("Outlive is up at {url}")), "the log is not printed: {printed}");
    assert!(!printed.contains("was killed"), "{printed}");
    let (gone, _) = job.shell("! outlive health \"$OUTLIVE_AGAINST\"", Path::new(ROOT), &Value::Null);
    assert!(gone.status.success());
    let (printed, _) = job.run("action/stop", &[], |_| {}).expect("there is nothing to stop");
    assert!(printed.contains("was not started"), "{printed}");
}

/// The program that was built from the same sources comes from the cache.
#[test]
fn the_program_of_the_same_sources_is_cached() {
    let mut job = Job::new();
    let keys = std::cell::RefCell::new(Vec::new());
    let base = free_base().to_string();
    let (_, outputs) = job
        .run("action", &[("port-base", &base)], |with| {
            let directory = Path::new(&with["path"]);
            fs::create_dir_all(directory).expect("the directory is writable");
            fs::copy(program(), directory.join("outlive")).expect("the program can be copied");
            keys.borrow_mut().push(with["key"].clone());
        })
        .expect("it starts");
    let keys = keys.into_inner();
    let key = keys[0].strip_prefix("outlive-Linux-X64-").expect("it names the machine");
    assert!(key.len() == 40 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
    assert!(outputs["binary"].ends_with("/outlive/built/outlive"), "{outputs:?}");
    assert!(Path::new(&outputs["directory"]).join("Cargo.lock").is_file(), "{outputs:?}");
}

#[test]
fn what_cannot_be_installed_or_started_is_reported_with_the_reason() {
    let given = program().to_str().expect("a text");
    for (inputs, reason) in [
        (vec![("binary", "nowhere")], "there is no program at 'nowhere'"),
        (vec![("binary", "/etc/hostname")], "'/etc/hostname' does not run on this machine"),
        (vec![("archive", "nowhere.tar.gz")], "there is no archive at 'nowhere.tar.gz'"),
        (vec![("archive", "http://127.0.0.1/a.tar.gz")], "neither a path nor an https address"),
        (vec![("archive", "https://127.0.0.1:9/a.tar.gz")], "cannot be downloaded"),
        (vec![("archive", "no.tar.gz"), ("sha256", "00")], "instead of 00"),
        (vec![("archive", "no.tar.gz")], "no.sha256 does not list no.tar.gz"),
        (vec![("archive", "listed.tar.gz")], "is not a release archive"),
        (vec![("binary", given), ("port-base", "http")], "'port-base' is 'http', which is not a number"),
        (vec![("binary", given), ("options", "--rules 1999")], "it ended; its output follows"),
    ] {
        let mut job = Job::new();
        for name in ["no.tar.gz", "listed.tar.gz"] {
            fs::write(job.work().join(name), "x").expect("the directory is writable");
        }
        let sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
        for name in ["no.sha256", "listed.sha256"] {
            let listed = format!("{sum}  listed.tar.gz\n");
            fs::write(job.work().join(name), listed).expect("the directory is writable");
        }
        let printed = job.run("action", &inputs, |_| {}).expect_err(reason);
        assert!(
            printed.contains("::error title=Outlive ") && printed.contains(reason),
            "{inputs:?}: {printed}"
        );
    }
}

/// Every place in a document at which another action is used.
fn uses(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim_start().trim_start_matches("- ").strip_prefix("uses: "))
}

#[test]
fn actions_of_others_are_pinned_by_commit() {
    let mut found = 0;
    for path in ["action/action.yml", "action/stop/action.yml", "action/example-workflow.yml"] {
        let text = fs::read_to_string(Path::new(ROOT).join(path)).expect("the file is there");
        for used in uses(&text).filter(|used| !used.starts_with(OWN_ACTIONS)) {
            let (name, version) = used.split_once('@').expect("a version");
            let (commit, comment) = version.split_once(" # v").unwrap_or((version, ""));
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(
                is_commit && !comment.is_empty(),
                "{path}: pin {name} by its commit, as COMMIT # vVERSION"
            );
            found += 1;
        }
    }
    assert!(found >= 5, "only {found} uses");
}

/// The example uses what the actions have, at the version of the workspace.
#[test]
fn the_example_uses_inputs_and_outputs_that_exist() {
    let version = env!("CARGO_PKG_VERSION");
    let workflow = yaml("action/example-workflow.yml");
    assert_eq!(workflow["permissions"]["contents"], "read");
    let mut own = 0;
    for step in workflow["jobs"]["outlive"]["steps"].as_array().expect("the example has steps") {
        let Some(used) = step["uses"].as_str().and_then(|used| used.strip_prefix("outlive/outlive/")) else {
            continue;
        };
        own += 1;
        let (folder, tag) = used.split_once('@').expect("a version");
        assert_eq!(tag, format!("v{version}"), "{used}");
        let action = yaml(&format!("{folder}/action.yml"));
        for (name, value) in texts(&step["with"]) {
            assert!(action["inputs"][&name].is_object(), "{folder} has no input '{name}'");
            assert!(name != "version" || value == version, "the example installs {value}");
        }
    }
    assert_eq!(own, 2, "start and stop");
    let example = workflow.to_string();
    let outputs = yaml("action/action.yml")["outputs"].clone();
    for used in example.split("steps.outlive.outputs.").skip(1) {
        let name = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
        assert!(outputs[name].is_object(), "the action has no output '{name}'");
    }
}
