//! The data of a temporary system.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use outlive_chassis::StartError;

/// A directory that is deleted with its content. A start that is interrupted may still be creating
/// files in it on other threads, so deleting is tried for two seconds.
#[derive(Debug)]
pub(crate) struct TemporaryData(PathBuf);

impl TemporaryData {
    const ATTEMPTS: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(20);

    /// Creates the directory.
    pub(crate) fn new() -> Result<Self, StartError> {
        let created = tempfile::Builder::new().prefix("outlive-run-").tempdir();
        created.map(|directory| Self(directory.keep())).map_err(|error| {
            StartError::new(
                "cannot create a directory for temporary data",
                error,
                "set TMPDIR to a writable directory",
            )
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Keeps the directory, and returns its path.
    pub(crate) fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for TemporaryData {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        let mut failure = None;
        for _ in 0..Self::ATTEMPTS {
            match std::fs::remove_dir_all(&self.0) {
                Ok(()) => return,
                Err(error) if error.kind() == ErrorKind::NotFound => return,
                Err(error) => failure = Some(error),
            }
            std::thread::park_timeout(Self::PAUSE);
        }
        if let Some(error) = failure {
            tracing::warn!(%error, "temporary data could not be deleted");
        }
    }
}
