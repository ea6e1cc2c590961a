//! What services and people read of a run, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A clock.
#[derive(Deserialize, Serialize)]
pub(crate) struct Clock {
    pub(crate) now: String,
    pub(crate) speed: u32,
    pub(crate) next_due: Option<String>,
}

/// The work that was due.
#[derive(Deserialize, Serialize)]
pub(crate) struct Done {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) started: u64,
    pub(crate) next_due: String,
}

/// The record of a run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record<'a> {
    trigger: Step<'a>,
    actions: BTreeMap<&'static str, Action<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    status: &'static str,
    start_time: &'a str,
    end_time: &'a str,
}

#[derive(Serialize)]
struct Action<'a> {
    #[serde(flatten)]
    step: Step<'a>,
    inputs: Inputs,
    outputs: &'a Outputs<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inputs {
    connection_name: &'static str,
    operation_id: &'static str,
    parameters: BTreeMap<&'static str, u32>,
}

/// What the call of an action returned.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outputs<'a> {
    pub(crate) status_code: u16,
    pub(crate) headers: BTreeMap<&'a str, &'a str>,
    pub(crate) body: Value,
}

impl<'a> Record<'a> {
    /// Of a run that begins.
    pub(crate) fn begin(now: &'a str) -> Self {
        Self { trigger: Step::at(now), actions: BTreeMap::new() }
    }

    /// Of a run that has ended.
    pub(crate) fn end(now: &'a str, outputs: &'a Outputs<'a>) -> Self {
        let parameters = BTreeMap::from([("$top", 10)]);
        let inputs = Inputs { connection_name: "orders", operation_id: "ListOrders", parameters };
        let action = Action { step: Step::at(now), inputs, outputs };
        Self { actions: BTreeMap::from([("List_orders", action)]), ..Self::begin(now) }
    }
}

impl<'a> Step<'a> {
    const fn at(now: &'a str) -> Self {
        Self { status: "Succeeded", start_time: now, end_time: now }
    }
}
