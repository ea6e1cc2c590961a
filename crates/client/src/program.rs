//! Finds the `outlive` program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The variable with the path of the program.
const VARIABLE: &str = "OUTLIVE_BIN";

/// Returns the program: the given one, that of `OUTLIVE_BIN`, or `outlive` on `PATH`.
pub(crate) fn find(given: Option<&Path>) -> Result<PathBuf, Error> {
    let (variable, path) = (std::env::var_os(VARIABLE), std::env::var_os("PATH"));
    find_in(given, variable.as_deref(), path.as_deref())
}

fn find_in(given: Option<&Path>, variable: Option<&OsStr>, path: Option<&OsStr>) -> Result<PathBuf, Error> {
    let directories = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let on_path =
        |name: &Path| directories.iter().map(|directory| directory.join(name)).find(|path| runs(path));
    let named = |file: &Path, origin: &str| {
        // As in a shell, a bare name is searched on PATH.
        let is_bare = file.parent().is_some_and(|parent| parent.as_os_str().is_empty());
        let found = if is_bare { on_path(file) } else { Some(file.to_owned()).filter(|file| runs(file)) };
        found.ok_or_else(|| {
            let place = if is_bare { " on PATH" } else { "" };
            let searched = format!("{origin} names {}, which is no executable file{place}", file.display());
            Error::ProgramNotFound { searched }
        })
    };
    if let Some(given) = given {
        return named(given, "the builder");
    }
    if let Some(variable) = variable.filter(|variable| !variable.is_empty()) {
        return named(Path::new(variable), VARIABLE);
    }
    let name = format!("outlive{}", std::env::consts::EXE_SUFFIX);
    on_path(Path::new(&name)).ok_or_else(|| Error::ProgramNotFound {
        searched: format!("{VARIABLE} is not set, and no directory of PATH has {name}"),
    })
}

/// Whether this is a file that can be run.
fn runs(path: &Path) -> bool {
    let Ok(file) = path.metadata() else { return false };
    #[cfg(unix)]
    let is_executable = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let is_executable = true;
    file.is_file() && is_executable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_given_one_then_the_variables_then_that_on_the_path() {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            #[cfg(unix)]
            let mode = std::os::unix::fs::PermissionsExt::from_mode;
            #[cfg(unix)]
            std::fs::set_permissions(&path, mode(if name.starts_with("text") { 0o644 } else { 0o755 }))
                .unwrap();
            path
        };
        let (given, variable) = (file("given"), file("variable"));
        let on_path = file(&format!("bin/outlive{}", std::env::consts::EXE_SUFFIX));
        let text = file(&format!("text/outlive{}", std::env::consts::EXE_SUFFIX));
        let path = [home.path(), text.parent().unwrap(), on_path.parent().unwrap()];
        let path = std::env::join_paths(path).unwrap();
        let found = |given, variable| find_in(given, variable, Some(&path)).unwrap();
        assert_eq!(found(Some(given.as_path()), Some(variable.as_os_str())), given);
        assert_eq!(found(None, Some(variable.as_os_str())), variable);
        assert_eq!(found(None, Some(OsStr::new(""))), on_path);
        assert_eq!(found(None, Some(OsStr::new("variable"))), variable);
        assert_eq!(found(None, None), on_path);
        #[cfg(unix)]
        assert!(find_in(Some(&text), None, Some(&path)).is_err());
    }

    #[test]
    fn the_error_says_where_it_was_looked_for_and_how_to_install_it() {
        let missing = Path::new("/there/is/none");
        for (given, variable, searched) in [
            (Some(missing), None, "the builder names /there/is/none"),
            (None, Some(missing.as_os_str()), "OUTLIVE_BIN names /there/is/none"),
            (None, None, "no directory of PATH has outlive"),
        ] {
            let error = find_in(given, variable, Some(OsStr::new("/nowhere"))).unwrap_err().to_string();
            assert!(error.contains(searched) && error.contains("cargo install"), "{error}");
            let returned_by_a_test = format!("{:?}", find_in(given, variable, Some(OsStr::new("/nowhere"))));
            assert!(returned_by_a_test.contains(&error), "{returned_by_a_test}");
        }
    }
}
