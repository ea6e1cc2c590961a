//! The parts of the control plane that every ARM resource provider has: ids, names, dates, errors
//! and authentication.

mod call;
mod caller;
mod date;
mod id;
mod json_body;
mod members;
mod name;
mod path;
mod refusal;

pub(crate) use call::ControlCall;
pub(crate) use caller::{Caller, authenticate};
pub(crate) use date::date;
pub(crate) use id::{ApiReference, LOCATION, connection_id, custom_api_id, managed_api_id};
pub(crate) use json_body::JsonBody;
pub(crate) use members::{Members, Mistakes, NAME_CHARS_MAX};
pub(crate) use name::ResourceName;
pub(crate) use path::ArmPath;
pub(crate) use refusal::ArmRefusal;
