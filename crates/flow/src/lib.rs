//! The flow client: definitions, triggers, actions, runs and retries in the manner of Power Automate.
//!
//! It never holds or sees a data source's token: an `OpenApiConnection` action calls the hub's runtime URL with a connection
//! key, and what the hub attaches to the onward request stays in the hub.

pub mod definition;
pub mod engine;
pub mod expression;
pub mod recurrence;
pub mod retry;
pub mod status;
