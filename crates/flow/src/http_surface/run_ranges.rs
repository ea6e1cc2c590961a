//! `GET /_lab/tenants/{tenant}/timeline`: the runs of the flows of a tenant between two instants.
//! Only the lab reads it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::{Instant, Span};
use outlive_wire::timeline::{FlowRuns, RunsInRange};
use serde::Deserialize;

use super::lab_tenant::tenant_of_path;
use crate::service::Flows;
use crate::tables::flows;
use crate::tables::run_ranges::{self, Counted, Range};

/// The maximum number of flows in a response.
const FLOWS_MAX: u32 = 50;
/// Up to this number, the runs of a flow are listed rather than counted.
const LISTED_MAX: u32 = 60;
/// The narrowest span by which runs are counted.
const NARROWEST: Span = Span::from_minutes(1);
/// The maximum number of spans in a range.
const BINS_MAX: i64 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    from: Instant,
    until: Instant,
    /// The span by which runs are counted where they are many, in seconds.
    bin: i64,
}

pub(super) async fn list(
    State(flows): State<Arc<Flows>>,
    Path(tenant): Path<String>,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<RunsInRange>, Problem> {
    let tenant = tenant_of_path(&flows, &tenant).await?;
    let Query(Selection { from, until, bin }) = selection?;
    let (length, width) = (until - from, Span::from_seconds(bin.clamp(0, Span::from_days(366).as_seconds())));
    if width < NARROWEST || length.is_negative() || length.as_micros() / width.as_micros() > BINS_MAX {
        return Err(Problem::bad_request(
            "'until' is not before 'from', 'bin' is at least 60, and there are at most 500 spans of that length in between.",
        ));
    }
    let store = &flows.chassis.store;
    let range = Range { from, until };
    let mut rows = flows::list_all(store, tenant, (Instant::EPOCH, ""), FLOWS_MAX + 1).await?;
    let has_more = rows.len() > FLOWS_MAX as usize;
    rows.truncate(FLOWS_MAX as usize);
    let mut known = Vec::with_capacity(rows.len());
    for flow in rows {
        let of = (tenant, flow.id);
        let Counted { bins, is_estimate } = run_ranges::count(store, of, range, width).await?;
        let total = bins.iter().map(|bin| bin.succeeded + bin.failed + bin.other).sum();
        // What was pruned is not listed.
        let mut runs = Vec::new();
        if total <= u64::from(LISTED_MAX) {
            runs = run_ranges::each(store, of, range, LISTED_MAX).await?;
        }
        let is_listed = u64::try_from(runs.len()) == Ok(total);
        known.push(FlowRuns {
            id: flow.id.to_string(),
            display_name: flow.display_name,
            state: flow.state.name().to_owned(),
            total,
            is_estimate,
            runs: if is_listed { runs } else { Vec::new() },
            bins: if is_listed { Vec::new() } else { bins },
        });
    }
    Ok(Json(RunsInRange { flows: known, has_more }))
}
