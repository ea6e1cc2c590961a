//! Consent: delegated and application permissions that are granted.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_store::StoreError;
use outlive_wire::directory::{DirectoryGrant, DirectoryGrants, DirectoryRoleAssignment};

use super::page::PageQuery;
use crate::directory::{Application, GrantsOf, PermissionGrant, Tenant};
use crate::idp::Idp;

/// The number of grants and of application permissions that the page of an application has.
const OF_APPLICATION: usize = 50;

/// A page of the delegated permissions that are granted in the tenant.
pub(super) async fn list(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<DirectoryGrants>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let page = query?.page()?;
    let mut place = page.after.split(' ');
    let mut part = || place.next().unwrap_or_default();
    let place = (part(), part(), part());
    let directory = &idp.directory;
    let found =
        directory.permission_grants_after(tenant.id, GrantsOf::Everybody, place, page.to_read()).await;
    let mut found = found?;
    let next = page.cut(&mut found, |grant| {
        let (client, resource, principal) = grant.place();
        format!("{client} {resource} {principal}")
    });
    Ok(Json(DirectoryGrants { grants: describe(&idp, &tenant, &found).await?, next }))
}

/// Returns the first grants of a client, and whether there are more.
pub(super) async fn grants_of_client(
    idp: &Idp,
    tenant: &Tenant,
    client: &Application,
) -> Result<(Vec<DirectoryGrant>, bool), StoreError> {
    let of = GrantsOf::Client(client.client_id);
    let limit = u32::try_from(OF_APPLICATION + 1).unwrap_or(u32::MAX);
    let mut found = idp.directory.permission_grants_after(tenant.id, of, ("", "", ""), limit).await?;
    let has_more = found.len() > OF_APPLICATION;
    found.truncate(OF_APPLICATION);
    Ok((describe(idp, tenant, &found).await?, has_more))
}

async fn describe(
    idp: &Idp,
    tenant: &Tenant,
    grants: &[PermissionGrant],
) -> Result<Vec<DirectoryGrant>, StoreError> {
    let mut shown = Vec::with_capacity(grants.len());
    for grant in grants {
        let client = idp.directory.application(tenant.id, grant.client).await?;
        let resource = idp.directory.application(tenant.id, grant.resource).await?;
        let user = match grant.principal {
            Some(id) => idp.directory.user(tenant.id, id).await?,
            None => None,
        };
        let name = |application: Option<Application>| application.map_or_else(String::new, |one| one.name);
        shown.push(DirectoryGrant {
            client_id: grant.client.to_string(),
            client: name(client),
            resource_id: grant.resource.to_string(),
            resource: name(resource),
            user_id: grant.principal.map(|id| id.to_string()),
            upn: user.map(|user| user.upn),
            scopes: grant.scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        });
    }
    Ok(shown)
}

/// Returns the first application permissions of a client, and whether there are more.
pub(super) async fn role_assignments(
    idp: &Idp,
    tenant: &Tenant,
    client: &Application,
) -> Result<(Vec<DirectoryRoleAssignment>, bool), StoreError> {
    let principal = client.service_principal_id.uuid();
    let limit = u32::try_from(OF_APPLICATION + 1).unwrap_or(u32::MAX);
    let mut found = idp.directory.roles_held_after(tenant.id, principal, ("", ""), limit).await?;
    let has_more = found.len() > OF_APPLICATION;
    found.truncate(OF_APPLICATION);
    let mut shown = Vec::with_capacity(found.len());
    for assignment in found {
        let api = idp.directory.application(tenant.id, assignment.resource).await?;
        shown.push(DirectoryRoleAssignment {
            resource_id: assignment.resource.to_string(),
            resource: api.map_or_else(String::new, |api| api.name),
            role: assignment.role,
            created: assignment.created_at,
        });
    }
    Ok((shown, has_more))
}
