//! Calls to hosts that a file or a request names, which may be anywhere.

mod address;
mod client;
mod names;

pub use address::is_public;
pub use client::OutsideClient;
pub use names::{NotPublic, SystemNames};
