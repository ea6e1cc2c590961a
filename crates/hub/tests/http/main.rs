//! The hub over HTTP, between an issuer and a back end that play along.
//!
//! Runs on SQLite; on PostgreSQL by `OUTLIVE_TEST_DATABASE=postgres scripts/with-postgres cargo test -p outlive-hub`.

mod access;
mod bad_input;
mod consent;
mod continuous_access;
mod control;
mod database;
mod fakes;
mod refresh;
mod runtime;
mod secrets;
mod world;
