//! `/lab/tenants`.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_clock::{Instant, Speed, wall_now};
use outlive_wire::lab_api::{
    DeletionAnswer, ListedTenant, TenantCredentials, TenantExport, TenantList, TenantRequest,
};

use super::clock::SPEED_LIMIT;
use super::exports::{self, Creation};
use super::lifetime::temporary_end;
use super::problem::{ended, of_body, tenant_of};
use crate::classes::Classes;
use crate::starts::Starts;
use crate::tenants::{Deletion, NewTenant, Temporary, Tenants};

/// Maximum length of a tenant's name, in characters.
const NAME_CHARACTERS_MAX: usize = 200;

#[utoipa::path(get, path = "/lab/tenants", responses((status = 200, body = TenantList)))]
pub(crate) async fn list(State(tenants): State<Tenants>) -> Result<Json<TenantList>, Problem> {
    let listed = tenants.list().await?;
    let listed = listed.into_iter().map(|(tenant, domain)| ListedTenant {
        tenant_id: tenant,
        domain,
        missing: tenants.services_without(tenant),
    });
    Ok(Json(TenantList { tenants: listed.collect(), deleting: tenants.deletions().await? }))
}

#[utoipa::path(post, path = "/lab/tenants", params(Creation), request_body = NewTenantBody,
    responses((status = 201, body = TenantCredentials),
    (status = 400, description = "an unknown seed or edition, a start that is not in the past, a lifetime that is too long, or no export (NotAnExport, ExportChanged)"),
    (status = 404, description = "no such class, or no such seat that is taken"),
    (status = 409, description = "the tenant of an export exists here (TenantExists), or the export is of another version of Outlive (ExportOfOtherVersion)")))]
pub(crate) async fn create(
    State(tenants): State<Tenants>,
    creation: Result<Query<Creation>, QueryRejection>,
    request: Request,
) -> Result<(StatusCode, Json<TenantCredentials>), Problem> {
    let Query(creation) = creation?;
    if creation.is_import()? {
        return exports::import(tenants, &creation, request).await;
    }
    let Json(request) = Json::from_request(request, &()).await.map_err(|rejection| of_body(&rejection))?;
    create_from_seed(tenants, request).await
}

/// A tenant to create: from a seed, or, with the parameter `import`, from an export.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum NewTenantBody {
    FromSeed(TenantRequest),
    FromExport(TenantExport),
}

async fn create_from_seed(
    tenants: Tenants,
    request: TenantRequest,
) -> Result<(StatusCode, Json<TenantCredentials>), Problem> {
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
    let ends = request.lifetime.map(temporary_end);
    let seat = match &request.seat {
        Some(seat) => Some(Classes::new(tenants.clone()).taken_seat(&seat.class, seat.seat).await?),
        None => None,
    };
    let new = NewTenant {
        id: None,
        name: request.name,
        seed: request.seed,
        rules: request.rules,
        now: starts.or(request.clock.now),
        speed: request.clock.speed,
        overlay: request.overlay,
        bare: request.bare,
        complete: request.complete,
        temporary: Temporary { ends: ends.transpose()?, seat },
        reserved: false,
    };
    // In a task of its own: if the caller disconnects, the tenant must not stay incomplete.
    let creating = tokio::spawn(async move { tenants.create(new).await });
    let credentials = ended(creating.await)??;
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
    match ended(deleting.await)?? {
        Deletion::Complete => Ok(StatusCode::NO_CONTENT.into_response()),
        Deletion::Waiting(missing) => {
            let answer = DeletionAnswer { tenant_id: tenant, missing };
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
    }
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/reset", params(("tenant" = String, Path, description = "tenant id")),
    request_body = NoMembers,
    responses((status = 200, body = TenantCredentials, description = "the same tenant with new data, as at its creation"),
    (status = 404, description = "no such tenant"),
    (status = 502, description = "a service does not answer; completed without a request when it does")))]
pub(crate) async fn reset(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    // A page of another origin cannot send JSON without a preflight request.
    body: Result<Json<NoMembers>, JsonRejection>,
) -> Result<Json<TenantCredentials>, Problem> {
    let Json(NoMembers {}) = body.map_err(|rejection| of_body(&rejection))?;
    let tenant = tenant_of(&tenant)?;
    // In a task of its own: if the caller disconnects, the tenant must not stay incomplete.
    let resetting = tokio::spawn(async move { tenants.reset(tenant).await });
    Ok(Json(ended(resetting.await)??))
}

/// An empty object.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoMembers {}
