//! `GET /_lab/tenants/{tenant}/runs/expected`: how many runs recurrences are going to start. Only
//! the lab reads it, before it moves time.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::Instant;
use outlive_wire::ExpectedRuns;
use serde::Deserialize;

use super::lab_tenant::tenant_of_path;
use crate::lifecycle::failing::may_be_turned_off;
use crate::service::Flows;
use crate::tables::due;

/// The maximum number of flows that are counted.
const FLOWS_MAX: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    /// The last instant (virtual time).
    until: Instant,
}

pub(super) async fn show(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<ExpectedRuns>, Problem> {
    let tenant = tenant_of_path(&flows, &tenant).await?;
    let Query(Selection { until }) = selection?;
    let store = &flows.chassis.store;
    let upcoming = due::list_upcoming(store, tenant, until, FLOWS_MAX + 1).await?;
    // A rule may turn a flow off on the way.
    let mut is_exact = upcoming.len() <= FLOWS_MAX as usize && !due::has_rule(store, tenant, until).await?;
    let mut runs = 0_u64;
    for flow in upcoming.into_iter().take(FLOWS_MAX as usize) {
        let Some(definition) = flows.definition(tenant, flow.id, flow.version).await? else { continue };
        let Some(recurrence) = definition.trigger.recurrence() else { continue };
        let count = recurrence.count(flow.anchor, flow.next_due, until);
        // Looking for events starts a run for each, or none; and who knows whether runs fail.
        is_exact &=
            count.is_exact && !definition.trigger.can_fail() && !may_be_turned_off(flow.next_due, until);
        runs = runs.saturating_add(count.occurrences);
    }
    Ok(Json(ExpectedRuns { runs, is_exact }))
}
