//! The program under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Other variables that change what the program prints.
const OTHERS: [&str; 5] = ["CI", "GITHUB_ACTIONS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];

/// Returns the program under test: `OUTLIVE_BIN`, or the one of this profile, which is built first.
///
/// # Panics
/// When it is not there and cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("OUTLIVE_BIN") {
        Some(given) => {
            let given = PathBuf::from(given);
            assert!(given.is_file(), "OUTLIVE_BIN names {}, which is not there", given.display());
            given
        }
        None => build(),
    })
}

/// A command of the program under test, without any configuration from the environment.
pub(crate) fn command() -> Command {
    command_of(program())
}

/// As [`command`], of another program.
pub(crate) fn command_of(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("OUTLIVE_") || OTHERS.contains(&name)) {
            command.env_remove(name);
        }
    }
    command
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = Command::new(cargo)
        .args(["build", "--locked", "--package", "outlive", "--bin", "outlive", "--profile", profile])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .expect("cargo runs these tests, so it can be run");
    assert!(built.status.success(), "building outlive failed:\n{}", String::from_utf8_lossy(&built.stderr));
    // This test is target/PROFILE/deps/NAME; the program is target/PROFILE/outlive.
    let here = std::env::current_exe().expect("a running program has a path");
    let path = here
        .ancestors()
        .nth(2)
        .expect("cargo puts test programs two directories below the target directory")
        .join("outlive");
    assert!(path.is_file(), "cargo built outlive, but {} is not there", path.display());
    path
}
