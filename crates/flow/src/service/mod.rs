//! The service: its state, and the execution of due work.

mod due_work;
mod execution;
mod manual_run;
mod saving;
mod state;
mod tenant;
mod withdrawal;

pub(crate) use manual_run::TriggerCall;
pub(crate) use saving::{Actor, FlowEdit, Saved};
pub(crate) use state::Flows;
pub(crate) use tenant::FlowService;
