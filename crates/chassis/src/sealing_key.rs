//! The keys with which a service seals stored secrets: the first one seals, the others still open.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;
use outlive_clock::{Instant, Randomness, Span, wall_now};
use outlive_tokens::{Sealer, Secret};

use crate::StartError;

/// The keys of a service.
#[derive(Clone)]
pub(crate) struct SealingKeys {
    keys: Vec<[u8; 32]>,
    /// The file that holds them, one per line; none if they are configured.
    file: Option<PathBuf>,
    /// When a key was last added by this process (wall time).
    added: Option<Instant>,
}

/// A request seals something and stores it within this time.
const IN_FLIGHT: Span = Span::from_seconds(2);

/// Returns the configured keys, or those in the data directory, of which the first one is created
/// if the file does not exist.
pub(crate) fn load(
    given: Option<&Secret>,
    data_dir: &Path,
    service: &str,
    random: &Randomness,
) -> Result<SealingKeys, StartError> {
    if let Some(given) = given {
        let keys = parse(given.expose().split(',')).ok_or_else(|| {
            StartError::new(
                "cannot use the sealing key",
                "it is not 64 hexadecimal digits",
                "set OUTLIVE_SEALING_KEY to 32 random bytes in hexadecimal, for example from: openssl rand -hex 32; \
                 after a comma, the key that it replaces",
            )
        })?;
        return Ok(SealingKeys { keys, file: None, added: None });
    }
    let path = data_dir.join(format!("{service}.key"));
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let keys = parse(text.trim().lines()).ok_or_else(|| {
                StartError::new(
                    format!("cannot use the sealing key in {}", path.display()),
                    "it is not 64 hexadecimal digits",
                    "restore the file; without the key what was sealed with it cannot be opened again",
                )
            })?;
            return Ok(SealingKeys { keys, file: Some(path), added: None });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(not_kept(&path, &error)),
    }
    let keys = vec![random.stream("sealing-key").bytes()];
    write_new(&path, &keys).map_err(|error| not_kept(&path, &error))?;
    Ok(SealingKeys { keys, file: Some(path), added: None })
}

impl SealingKeys {
    pub(crate) fn sealer(&self) -> Sealer {
        let (first, previous) = self.parts();
        Sealer::with_previous(first, previous)
    }

    /// Whether the keys are configured, so that only the operator can replace them.
    pub(crate) const fn is_configured(&self) -> bool {
        self.file.is_none()
    }

    /// Whether there is a previous key.
    pub(crate) fn has_previous(&self) -> bool {
        self.keys.len() > 1
    }

    /// How long to wait until nothing is in flight that the previous key sealed (wall time).
    pub(crate) fn rest(&self) -> Duration {
        let rest = self.added.map_or(Span::from_micros(0), |added| added + IN_FLIGHT - wall_now());
        rest.to_std().min(IN_FLIGHT.to_std())
    }

    /// Adds a key that seals from now on, in the file before in `sealer`. Of the keys so far only
    /// the last one is kept: a request may have sealed something with it that is not stored yet. So
    /// everything stored must be sealed with the last one before.
    pub(crate) fn add(&mut self, key: [u8; 32], sealer: &Sealer) -> Result<(), StartError> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut keys = vec![key];
        keys.extend(self.keys.first());
        let beside = file.with_extension("key.new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(not_kept(file, &error)),
            _ => {}
        }
        write_new(&beside, &keys)
            .and_then(|()| std::fs::rename(&beside, file))
            .and_then(|()| std::fs::File::open(file.parent().unwrap_or(file))?.sync_all())
            .map_err(|error| not_kept(file, &error))?;
        self.keys = keys;
        self.added = Some(wall_now());
        let (first, previous) = self.parts();
        sealer.replace_keys(first, previous);
        Ok(())
    }

    fn parts(&self) -> (&[u8; 32], &[[u8; 32]]) {
        self.keys.split_first().unwrap_or((&[0; 32], &[]))
    }
}

impl std::fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKeys").field("file", &self.file).finish_non_exhaustive()
    }
}

fn not_kept(path: &Path, error: &std::io::Error) -> StartError {
    StartError::new(
        format!("cannot keep the sealing key in {}", path.display()),
        error,
        "give --data a directory that can be written, or set OUTLIVE_SEALING_KEY",
    )
}

/// Writes keys into a file that does not exist and only its owner can read.
fn write_new(path: &Path, keys: &[[u8; 32]]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let text = keys.iter().map(|key| HEXLOWER.encode(key)).collect::<Vec<_>>().join("\n");
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Parses one key or more.
fn parse<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Vec<[u8; 32]>> {
    let keys: Option<Vec<_>> = texts.map(|text| parse_one(text.trim())).collect();
    keys.filter(|keys| !keys.is_empty())
}

fn parse_one(text: &str) -> Option<[u8; 32]> {
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
        assert_eq!(first.keys, again.keys);
    }

    #[test]
    fn a_broken_key_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("idp.key"), "short").unwrap();
        assert!(load(None, directory.path(), "idp", &Randomness::from_seed(1)).is_err());
        assert_eq!(std::fs::read_to_string(directory.path().join("idp.key")).unwrap(), "short");
    }

    #[test]
    fn a_new_key_seals_and_the_last_one_still_opens_also_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let random = Randomness::from_seed(1);
        let mut keys = load(None, directory.path(), "hub", &random).unwrap();
        let (sealer, mut stream) = (keys.sealer(), random.stream("seal"));
        let first = sealer.seal("p", b"1", &mut stream);
        keys.add([2; 32], &sealer).unwrap();
        let second = sealer.seal("p", b"2", &mut stream);
        let restarted = load(None, directory.path(), "hub", &random).unwrap();
        for sealer in [&sealer, &restarted.sealer()] {
            assert_eq!(sealer.open("p", &first).as_deref(), Some(&b"1"[..]));
            assert_eq!((sealer.is_current(&first), sealer.is_current(&second)), (false, true));
        }
        keys.add([3; 32], &sealer).unwrap();
        assert_eq!((sealer.open("p", &first), sealer.open("p", &second).is_some()), (None, true));
    }

    #[test]
    fn configured_keys_are_a_list() {
        let of = |text: &str| {
            load(Some(&Secret::new(text)), Path::new("/nowhere"), "hub", &Randomness::from_seed(1))
        };
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        assert_eq!(of(&format!("{one}, {two}")).unwrap().keys, [[1; 32], [2; 32]]);
        assert!(of(&one).unwrap().is_configured() && !of(&one).unwrap().has_previous());
        for wrong in ["", ",", "01", &format!("{one},")] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
