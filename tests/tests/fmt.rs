//! `outlive fmt`: files in their canonical form, as a user formats them.
//!
//! `scripts/test` runs it on SQLite only: it starts no system.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use outlive_tests::{Ended, outlive, outlive_printing_to, outlive_with_pipes, program};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

const UGLY: &str = "scenarios:\n- chapters: [ ]\n  name:   'One' # first\n";
const CANONICAL: &str = "scenarios:\n  - name: \"One\" # first\n    chapters: []\n";
const BROKEN: &str = "scenarios: [\n";
const OTHER: &str = "services: {web:   {}}\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A temporary folder with files.
struct Folder(TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("the temporary directory is writable"));
        for (name, text) in files {
            let path = folder.0.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("it is writable");
            fs::write(path, text).expect("it is writable");
        }
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("its path is UTF-8").to_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is there")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("it can be listed");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }
}

fn is(ended: &Ended, code: i32, stdout: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), stdout), "{ended:?}");
    assert_eq!(ended.stderr.is_empty(), code != 2, "{ended:?}");
}

/// Runs `outlive fmt -` with this standard input.
async fn format_stdin(arguments: &[&str], text: &str) -> Ended {
    let mut child = outlive_with_pipes([&["fmt", "-"], arguments].concat());
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).await.expect("it reads its standard input");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

#[tokio::test]
async fn the_shipped_files_are_canonical() {
    let files = ["scenarios", "seeds"].map(|folder| root().join(folder).display().to_string());
    let ended = outlive(["fmt", "--check", &files[0], &files[1]]).await;
    assert_eq!(ended.code, Some(0), "run `outlive fmt scenarios seeds`\n{}{}", ended.stdout, ended.stderr);
}

#[tokio::test]
async fn a_file_is_rewritten_once_and_keeps_its_permissions() {
    let folder = Folder::with(&[("a.yaml", UGLY), ("b.yaml", CANONICAL)]);
    let (a, b) = (folder.path("a.yaml"), folder.path("b.yaml"));
    fs::set_permissions(&a, fs::Permissions::from_mode(0o640)).expect("it is ours");
    let before = fs::metadata(&b).expect("it is there").modified().expect("a time");
    is(&outlive(["fmt", &a, &b, &a]).await, 0, &format!("{a}\n"));
    assert_eq!((folder.text("a.yaml").as_str(), folder.text("b.yaml").as_str()), (CANONICAL, CANONICAL));
    assert_eq!(fs::metadata(&a).expect("it is there").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(&b).expect("it is there").modified().expect("a time"), before, "not written");
    assert_eq!(folder.names(), ["a.yaml", "b.yaml"]);
    is(&outlive(["fmt", &a, &b]).await, 0, "");
}

#[tokio::test]
async fn a_check_prints_a_difference_that_other_programs_apply() {
    let folder = Folder::with(&[("a.yaml", UGLY), ("b.yaml", CANONICAL)]);
    let (path, names) = (folder.0.path(), ["a.yaml", "b.yaml"]);
    let check = || Command::new(program()).args(["fmt", "--check"]).args(names).current_dir(path).output();
    let ended = check().expect("it runs");
    let difference = "--- a.yaml\n+++ a.yaml\n@@ -1,3 +1,3 @@\n scenarios:\n-- chapters: [ ]\n-  name:   'One' # first\n\
                      +  - name: \"One\" # first\n+    chapters: []\n";
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stdout).as_ref()), (Some(1), difference));
    assert_eq!(folder.text("a.yaml"), UGLY);
    fs::write(path.join("patch"), ended.stdout).expect("it is writable");
    let applied = Command::new("git").args(["apply", "-p0", "patch"]).current_dir(path).output();
    assert!(applied.as_ref().is_ok_and(|output| output.status.success()), "{applied:?}");
    assert_eq!(folder.text("a.yaml"), CANONICAL);
    let ended = check().expect("it runs");
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 0), "{ended:?}");
}

#[tokio::test]
async fn all_scenarios_and_seeds_below_a_folder_are_formatted() {
    let folder = Folder::with(&[
        ("a.yaml", UGLY),
        ("deep/er/b.yml", UGLY),
        ("deep/seed.yaml", "users: [ ]\nseed: x\n"),
        ("deep/canonical.yaml", CANONICAL),
        ("docker-compose.yaml", OTHER),
        ("list.yaml", "[1,   2]\n"),
        ("notes.txt", UGLY),
        (".git/hidden.yaml", UGLY),
        ("empty/notes.txt", ""),
    ]);
    let path = folder.path("");
    let ended = outlive(["fmt", &path]).await;
    let changed = ["a.yaml", "deep/er/b.yml", "deep/seed.yaml"].map(|name| folder.path(name) + "\n");
    is(&ended, 0, &changed.concat());
    assert_eq!(folder.text("deep/seed.yaml"), "seed: x\nusers: []\n");
    for (name, text) in [
        ("docker-compose.yaml", OTHER),
        ("notes.txt", UGLY),
        (".git/hidden.yaml", UGLY),
        ("deep/er/b.yml", CANONICAL),
    ] {
        assert_eq!(folder.text(name), text, "{name}");
    }
    let empty = folder.path("empty");
    let ended = outlive(["fmt", &empty]).await;
    is(&ended, 2, "");
    assert!(ended.stderr.contains("there are no scenario or seed files in this folder"), "{ended:?}");
}

