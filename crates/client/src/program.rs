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
    let named = |path: &Path, origin: &str| {
        if path.is_file() {
            return Ok(path.to_owned());
        }
        Err(Error::ProgramNotFound { searched: format!("{origin} names {}", path.display()) })
    };
    if let Some(given) = given {
        return named(given, "the builder");
    }
    if let Some(variable) = variable.filter(|variable| !variable.is_empty()) {
        return named(Path::new(variable), VARIABLE);
    }
    let name = format!("outlive{}", std::env::consts::EXE_SUFFIX);
    let directories = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>()).unwrap_or_default();
    let found = directories.into_iter().map(|directory| directory.join(&name)).find(|path| path.is_file());
    found.ok_or_else(|| Error::ProgramNotFound {
        searched: format!("{VARIABLE} is not set, and no directory of PATH has {name}"),
    })
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
            path
        };
        let (given, variable) = (file("given"), file("variable"));
        let on_path = file(&format!("bin/outlive{}", std::env::consts::EXE_SUFFIX));
        let path = std::env::join_paths([home.path(), on_path.parent().unwrap()]).unwrap();
        let found = |given, variable| find_in(given, variable, Some(&path)).unwrap();
        assert_eq!(found(Some(given.as_path()), Some(variable.as_os_str())), given);
        assert_eq!(found(None, Some(variable.as_os_str())), variable);
        assert_eq!(found(None, Some(OsStr::new(""))), on_path);
        assert_eq!(found(None, None), on_path);
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
