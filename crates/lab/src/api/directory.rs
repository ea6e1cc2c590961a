//! `/lab/tenants/{t}/directory/…`: the directory, without credentials. Administrators read it
//! through Graph.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_wire::directory::{
    DirectoryApplicationDetails, DirectoryApplications, DirectoryCredentials, DirectoryGrants,
    DirectoryGroupDetails, DirectoryGroups, DirectoryKeys, DirectoryPolicies, DirectoryTenant,
    DirectoryUserDetails, DirectoryUsers,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::problem::tenant_of;
use crate::tenants::Tenants;

/// A page of a list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// The maximum number of objects (1 to 100; 50 if absent).
    limit: Option<u32>,
    /// Which objects, where a list has several kinds; the first if absent.
    of: Option<String>,
}

type Asked = Result<Query<PageQuery>, QueryRejection>;

async fn read<T: DeserializeOwned>(
    tenants: &Tenants,
    tenant: &str,
    path: &[&str],
    asked: Asked,
) -> Result<Json<T>, Problem> {
    let Query(PageQuery { after, limit, of }) = asked?;
    let given = [("after", after), ("limit", limit.map(|limit| limit.to_string())), ("of", of)];
    let query: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Ok(Json(tenants.directory(tenant_of(tenant)?, path, &query).await?))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/users",
    params(("tenant" = String, Path, description = "tenant id"), PageQuery),
    responses((status = 200, body = DirectoryUsers, description = "users by id; `of` is `active` or `deleted`"),
        (status = 400, description = "no such page"), (status = 404, description = "no such tenant")))]
pub(crate) async fn users(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    asked: Asked,
) -> Result<Json<DirectoryUsers>, Problem> {
    read(&tenants, &tenant, &["users"], asked).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/users/{user}",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 200, body = DirectoryUserDetails, description = "the user, deleted or not, with sign-in methods, groups and sessions"),
        (status = 404, description = "no such tenant or user")))]
pub(crate) async fn user(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<DirectoryUserDetails>, Problem> {
    Ok(Json(tenants.directory_user(tenant_of(&tenant)?, &user).await?))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/users/{user}/credentials",
    params(("tenant" = String, Path, description = "tenant id"), ("user" = String, Path, description = "role, sign-in name or object id")),
    responses((status = 200, body = DirectoryCredentials, description = "what browsers, applications and connections of the user hold, each with its state and the reason"),
        (status = 404, description = "no such tenant or user")))]
pub(crate) async fn credentials(
    State(tenants): State<Tenants>,
    Path((tenant, user)): Path<(String, String)>,
) -> Result<Json<DirectoryCredentials>, Problem> {
    Ok(Json(tenants.directory_credentials(tenant_of(&tenant)?, &user).await?))
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/groups",
    params(("tenant" = String, Path, description = "tenant id"), PageQuery),
    responses((status = 200, body = DirectoryGroups), (status = 400, description = "no such page"), (status = 404, description = "no such tenant")))]
pub(crate) async fn groups(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    asked: Asked,
) -> Result<Json<DirectoryGroups>, Problem> {
    read(&tenants, &tenant, &["groups"], asked).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/groups/{group}",
    params(("tenant" = String, Path, description = "tenant id"), ("group" = String, Path, description = "object id"), PageQuery),
    responses((status = 200, body = DirectoryGroupDetails, description = "the group with a page of its members"),
        (status = 404, description = "no such tenant or group")))]
pub(crate) async fn group(
    State(tenants): State<Tenants>,
    Path((tenant, group)): Path<(String, String)>,
    asked: Asked,
) -> Result<Json<DirectoryGroupDetails>, Problem> {
    read(&tenants, &tenant, &["groups", &group], asked).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/applications",
    params(("tenant" = String, Path, description = "tenant id"), PageQuery),
    responses((status = 200, body = DirectoryApplications, description = "applications by client id; `of` is `enterprise` (every service principal) or `registrations`"),
        (status = 400, description = "no such page"), (status = 404, description = "no such tenant")))]
pub(crate) async fn applications(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    asked: Asked,
) -> Result<Json<DirectoryApplications>, Problem> {
    read(&tenants, &tenant, &["applications"], asked).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/applications/{client}",
    params(("tenant" = String, Path, description = "tenant id"), ("client" = String, Path, description = "client id")),
    responses((status = 200, body = DirectoryApplicationDetails, description = "the application with redirect URIs, permissions, consent, and its credentials without their values"),
        (status = 404, description = "no such tenant or application")))]
pub(crate) async fn application(
    State(tenants): State<Tenants>,
    Path((tenant, client)): Path<(String, String)>,
) -> Result<Json<DirectoryApplicationDetails>, Problem> {
    read(&tenants, &tenant, &["applications", &client], Ok(Query::default())).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/grants",
    params(("tenant" = String, Path, description = "tenant id"), PageQuery),
    responses((status = 200, body = DirectoryGrants, description = "the delegated permissions that users and administrators granted"),
        (status = 400, description = "no such page"), (status = 404, description = "no such tenant")))]
pub(crate) async fn grants(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    asked: Asked,
) -> Result<Json<DirectoryGrants>, Problem> {
    read(&tenants, &tenant, &["grants"], asked).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/policies",
    params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = DirectoryPolicies, description = "Conditional Access policies"), (status = 404, description = "no such tenant")))]
pub(crate) async fn policies(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryPolicies>, Problem> {
    read(&tenants, &tenant, &["policies"], Ok(Query::default())).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/tenant",
    params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = DirectoryTenant), (status = 404, description = "no such tenant")))]
pub(crate) async fn tenant(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryTenant>, Problem> {
    read(&tenants, &tenant, &["tenant"], Ok(Query::default())).await
}

#[utoipa::path(get, path = "/lab/tenants/{tenant}/directory/keys",
    params(("tenant" = String, Path, description = "tenant id")),
    responses((status = 200, body = DirectoryKeys, description = "the published signing keys, without their private parts, and their rotation"),
        (status = 404, description = "no such tenant")))]
pub(crate) async fn keys(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
) -> Result<Json<DirectoryKeys>, Problem> {
    read(&tenants, &tenant, &["keys"], Ok(Query::default())).await
}
