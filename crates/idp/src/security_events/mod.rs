//! The issuer side of "Continuous access evaluation": sends a user's critical events to subscribed
//! APIs as security event tokens (RFC 8417), pushed over HTTP (RFC 8935).
//!
//! Events are derived from the user before and after a change ([`mod@critical_event`]), queued in
//! the same commit ([`queueing`]), delivered in order ([`delivery`]) and retried until the API has
//! acknowledged them ([`retry`]).

pub(crate) mod credential_events;
mod critical_event;
mod delivery;
mod queue;
mod queueing;
mod retry;
mod stream;

pub(crate) use queue::next_due;
pub(crate) use queueing::queue_event;
pub(crate) use retry::{resume, run_due};
pub(crate) use stream::{remove, set, show};
