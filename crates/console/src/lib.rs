//! One honest page: a tenant, its time, its people, its flows' runs, what was decided and why, and the few levers that
//! make something happen.
//!
//! It decides nothing. Everything it shows and does goes through the lab's API over HTTP, like anybody's script. It works
//! without script; the one small script only fetches the same words again when the journal grows.

mod actions;
mod assets;
mod error;
mod forms;
mod lab;
mod message;
mod overview;
mod pages;
mod recent;
mod runs;
mod shell;
mod state;
mod words;

use outlive_chassis::HttpClient;
use outlive_clock::{Randomness, TenantId};
use url::Url;

pub use shell::router;

/// What the console needs to know.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// Where the lab's API answers, as this process reaches it: `{lab_url}/lab/tenants`.
    pub lab_url: Url,
    /// The tenant shown at `/` when the address names none; without it, the only tenant there is, or a choice.
    pub tenant_hint: Option<TenantId>,
    /// The client to call with.
    pub http: HttpClient,
    /// Where form tokens and trace ids are drawn from.
    pub random: Randomness,
}
