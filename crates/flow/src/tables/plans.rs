//! Rows of the table `plans`: the plans of users, as far as the tenant's description names them.

use outlive_clock::{TenantId, UserId};
use outlive_store::{Statement, Store, StoreError, sql};
use outlive_wire::Plan;

const PLANS: [Plan; 6] =
    [Plan::Free, Plan::Trial, Plan::Community, Plan::Microsoft365, Plan::Premium, Plan::PerFlow];

pub(crate) fn insert(tenant: TenantId, user: UserId, plan: Plan) -> Statement {
    sql!(
        "INSERT INTO plans (tenant, principal, plan) VALUES ($1, $2, $3) ON CONFLICT (tenant, principal) DO NOTHING",
        tenant,
        user,
        name(plan)
    )
}

/// Reads the plan of a user, if it is known.
pub(crate) async fn find(store: &Store, tenant: TenantId, user: UserId) -> Result<Option<Plan>, StoreError> {
    let found =
        store.row(sql!("SELECT plan FROM plans WHERE tenant = $1 AND principal = $2", tenant, user)).await?;
    let Some(row) = found else { return Ok(None) };
    let text: String = row.text("plan")?;
    Ok(PLANS.into_iter().find(|plan| name(*plan) == text))
}

fn name(plan: Plan) -> String {
    format!("{plan:?}")
}
