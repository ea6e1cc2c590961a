//! The hub: calls through a connection at runtime.

use crate::event::event;

event! {
    /// The hub forwarded a call to the back end of a connector.
    RuntimeForwarded = "runtime.forwarded" {
        /// The principal of the connection key or token.
        caller: String,
        /// The HTTP method.
        method: String,
        /// The path at the back end.
        path: String,
        /// The operation of the connector's definition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// Fingerprint of the access token that was sent; absent without authentication.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_token: Option<String>,
        /// Fingerprint of the access token that the back end rejected before it with a claims
        /// challenge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        challenged: Option<String>,
        /// The status of the response.
        status: u16,
    }
    notable |_| false,
    summary |event| format!("The hub forwarded {} {}: {}.", event.method, event.path, event.status),
    example {
        caller: "unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned(),
        method: "GET".to_owned(),
        path: "/orders".to_owned(),
        operation: Some("ListOrders".to_owned()),
        access_token: Some("4f0c1d2e3a4b5c6d".to_owned()),
        challenged: None,
        status: 200,
    },
}

event! {
    /// The hub refused a call through a connection.
    RuntimeRefused = "runtime.refused" {
        /// The principal; absent if it could not be authenticated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<String>,
        /// The HTTP method.
        method: String,
        /// The path at the back end.
        path: String,
        /// The operation of the connector's definition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// Fingerprint of the access token that was sent, if one was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        access_token: Option<String>,
        /// Fingerprint of the access token that the back end rejected before it with a claims
        /// challenge.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        challenged: Option<String>,
        /// The status of the response.
        status: u16,
        /// The reason.
        why: String,
    }
    notable |_| true,
    summary |event| format!("The hub refused {} {} with {}: {}", event.method, event.path, event.status, event.why),
    example {
        caller: Some("unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned()),
        method: "GET".to_owned(),
        path: "/orders".to_owned(),
        operation: Some("ListOrders".to_owned()),
        access_token: None,
        challenged: None,
        status: 401,
        why: "The connection is not authenticated.".to_owned(),
    },
}
