//! The service: its state, and the execution of due work.

mod access_keys;
mod access_reports;
mod callbacks;
mod checks;
mod credential_places;
mod definition_secrets;
mod deletion;
mod due_work;
mod executing;
mod execution;
mod flow_identity;
mod lifecycle;
mod manual_run;
mod mistakes;
mod polling;
mod programs;
mod progress;
mod reseal;
mod run_control;
mod saving;
mod selected;
mod sharing;
mod starting;
mod state;
mod stored_identity;
mod streaks;
mod subscription_changes;
mod subscriptions;
mod tenant;
mod trigger_access;
mod wanted_identity;

pub(crate) use access_keys::{CALLBACK_VERSION, KeyType, SIGNATURE_VERSION, SignedParts};
pub(crate) use callbacks::CalledBack;
pub(crate) use definition_secrets::{sanitize, unreadable};
pub(crate) use flow_identity::shown as shown_identity;
pub(crate) use manual_run::{Started, TriggerCall, TriggerEvent, flow_not_found};
pub(crate) use mistakes::{Mistake, SaveError};
pub(crate) use programs::ACCESS_CONTROL;
#[cfg(test)]
pub(crate) use progress::recorded_actions;
pub(crate) use saving::{Actor, FlowEdit, Saved};
pub(crate) use sharing::SharingEdit;
pub(crate) use state::Flows;
pub(crate) use tenant::FlowService;
pub(crate) use trigger_access::{CallbackSignature, Credentials, Unauthenticated};
pub(crate) use wanted_identity::WantedIdentity;
