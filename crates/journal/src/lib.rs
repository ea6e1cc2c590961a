//! The memory of a service: what it decided, in the order in which it did, per tenant, with virtual and wall time, the trace
//! it belongs to, and never a secret.
//!
//! A line is written in the same [`Change`](outlive_store::Change) as the state it speaks of, before the service answers:
//! state and memory cannot disagree, and concurrent requests share the commit.

mod event;
mod journal;
mod kinds;
mod notable;
mod packed;
mod query;

pub use event::{Event, Line};
pub use journal::Journal;
pub use kinds::{KINDS, kinds_of};
pub use query::{Filter, LINES_MAX, Newest};

use outlive_store::Migration;

/// The journal's own tables, in every service's database.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "journal", sql: include_str!("../migrations/0001_journal.sql") },
    Migration { version: 2, name: "names", sql: include_str!("../migrations/0002_names.sql") },
    Migration { version: 3, name: "closer", sql: include_str!("../migrations/0003_closer.sql") },
    Migration { version: 4, name: "notable", sql: include_str!("../migrations/0004_notable.sql") },
];

/// Their names: what a tenant's end empties.
pub const TABLES: &[&str] = &["journal", "journal_names"];
