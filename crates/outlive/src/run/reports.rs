//! The files that a run's results are written to: opened before the run, so that a path that cannot be written costs no run, and
//! written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use outlive_chassis::StartError;
use outlive_lab::scenario::report;
use outlive_lab::scenario::result::RunResult;
use tempfile::NamedTempFile;

use crate::cli::RunArgs;
use crate::terminal::{complain, tell};

/// The reports that were asked for.
pub(super) struct Reports {
    json: Option<Report>,
    junit: Option<Report>,
}

/// Where a report goes.
enum Report {
    /// Standard output.
    Output,
    /// A file that is replaced when the report is complete.
    Replaced { path: PathBuf, draft: NamedTempFile },
    /// A device, a pipe, or a file in a directory that cannot be written: written in place.
    InPlace { path: PathBuf, file: File },
}

impl Reports {
    /// Opens the files of `args`.
    ///
    /// # Errors
    /// A path that cannot be written, or two reports with the same one.
    pub(super) fn open(args: &RunArgs) -> Result<Self, StartError> {
        if let (Some(json), Some(junit)) = (&args.json, &args.junit)
            && json == junit
        {
            return Err(StartError::new(
                format!("cannot write two reports to {}", json.display()),
                "--json and --junit name the same file",
                "give each report a path of its own",
            ));
        }
        let open = |option: &str, path: &Option<PathBuf>| {
            path.as_deref().map(|path| Report::open(option, path)).transpose()
        };
        Ok(Self { json: open("--json", &args.json)?, junit: open("--junit", &args.junit)? })
    }

    /// Whether standard output belongs to a report, so that no story can be printed there.
    pub(super) fn take_output(&self) -> bool {
        [&self.json, &self.junit].into_iter().flatten().any(|report| matches!(report, Report::Output))
    }

    /// Whether some report goes to a file, which is worth finishing when nothing can be printed any more.
    pub(super) fn any_file(&self) -> bool {
        [&self.json, &self.junit].into_iter().flatten().any(|report| !matches!(report, Report::Output))
    }

    /// Writes all of them; whether that succeeded.
    pub(super) fn write(self, result: &RunResult) -> bool {
        let json = self.json.is_none_or(|file| file.write(&report::json::report(result)));
        let junit = self.junit.is_none_or(|file| file.write(&report::junit::report(result)));
        json && junit
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
        // A link stays a link: what it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| given.clone());
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
                // Opened to find out whether it may be written; nothing in it changes.
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
                tell(text);
                return true;
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
                    // No half of a report that a reader could take for the whole.
                    let _ = file.set_len(0);
                }
                (path, written)
            }
        };
        if let Err(error) = &written {
            complain(&format!("cannot write the report {}: {error}", path.display()));
        }
        written.is_ok()
    }
}

/// The cause without the name of the draft, which the reader did not give.
fn cause(error: &io::Error) -> String {
    error
        .raw_os_error()
        .map_or_else(|| io::Error::from(error.kind()), io::Error::from_raw_os_error)
        .to_string()
}

/// An empty file beside `path`, removed unless it takes the place of `path`.
fn draft_of(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::metadata(directory)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".outlive-report-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

/// Writes all of `text` and waits until the file system has it, since some report a full disk only then.
fn write_through(mut file: &File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all().or_else(ignore_devices)
}

/// Pipes and devices have no length and nothing to synchronize.
fn ignore_devices(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_takes_its_place_only_when_it_is_complete() {
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
