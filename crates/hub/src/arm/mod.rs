//! What the control plane has in common with every ARM resource provider: ids, names, dates, refusals, who calls.

mod call;
mod caller;
mod id;
mod json_body;
mod name;
mod refusal;

pub(crate) use call::ControlCall;
pub(crate) use caller::{Caller, authenticate, credentials};
pub(crate) use id::{ApiReference, connection_id, custom_api_id, managed_api_id};
pub(crate) use json_body::JsonBody;
pub(crate) use name::ResourceName;
pub(crate) use refusal::ArmRefusal;

use outlive_clock::Instant;

/// The one location that there is.
pub(crate) const LOCATION: &str = "unitedstates";

/// An instant as ARM prints it: seven decimals.
pub(crate) fn date(at: Instant) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ")
}
