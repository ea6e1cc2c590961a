//! Calls operations of connectors through the hub.
//!
//! The flow service signs in as itself (client credentials), requests the connector's swagger and
//! the connection's runtime URL and key from the hub, and calls the runtime URL with that key. Keys
//! and the service token are kept in memory only; the service never receives a user's token for a
//! data source. Tokens of a flow's own managed identity are for `Http` actions, and for connections
//! that use it.

mod access;
mod api_request;
mod application_token;
mod call;
mod client_certificate;
mod connection_identity;
mod connection_key;
mod held_identity;
mod http_action;
mod hub;
mod identity_token;
mod invoker;
mod location;
mod operation;
mod request;
mod response;
mod runtime;
mod selection;
mod service_token;

pub(crate) use access::SelectedConnections;
pub(crate) use held_identity::HeldIdentity;
pub(crate) use hub::{Audiences, CallContext, Credential, Credentials, Hub, HubConfig, Selections, Workflow};
pub(crate) use invoker::{Invoker, InvokerTokens};
pub(crate) use selection::Found;

/// Whether the swagger document has an operation of this id.
pub(crate) fn has_operation(swagger: &serde_json::Value, id: &str) -> bool {
    operation::Operations::read(swagger).get(id).is_some()
}
