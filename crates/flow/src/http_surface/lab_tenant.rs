//! The tenant in paths below `/_lab`.

use outlive_chassis::Problem;
use outlive_clock::TenantId;

use crate::service::Flows;

/// Returns the tenant that a path names, if it exists.
pub(super) async fn tenant_of_path(flows: &Flows, text: &str) -> Result<TenantId, Problem> {
    let tenant = text.parse().map_err(|error| {
        Problem::not_found("TenantNotFound", "The tenant in the path is not a UUID.").caused_by(error)
    })?;
    flows.chassis.clocks.clock(tenant).await?;
    Ok(tenant)
}
