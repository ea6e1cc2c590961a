//! The issuer's half of continuous access evaluation ("Continuous access evaluation"): what happens to a user is told to the APIs that
//! subscribed to it, as security event tokens (RFC 8417), pushed over HTTP (RFC 8935).
//!
//! What there is to tell is worked out from the user before and after a change ([`happening`]), stands in a queue in the same commit
//! ([`queue`]), and is delivered in order ([`delivery`]), again and again until it was taken ([`retry`]).

mod delivery;
mod happening;
mod queue;
mod retry;
mod stream;

pub(crate) use delivery::{Deliveries, run_due};
pub(crate) use queue::{TABLES, next_due, tell};
pub(crate) use retry::take_up;
pub(crate) use stream::{remove, set, show};

pub use stream::EventStreamSpec;
