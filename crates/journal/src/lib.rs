//! A service's journal: its decisions in order, per tenant, with virtual and wall time and trace
//! id, and never a secret.
//!
//! An event is recorded in the same [`Change`](outlive_store::Change) as the state that it is
//! about, before the service responds: state and journal cannot disagree, and concurrent requests
//! share the commit. By what a line is found is written later, for many lines at a time, and before
//! a query needs it. What can be recorded is declared in [`outlive_wire::events`].
//!
//! ```
//! use outlive_clock::{Instant, Randomness, TenantId};
//! use outlive_journal::{Event, Filter, Journal, MIGRATIONS};
//! use outlive_store::{DatabaseUrl, Store};
//! use outlive_wire::events::PasswordExpired;
//! use outlive_wire::{EventPayload as _, Subject};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let url = DatabaseUrl::Sqlite(directory.path().join("idp.db"));
//! let store = Store::open(&url, "idp", &[("journal", &MIGRATIONS)]).await?;
//! let journal = Journal::new(store.clone(), "idp");
//! let tenant = TenantId::generate(&mut Randomness::from_seed(1).stream("tenant"));
//! let at = Instant::from_seconds(1_767_600_000);
//! let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
//! let event = Event::new(tenant, at, Subject::user(42), trace, PasswordExpired::example());
//! journal.append(&event).await?;
//! let events = journal.read(&Filter::of(tenant)).await?;
//! assert_eq!((events[0].seq, events[0].kind.as_str()), (1, "password.expired"));
//! # store.close().await;
//! # Ok(())
//! # }
//! ```

mod blocks;
mod copy;
mod dictionaries;
mod entries;
mod event;
mod index;
mod journal;
mod lookup;
mod lookup_sql;
mod merge;
mod of_tenant;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod postgres_schema;
mod query;
mod segments;
#[cfg(test)]
mod simulation;

use std::sync::LazyLock;

pub use copy::{CopiedLine, copied_lines, replace_lines};
pub use event::Event;
pub use journal::Journal;
pub use of_tenant::{copy_query, last_number_query};
pub use query::{Filter, LINES_MAX, Newest, NewestAbout, NewestOfKinds};
pub use segments::delete_lines;

use outlive_store::{Migration, migrations};

/// The journal's tables, in every service's database.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();
