//! The database seam: the only crate that knows which database there is.
//!
//! # The dialect
//! One SQL text runs on SQLite (embedded, the default) and PostgreSQL (where several replicas share
//! state), so:
//!
//! - columns are `BIGINT` and `TEXT` only: flags are 0/1, instants are microseconds in columns
//!   named `*_us`, and UUIDs, JSON and bytes are text;
//! - placeholders are `$1`, `$2`, …; there is no `now()`, no `RETURNING`, no boolean in a select
//!   list; sums are `CAST(sum(x) AS BIGINT)`; what the databases have no common word for has a text
//!   of its own for PostgreSQL ([`Statement::on_postgres`]);
//! - a text cannot contain U+0000: it is stored as U+FFFD;
//! - every table has a `tenant TEXT NOT NULL` column, first in its primary key or in an index;
//! - migrations are the files `migrations/0001_name.sql` of a crate ([`migrations!`]), with
//!   statements that end in `;` at the end of a line. A file is never changed after its release.
//!
//! # Reading and changing
//! Reads are single statements ([`Store::row`], [`Store::rows`]). Every change of state is a
//! [`Change`]: a list of statements that are applied together or not at all, with the conditions
//! under which they may be applied. Changes of concurrent requests share one commit
//! ([`Store::commit`]). A response that waits for its commit survives the death of the process.
//!
//! ```
//! use outlive_store::{DatabaseUrl, Migration, Store, sql};
//!
//! const TABLES: &[Migration] = &[Migration {
//!     version: 1,
//!     name: "notes",
//!     sql: "CREATE TABLE notes (tenant TEXT NOT NULL PRIMARY KEY, note TEXT);\n",
//! }];
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let url = DatabaseUrl::Sqlite(directory.path().join("notes.db"));
//! let store = Store::open(&url, "notes", &[("notes", TABLES)]).await?;
//! let insert = sql!("INSERT INTO notes (tenant, note) VALUES ($1, $2)", "a", "first");
//! store.commit(insert.expect_rows(1)).await?;
//! let row = store.row(sql!("SELECT note FROM notes WHERE tenant = $1", "a")).await?;
//! assert_eq!(row.ok_or("no row")?.text("note")?, "first");
//! # store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! Only `backend.rs` and `connection.rs` distinguish the databases; `sqlite.rs` and `postgres.rs`
//! contain what is specific to each.

mod backend;
mod committer;
mod connection;
mod counts;
mod database_url;
mod error;
mod file_lock;
mod job;
mod migrations;
mod packed;
mod pieces;
mod plan;
mod postgres;
mod readers;
mod row;
mod schema;
mod sqlite;
mod statement;
mod store;
mod value;
mod writer;

pub use counts::{StoreCounts, counts_of_process};
pub use database_url::DatabaseUrl;
pub use error::{OpenError, StoreError};
pub use migrations::Migration;
pub use packed::Dictionary;
pub use row::Row;
pub use schema::{Column, Table};
pub use statement::{Change, Statement};
pub use store::{Store, Upkeep};
pub use value::Value;

#[doc(hidden)]
pub use include_dir;
