//! The web pages of Outlive: a tenant, its time, its users, the runs of its flows, decisions with
//! their reasons, and the controls that cause events.
//!
//! The console decides nothing. Everything on its pages comes from the lab API over HTTP, and every
//! control calls it, as a script would. The pages work without JavaScript; the only script reloads
//! the content when the journal grows.
//!
//! ```no_run
//! use outlive_chassis::HttpClient;
//! use outlive_clock::Randomness;
//! use outlive_console::{ConsoleConfig, router};
//!
//! fn pages(lab_url: url::Url, http: HttpClient) -> axum::Router {
//!     let random = Randomness::from_system();
//!     router(ConsoleConfig { lab_url, tenant_hint: None, http, random })
//! }
//! ```

mod actions;
mod assets;
mod class;
mod connection_filter;
mod connection_matrix;
mod connection_row;
mod connection_sharing;
mod connections;
mod demo_client;
mod diagnose;
mod directory;
mod docs;
mod editions;
mod error;
mod executed_connections;
mod executed_matrix;
mod faults;
mod fix;
mod flow;
mod flows;
mod forms;
mod frame;
mod inspector;
mod journal;
mod lab;
mod lesson;
mod matrix;
mod matrix_export;
mod message;
mod new_secrets;
mod number_words;
mod pages;
mod password;
mod phone;
mod run;
mod seen;
mod shared_reads;
mod shell;
mod sign_ins;
mod state;
mod story;
mod theme;
mod theme_switch;
mod timeline;
mod twins;
mod when;
mod words;
mod worksheet;
mod xml;

pub use shell::router;
pub use state::ConsoleConfig;
