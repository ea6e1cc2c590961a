//! The laboratory: it lays out tenants from a seed, moves their time, makes events happen to them, and tells stories that
//! check what followed.
//!
//! It talks HTTP only, to the services' public ways like any client and to their lab surface for what no client can do
//! (time, tenants, events). It never opens a service's database. What it says about a verdict, it read from an answer or from the
//! journal, or asked the rules themselves about facts that the identity provider told it ([`why`]).

pub mod api;
pub mod browser;
pub mod conductor;
pub mod diagnostic;
pub mod maker;
pub mod matrix;
pub mod oauth_client;
pub mod scenario;
pub mod seed;
pub mod services;
pub mod starts;
pub mod tenants;
pub mod why;
pub mod yaml;

pub mod http;

pub use diagnostic::Diagnostic;
