//! Faults that the lab causes.

use uuid::Uuid;

use super::example;
use crate::event::{event, events};

events! {
    payload {
        /// The id of the fault.
        #[schema(value_type = String)]
        fault: Uuid,
        /// Where it is, and for whom.
        place: String,
        /// What a caller observes.
        effect: String,
    }
    example {
        fault: example::uuid(),
        place: "the token endpoint of the issuer".to_owned(),
        effect: "status 503".to_owned()
    }
    /// A fault was added.
    FaultAdded = "fault.added", notable true,
        |event| format!("A fault was added at {}: {}.", event.place, event.effect);
    /// A fault was removed.
    FaultRemoved = "fault.removed" and {
        /// How many requests met it.
        hits: u64,
    } example { hits: 4 }, notable true, |event| format!(
        "The fault at {} ({}) was removed after {} hits.", event.place, event.effect, event.hits
    );
}

event! {
    /// A request met a fault.
    FaultHit = "fault.hit" {
        /// The id of the fault.
        #[schema(value_type = String)]
        fault: Uuid,
        /// How many requests have met it, with this one.
        hit: u64,
        /// What a caller observes.
        effect: String,
        /// The HTTP method.
        method: String,
        /// The path, without its query.
        path: String,
        /// The client id, if the request names a client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<String>,
    }
    notable |_| true,
    summary |event| format!("{} {} met a fault: {}.", event.method, event.path, event.effect),
    example {
        fault: example::uuid(),
        hit: 1,
        effect: "status 503".to_owned(),
        method: "POST".to_owned(),
        path: "/c0470500-0000-4000-8000-000000000000/oauth2/v2.0/token".to_owned(),
        client: Some(example::desktop().to_string())
    },
}
