//! Calling a connector's operation through the hub.
//!
//! The flow service signs in as itself (client credentials), asks the hub for the connector's swagger and for the connection's
//! runtime URL and key, and calls the runtime URL with that key. Keys and its own token live in memory only; a data source's token
//! never comes here.

mod answer;
mod connection_key;
mod hub;
mod operation;
mod request;
mod runtime;
mod selection;
mod service_token;
mod timed_cache;

pub(crate) use hub::{Credential, Credentials, Hub, HubConfig, Occasion, Workflow};
pub(crate) use selection::Selections;

/// Whether the swagger document has an operation of this id.
pub(crate) fn has_operation(swagger: &serde_json::Value, id: &str) -> bool {
    operation::Operations::read(swagger).get(id).is_some()
}
