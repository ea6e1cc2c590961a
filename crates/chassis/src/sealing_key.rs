//! The key with which a service seals stored secrets.

use std::io::Write;
use std::path::Path;

use data_encoding::HEXLOWER;
use outlive_clock::Randomness;
use outlive_tokens::Secret;

use crate::StartError;

/// Returns the configured key, or the one in the data directory, which is created if it does not
/// exist.
pub(crate) fn load(
    given: Option<&Secret>,
    data_dir: &Path,
    service: &str,
    random: &Randomness,
) -> Result<[u8; 32], StartError> {
    if let Some(given) = given {
        return parse(given.expose()).ok_or_else(|| {
            StartError::new(
                "cannot use the sealing key",
                "it is not 64 hexadecimal digits",
                "set OUTLIVE_SEALING_KEY to 32 random bytes in hexadecimal, for example from: openssl rand -hex 32",
            )
        });
    }
    let path = data_dir.join(format!("{service}.key"));
    let failed = |why: &dyn std::fmt::Display| {
        StartError::new(
            format!("cannot keep the sealing key in {}", path.display()),
            why,
            "give --data a directory that can be written, or set OUTLIVE_SEALING_KEY",
        )
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            return parse(text.trim()).ok_or_else(|| {
                StartError::new(
                    format!("cannot use the sealing key in {}", path.display()),
                    "it is not 64 hexadecimal digits",
                    "restore the file; without the key what was sealed with it cannot be opened again",
                )
            });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&error)),
    }
    let key: [u8; 32] = random.stream("sealing-key").bytes();
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(|error| failed(&error))?;
    let text: String = HEXLOWER.encode(&key);
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(&error))?;
    Ok(key)
}

fn parse(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_kept_and_a_kept_key_is_used() {
        let directory = tempfile::tempdir().unwrap();
        let first = load(None, directory.path(), "idp", &Randomness::from_seed(1)).unwrap();
        let again = load(None, directory.path(), "idp", &Randomness::from_seed(2)).unwrap();
        assert_eq!(first, again);
    }

    #[test]
    fn a_broken_key_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("idp.key"), "short").unwrap();
        assert!(load(None, directory.path(), "idp", &Randomness::from_seed(1)).is_err());
        assert_eq!(std::fs::read_to_string(directory.path().join("idp.key")).unwrap(), "short");
    }
}
