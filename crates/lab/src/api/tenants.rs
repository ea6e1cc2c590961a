//! `/lab/tenants`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{Instant, Speed, wall_now};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::clock::SPEED_LIMIT;
use super::problem::{of_body, tenant_of};
use crate::services::Service;
use crate::starts::Starts;
use crate::tenants::{Deletion, NewTenant, TenantCredentials, Tenants};

/// Longest name of a tenant, in characters.
const NAME_CHARACTERS_MAX: usize = 200;

/// A tenant to create. All members are optional.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantRequest {
    /// Display name, of at most 200 characters.
    name: Option<String>,
    /// Its seed.
    seed: Option<String>,
    /// The edition of its revocation table (`2018`, `2021`, `2025-05`, `2025-11`).
    rules: Option<String>,
    /// When its time starts: an instant in the past (RFC 3339), or a negative ISO 8601 duration
    /// before now (`-P90D`). Advanced by the same duration, its time is the present. Excludes
    /// `clock.now`.
    #[schema(example = "-P90D")]
    starts: Option<String>,
    /// When its time starts and how fast it runs; by default as wall time.
    #[serde(default)]
    clock: ClockRequest,
    /// Omit the seed's connections and flows.
    #[serde(default)]
    bare: bool,
}

/// A clock's start.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockRequest {
    /// Virtual time, RFC 3339.
    #[schema(value_type = Option<String>)]
    now: Option<Instant>,
    /// Virtual seconds for each wall second, at most 86400; 0 stops the clock.
    #[schema(value_type = Option<u32>)]
    speed: Option<Speed>,
}

/// One tenant in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedTenant {
    /// Its id.
    tenant_id: String,
    /// Its domain.
    domain: String,
    /// The services that do not have it, because their database is lost or is another one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<Service>,
}

/// All tenants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantList {
    /// The tenants of this lab.
    tenants: Vec<ListedTenant>,
    /// The tenants that are being deleted: a service that still has them did not answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deleting: Vec<String>,
}

/// A deletion that is completed later.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletionAnswer {
    /// The tenant's id.
    tenant_id: String,
    /// The services that still have its data.
    missing: Vec<Service>,
}

#[utoipa::path(get, path = "/lab/tenants", responses((status = 200, body = TenantList)))]
pub(crate) async fn list(State(tenants): State<Tenants>) -> Result<Json<TenantList>, Problem> {
    let listed = tenants.list().await?;
    let listed = listed.into_iter().map(|(tenant, domain)| ListedTenant {
        tenant_id: tenant.to_string(),
        domain,
        missing: tenants.services_without(tenant),
    });
    let deleting = tenants.deletions().await?.into_iter().map(|tenant| tenant.to_string()).collect();
    Ok(Json(TenantList { tenants: listed.collect(), deleting }))
}

#[utoipa::path(post, path = "/lab/tenants", request_body = TenantRequest,
    responses((status = 201, body = TenantCredentials), (status = 400, description = "an unknown seed or edition, or a start that is not in the past")))]
pub(crate) async fn create(
    State(tenants): State<Tenants>,
    body: Result<Json<TenantRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<TenantCredentials>), Problem> {
    let Json(request) = body.map_err(|rejection| of_body(&rejection))?;
    if request.name.as_ref().is_some_and(|name| name.chars().nth(NAME_CHARACTERS_MAX).is_some()) {
        return Err(Problem::bad_request(format!(
            "'name' is too long: it has at most {NAME_CHARACTERS_MAX} characters."
        )));
    }
    if request.clock.now.is_some_and(|now| now > Instant::MAX || now < Instant::EPOCH) {
        return Err(Problem::bad_request("A clock shows instants from 1970 to 9999."));
    }
    let starts = request.starts.map(|starts| start_in_the_past(&starts, wall_now())).transpose()?;
    if starts.is_some() && request.clock.now.is_some() {
        return Err(Problem::bad_request("Give starts or clock.now, not both: each says where time starts."));
    }
    if request.clock.speed.is_some_and(|speed| speed > Speed::MAX) {
        return Err(Problem::bad_request(SPEED_LIMIT));
    }
    let new = NewTenant {
        id: None,
        name: request.name,
        seed: request.seed,
        rules: request.rules,
        now: starts.or(request.clock.now),
        speed: request.clock.speed,
        bare: request.bare,
    };
    // A caller that disconnects must not leave an incomplete tenant.
    let creating = tokio::spawn(async move { tenants.create(new).await });
    let credentials = creating.await.map_err(|_| Problem::unavailable())??;
    Ok((StatusCode::CREATED, Json(credentials)))
}

/// Returns the start of a tenant that starts in the past.
fn start_in_the_past(starts: &str, now: Instant) -> Result<Instant, Problem> {
    let starts: Starts =
        starts.parse().map_err(|wrong| Problem::bad_request(format!("'starts': {wrong}.")))?;
    let start = starts.instant(now);
    if start > now {
        return Err(Problem::bad_request(format!(
            "'starts' is in the future: {start} is after {now}. Create the tenant and advance its clock instead."
        )));
    }
    if start < Instant::EPOCH {
        return Err(Problem::bad_request("'starts' is too early: a clock shows instants from 1970 to 9999."));
    }
    Ok(start)
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = TenantCredentials), (status = 404, description = "no such tenant")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<TenantCredentials>, Problem> {
    Ok(Json(tenants.credentials(tenant_of(&tenant)?).await?))
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}", params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 204, description = "gone with all its data"),
    (status = 202, body = DeletionAnswer, description = "in no list any more; deleted in the missing services when they answer"),
    (status = 404, description = "no such tenant")))]
pub(crate) async fn delete(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&tenant)?;
    let deleting = tokio::spawn(async move { tenants.delete(tenant).await });
    match deleting.await.map_err(|_| Problem::unavailable())?? {
        Deletion::Complete => Ok(StatusCode::NO_CONTENT.into_response()),
        Deletion::Waiting(missing) => {
            let answer = DeletionAnswer { tenant_id: tenant.to_string(), missing };
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
    }
}
