//! Where a service keeps its state.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::OpenError;

/// Where a service keeps its state.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An embedded SQLite file, of this process alone.
    Sqlite(PathBuf),
    /// A PostgreSQL database; each service has a schema of its own in it, and replicas share it.
    Postgres(Url),
}

impl DatabaseUrl {
    /// Reads `postgres://user@host/database`.
    ///
    /// # Errors
    /// When the text is not such a URL; the message says what would be.
    pub fn postgres(text: &str) -> Result<Self, OpenError> {
        let refuse = |why: &str| {
            OpenError {
            what: "cannot use this database URL".to_owned(),
            why: why.to_owned(),
            remedy: "give --database-url as postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE, or leave it out for the embedded SQLite"
                .to_owned(),
        }
        };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        match url.scheme() {
            "postgres" | "postgresql" if url.path().len() > 1 => Ok(Self::Postgres(url)),
            "postgres" | "postgresql" => Err(refuse("it names no database after the host")),
            other => Err(refuse(&format!("its scheme is '{other}'"))),
        }
    }
}

/// As it may be shown: without the password, and without the options, which can hold one too.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => {
                let mut shown = url.clone();
                let _ = shown.set_password(None);
                shown.set_query(None);
                shown.fmt(f)
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}