#[tokio::test]
async fn what_cannot_be_formatted_is_reported_and_the_rest_is_formatted() {
    let folder = Folder::with(&[
        ("broken.yaml", BROKEN),
        ("other.yaml", OTHER),
        ("ugly.yaml", UGLY),
        ("empty.yaml", ""),
    ]);
    fs::write(folder.path("latin1.yaml"), b"scenarios: \xe4").expect("it is writable");
    let missing = folder.path("missing.yaml");
    let ended = outlive(
        ["broken.yaml", "other.yaml", "latin1.yaml", "empty.yaml", "missing.yaml", "ugly.yaml"]
            .map(|name| folder.path(name))
            .iter()
            .fold(vec!["fmt".to_owned()], |all, path| [all, vec![path.clone()]].concat()),
    )
    .await;
    is(&ended, 2, &format!("{}\n", folder.path("ugly.yaml")));
    for part in [
        "broken.yaml:1:12: this [ is never closed",
        "other.yaml:1:1: unknown field `services`",
        "latin1.yaml: cannot be read: it is not UTF-8 text",
        "empty.yaml:1:1: the file is empty",
        "missing.yaml: cannot be read: there is no such file",
    ] {
        assert!(ended.stderr.contains(part), "lacks {part}: {}", ended.stderr);
    }
    assert_eq!((folder.text("broken.yaml").as_str(), folder.text("other.yaml").as_str()), (BROKEN, OTHER));
    assert!(!Path::new(&missing).exists());
    // In a folder, a broken file is reported if its lines begin as those of a scenario file.
    let ended = outlive(["fmt", "--check", &folder.path("")]).await;
    is(&ended, 2, "");
    assert!(ended.stderr.contains("broken.yaml:1:12") && !ended.stderr.contains("other.yaml"), "{ended:?}");
}

#[tokio::test]
async fn a_link_stays_a_link_and_a_read_only_file_as_it_is() {
    let folder = Folder::with(&[("target", UGLY), ("read-only.yaml", UGLY)]);
    let (link, read_only) = (folder.path("link.yaml"), folder.path("read-only.yaml"));
    symlink("target", &link).expect("it is writable");
    symlink("nothing", folder.path("dangling.yaml")).expect("it is writable");
    is(&outlive(["fmt", &link]).await, 0, &format!("{link}\n"));
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(folder.text("target"), CANONICAL);
    fs::set_permissions(&read_only, fs::Permissions::from_mode(0o444)).expect("it is ours");
    let ended = outlive(["fmt", &read_only, &folder.path("dangling.yaml")]).await;
    is(&ended, 2, "");
    for part in ["read-only.yaml: cannot be written: permission denied", "dangling.yaml: cannot be read"] {
        assert!(ended.stderr.contains(part), "lacks {part}: {}", ended.stderr);
    }
    assert_eq!(folder.text("read-only.yaml"), UGLY);
    assert!(!Path::new(&folder.path("nothing")).exists());
    assert_eq!(folder.names(), ["dangling.yaml", "link.yaml", "read-only.yaml", "target"]);
}

#[tokio::test]
async fn the_standard_input_is_formatted_to_the_standard_output() {
    is(&format_stdin(&[], UGLY).await, 0, CANONICAL);
    is(&format_stdin(&[], CANONICAL).await, 0, CANONICAL);
    is(&format_stdin(&["--check"], CANONICAL).await, 0, "");
    let ended = format_stdin(&["--check"], UGLY).await;
    assert!(ended.code == Some(1) && ended.stdout.starts_with("--- <stdin>\n+++ <stdin>\n@@"), "{ended:?}");
    let ended = format_stdin(&[], BROKEN).await;
    is(&ended, 2, "");
    assert!(ended.stderr.contains("<stdin>:1:12: this [ is never closed"), "{ended:?}");
    let folder = Folder::with(&[("a.yaml", UGLY)]);
    let ended = format_stdin(&[&folder.path("a.yaml")], UGLY).await;
    is(&ended, 2, "");
    assert!(ended.stderr.contains("cannot format the standard input together with files"), "{ended:?}");
    assert_eq!(folder.text("a.yaml"), UGLY);
}

#[tokio::test]
async fn differences_are_colored_on_request_and_never_with_no_color() {
    let folder = Folder::with(&[("a.yaml", UGLY)]);
    let a = folder.path("a.yaml");
    for (environment, is_colored) in [
        (&[("CLICOLOR_FORCE", "1")][..], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[], false),
    ] {
        let ended = outlive_printing_to(Stdio::piped(), environment, &["fmt", "--check", &a]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert_eq!(ended.stdout.contains('\u{1b}'), is_colored, "{environment:?}");
    }
}

#[tokio::test]
async fn a_closed_pipe_ends_quietly_and_files_are_formatted_all_the_same() {
    let closed = || {
        let (reader, writer) = std::io::pipe().expect("pipes can be made");
        drop(reader);
        writer
    };
    let folder = Folder::with(&[("a.yaml", UGLY), ("b.yaml", UGLY)]);
    let (a, b) = (folder.path("a.yaml"), folder.path("b.yaml"));
    let ended = outlive_printing_to(closed(), &[], &["fmt", "--check", &a, &b]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{ended:?}");
    let ended = outlive_printing_to(closed(), &[], &["fmt", &a, &b]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(141), ""), "{ended:?}");
    assert_eq!((folder.text("a.yaml").as_str(), folder.text("b.yaml").as_str()), (CANONICAL, CANONICAL));
}

#[tokio::test]
async fn two_at_once_leave_a_whole_file() {
    let folder = Folder::with(&[("a.yaml", UGLY)]);
    let a = folder.path("a.yaml");
    let runs = futures::future::join_all((0..6).map(|_| outlive(["fmt", &a]))).await;
    assert!(runs.iter().all(|ended| ended.code == Some(0)), "{runs:?}");
    assert_eq!((folder.text("a.yaml").as_str(), folder.names()), (CANONICAL, vec!["a.yaml".to_owned()]));
}
