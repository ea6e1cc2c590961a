//! Tests of the hub over HTTP, with a fake issuer and a fake back end.
//!
//! They run on SQLite, or on PostgreSQL:
//! `OUTLIVE_TEST_DATABASE=postgres scripts/with-postgres cargo test -p outlive-hub`.

mod access;
mod acting_for_others;
mod back_ends;
mod bad_input;
mod changed_values;
mod client_certificates;
mod client_credentials;
mod client_secrets;
mod co_owners;
mod concurrent_refresh;
mod connections;
mod consent;
mod continuous_access;
mod control;
mod conversions;
mod custom_apis;
mod database;
mod declared_urls;
mod dynamic_invoke;
mod fakes;
mod faults;
mod granted_access;
mod hostile_input;
mod links;
mod managed_identity;
mod missing_credentials;
mod moved_apis;
mod mutated_files;
mod on_behalf_of;
mod parameters;
mod partner;
mod policies;
mod providers;
mod refresh;
mod runtime;
mod secrets;
mod unreadable;
mod upgraded_apis;
mod world;
