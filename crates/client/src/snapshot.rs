//! The state of a tenant, put aside and brought back.

use serde::Deserialize;

/// A snapshot of a tenant.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// When it was taken (wall time, RFC 3339).
    pub created: String,
    /// The tenant's time in it (RFC 3339).
    pub now: String,
    /// Its size.
    pub bytes: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Snapshots {
    pub(crate) snapshots: Vec<Snapshot>,
}
