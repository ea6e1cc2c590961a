//! The lab: creates tenants from a seed, moves their time, causes events, runs scenarios and
//! executes the revocation table.
//!
//! It uses HTTP only: the public endpoints of the services like any client, and their lab surface
//! for what no client can do (time, tenants, events). It never opens a service's database. Its
//! statements about a verdict come from a response, from the journal, or from the rules, evaluated
//! on facts that the identity provider returns (`why`).
//!
//! ```
//! use outlive_lab::scenario::{KnownSeeds, read_scenarios};
//! use outlive_lab::seed::Seed;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let file = directory.path().join("change.yaml");
//! let steps = "{title: Change, steps: [{change_password: {user: bob}}]}";
//! std::fs::write(&file, format!("scenarios: [{{name: Change, chapters: [{steps}]}}]"))?;
//! let seeds = [Seed::contoso().map_err(|mistakes| mistakes[0].to_string())?];
//! let read = read_scenarios(&file, KnownSeeds::only(&seeds));
//! let mistakes = read.err().ok_or("the seed has no user 'bob'")?;
//! assert!(mistakes[0].message.contains("no user 'bob'"), "{}", mistakes[0]);
//! # Ok(())
//! # }
//! ```

#![expect(missing_docs, reason = "only `outlive` uses this crate")]

pub mod api;
mod authenticator_app;
mod browser;
pub mod canonical;
pub mod classes;
mod conductor;
pub mod diagnose;
pub mod diagnostic;
mod file_kind;
mod maker;
pub mod matrix;
mod oauth_client;
mod oauth_grants;
mod past;
pub mod replay;
mod run_steps;
pub mod scenario;
pub mod seed;
pub mod services;
mod span_in_words;
mod starts;
mod story;
pub mod style;
mod template;
pub mod tenants;
mod text_file;
mod timeline;
mod twins;
mod why;
pub mod yaml;

pub mod http;

pub use diagnostic::Diagnostic;
pub use file_kind::FileKind;
pub use text_file::read_file;
