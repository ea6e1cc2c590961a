//! Back ends: where the hosts that connectors name are, and whether they may be called.

mod calls;
mod mapping;

pub(crate) use calls::{BackEndCalls, Unreachable};
pub use mapping::{BackEnds, Unmapped};
