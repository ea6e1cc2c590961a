//! Small files that are created once.

use std::io::{self, Write};
use std::path::Path;

/// Reads the file, or creates it with the text of `make()`. It is created atomically: of two
/// concurrent processes, both get the text of the first. With `secret`, only its owner can read it.
pub(crate) fn read_or_create(
    path: &Path,
    secret: bool,
    make: impl FnOnce() -> io::Result<String>,
) -> io::Result<String> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let text = make()?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions: std::fs::Permissions =
        std::os::unix::fs::PermissionsExt::from_mode(if secret { 0o600 } else { 0o644 });
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(text),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => std::fs::read_to_string(path),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_is_kept_and_secrets_are_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        assert_eq!(read_or_create(&path, true, || Ok("first".to_owned())).unwrap(), "first");
        assert_eq!(read_or_create(&path, true, || Ok("second".to_owned())).unwrap(), "first");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn no_file_is_created_on_failure() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        assert!(read_or_create(&path, true, || Err(io::Error::other("no"))).is_err());
        assert!(!path.exists());
    }
}
