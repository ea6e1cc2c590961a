//! The service: its state, and the execution of due work.

mod access_keys;
mod access_reports;
mod checks;
mod credential_places;
mod definition_secrets;
mod due_work;
mod execution;
mod manual_run;
mod mistakes;
mod run_control;
mod saving;
mod starting;
mod state;
mod tenant;
mod trigger_access;

pub(crate) use access_keys::{KeyType, SIGNATURE_VERSION, SignedParts};
pub(crate) use definition_secrets::sanitize;
#[cfg(test)]
pub(crate) use execution::recorded_actions;
pub(crate) use manual_run::{Started, TriggerCall, TriggerEvent};
pub(crate) use mistakes::{Mistake, SaveError};
pub(crate) use saving::{Actor, FlowEdit, Saved};
pub(crate) use state::{ACCESS_CONTROL, Flows};
pub(crate) use tenant::FlowService;
pub(crate) use trigger_access::{CallbackSignature, Credentials, Unauthenticated};
