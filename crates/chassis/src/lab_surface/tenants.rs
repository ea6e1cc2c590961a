//! Creating and deleting tenants.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use outlive_clock::{Instant, Speed, VirtualClock, wall_now};
use outlive_journal::{Event, delete_lines};
use outlive_store::{Change, Statement, StoreError};
use outlive_wire::events::TenantCreated;
use outlive_wire::{ClockChange, Subject};
use serde::Deserialize;
use serde_json::{Value, json};

use super::surface::{Surface, tenant_of};
use crate::{Clocks, Problem, Service, SpecMistake, Trace};

/// The longest lab id, in bytes.
pub(super) const LAB_BYTES_MAX: usize = 100;
/// Maximum number of mistakes in a response.
const MISTAKES_SHOWN_MAX: usize = 10;

/// The filter of the tenant list.
#[derive(Deserialize)]
pub(crate) struct Listing {
    /// Only those that this lab created.
    lab: Option<String>,
}

pub(crate) async fn list<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    listing: Result<Query<Listing>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let clocks = &surface.chassis.clocks;
    let tenants = match listing?.0.lab {
        None => clocks.all().await?.into_iter().map(|(tenant, _)| tenant).collect(),
        Some(lab) => clocks.created_by(&lab).await?,
    };
    let mut tenants: Vec<_> = tenants.into_iter().map(|tenant| tenant.to_string()).collect();
    tenants.sort_unstable();
    Ok(Json(json!({ "tenants": tenants })))
}

pub(crate) async fn create<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    trace: Trace,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(Value::Object(mut description)) = body? else {
        return Err(Problem::bad_request("The tenant's description is not a JSON object."));
    };
    let broken = |error: serde_json::Error| {
        Problem::bad_request(format!("The tenant's description cannot be read: {error}."))
    };
    let clock = match description.remove("clock") {
        Some(clock) => serde_json::from_value(clock).map_err(broken)?,
        None => ClockChange::default(),
    };
    super::clock::shown_by_clocks(clock.now, clock.speed)?;
    let lab = match description.remove("lab") {
        None => String::new(),
        Some(Value::String(lab)) if lab.len() <= LAB_BYTES_MAX => lab,
        Some(_) => return Err(Problem::bad_request("The lab is a text of at most 100 bytes.")),
    };
    let spec: S::TenantSpec = serde_json::from_value(Value::Object(description)).map_err(broken)?;
    if let Some(rejected) = rejection(&S::spec_mistakes(&spec)) {
        return Err(rejected);
    }
    let wall = clock.wall.map_or_else(wall_now, |anchor| anchor.min(wall_now()));
    let incarnation = clock.incarnation.unwrap_or(Instant::EPOCH);
    let clock = VirtualClock::new(clock.now.unwrap_or(wall), wall, clock.speed.unwrap_or(Speed::REAL));
    let mut change = Change::from(Clocks::insert(tenant, &clock, incarnation, &lab));
    change.append(surface.service.create_tenant(tenant, spec, clock.shows(), &trace).await?);
    let event = Event::new(tenant, clock.shows(), Subject::tenant(tenant), &trace, TenantCreated {});
    change.append(surface.chassis.journal.entry(&event));
    // In its own task, like a deletion.
    let creating = tokio::spawn(async move {
        surface.chassis.store.commit(change).await?;
        surface.chassis.clocks.remember(tenant, clock, incarnation);
        Ok::<_, StoreError>(())
    });
    creating.await.map_err(|panic| Problem::unavailable().caused_by(panic))?.map_err(|error| {
        if error.is_conflict() {
            Problem::conflict(format!(
                "There is a tenant {tenant} here already, or its description names something twice."
            ))
        } else {
            error.into()
        }
    })?;
    Ok(StatusCode::CREATED)
}

/// Builds the error for an invalid specification: the first mistakes and the number of others.
fn rejection(mistakes: &[SpecMistake]) -> Option<Problem> {
    let (shown, more) = mistakes.split_at(mistakes.len().min(MISTAKES_SHOWN_MAX));
    let mut text = shown.iter().map(|mistake| format!("{mistake}.")).collect::<Vec<_>>().join(" ");
    if !more.is_empty() {
        text.push_str(&format!(" There are {} more.", more.len()));
    }
    (!shown.is_empty()).then(|| Problem::bad_request(text))
}

/// Which data of a tenant is deleted.
#[derive(Deserialize)]
pub(crate) struct Deletion {
    /// The last of its incarnations. A deletion that comes after the tenant was started over is
    /// rejected. All if absent.
    until: Option<Instant>,
}

pub(crate) async fn delete<S: Service>(
    State(surface): State<Arc<Surface<S>>>,
    Path(tenant): Path<String>,
    deletion: Result<Query<Deletion>, QueryRejection>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Query(Deletion { until }) = deletion?;
    surface.chassis.clocks.check_until(tenant, until).await?;
    let mut change = Change::from(Clocks::delete(tenant, until));
    for table in S::TENANT_TABLES.iter().chain(&["faults"]) {
        change.add(Statement::forget_tenant(table, tenant));
    }
    change.append(delete_lines(tenant));
    // In its own task, so that cache and database stay consistent even if the caller is canceled.
    let deleting = tokio::spawn(async move {
        match surface.chassis.store.commit(change).await {
            // Deleted or started over by another call at the same time.
            Err(error) if error.is_conflict() => {
                surface.chassis.clocks.check_until(tenant, until).await?;
                Err(Problem::conflict(format!("Tenant {tenant} has changed meanwhile.")).caused_by(error))
            }
            Err(error) => Err(error.into()),
            Ok(()) => {
                surface.forget(tenant);
                Ok(())
            }
        }
    });
    deleting.await.map_err(|panic| Problem::unavailable().caused_by(panic))??;
    Ok(StatusCode::NO_CONTENT)
}
