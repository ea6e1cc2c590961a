//! The time, randomness and run of a step.

use std::cell::Cell;

use outlive_clock::Instant;
use serde_json::{Value, json};

use super::place::Spot;
use super::state::RunState;
use crate::retry::RetryProfile;

/// The time, randomness and run of a step.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) run: &'a RunIdentity,
    /// Returns the next random number.
    pub(crate) random: &'a dyn Fn() -> u64,
    /// Returns the address that calls an action back.
    pub(crate) callbacks: Option<&'a dyn Fn(Spot) -> String>,
    /// The default policy of retries.
    pub(crate) retry_profile: RetryProfile,
    /// How many bytes the expressions of the current action produced and read.
    pub(crate) spent: Cell<usize>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(now: Instant, run: &'a RunIdentity, random: &'a dyn Fn() -> u64) -> Self {
        Self {
            now,
            run,
            random,
            callbacks: None,
            retry_profile: RetryProfile::default(),
            spent: Cell::new(0),
        }
    }

    pub(crate) fn with_retries(self, retry_profile: RetryProfile) -> Self {
        Self { retry_profile, ..self }
    }

    pub(crate) fn with_callbacks(self, callbacks: &'a dyn Fn(Spot) -> String) -> Self {
        Self { callbacks: Some(callbacks), ..self }
    }
}

/// The run, as expressions see it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunIdentity {
    pub(crate) environment: String,
    pub(crate) flow: String,
    pub(crate) name: String,
}

impl RunIdentity {
    pub(super) fn tracking(&self, state: &RunState) -> String {
        state.tracking_id.clone().unwrap_or_else(|| self.name.clone())
    }

    pub(super) fn workflow(&self) -> Value {
        let Self { environment, flow, name } = self;
        let id = format!("/providers/Microsoft.ProcessSimple/environments/{environment}/flows/{flow}");
        json!({
            "id": id, "name": flow, "type": "Microsoft.ProcessSimple/environments/flows",
            "location": "unitedstates",
            "tags": {"environmentName": environment, "logicAppName": flow},
            "run": {
                "id": format!("{id}/runs/{name}"), "name": name,
                "type": "Microsoft.ProcessSimple/environments/flows/runs",
            },
        })
    }
}
