//! Which file a report replaces, however its path is spelled.

use std::fs;
use std::path::{Path, PathBuf};

use outlive_chassis::StartError;

/// How many symbolic links a path can have, as on Linux.
const LINKS_MAX: usize = 40;

/// Checks that no report replaces another one, or a file that the run reads.
///
/// # Errors
/// Two options name one file, however it is spelled.
pub(super) fn check(
    reports: &[(&'static str, &Path)],
    inputs: &[(&'static str, &Path)],
) -> Result<(), StartError> {
    let mut known: Vec<(&str, PathBuf)> =
        inputs.iter().map(|(option, path)| (*option, replaced(path))).collect();
    for (option, path) in reports {
        let file = replaced(path);
        if let Some((earlier, _)) = known.iter().find(|(_, earlier)| *earlier == file) {
            return Err(StartError::new(
                format!("cannot write the report {}", path.display()),
                format!("{earlier} and {option} name the same file"),
                "give each report a path of its own",
            ));
        }
        known.push((*option, file));
    }
    Ok(())
}

/// Returns the file that a report at `path` replaces: without links, `.` and `..`. It may not exist
/// yet.
pub(super) fn replaced(path: &Path) -> PathBuf {
    if path == Path::new("-") {
        // Standard output. A file of this name is ./-.
        return path.to_owned();
    }
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if let Ok(found) = fs::canonicalize(&path) {
            return found;
        }
        // A link to a file that does not exist yet.
        let Ok(target) = fs::read_link(&path) else { break };
        path = directory_of(&path).join(target);
    }
    match (fs::canonicalize(directory_of(&path)), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path,
    }
}

/// Returns the directory of a file.
pub(super) fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_the_same_however_it_is_spelled() {
        let home = tempfile::tempdir().expect("the temporary directory is writable");
        let at = |name: &str| home.path().join(name);
        fs::create_dir(at("sub")).expect("it is writable");
        fs::write(at("old"), "").expect("it is writable");
        for (target, link) in [("old", "to-old"), ("new", "to-new"), ("to-new", "to-to-new"), ("sub", "way")]
        {
            std::os::unix::fs::symlink(target, at(link)).expect("it is writable");
        }
        std::os::unix::fs::symlink("ring", at("ring")).expect("it is writable");
        for (one, other, same) in [
            ("new", "new", true),
            ("new", "./new", true),
            ("new", "sub/../new", true),
            ("sub/new", "way/new", true),
            ("new", "to-new", true),
            ("new", "to-to-new", true),
            ("old", "to-old", true),
            ("old", "sub/../to-old", true),
            ("new", "sub/new", false),
            ("new", "old", false),
            ("ring", "new", false),
        ] {
            let (one, other) = (at(one), at(other));
            let found = check(&[("--json", &one), ("--tap", &other)], &[]);
            assert_eq!(found.is_err(), same, "{} {}", one.display(), other.display());
            let found = check(&[("--json", &one)], &[("--seed", &other)]);
            assert_eq!(found.is_err(), same, "{} {}", one.display(), other.display());
        }
        let output = Path::new("-");
        assert!(check(&[("--json", output), ("--tap", output)], &[]).is_err());
        assert!(check(&[("--json", output), ("--tap", Path::new("./-"))], &[]).is_ok());
    }
}
