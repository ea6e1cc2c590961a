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

/// `POST`: begins a generation, before a snapshot is taken.
pub(crate) async fn begin(State(idp): State<Idp>, Path(tenant): Path<String>) -> Result<StatusCode, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?.id;
    let next = sql!(
        "UPDATE tenants SET generations = generations || CAST(generation AS TEXT) || ';', generation = $1 \
         WHERE tenant = $2",
        draw(&idp.chassis.random.of(tenant)),
        tenant
    );
    idp.directory.commit(tenant, next.expect_rows(1)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the change that begins a generation in a restored tenant, instead of the one that began
/// with the snapshot.
pub(crate) fn replace(tenant: TenantId, random: &Randomness) -> Change {
    sql!("UPDATE tenants SET generation = $1 WHERE tenant = $2", draw(random), tenant).into()
}

/// Draws a number that no other generation of the tenant has: a restored database does not show
/// which were used.
fn draw(random: &Randomness) -> i64 {
    i64::from(u32::from_le_bytes(random.stream("generation").bytes()).max(1))
}
