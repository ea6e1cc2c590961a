//! The hub: calls through a connection at runtime.

use crate::event::events;

events! {
    payload {
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
    }
    example {
        method: "GET".to_owned(),
        path: "/orders".to_owned(),
        operation: Some("ListOrders".to_owned()),
        challenged: None
    }
    /// The hub forwarded a call to the back end of a connector.
    RuntimeForwarded = "runtime.forwarded" and {
        /// The principal of the connection key or token.
        caller: String,
        /// Why the back end did not respond; the response is the hub's own then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unanswered: Option<String>,
    } example {
        caller: "unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned(),
        unanswered: None,
        access_token: Some("4f0c1d2e3a4b5c6d".to_owned()),
        status: 200
    }, notable false, |event| match &event.unanswered {
        None => format!("The hub forwarded {} {}: {}.", event.method, event.path, event.status),
        Some(why) => format!("The hub forwarded {} {}, and responded with {}: {why}.", event.method, event.path, event.status),
    };
    /// The hub refused a call through a connection.
    RuntimeRefused = "runtime.refused" and {
        /// The principal; absent if it could not be authenticated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller: Option<String>,
        /// The reason.
        why: String,
    } example {
        caller: Some("unitedstates/logicflows/c0470500-0000-4000-8006-000000000001".to_owned()),
        access_token: None,
        status: 401,
        why: "The connection is not authenticated.".to_owned()
    }, notable true, |event| format!(
        "The hub refused {} {} with {}: {}", event.method, event.path, event.status, event.why
    );
}
