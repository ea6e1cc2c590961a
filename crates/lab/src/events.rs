//! Lab events: what happens to users and applications, by the short way.

use outlive_clock::TenantId;
use serde_json::Value;

use crate::conductor::{ConductError, Conductor, Target};
use crate::services::LabSurface;

/// Lets `event` happen in `tenant`, one whole second later than now.
///
/// Cut-offs have whole-second resolution (a grant issued within the same second survives). An event raised by a script is
/// meant to act on everything that was issued before it, so time first moves to the next whole second.
///
/// # Errors
/// Time could not be moved, or the identity provider refused the event.
pub async fn raise(surface: &LabSurface, tenant: TenantId, event: &Value) -> Result<Value, ConductError> {
    let conductor = Conductor::new(surface.tenant(tenant));
    conductor.advance(Target::NextWholeSecond, &|_| ()).await?;
    Ok(surface.raise(tenant, event).await?)
}
