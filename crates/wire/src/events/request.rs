//! Requests to the orders API.

use outlive_clock::{ClientId, Instant};
use uuid::Uuid;

use crate::event::event;

event! {
    /// The orders API accepted a request.
    RequestAccepted = "request.accepted" {
        /// The object id of the user; absent for an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        user: Option<Uuid>,
        /// The object id of the service principal, for an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        service_principal: Option<Uuid>,
        /// The client that the token was issued to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client: Option<ClientId>,
        /// The scope that permits the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// The app role that permits the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// The token's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uti: Option<String>,
        /// The fingerprint of the access token.
        token: String,
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
        /// The status of the response.
        status: u16,
        /// How many orders it was about.
        orders: u64,
    }
    notable |_| false,
    summary |event| format!("{} {} was answered with {}.", event.method, event.path, event.status),
    example { user: Some(crate::events::example::owner().uuid()), service_principal: None, client: Some(crate::events::example::desktop()), scope: Some("Orders.Read".to_owned()), role: None, uti: Some("BwcHBwcHBwcHBwcHBwcHBw".to_owned()), token: "4f0c1d2e3a4b5c6d".to_owned(), method: "GET".to_owned(), path: "/orders".to_owned(), status: 200, orders: 5 },
}

event! {
    /// The orders API rejected a request.
    RequestRefused = "request.refused" {
        /// The object id of the user; absent for an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        user: Option<Uuid>,
        /// The object id of the service principal, for an application's own token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        service_principal: Option<Uuid>,
        /// The client that the token was issued to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        client: Option<ClientId>,
        /// The scope that permits the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// The app role that permits the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// The token's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uti: Option<String>,
        /// The fingerprint of the access token; absent without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
        /// The status of the response.
        status: u16,
        /// The reason (`expired`, `revoked` …).
        reason: String,
        /// The message of the response.
        message: String,
        /// The security event that revoked the token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<String>,
        /// When that happened (virtual time).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        event_at: Option<Instant>,
    }
    notable |_| true,
    summary |event| format!("{} {} was rejected with {}: {}", event.method, event.path, event.status, event.message),
    example { user: Some(crate::events::example::owner().uuid()), service_principal: None, client: Some(crate::events::example::desktop()), scope: Some("Orders.Read".to_owned()), role: None, uti: Some("BwcHBwcHBwcHBwcHBwcHBw".to_owned()), token: Some("4f0c1d2e3a4b5c6d".to_owned()), method: "GET".to_owned(), path: "/orders".to_owned(), status: 401, reason: "expired".to_owned(), message: "The access token expired at 2026-01-05T10:00:00Z.".to_owned(), event: None, event_at: None },
}
