//! The service: its state, and the execution of due work.

mod access_reports;
mod checks;
mod definition_secrets;
mod due_work;
mod execution;
mod flow_identity;
mod manual_run;
mod mistakes;
mod run_control;
mod saving;
mod starting;
mod state;
mod tenant;
mod wanted_identity;

pub(crate) use definition_secrets::sanitize;
pub(crate) use flow_identity::shown as shown_identity;
pub(crate) use manual_run::{Started, TriggerCall, TriggerEvent};
pub(crate) use mistakes::{Mistake, SaveError};
pub(crate) use saving::{Actor, FlowEdit, Saved};
pub(crate) use state::Flows;
pub(crate) use tenant::FlowService;
pub(crate) use wanted_identity::WantedIdentity;
