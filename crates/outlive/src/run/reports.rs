//! The report files of a run. They are opened before the run, so that a path that cannot be written
//! is reported first, and are written atomically.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use outlive_chassis::StartError;
use outlive_lab::scenario::report;
use outlive_lab::scenario::result::RunResult;
use tempfile::NamedTempFile;

use super::report_paths;
use crate::cli::RunArgs;
use crate::replaced_file::{cause, draft_of, ignore_devices, write_through};
use crate::terminal::{self, print, print_error};

/// The requested reports.
pub(super) struct Reports(Vec<(Format, Report)>);

/// The format of a report.
#[derive(Clone, Copy)]
enum Format {
    Json,
    Junit,
    Tap,
    Html,
}

impl Format {
    const fn option(self) -> &'static str {
        match self {
            Self::Json => "--json",
            Self::Junit => "--junit",
            Self::Tap => "--tap",
            Self::Html => "--html",
        }
    }

    fn text(self, result: &RunResult, wall_ms: i64) -> String {
        match self {
            Self::Json => report::json::report(result),
            Self::Junit => report::junit::report(result),
            Self::Tap => report::tap::report(result),
            Self::Html => report::html::report(result, wall_ms),
        }
    }
}

/// The destination of a report.
enum Report {
    /// Standard output.
    Output,
    /// A file that is replaced when the report is complete.
    Replaced { path: PathBuf, draft: NamedTempFile },
    /// A device, a pipe, or a file in a directory that cannot be written: written in place.
    InPlace { path: PathBuf, file: File },
}

impl Reports {
    /// Opens the files of `args`; `seed` is a file that the run reads.
    ///
    /// # Errors
    /// A path that cannot be written, or that another report or a file of the run has.
    pub(super) fn open(args: &RunArgs, seed: Option<&Path>) -> Result<Self, StartError> {
        let wanted = [
            (Format::Json, &args.json),
            (Format::Junit, &args.junit),
            (Format::Tap, &args.tap),
            (Format::Html, &args.html),
        ];
        let wanted: Vec<(Format, &Path)> =
            wanted.into_iter().filter_map(|(format, path)| Some((format, path.as_deref()?))).collect();
        let paths: Vec<_> = wanted.iter().map(|(format, path)| (format.option(), *path)).collect();
        let scenarios = args.files.iter().map(|path| ("a scenario file", path.as_path()));
        let inputs: Vec<_> = scenarios.chain(seed.map(|seed| ("--seed", seed))).collect();
        report_paths::check(&paths, &inputs)?;
        let opened =
            wanted.into_iter().map(|(format, path)| Ok((format, Report::open(format.option(), path)?)));
        Ok(Self(opened.collect::<Result<_, StartError>>()?))
    }

    /// Whether a report of `args` uses standard output.
    pub(super) fn would_use_stdout(args: &RunArgs) -> bool {
        let paths = [&args.json, &args.junit, &args.tap, &args.html];
        paths.into_iter().flatten().any(|path| path == Path::new("-"))
    }

    /// Whether a report uses standard output, so that nothing else can be printed there.
    pub(super) fn use_stdout(&self) -> bool {
        self.0.iter().any(|(_, report)| matches!(report, Report::Output))
    }

    /// Whether a report goes to a file, which is completed even if nothing more can be printed.
    pub(super) fn include_file(&self) -> bool {
        self.0.iter().any(|(_, report)| !matches!(report, Report::Output))
    }

    /// Writes all reports. Returns whether that succeeded.
    pub(super) fn write(self, result: &RunResult, wall_ms: i64) -> bool {
        // Each is written, even if one before it could not be.
        self.0
            .into_iter()
            .fold(true, |all, (format, report)| report.write(&format.text(result, wall_ms)) && all)
    }
}

impl Report {
    fn open(option: &str, path: &Path) -> Result<Self, StartError> {
        if path == Path::new("-") {
            return Ok(Self::Output);
        }
        Self::open_file(path).map_err(|error| {
            StartError::new(
                format!("cannot write the report {}", path.display()),
                cause(&error),
                format!("give {option} a path that can be written"),
            )
        })
    }

    fn open_file(path: &Path) -> io::Result<Self> {
        let given = path.to_owned();
        // A symbolic link is kept, and its target replaced.
        let path = report_paths::replaced(path);
        let known = match fs::metadata(&path) {
            Ok(known) => Some(known),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let in_place =
            || Ok(Self::InPlace { path: given.clone(), file: OpenOptions::new().write(true).open(&path)? });
        match known {
            Some(known) if known.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Some(known) if !known.is_file() => in_place(),
            Some(known) => {
                // Opened to check the permission; nothing is written.
                OpenOptions::new().write(true).open(&path)?;
                let Ok(draft) = draft_of(&path) else { return in_place() };
                draft.as_file().set_permissions(known.permissions())?;
                Ok(Self::Replaced { path, draft })
            }
            None => Ok(Self::Replaced { draft: draft_of(&path)?, path }),
        }
    }

    fn write(self, text: &str) -> bool {
        let (path, written) = match self {
            Self::Output => {
                print(text);
                // The reason is printed already.
                return !terminal::has_failed();
            }
            Self::Replaced { path, draft } => {
                let written = write_through(draft.as_file(), text);
                let written =
                    written.and_then(|()| draft.persist(&path).map(drop).map_err(|error| error.error));
                (path, written)
            }
            Self::InPlace { path, file } => {
                let written =
                    file.set_len(0).or_else(ignore_devices).and_then(|()| write_through(&file, text));
                if written.is_err() {
                    // Leave no incomplete report.
                    let _ = file.set_len(0);
                }
                (path, written)
            }
        };
        if let Err(error) = &written {
            print_error(&format!("cannot write the report {}: {error}", path.display()));
        }
        written.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_its_file_only_when_complete() {
        let directory = tempfile::tempdir().expect("the temporary directory is writable");
        let path = directory.path().join("report.json");
        fs::write(&path, "old").expect("it is writable");
        let draft = Report::open("--json", &path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
        drop(draft);
        let names = || fs::read_dir(directory.path()).expect("it can be listed").count();
        assert_eq!((fs::read_to_string(&path).expect("it is there").as_str(), names()), ("old", 1));
        let draft = Report::open("--json", &path).unwrap_or_else(|error| panic!("{error}"));
        assert!(draft.write("new"));
        assert_eq!((fs::read_to_string(&path).expect("it is there").as_str(), names()), ("new", 1));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_new_report_can_be_read_by_others() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().expect("the temporary directory is writable");
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "old").expect("it is writable");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("it is ours");
        std::os::unix::fs::symlink(&target, &link).expect("it is writable");
        assert!(Report::open("--json", &link).unwrap_or_else(|error| panic!("{error}")).write("new"));
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(&target).expect("it is there"), "new");
        let mode = fs::metadata(&target).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
