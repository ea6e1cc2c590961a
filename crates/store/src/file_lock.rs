//! The lock of one process on a SQLite file.

use std::fmt::Display;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::OpenError;

/// The number of retries and the delay before each (wall time): the previous process may still be
/// shutting down.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Locks a SQLite file for as long as the returned file is open. A second process on the same file
/// would have a diverging clock.
pub(crate) async fn claim(path: &Path) -> Result<File, OpenError> {
    let failed = |why: &dyn Display| cannot_open(&path.display(), why);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path.with_extension("lock")).map_err(|error| failed(&error))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => wait().await,
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
    }
    Err(OpenError {
        what: format!("cannot open the database {}", path.display()),
        why: "another Outlive process is using it".to_owned(),
        remedy: "stop that process, or give this one its own --data directory; several replicas share state with --database-url"
            .to_owned(),
    })
}

#[expect(clippy::disallowed_methods, reason = "another process gives up its claim in wall time")]
async fn wait() {
    tokio::time::sleep(BETWEEN_TRIES).await;
}

pub(crate) fn cannot_open(shown: &dyn Display, why: &dyn Display) -> OpenError {
    OpenError {
        what: format!("cannot open the database {shown}"),
        why: why.to_string(),
        remedy: "check that the place exists, can be written and, for PostgreSQL, that the server runs and the URL names an existing database"
            .to_owned(),
    }
}
