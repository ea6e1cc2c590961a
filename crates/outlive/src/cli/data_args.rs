//! The directory of databases and keys.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use outlive_chassis::StartError;

use crate::terminal::print_error;

/// Where earlier versions kept data by default, in the working directory.
const FORMER: &str = "data";
/// Files that, together, only a directory with data of Outlive has. Earlier versions wrote sealing
/// keys and an authority before there was a lab key.
const TRACES: [&[&str]; 6] = [
    &["lab-key"],
    &["ca.key", "ca.pem", "ca.names"],
    &["idp.key", "idp.db"],
    &["hub.key", "hub.db"],
    &["resource.key", "resource.db"],
    &["flow.key", "flow.db"],
];

/// Where data is kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataArgs {
    /// The directory of databases and keys; by default $XDG_DATA_HOME/outlive or
    /// ~/.local/share/outlive.
    #[arg(long, value_name = "DIR", env = "OUTLIVE_DATA")]
    data: Option<PathBuf>,
}

/// What the default depends on.
#[derive(Debug, Default)]
struct Surroundings {
    /// `XDG_DATA_HOME`.
    data_home: Option<OsString>,
    /// `HOME`.
    home: Option<OsString>,
    /// `LOCALAPPDATA`, on Windows.
    local: Option<OsString>,
    /// Whether the former default has data.
    has_former: bool,
}

impl DataArgs {
    /// Returns the directory. If it is the former default, that is reported.
    pub(crate) fn directory(&self) -> Result<PathBuf, StartError> {
        if let Some(given) = self.data.as_ref().filter(|given| !given.as_os_str().is_empty()) {
            return Ok(given.clone());
        }
        let surroundings = Surroundings {
            data_home: std::env::var_os("XDG_DATA_HOME"),
            home: std::env::var_os("HOME"),
            local: std::env::var_os("LOCALAPPDATA").filter(|_| cfg!(windows)),
            has_former: has_data(Path::new(FORMER)),
        };
        if surroundings.has_former {
            let new = surroundings.own_directory();
            let new = new.map_or_else(String::new, |new| format!(" or move it to {}", new.display()));
            print_error(&format!(
                "the data in ./{FORMER} is used, the default of earlier versions; give --data {FORMER}{new}"
            ));
        }
        surroundings.directory()
    }
}

impl Surroundings {
    fn directory(&self) -> Result<PathBuf, StartError> {
        if self.has_former {
            return Ok(PathBuf::from(FORMER));
        }
        self.own_directory().ok_or_else(|| {
            StartError::new(
                "cannot choose a directory for data",
                "neither XDG_DATA_HOME nor HOME is set",
                "give --data a directory",
            )
        })
    }

    fn own_directory(&self) -> Option<PathBuf> {
        // A relative path is to be ignored: XDG Base Directory Specification.
        let absolute = |variable: &Option<OsString>| {
            variable.as_ref().map(PathBuf::from).filter(|path| path.is_absolute())
        };
        let shared = || absolute(&self.home).map(|home| home.join(".local").join("share"));
        let parent = absolute(&self.data_home).or_else(|| absolute(&self.local)).or_else(shared);
        parent.map(|parent| parent.join("outlive"))
    }
}

/// Whether Outlive, and nothing else, wrote to this directory.
fn has_data(directory: &Path) -> bool {
    TRACES.iter().any(|files| files.iter().all(|file| directory.join(file).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unmistakable_files_are_traces_of_an_earlier_version() {
        for (files, expected) in [
            (&["lab-key"][..], true),
            (&["idp.db", "idp.key"], true),
            (&["ca.key", "ca.pem", "ca.names"], true),
            // An authority of someone else would be replaced.
            (&["ca.key", "ca.pem"], false),
            (&["databases", "hub.db", "flow.key"], false),
            (&["databases/orders.sql", "lab-key/notes"], false),
        ] {
            let home = tempfile::tempdir().unwrap();
            for file in files {
                let path = home.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "").unwrap();
            }
            assert_eq!(has_data(home.path()), expected, "{files:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn data_is_in_the_users_directory_unless_there_is_some_in_the_former_one() {
        let directory = |data_home: &str, home: &str, has_former| {
            let set = |text: &str| Some(OsString::from(text)).filter(|text| !text.is_empty());
            let surroundings =
                Surroundings { data_home: set(data_home), home: set(home), local: None, has_former };
            surroundings.directory().ok()
        };
        for (data_home, home, has_former, expected) in [
            ("/shared", "/home/a", false, Some("/shared/outlive")),
            ("", "/home/a", false, Some("/home/a/.local/share/outlive")),
            ("relative", "/home/a", false, Some("/home/a/.local/share/outlive")),
            ("/shared", "/home/a", true, Some("data")),
            ("", "", true, Some("data")),
            ("", "", false, None),
        ] {
            assert_eq!(directory(data_home, home, has_former), expected.map(PathBuf::from));
        }
    }
}
