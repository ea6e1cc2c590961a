//! Security events, as the issuer sends them to APIs with continuous access evaluation.

use outlive_clock::{ClientId, Instant};

use super::example;
use crate::event::events;

events! {
    payload {
        /// The token id of the security event token.
        jti: String,
        /// The event (`credential-change`, `session-revoked` …).
        event: String,
        /// The API's client id.
        #[schema(value_type = String)]
        client_id: ClientId,
        /// Where it is delivered to.
        endpoint: String,
        /// When it happened (virtual time).
        #[schema(value_type = String)]
        happened_at: Instant,
        /// The number of this attempt, from 1.
        #[serde(rename = "try")]
        attempt: i64,
    }
    example {
        jti: example::uuid().to_string(),
        event: "credential-change".to_owned(),
        client_id: example::orders_api(),
        endpoint: "http://127.0.0.1:8703/security-events".to_owned(),
        happened_at: example::instant(),
        attempt: 1
    }
    /// An API accepted a security event.
    SecurityEventDelivered = "security_event.delivered", notable false,
        |event| format!("The API was notified: {}.", event.event);
    /// An API rejected a security event. It is not sent again.
    SecurityEventRefused = "security_event.refused" and {
        /// The reason.
        why: String,
    } example { why: "invalid_key".to_owned() }, notable true,
        |event| format!("The API rejected the security event {}: {}", event.event, event.why);
    /// An API could not be notified for too long. The event is not sent again.
    SecurityEventAbandoned = "security_event.given_up" and {
        /// The reason.
        why: String,
    } example { why: "connection refused".to_owned() }, notable true,
        |event| format!("The API could not be notified of {} and will not be: {}", event.event, event.why);
    /// An API could not be notified. The event is sent again later.
    SecurityEventPostponed = "security_event.postponed" and {
        /// The reason.
        why: String,
        /// When it is sent again (virtual time).
        #[schema(value_type = String)]
        next_try: Instant,
    } example { why: "connection refused".to_owned(), next_try: example::later() }, notable false,
        |event| format!(
            "The API could not be notified of {}: {} The next attempt is at {}.",
            event.event, event.why, event.next_try
        );
}
