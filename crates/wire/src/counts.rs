//! What a service did since the start of its process, in units that no machine makes faster.

use serde::{Deserialize, Serialize};

/// The response of `GET /_lab/counts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// HTTP requests that the service received, including this one.
    pub exchanges: u64,
    /// Those of `exchanges` below `/_lab`.
    pub lab_exchanges: u64,
    /// The work of the service's database.
    pub database: DatabaseCounts,
    /// The work of the whole process, in which other services may run.
    pub process: ProcessCounts,
}

/// The work of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessCounts {
    /// HTTP requests created for other services. Requests for signing keys are not among them.
    pub calls: u64,
    /// RSA signatures.
    pub signatures: u64,
    /// Verifications of signatures by a public key.
    pub verifications: u64,
    /// Allocations of memory by Rust code, if the program was built to count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<u64>,
    /// The work of all databases, including that of the lab.
    pub database: DatabaseCounts,
}

/// The work of a database, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCounts {
    /// Changes of state that were committed.
    pub changes: u64,
    /// Transactions that committed them. Concurrent changes share one.
    pub commits: u64,
    /// Statements of the changes.
    pub statements: u64,
    /// Bytes of the parameters of those statements.
    pub bytes: u64,
    /// Statements that waited for a commit, or for half a second of wall time.
    pub deferred: u64,
    /// Transactions of deferred statements alone.
    pub flushes: u64,
    /// Queries.
    pub reads: u64,
}
