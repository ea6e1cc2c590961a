//! Files that people write, read within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::diagnostic::Diagnostic;

/// Maximum length of a file, in bytes: some seeds have thousands of connections.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a text file. What has no end, such as a device, is read up to the limit.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is too long.
pub(crate) fn read_text_file(path: &Path) -> io::Result<String> {
    read_text(File::open(path)?)
}

/// Reads a text from a stream, as [`read_text_file`] does.
///
/// # Errors
/// As [`read_text_file`].
pub(crate) fn read_text(stream: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = stream.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > BYTES_MAX) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map_err(|error| {
        let (line, column) = position_after(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        io::Error::new(io::ErrorKind::InvalidData, format!("line {line}, column {column}"))
    })
}

/// Reads a text file.
///
/// # Errors
/// Why it cannot be read.
pub fn read_file(path: &Path) -> Result<String, Vec<Diagnostic>> {
    read_text_file(path).map_err(|error| vec![Diagnostic::unreadable(&path.display().to_string(), &error)])
}

/// Returns the line and column, counted from 1, of what follows valid text.
fn position_after(valid: &[u8]) -> (usize, usize) {
    let text = String::from_utf8_lossy(valid);
    let last = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count() + 1, last.chars().count() + 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_too_large() {
        let error = read_text_file(Path::new("/dev/zero")).expect_err("it has no end");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
