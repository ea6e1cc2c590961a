//! `GET /_lab/tenants/{tenant}/flows`: the flows of a tenant with their latest runs. Only the lab
//! reads it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::Instant;
use outlive_wire::{KnownFlow, KnownFlows, KnownRun};

use super::lab_tenant::tenant_of_path;
use crate::service::Flows;
use crate::tables::flows::{self, FlowRow};
use crate::tables::run_lists;
use crate::tables::runs::RunRow;

/// The maximum number of flows in a response.
const FLOWS_MAX: u32 = 100;
/// The number of latest runs of each flow.
const RUNS_OF_FLOW: u32 = 24;

/// Lists flows, the oldest first.
pub(super) async fn list(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
) -> Result<Json<KnownFlows>, Problem> {
    let tenant = tenant_of_path(&flows, &tenant).await?;
    let store = &flows.chassis.store;
    let now = flows.chassis.clocks.now(tenant).await?;
    let mut rows = flows::list_all(store, tenant, (Instant::EPOCH, ""), FLOWS_MAX + 1).await?;
    let has_more = rows.len() > FLOWS_MAX as usize;
    rows.truncate(FLOWS_MAX as usize);
    let mut known = Vec::with_capacity(rows.len());
    for flow in rows {
        let runs = run_lists::list(store, (tenant, flow.id), None, now, i64::MAX, RUNS_OF_FLOW).await?;
        known.push(described(flow, runs));
    }
    Ok(Json(KnownFlows { flows: known, has_more }))
}

fn described(flow: FlowRow, runs: Vec<RunRow>) -> KnownFlow {
    let run = |run: RunRow| KnownRun {
        name: run.name,
        started: run.started,
        status: run.status.name().to_owned(),
        code: run.error.map(|failure| failure.code),
    };
    KnownFlow {
        id: flow.id.to_string(),
        display_name: flow.display_name,
        owner: flow.owner.to_string(),
        state: flow.state.name().to_owned(),
        next_due: flow.next_due,
        created: flow.created,
        runs: runs.into_iter().map(run).collect(),
    }
}
