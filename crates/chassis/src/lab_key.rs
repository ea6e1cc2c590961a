//! The key of an installation's lab surface.

use std::io;
use std::path::Path;

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::HeaderValue;
use outlive_clock::Randomness;
use outlive_tokens::Secret;

use crate::StartError;
use crate::kept_once::read_or_create;
use crate::private_files::create_data_dir;

/// The authentication scheme under which the key is sent (RFC 9110, section 11.1).
pub(crate) const SCHEME: &str = "Lab";
/// The shortest key that is accepted, in characters; the generated ones have 64.
const CHARS_MIN: usize = 32;
const CHARS_MAX: usize = 256;

/// The secret that `/_lab` requires on every service. The lab sends it with each call, and services
/// for what they set at each other; no other client holds it.
#[derive(Debug, Clone)]
pub struct LabKey {
    authorization: Secret,
    time_key: hmac::Key,
}

impl LabKey {
    /// A key from its text.
    ///
    /// # Errors
    /// When it is shorter than 32 characters, longer than 256, or contains anything but visible
    /// ASCII characters.
    pub fn new(text: &str) -> Result<Self, StartError> {
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(CHARS_MIN..=CHARS_MAX).contains(&text.len()) {
            return Err(StartError::new(
                "cannot use the lab key",
                format!("it does not consist of {CHARS_MIN} to {CHARS_MAX} visible ASCII characters"),
                "set OUTLIVE_LAB_KEY to a random text, for example from: openssl rand -hex 32",
            ));
        }
        Ok(Self {
            authorization: Secret::new(format!("{SCHEME} {text}")),
            time_key: hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()),
        })
    }

    /// Reads the key from a file, which is created with a new key (mode 0600) if it does not exist.
    /// Processes that start at the same time with the same file all get the same key.
    ///
    /// # Errors
    /// When the file cannot be read or created, or its content is not a key.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        // Never from a seeded generator: a seed is public, and the key would be as well.
        let generate = || {
            let key: [u8; 32] = Randomness::from_system().stream("lab-key").bytes();
            Ok::<_, io::Error>(HEXLOWER.encode(&key))
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir());
        let kept =
            directory.map_or(Ok(()), create_data_dir).and_then(|()| read_or_create(path, true, generate));
        let text = kept.map_err(|error| {
            StartError::new(
                format!("cannot read or create the lab key in {}", path.display()),
                error,
                "give --data a directory that can be written, or set OUTLIVE_LAB_KEY, or OUTLIVE_LAB_KEY_FILE to a file that the \
                 console and all services can read",
            )
        })?;
        Self::new(text.trim()).map_err(|error| StartError {
            what: format!("cannot use the lab key in {}", path.display()),
            ..error
        })
    }

    /// The value of the `Authorization` header that presents the key.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        // `new` accepts visible ASCII only, which every header value may contain.
        let mut value = HeaderValue::from_str(self.authorization.expose())
            .unwrap_or_else(|_| HeaderValue::from_static(SCHEME));
        value.set_sensitive(true);
        value
    }

    /// The key with which services authenticate the time that their calls carry.
    pub(crate) const fn time_key(&self) -> &hmac::Key {
        &self.time_key
    }

    /// Whether `authorization` presents this key. Takes the same time wherever the first difference
    /// is.
    pub(crate) fn is_presented_by(&self, authorization: &HeaderValue) -> bool {
        let text = authorization.to_str().unwrap_or_default();
        // The scheme is case-insensitive (RFC 9110, section 11.1).
        let (scheme, key) = text.split_once(' ').unwrap_or_default();
        scheme.eq_ignore_ascii_case(SCHEME) && self.authorization == Secret::new(format!("{SCHEME} {key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_created_once_and_readable_by_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        // The data directory is created with its key.
        let path = directory.path().join("data").join("lab-key");
        let first = LabKey::open(&path).unwrap();
        assert_eq!(LabKey::open(&path).unwrap().authorization(), first.authorization());
        assert!(first.is_presented_by(&first.authorization()));
        assert_eq!(std::fs::read_to_string(&path).unwrap().len(), 64);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let other = LabKey::open(&directory.path().join("other")).unwrap();
        assert!(!first.is_presented_by(&other.authorization()));
    }

    #[test]
    fn only_long_visible_texts_are_keys() {
        for bad in [
            "",
            "short",
            &"x".repeat(31),
            &"x".repeat(257),
            &format!("{}\n", "x".repeat(40)),
            &"ä".repeat(40),
        ] {
            assert!(LabKey::new(bad).is_err(), "{bad:?}");
        }
        let key = LabKey::new(&"k".repeat(32)).unwrap();
        assert!(key.is_presented_by(&HeaderValue::try_from(format!("lab {}", "k".repeat(32))).unwrap()));
        for bad in ["k".repeat(32), format!("Bearer {}", "k".repeat(32)), format!("Lab  {}", "k".repeat(32))]
        {
            assert!(!key.is_presented_by(&HeaderValue::try_from(bad.as_str()).unwrap()), "{bad}");
        }
        assert!(!format!("{key:?} {:?}", key.authorization()).contains("kkk"));
    }

    #[test]
    fn a_broken_key_file_is_reported_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lab-key");
        std::fs::write(&path, "short").unwrap();
        assert!(LabKey::open(&path).unwrap_err().what.contains("lab-key"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }
}
