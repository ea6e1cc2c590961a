//! Generations of a tenant's grants: `/_lab/tenants/{t}/generation`.
//!
//! Refresh tokens and authorization codes are self-contained, so a restored database does not show
//! which were minted after the snapshot. They carry the generation in which they were minted.

use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{Randomness, TenantId};
use outlive_store::{Change, sql};

use crate::idp::Idp;

/// `POST`: begins a generation: what is minted from now on is not in a snapshot of what was read
/// before.
pub(crate) async fn begin(State(idp): State<Idp>, Path(tenant): Path<String>) -> Result<StatusCode, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?.id;
    idp.directory.commit(tenant, next(tenant, &idp.chassis.random)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the change that begins the first generation of a tenant.
pub(crate) fn first(tenant: TenantId, random: &Randomness) -> Change {
    sql!("UPDATE tenants SET generation = $1 WHERE tenant = $2", draw(random), tenant).into()
}

/// Returns the change that begins another generation: for a snapshot, or in a restored tenant.
pub(crate) fn next(tenant: TenantId, random: &Randomness) -> Change {
    let next = sql!(
        "UPDATE tenants SET generations = generations || CAST(generation AS TEXT) || ';', generation = $1 \
         WHERE tenant = $2",
        draw(random),
        tenant
    );
    next.expect_rows(1).into()
}

/// Draws a number that no other generation of the tenant has: a restored database does not show
/// which were used. The source is not that of the tenant, which begins again with a reset.
fn draw(random: &Randomness) -> i64 {
    i64::from(u32::from_le_bytes(random.stream("generation").bytes()).max(1))
}
