//! The service: its state, and the execution of due work.

mod access_reports;
mod callbacks;
mod checks;
mod definition_secrets;
mod due_work;
mod executing;
mod execution;
mod manual_run;
mod mistakes;
mod polling;
mod progress;
mod run_control;
mod saving;
mod starting;
mod state;
mod tenant;

pub(crate) use callbacks::CalledBack;
pub(crate) use definition_secrets::sanitize;
pub(crate) use manual_run::{Started, TriggerCall, TriggerEvent};
pub(crate) use mistakes::{Mistake, SaveError};
pub(crate) use saving::{Actor, FlowEdit, Saved};
pub(crate) use state::Flows;
pub(crate) use tenant::FlowService;
