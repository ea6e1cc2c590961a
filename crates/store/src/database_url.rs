//! The location of a service's database.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::OpenError;

/// The location of a service's database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An embedded SQLite file, exclusive to one process.
    Sqlite(PathBuf),
    /// A PostgreSQL database, shared by replicas; each service has its own schema.
    Postgres(Url),
}

impl DatabaseUrl {
    /// Parses `postgres://user@host/database`.
    ///
    /// # Errors
    /// When the text is not such a URL; the message shows the expected form.
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

/// Displays the URL without password and options, which may contain one.
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
