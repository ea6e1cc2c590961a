//! The database seam: the one crate that knows there is a database, and which.
//!
//! # The dialect
//! One SQL text runs on SQLite (embedded, the default) and PostgreSQL (where several replicas share state), so:
//!
//! - columns are `BIGINT` and `TEXT`, nothing else: flags are 0/1, instants microseconds in columns named `*_us`, UUIDs, JSON
//!   and bytes are text;
//! - placeholders are `$1`, `$2`, …; there is no `now()`, no `RETURNING`, no boolean in a select list; sums are
//!   `CAST(sum(x) AS BIGINT)`;
//! - a text cannot hold U+0000: it is kept as U+FFFD;
//! - every table has a `tenant TEXT NOT NULL` column, first in its primary key or in an index;
//! - migrations are statements that end in `;` at the end of a line.
//!
//! # Reading and changing
//! Reads are single statements ([`Store::row`], [`Store::rows`]). Everything that changes state is a [`Change`]: a list of
//! statements that happen together or not at all, with the expectations under which they may happen. Changes of concurrent
//! requests share one commit ([`Store::commit`]); an answer that waits for its commit is durable against the death of the
//! process.
//!
//! Only `backend.rs` and `connection.rs` ask which database it is; how each is spoken to is in `sqlite.rs` and `postgres.rs`.

mod backend;
mod committer;
mod connection;
mod database_url;
mod error;
mod file_lock;
mod migrations;
mod pieces;
mod postgres;
mod readers;
mod row;
mod sqlite;
mod statement;
mod store;
mod value;

pub use database_url::DatabaseUrl;
pub use error::{OpenError, StoreError};
pub use migrations::Migration;
pub use row::Row;
pub use statement::{Change, Statement};
pub use store::Store;
pub use value::Value;
