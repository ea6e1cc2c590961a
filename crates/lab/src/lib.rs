//! The laboratory: it lays out tenants from a seed, moves their time, makes events happen to them, and tells stories that
//! check what followed.
//!
//! It talks HTTP only, to the services' public ways like any client and to their lab surface for what no client can do
//! (time, tenants, events). It never opens a service's database and knows none of the platform's rules: what it says about a
//! verdict, it read from an answer or from the journal.

pub mod api;
pub mod browser;
pub mod conductor;
pub mod diagnostic;
pub mod events;
pub mod maker;
pub mod oauth_client;
pub mod scenario;
pub mod seed;
pub mod services;
pub mod tenants;

pub mod http;

pub use diagnostic::Diagnostic;
