//! Adding, listing and removing faults.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{FaultAdded, FaultRemoved};
use outlive_wire::faults::{Fault, FaultSpec, Faults};
use uuid::Uuid;

use super::surface::{Surface, tenant_of};
use crate::faults::check::{FaultAbilities, fault_mistake, scheduled};
use crate::faults::decide;
use crate::faults::table::{self, FAULTS_MAX};
use crate::{Problem, Service, Trace};

pub(crate) async fn list<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
) -> Result<Json<Faults>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let now = surface.chassis.clocks.now(tenant).await?;
    let faults = table::list(&surface.chassis.store, tenant, now).await?;
    Ok(Json(Faults { faults }))
}

pub(crate) async fn add<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<FaultSpec>, JsonRejection>,
) -> Result<(StatusCode, Json<Fault>), Problem> {
    let tenant = tenant_of(&tenant)?;
    let chassis = &surface.chassis;
    let now = chassis.clocks.now(tenant).await?;
    let Json(spec) = body?;
    let refused = |why: String| Problem::bad_request(format!("{why}."));
    let spec = scheduled(spec, now).map_err(refused)?;
    let abilities = FaultAbilities {
        endpoints: Some(S::ENDPOINTS),
        issues_tokens: S::ISSUES_TOKENS,
        has_connections: S::HAS_CONNECTIONS,
        knows_error: S::knows_error,
    };
    if let Some(why) = fault_mistake(&spec, abilities) {
        return Err(refused(why));
    }
    let random = chassis.random.of(tenant);
    let fault = Fault {
        id: random.stream("fault-id").uuid_at(now),
        state: decide::state(&spec, 0, now),
        spec,
        added: now,
        requests: 0,
        hits: 0,
        last_hit: None,
    };
    let added = table::insert(tenant, &fault, random.stream("fault-seed").next_u64());
    let mut change = Change::from(added.map_err(|error| Problem::unavailable().caused_by(error))?);
    let (place, effect) = (fault.spec.place(), fault.spec.effect.words());
    let event = FaultAdded { fault: fault.id, place, effect };
    let event = Event::new(tenant, now, Subject::tenant(tenant), &trace, event);
    change.append(chassis.journal.entry(&event));
    match chassis.faults.commit(tenant, change).await {
        Ok(()) => Ok((StatusCode::CREATED, Json(fault))),
        Err(error) if error.is_conflict() => {
            // The tenant was deleted, or has as many as it may have.
            chassis.clocks.now(tenant).await?;
            Err(Problem::conflict(format!(
                "A tenant has at most {FAULTS_MAX} faults at a service. Remove some that have ended."
            )))
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn remove<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path((tenant, id)): Path<(String, String)>,
    trace: Trace,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    let unknown = || Problem::not_found("FaultNotFound", "The tenant has no fault with this id.");
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let now = surface.chassis.clocks.now(tenant).await?;
    let faults = table::list(&surface.chassis.store, tenant, now).await?;
    let fault = faults.iter().find(|fault| fault.id == id).ok_or_else(unknown)?;
    let change = removal(&surface, tenant, now, &trace, fault);
    match surface.chassis.faults.commit(tenant, change).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // Another request removed it.
        Err(error) if error.is_conflict() => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn remove_all<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    trace: Trace,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    loop {
        let now = surface.chassis.clocks.now(tenant).await?;
        let mut change = Change::new();
        let faults = table::list(&surface.chassis.store, tenant, now).await?;
        if faults.is_empty() {
            return Ok(StatusCode::NO_CONTENT);
        }
        for fault in &faults {
            change.append(removal(&surface, tenant, now, &trace, fault));
        }
        match surface.chassis.faults.commit(tenant, change).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            // Another request removed some of them.
            Err(error) if error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn removal<S: Service>(
    surface: &Surface<S>,
    tenant: TenantId,
    now: Instant,
    trace: &Trace,
    fault: &Fault,
) -> Change {
    let mut change = Change::from(table::delete(tenant, fault.id));
    let (place, effect) = (fault.spec.place(), fault.spec.effect.words());
    let event = FaultRemoved { fault: fault.id, place, effect, hits: fault.hits };
    change.append(surface.chassis.journal.entry(&Event::new(
        tenant,
        now,
        Subject::tenant(tenant),
        trace,
        event,
    )));
    change
}
