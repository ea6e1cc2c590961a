//! Rows of the table `subscription_calls`: the calls that began and ended subscriptions of
//! triggers.

use outlive_clock::{Instant, TenantId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use serde_json::json;

use super::runs::HISTORY;
use crate::engine::Failure;
use crate::ids::FlowId;

/// The number of calls of a flow that are kept.
const KEPT_MAX: u32 = 100;

/// What a call is for.
pub(crate) const SUBSCRIBE: &str = "Subscribe";
pub(crate) const UNSUBSCRIBE: &str = "Unsubscribe";

#[derive(Clone, Debug)]
pub(crate) struct SubscriptionCall {
    pub(crate) name: String,
    /// How many runs the flow had before.
    pub(crate) runs: i64,
    pub(crate) trigger: String,
    pub(crate) operation: String,
    pub(crate) at: Instant,
    pub(crate) error: Option<Failure>,
    pub(crate) trace: String,
}

fn call_of(row: &Row) -> Result<SubscriptionCall, StoreError> {
    Ok(SubscriptionCall {
        name: row.text("name")?,
        runs: row.int("runs")?,
        trigger: row.text("trigger_name")?,
        operation: row.text("operation")?,
        at: row.instant("at_us")?,
        error: row.opt_json("error")?,
        trace: row.text("trace")?,
    })
}

/// Records a call, unless the flow was deleted, and forgets the oldest.
pub(crate) fn insert(tenant: TenantId, flow: FlowId, call: &SubscriptionCall) -> [Statement; 2] {
    [
        sql!(
            "INSERT INTO subscription_calls (tenant, flow, number, name, runs, trigger_name, operation, at_us, error, trace) \
             SELECT tenant, id, \
             (SELECT COALESCE(MAX(number), 0) + 1 FROM subscription_calls WHERE tenant = $1 AND flow = $2), \
             $3, runs, $4, $5, $6, $7, $8 FROM flows WHERE tenant = $1 AND id = $2",
            tenant,
            flow,
            &call.name,
            &call.trigger,
            &call.operation,
            call.at,
            call.error.as_ref().map(|error| json!(error).to_string()),
            &call.trace
        ),
        sql!(
            "DELETE FROM subscription_calls WHERE tenant = $1 AND flow = $2 AND (at_us < $3 OR number <= \
             (SELECT MAX(number) FROM subscription_calls WHERE tenant = $1 AND flow = $2) - $4)",
            tenant,
            flow,
            call.at - HISTORY,
            KEPT_MAX
        ),
    ]
}

/// Reads the calls that the history contains at `now`, newest first, with at least `from` and fewer
/// than `before` runs before them.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    (from, before): (i64, i64),
    now: Instant,
) -> Result<Vec<SubscriptionCall>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT name, runs, trigger_name, operation, at_us, error, trace FROM subscription_calls \
             WHERE tenant = $1 AND flow = $2 AND runs >= $3 AND runs < $4 AND at_us >= $5 ORDER BY number DESC LIMIT $6",
            tenant,
            flow,
            from,
            before,
            now - HISTORY,
            KEPT_MAX
        ))
        .await?;
    rows.iter().map(call_of).collect()
}

/// Reads a call.
pub(crate) async fn find(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
    name: &str,
) -> Result<Option<SubscriptionCall>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT name, runs, trigger_name, operation, at_us, error, trace FROM subscription_calls \
             WHERE tenant = $1 AND flow = $2 AND name = $3 ORDER BY number LIMIT 1",
            tenant,
            flow,
            name
        ))
        .await?;
    row.as_ref().map(call_of).transpose()
}

pub(crate) fn delete_all(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("DELETE FROM subscription_calls WHERE tenant = $1 AND flow = $2", tenant, flow)
}
