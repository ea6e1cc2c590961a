//! Outages that the lab causes.

use outlive_clock::Instant;

use super::example;
use crate::event::event;

event! {
    /// The token endpoint began to refuse all requests.
    OutageBegan = "outage.begun" {
        /// The HTTP status of its responses: 503 or 429.
        status: u16,
        /// When it ends (virtual time): now, if an earlier outage was ended.
        #[schema(value_type = String)]
        until: Instant,
    }
    notable |_| true,
    summary |event| format!("The token endpoint responds with {} until {}.", event.status, event.until),
    example { status: 503, until: example::later() },
}
