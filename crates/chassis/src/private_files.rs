//! Data that only its owner can read, whatever the umask of the process and whatever an earlier
//! version left behind.

use std::io;
use std::path::Path;

/// Creates a data directory with mode 0700. One that exists is restricted to its owner as well if
/// it is empty or holds data of Outlive; a directory that holds anything else has another purpose
/// and stays as it is.
pub(crate) fn create_data_dir(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
    }
    let mut holds_data = true;
    for entry in std::fs::read_dir(path)? {
        holds_data = is_data(&entry?.file_name().to_string_lossy());
        if holds_data {
            break;
        }
    }
    if holds_data { restrict(path, 0o700) } else { Ok(()) }
}

/// Restricts the existing databases, logs and keys of a data directory to their owner.
pub(crate) fn restrict_data(path: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        // Links stay as they are: what they lead to is not ours to change.
        if entry.file_type()?.is_file() && is_data(&name.to_string_lossy()) && name != "ca.pem" {
            restrict(&entry.path(), 0o600)?;
        }
    }
    Ok(())
}

/// Whether a file of this name is one that Outlive writes.
fn is_data(name: &str) -> bool {
    let endings = [".db", ".db-wal", ".db-shm", ".db-journal", ".key", ".lock"];
    matches!(name, "lab-key" | "ca.pem" | "ca.names" | "databases")
        || endings.iter().any(|ending| name.ends_with(ending))
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // Another replica's file may be gone by now.
    let present = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        present => present?.permissions().mode() & 0o777,
    };
    if present & !mode == 0 {
        return Ok(());
    }
    match std::fs::set_permissions(path, std::fs::Permissions::from_mode(present & mode)) {
        // A directory or file of another user, for example a mounted volume: its owner decides.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            tracing::warn!(path = %path.display(), "other users may read this, and it belongs to another user");
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is something that can fail")]
fn restrict(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    #[test]
    fn a_data_directory_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let new = home.path().join("a").join("data");
        create_data_dir(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        for (file, expected) in [(None, 0o700), (Some("idp.db"), 0o700), (Some("thesis.txt"), 0o755)] {
            let old = tempfile::tempdir().unwrap();
            set(old.path(), 0o755);
            if let Some(file) = file {
                std::fs::write(old.path().join(file), "").unwrap();
            }
            create_data_dir(old.path()).unwrap();
            assert_eq!(mode(old.path()), expected, "{file:?}");
        }
    }

    #[test]
    fn readable_files_of_an_earlier_version_are_restricted() {
        let data = tempfile::tempdir().unwrap();
        let written = ["idp.db", "idp.db-wal", "idp.db-shm", "idp.lock", "idp.key", "ca.key", "lab-key"];
        for name in written.iter().chain(&["ca.pem", "notes.txt"]) {
            std::fs::write(data.path().join(name), "").unwrap();
            set(&data.path().join(name), 0o644);
        }
        let elsewhere = tempfile::NamedTempFile::new().unwrap();
        set(elsewhere.path(), 0o644);
        std::os::unix::fs::symlink(elsewhere.path(), data.path().join("hub.db")).unwrap();
        restrict_data(data.path()).unwrap();
        for name in written {
            assert_eq!(mode(&data.path().join(name)), 0o600, "{name}");
        }
        for path in [&data.path().join("ca.pem"), &data.path().join("notes.txt"), elsewhere.path()] {
            assert_eq!(mode(path), 0o644, "{}", path.display());
        }
    }
}
