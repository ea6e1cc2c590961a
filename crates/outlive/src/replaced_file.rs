//! Files that are replaced atomically: the new text is written beside the file, and then renamed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the text of a regular file, which keeps its permissions. A symbolic link is kept, and
/// its target replaced.
///
/// # Errors
/// The file cannot be written, or no longer contains `before`.
pub(crate) fn replace_text(path: &Path, before: &str, after: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let known = fs::metadata(&path)?;
    if !known.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if known.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // Opened to check the permission; nothing is written.
    OpenOptions::new().write(true).open(&path)?;
    let draft = draft_of(&path)?;
    keep_owner(draft.as_file(), &known);
    draft.as_file().set_permissions(known.permissions())?;
    write_through(draft.as_file(), after)?;
    let now = fs::read(&path)?;
    if now == after.as_bytes() {
        return Ok(());
    }
    if now != before.as_bytes() {
        return Err(io::Error::other("it was changed by another program at the same time"));
    }
    draft.persist(&path).map(drop).map_err(|error| error.error)
}

/// Creates an empty file in the directory of `path`, which is deleted unless it replaces `path`.
pub(crate) fn draft_of(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::metadata(directory)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".outlive-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory)
}

/// Writes `text` and synchronizes the file, because some file systems report a full disk only then.
pub(crate) fn write_through(mut file: &File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all().or_else(ignore_devices)
}

/// Ignores that pipes and devices have no length and cannot be synchronized.
pub(crate) fn ignore_devices(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
        _ => Err(error),
    }
}

/// Returns the cause without the path of the temporary file.
pub(crate) fn cause(error: &io::Error) -> String {
    if error.raw_os_error().is_none() && error.kind() == io::ErrorKind::Other {
        return error.to_string();
    }
    error
        .raw_os_error()
        .map_or_else(|| io::Error::from(error.kind()), io::Error::from_raw_os_error)
        .to_string()
}

/// Gives a file the owner of another, where that is permitted: an administrator who replaces the
/// file of a user does not take it away.
#[cfg(unix)]
fn keep_owner(file: &File, known: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    let is_own = file.metadata().is_ok_and(|own| (own.uid(), own.gid()) == (known.uid(), known.gid()));
    if !is_own {
        let _ = fchown(file, Some(known.uid()), Some(known.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_replaced_unless_it_changed_meanwhile() {
        let directory = tempfile::tempdir().expect("the temporary directory is writable");
        let path = directory.path().join("file");
        for (now, result, then) in [
            ("before", Ok(()), "after"),
            ("after", Ok(()), "after"),
            ("other", Err("it was changed by another program at the same time".to_owned()), "other"),
        ] {
            fs::write(&path, now).expect("it is writable");
            let replaced = replace_text(&path, "before", "after");
            assert_eq!(replaced.map_err(|error| cause(&error)), result, "{now}");
            assert_eq!(fs::read_to_string(&path).expect("it is there"), then);
            assert_eq!(fs::read_dir(directory.path()).expect("it can be listed").count(), 1, "no drafts");
        }
        let mut read_only = fs::metadata(&path).expect("it is there").permissions();
        read_only.set_readonly(true);
        fs::set_permissions(&path, read_only).expect("it is ours");
        let replaced = replace_text(&path, "other", "after").expect_err("it is read-only");
        assert_eq!(replaced.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "other");
    }
}
