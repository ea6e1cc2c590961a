//! `oauth2PermissionGrants`: delegated permission grants.

use outlive_clock::{ClientId, UserId};
use outlive_wire::events::{ConsentChanged, ConsentGranted, ConsentWithdrawn};

use super::compound_id::{compound, split_compound};
use super::odata::Filter;
use super::permissions::{READ_GRANTS, WRITE_GRANTS};
use super::prelude::*;
use super::service_principals::principal;
use crate::directory::{GrantsOf, PermissionGrant};

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .collection("/oauth2PermissionGrants", list, post(create))
        .route("/oauth2PermissionGrants/{id}", get(show).patch(update).delete(remove))
        .read_only("/servicePrincipals/{id}/oauth2PermissionGrants", list_of_client)
        .read_only("/users/{id}/oauth2PermissionGrants", list_of_user)
}

entity_type! {
    /// "oAuth2PermissionGrant resource type".
    GRANT = "microsoft.graph.oAuth2PermissionGrant" in "oauth2PermissionGrants",
    fn resource(grant: &PermissionGrant) {
        "id" => id_of(grant),
        "clientId" [Filterable] => grant.client_principal,
        "consentType" [Filterable] => consent_type(grant),
        "principalId" [Filterable] => grant.principal,
        "resourceId" [Filterable] => grant.resource_principal,
        "scope" => grant.scope,
    }
}

fn id_of(grant: &PermissionGrant) -> String {
    let principal = grant.principal.map_or(Uuid::nil(), UserId::uuid);
    compound([grant.client.uuid(), grant.resource.uuid(), principal])
}

const fn consent_type(grant: &PermissionGrant) -> &'static str {
    if grant.principal.is_some() { "Principal" } else { "AllPrincipals" }
}

async fn list(caller: Caller) -> Answer {
    caller.allowed(&READ_GRANTS)?;
    let of = narrowest(&caller, &caller.countable_options(&GRANT)?.filter).await?;
    collection(&caller, &GRANT, |options| read(&caller, of, options)).await
}

async fn list_of_client(caller: Caller, Path(id): Path<String>) -> Answer {
    let of = Some(GrantsOf::Client(principal(&caller, &id).await?.client_id));
    caller.allowed(&READ_GRANTS)?;
    collection(&caller, &GRANT, |options| read(&caller, of, options)).await
}

async fn list_of_user(caller: Caller, Path(id): Path<String>) -> Answer {
    let of = Some(GrantsOf::User(caller.target(&id).await?.id));
    caller.allowed(&READ_GRANTS)?;
    collection(&caller, &GRANT, |options| read(&caller, of, options)).await
}

async fn read(caller: &Caller, of: Option<GrantsOf>, options: Options) -> Result<Page> {
    let mut parts = options.after.splitn(3, ' ');
    let mut part = || parts.next().unwrap_or_default();
    let place = (part(), part(), part());
    let found = match of {
        Some(of) => {
            let directory = &caller.idp.directory;
            directory.permission_grants_after(caller.tenant.id, of, place, options.limit()).await?
        }
        // The filter names something that does not exist.
        None => Vec::new(),
    };
    let key = |grant: &PermissionGrant| {
        let (client, resource, principal) = grant.place();
        format!("{client} {resource} {principal}")
    };
    Ok(options.page(found, key, resource))
}

