//! Replays a recorded exchange of a client with Microsoft Entra ID, and compares the responses
//! member by member: people with a tenant can show where Outlive differs.
//!
//! A recording is a HAR file. [`Recording`] keeps its exchanges with the identity platform,
//! [`redacted`] writes them without secrets, [`Plan`] finds out what a tenant needs, and [`replay`]
//! sends the requests. Everything but the last is pure.

mod cast;
mod compare;
mod endpoint;
mod exchange;
mod facts;
mod har;
mod index;
#[cfg(test)]
mod index_tests;
mod kind;
mod names;
mod plan;
mod play;
mod redact;
mod report;
mod sign_ins;
mod vocabulary;

pub use self::compare::{Difference, Severity};
pub use self::exchange::Recording;
pub use self::har::{FILE_BYTES_MAX, HarMistake};
pub use self::names::Mapping;
pub use self::plan::{Plan, PlanMistake, PlanOptions, PlannedEvent};
pub use self::play::{ReplayOptions, replay};
pub use self::redact::redacted;
pub use self::report::{Entry, Replay};
