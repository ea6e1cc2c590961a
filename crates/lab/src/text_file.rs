//! Files that people write, read within bounds.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Maximum length of a file, in bytes: some seeds have thousands of connections.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a text file. What has no end, such as a device, is read up to the limit.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is too long.
pub(crate) fn read_text_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read > BYTES_MAX) {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
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