/// The part of the filter that an index serves; none if it names an object that does not exist.
async fn narrowest(caller: &Caller, filter: &Filter) -> Result<Option<GrantsOf>> {
    let client_of = async |id: &str| -> Result<Option<ClientId>> {
        let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
        let found = caller.idp.directory.application_of_principal(caller.tenant.id, id).await?;
        Ok(found.map(|application| application.client_id))
    };
    if let Some(id) = filter.equal("clientId") {
        Ok(client_of(id).await?.map(GrantsOf::Client))
    } else if let Some(id) = filter.equal("principalId") {
        Ok(id.parse().ok().map(GrantsOf::User))
    } else if let Some(id) = filter.equal("resourceId") {
        Ok(client_of(id).await?.map(GrantsOf::Resource))
    } else {
        Ok(Some(GrantsOf::Everybody))
    }
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    caller.allowed(&READ_GRANTS)?;
    caller.entity(&GRANT, &resource(&find(&caller, &id).await?))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewGrant {
    client_id: String,
    consent_type: ConsentType,
    principal_id: Option<String>,
    resource_id: String,
    scope: String,
    /// Sent by old clients, and ignored.
    #[expect(dead_code, reason = "read so that it may be there")]
    start_time: Option<String>,
    #[expect(dead_code, reason = "read so that it may be there")]
    expiry_time: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ConsentType {
    AllPrincipals,
    Principal,
}

/// Commits a change of a grant. The events of all changes have the same members.
macro_rules! commit_consent {
    ($event:ident, $caller:expr, $statement:expr, $grant:expr, $scope:expr) => {{
        let (caller, granted): (&Caller, &PermissionGrant) = ($caller, &$grant);
        let event = $event {
            upn: None,
            client_id: Some(granted.client),
            client_name: None,
            resource: Some(granted.resource.to_string()),
            scope: Some(ToString::to_string($scope)),
            consent_type: Some(consent_type(granted).to_owned()),
            grant: Some(id_of(granted)),
            actor: caller.actor(),
        };
        let subject = granted.principal.map_or_else(|| Subject::client(granted.client), Subject::user);
        caller.commit($statement, subject, event).await
    }};
}

async fn create(caller: Caller, Body(new): Body<NewGrant>) -> Answer {
    caller.allowed(&WRITE_GRANTS)?;
    let options = caller.entity_options(&GRANT)?;
    let client = principal(&caller, &new.client_id).await?;
    let api = principal(&caller, &new.resource_id).await?;
    let user = match (new.consent_type, &new.principal_id) {
        (ConsentType::AllPrincipals, None) => None,
        (ConsentType::Principal, Some(id)) => Some(caller.target(id).await?.id),
        _ => {
            return Err(GraphError::bad_request(
                "principalId has to be there for the consentType 'Principal', and for no other.",
            ));
        }
    };
    let grant = PermissionGrant {
        client: client.client_id,
        client_principal: client.service_principal_id,
        resource: api.client_id,
        resource_principal: api.service_principal_id,
        principal: user,
        scope: normal(&new.scope)?,
    };
    let committed =
        commit_consent!(ConsentGranted, &caller, grant.insert(caller.tenant.id), grant, &grant.scope);
    let exists = || GraphError::already_exists("Permission entry already exists.");
    committed.map_err(|error| error.if_conflict(exists))?;
    Ok(options.created(&resource(&grant)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantPatch {
    scope: String,
}

/// A removed scope is missing at the next token request that needs it (AADSTS65001).
async fn update(caller: Caller, Path(id): Path<String>, Body(patch): Body<GrantPatch>) -> Result<StatusCode> {
    caller.allowed(&WRITE_GRANTS)?;
    let grant = find(&caller, &id).await?;
    let scope = normal(&patch.scope)?;
    let statement = grant.with_scope(caller.tenant.id, &scope);
    commit_consent!(ConsentChanged, &caller, statement, grant, &scope)
}

async fn remove(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    caller.allowed(&WRITE_GRANTS)?;
    let grant = find(&caller, &id).await?;
    commit_consent!(ConsentWithdrawn, &caller, grant.delete(caller.tenant.id), grant, "")
}

async fn find(caller: &Caller, id: &str) -> Result<PermissionGrant> {
    let unknown = || GraphError::not_found(id);
    let [client, resource, principal] = split_compound(id).ok_or_else(unknown)?;
    let principal = (!principal.is_nil()).then(|| UserId::from_uuid(principal));
    let (client, resource) = (ClientId::from_uuid(client), ClientId::from_uuid(resource));
    let found = caller.idp.directory.permission_grant(caller.tenant.id, client, resource, principal).await?;
    found.ok_or_else(unknown)
}

/// Scopes separated by single spaces, without duplicates.
fn normal(scope: &str) -> Result<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in scope.split_ascii_whitespace() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // "scope" of an oAuth2PermissionGrant: at most 3,850 characters.
    if scope.len() > 3_850 || names.len() > 400 {
        return Err(GraphError::bad_request("The scope is too long."));
    }
    Ok(names.join(" "))
}
