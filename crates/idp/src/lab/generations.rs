//! Generations of a tenant's grants: `/_lab/tenants/{t}/generation`.
//!
//! Refresh tokens and authorization codes are self-contained, so a restored database does not show
//! which were minted after the snapshot. They carry the generation in which they were minted.

use axum::Json;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use outlive_clock::{Randomness, TenantId};
use outlive_store::{Change, sql};
use outlive_wire::GenerationBegun;

use crate::idp::Idp;

/// `POST`: begins a generation: what is minted from now on is not in a snapshot of what was read
/// before.
pub(crate) async fn begin(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
) -> Result<Json<GenerationBegun>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    idp.directory.commit(tenant.id, next(tenant.id, &idp.chassis.random)).await?;
    Ok(Json(GenerationBegun { has_own_keys: tenant.keys.are_own() }))
}

/// Returns the change that begins the first generation of a tenant.
pub(crate) fn first(tenant: TenantId, random: &Randomness) -> Change {
    sql!("UPDATE tenants SET generation = $1 WHERE tenant = $2", draw(tenant, random), tenant).into()
}

/// Returns the change that begins another generation: for a snapshot, or in a restored tenant.
pub(crate) fn next(tenant: TenantId, random: &Randomness) -> Change {
    let next = sql!(
        "UPDATE tenants SET generations = generations || CAST(generation AS TEXT) || ';', generation = $1 \
         WHERE tenant = $2",
        draw(tenant, random),
        tenant
    );
    next.expect_rows(1).into()
}

/// Draws a number that no other generation of the tenant has: a restored database does not show
/// which were used. The source is one of the tenant's own, so that the order in which tenants are
/// created does not matter; but not the one that begins again with a reset.
fn draw(tenant: TenantId, random: &Randomness) -> i64 {
    let mut stream = random.of("generations").of(tenant).stream("generation");
    i64::from(u32::from_le_bytes(stream.bytes()).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &'static str) -> TenantId {
        TenantId::generate(&mut Randomness::from_seed(1).stream(name))
    }

    #[test]
    fn the_generation_of_a_tenant_does_not_depend_on_other_tenants() {
        let [one, other] = ["one", "other"].map(tenant);
        let (first, second) = (Randomness::from_seed(11), Randomness::from_seed(11));
        let forward = [draw(one, &first), draw(other, &first)];
        let backward = [draw(other, &second), draw(one, &second)];
        assert_eq!(forward, [backward[1], backward[0]]);
    }

    #[test]
    fn no_generation_returns_after_a_reset() {
        let tenant = tenant("one");
        let random = Randomness::from_seed(11);
        let before = draw(tenant, &random);
        random.of(tenant).forget();
        assert_ne!(draw(tenant, &random), before);
    }
}
