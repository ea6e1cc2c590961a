//! The outcome of a call.

use serde_json::Value;

use super::record::Failure;

/// The outcome of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The status that decides about a retry; `None` if no response is possible (for example, a
    /// reference is not mapped).
    pub status: Option<u16>,
    /// The action's outputs (`{statusCode, headers, body}`), if there was a response.
    pub outputs: Option<Value>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}
