//! Security events, as an API with continuous access evaluation receives them.

use outlive_clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::example;
use crate::event::event;

event! {
    /// An API accepted a security event token and revokes by it.
    SecurityEventReceived = "security_event.received" {
        /// The token id.
        jti: String,
        /// The transaction (the trace of what happened at the issuer).
        txn: Option<String>,
        /// What happened, and when.
        happened: Vec<Happened>,
    }
    notable |_| true,
    summary |event| format!(
        "The API accepted a security event: {}.",
        event.happened.iter().map(|happened| happened.event.as_str()).collect::<Vec<_>>().join(", ")
    ),
    example { jti: "c0470500".to_owned(), txn: None, happened: vec![Happened { event: "credential-change".to_owned(), at: example::instant() }] },
}

event! {
    /// An API rejected a security event token.
    SecurityEventRejected = "security_event.rejected" {
        /// The fingerprint of the token.
        token: String,
        /// The error (RFC 8935).
        err: String,
        /// Its description.
        description: String,
    }
    notable |_| true,
    summary |event| format!("The API rejected a security event token ({}): {}", event.err, event.description),
    example { token: "4f0c1d2e3a4b5c6d".to_owned(), err: "invalid_key".to_owned(), description: "the token was signed with a key that its issuer does not publish.".to_owned() },
}

/// One thing that a security event reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Happened {
    /// What (`credential-change`).
    pub event: String,
    /// When (virtual time).
    #[schema(value_type = String)]
    pub at: Instant,
}
