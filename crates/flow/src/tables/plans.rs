//! Rows of the table `plans`: the plans of users, by which their flows expire and retry.

use outlive_clock::{TenantId, UserId};
use outlive_store::{Row, Statement, Store, StoreError, sql};
use outlive_wire::Plan;

use crate::ids::FlowId;

const PLANS: [Plan; 6] =
    [Plan::Free, Plan::Trial, Plan::Community, Plan::Microsoft365, Plan::Premium, Plan::PerFlow];

/// Returns the name in the database.
fn name(plan: Plan) -> String {
    format!("{plan:?}")
}

fn plan_of(row: &Row) -> Result<Option<Plan>, StoreError> {
    let stored = row.text("plan")?;
    Ok(PLANS.into_iter().find(|plan| name(*plan) == stored))
}

pub(crate) fn insert(tenant: TenantId, user: UserId, plan: Plan) -> Statement {
    sql!(
        "INSERT INTO plans (tenant, principal, plan) VALUES ($1, $2, $3) ON CONFLICT (tenant, principal) DO NOTHING",
        tenant,
        user,
        name(plan)
    )
}

/// Returns the plan of a user, if it is known.
pub(crate) async fn find(store: &Store, tenant: TenantId, user: UserId) -> Result<Option<Plan>, StoreError> {
    let row =
        store.row(sql!("SELECT plan FROM plans WHERE tenant = $1 AND principal = $2", tenant, user)).await?;
    row.as_ref().map_or(Ok(None), plan_of)
}

/// Returns the plan of the owner of a flow, if it is known.
pub(crate) async fn find_of_flow(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Option<Plan>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT p.plan AS plan FROM flows f JOIN plans p ON p.tenant = f.tenant AND p.principal = f.owner \
             WHERE f.tenant = $1 AND f.id = $2",
            tenant,
            flow
        ))
        .await?;
    row.as_ref().map_or(Ok(None), plan_of)
}
