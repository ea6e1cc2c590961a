//! `/lab/tenants/{t}/phone/{user}`: a stand-in for the phone of a user. The codes of MFA and of
//! self-service password reset are read here. It has no counterpart in the original.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::Problem;
use outlive_wire::phone::{AuthenticatorSecret, PasskeyAnswer, Phone};

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;

#[utoipa::path(get, path = "/lab/tenants/{tenant}/phone/{user}",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 200, body = Phone, description = "the mails to the user, and the codes of the authenticator app"),
        (status = 404, description = "no such tenant or user")))]
pub(crate) async fn show(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<Phone>, Problem> {
    Ok(Json(tenants.phone(tenant_of(&tenant)?, &user).await?))
}

#[utoipa::path(put, path = "/lab/tenants/{tenant}/phone/{user}/authenticator",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    request_body = AuthenticatorSecret,
    responses((status = 204, description = "the app has the account, instead of an earlier one"),
        (status = 400, description = "no secret, or one of another kind"), (status = 404, description = "no such tenant or user")))]
pub(crate) async fn add(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
    body: Result<Json<AuthenticatorSecret>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(AuthenticatorSecret { secret }) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.add_authenticator(tenant_of(&tenant)?, &user, &secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/phone/{user}/authenticator",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 204, description = "the app has no account"), (status = 404, description = "no such tenant or user")))]
pub(crate) async fn remove(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    tenants.remove_authenticator(tenant_of(&tenant)?, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/phone/{user}/passkey-requests/{request}",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id"),
        ("request" = String, Path, description = "the id of the request")),
    request_body = PasskeyAnswer,
    responses((status = 204, description = "the page can go on"),
        (status = 400, description = "another number, no passkey for it, or no such request"), (status = 404, description = "no such tenant or user")))]
pub(crate) async fn answer(
    State(tenants): State<Tenants>,
    Path((tenant, user, request)): Path<(String, String, String)>,
    body: Result<Json<PasskeyAnswer>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(answer) = body.map_err(|rejection| of_body(&rejection))?;
    tenants.answer_passkey_request(tenant_of(&tenant)?, &user, &request, &answer).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/phone/{user}/passkeys",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 204, description = "the phone has no passkey; the identity provider still accepts one"), (status = 404, description = "no such tenant or user")))]
pub(crate) async fn remove_passkeys(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    tenants.remove_passkeys(tenant_of(&tenant)?, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/lab/tenants/{tenant}/phone/{user}/passkeys/{passkey}",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id"),
        ("passkey" = String, Path, description = "the id of the passkey")),
    responses((status = 204, description = "the phone does not have the passkey any more; the identity provider still accepts it"),
        (status = 400, description = "no such passkey"), (status = 404, description = "no such tenant or user")))]
pub(crate) async fn remove_passkey(
    State(tenants): State<Tenants>,
    Path((tenant, user, passkey)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    tenants.remove_passkey(tenant_of(&tenant)?, &user, &passkey).await?;
    Ok(StatusCode::NO_CONTENT)
}
