//! Checks that the embedded databases of a data directory are complete: together they are one
//! state.

use std::path::{Path, PathBuf};

use outlive_chassis::StartError;

/// The file that lists the databases of the directory, written after the first complete start. An
/// interrupted first start may leave some databases without this file.
const LIST: &str = "databases";

pub(crate) fn file(data: &Path, service: &str) -> PathBuf {
    data.join(format!("{service}.db"))
}

/// Refuses to start when a database of an earlier start is missing. An empty one in its place would
/// not have the existing tenants.
pub(crate) fn check(data: &Path, services: &[&str]) -> Result<(), StartError> {
    let (there, missing): (Vec<&str>, Vec<&str>) =
        services.iter().partition(|service| has_content(&file(data, service)));
    // Earlier versions wrote no list. The lab's database is created last.
    let was_complete = data.join(LIST).exists() || there.contains(&"lab");
    if missing.is_empty() || there.is_empty() || !was_complete {
        return Ok(());
    }
    let names = |services: &[&str]| {
        services.iter().map(|service| format!("{service}.db")).collect::<Vec<_>>().join(", ")
    };
    let (missing, there) = (names(&missing), names(&there));
    Err(StartError::new(
        format!("cannot use the data directory {}", data.display()),
        format!("{missing} is missing or empty, and together with {there} it was one state"),
        format!(
            "put {missing} back, from a backup of the same moment as the others; or, to begin with empty data, \
             move the directory away or give another --data"
        ),
    ))
}

/// An empty file does not count: a new database would be created in it.
fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// Writes the list of databases.
pub(crate) fn complete(data: &Path, services: &[&str]) -> Result<(), StartError> {
    let list = services.iter().map(|service| format!("{service}.db\n")).collect::<String>();
    let path = data.join(LIST);
    if std::fs::read_to_string(&path).is_ok_and(|written| written == list) {
        return Ok(());
    }
    write_private(&path, &list).map_err(|error| {
        StartError::new(
            format!("cannot write {}", path.display()),
            error,
            "give --data a directory that can be written",
        )
    })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICES: [&str; 3] = ["idp", "hub", "lab"];

    #[test]
    fn a_database_that_was_there_before_has_to_be_there() {
        let data = tempfile::tempdir().unwrap();
        let create = |service| std::fs::write(file(data.path(), service), "a database").unwrap();
        assert!(check(data.path(), &SERVICES).is_ok(), "empty");
        create("idp");
        assert!(check(data.path(), &SERVICES).is_ok(), "the first start was interrupted");
        create("hub");
        create("lab");
        complete(data.path(), &SERVICES).unwrap();
        complete(data.path(), &SERVICES).unwrap();
        assert!(check(data.path(), &SERVICES).is_ok());
        for missing in SERVICES {
            std::fs::remove_file(file(data.path(), missing)).unwrap();
            assert!(check(data.path(), &SERVICES).is_err());
            std::fs::write(file(data.path(), missing), "").unwrap();
            let error = check(data.path(), &SERVICES).unwrap_err();
            assert!(error.why.starts_with(&format!("{missing}.db is missing or empty")), "{error}");
            assert!(error.remedy.contains("backup"), "{error}");
            create(missing);
        }
        // All of them are gone: a new start, whatever else is in the directory.
        SERVICES.iter().for_each(|service| std::fs::remove_file(file(data.path(), service)).unwrap());
        assert!(check(data.path(), &SERVICES).is_ok());
        // Data without a list: the lab's database shows that the others were there.
        std::fs::remove_file(data.path().join(LIST)).unwrap();
        create("lab");
        create("hub");
        assert!(check(data.path(), &SERVICES).is_err());
    }
}
