//! Requests to the orders API.

use outlive_clock::{ClientId, Instant};
use uuid::Uuid;

use super::example;
use crate::event::events;

events! {
    payload {
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
        /// The name of the API key, for a request with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The name of the client certificate, for a request with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<String>,
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
        /// The status of the response.
        status: u16,
    }
    example {
        user: Some(example::owner().uuid()),
        service_principal: None,
        client: Some(example::desktop()),
        scope: Some("Orders.Read".to_owned()),
        role: None,
        uti: Some("BwcHBwcHBwcHBwcHBwcHBw".to_owned()),
        key: None,
        certificate: None,
        method: "GET".to_owned(),
        path: "/orders".to_owned()
    }
    /// The orders API accepted a request.
    RequestAccepted = "request.accepted" and {
        /// The fingerprint of the access token; absent for a password, an API key or a certificate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// How many orders it was about.
        orders: u64,
    } example { token: Some("4f0c1d2e3a4b5c6d".to_owned()), status: 200, orders: 5 }, notable false,
        |event| format!("{} {} was answered with {}.", event.method, event.path, event.status);
    /// The orders API rejected a request.
    RequestRefused = "request.refused" and {
        /// The fingerprint of the access token; absent without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
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
    } example {
        token: Some("4f0c1d2e3a4b5c6d".to_owned()),
        status: 401,
        reason: "expired".to_owned(),
        message: "The access token expired at 2026-01-05T10:00:00Z.".to_owned(),
        event: None,
        event_at: None
    }, notable true,
        |event| format!("{} {} was rejected with {}: {}", event.method, event.path, event.status, event.message);
}
