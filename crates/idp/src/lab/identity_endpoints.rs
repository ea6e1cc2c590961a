//! The managed identities of resources that other services provide:
//! `/_lab/tenants/{t}/identity-endpoints/{id}`. The original has a resource provider for them,
//! which other resource providers call.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use outlive_chassis::{Problem, Trace};
use outlive_clock::{ClientId, Instant, ServicePrincipalId};
use outlive_store::Change;
use outlive_wire::events::{ManagedIdentityCreated, ManagedIdentityDeleted};
use outlive_wire::managed_identity::{AssignedIdentities, AssignedIdentity, ResourceIdentities};
use outlive_wire::{JournalEvent, Subject};
use uuid::Uuid;

use crate::directory::managed_identity::{self, managed_identity};
use crate::directory::{
    Application, IdentityEndpoint, ManagedIdentity, Tenant, delete_identity_endpoint, limits,
};
use crate::idp::Idp;

struct Call<'a> {
    idp: &'a Idp,
    tenant: Tenant,
    now: Instant,
    trace: &'a Trace,
    endpoint: Uuid,
}

impl<'a> Call<'a> {
    async fn of(idp: &'a Idp, tenant: &str, endpoint: &str, trace: &'a Trace) -> Result<Self, Problem> {
        let tenant = idp.lab_tenant(tenant).await?;
        let endpoint = endpoint
            .parse()
            .ok()
            .ok_or_else(|| Problem::bad_request("The id of an identity endpoint is a UUID."))?;
        let now = idp.chassis.clocks.now(tenant.id).await?;
        Ok(Self { idp, tenant, now, trace, endpoint })
    }

    fn entry(&self, identity: &Application, event: impl Into<JournalEvent>) -> Change {
        let subject = Subject::client(identity.client_id);
        let event = outlive_journal::Event::new(self.tenant.id, self.now, subject, self.trace, event);
        self.idp.chassis.journal.entry(&event)
    }

    /// The identity that belongs to the resource.
    async fn system_assigned(&self, resource_id: &str) -> Result<Option<Application>, Problem> {
        let found = self.idp.directory.managed_identity(self.tenant.id, resource_id).await?;
        Ok(found.filter(|found| !is_user_assigned(found)))
    }

    async fn user_assigned(&self, resource_id: &str) -> Result<Application, Problem> {
        let found = self.idp.directory.managed_identity(self.tenant.id, resource_id).await?;
        found.filter(is_user_assigned).ok_or_else(|| {
            let shown: String = resource_id.chars().take(200).collect();
            Problem::new(
                StatusCode::BAD_REQUEST,
                "FailedIdentityOperation",
                format!("There is no user-assigned managed identity '{shown}' in {}.", self.tenant.domain),
            )
        })
    }

    fn new_identity(&self, resource_id: &str, name: &str) -> Application {
        let random = self.idp.chassis.random.of(self.tenant.id);
        managed_identity(
            ClientId::generate(&mut random.stream("client-id")),
            ServicePrincipalId::generate(&mut random.stream("service-principal-id")),
            name,
            ManagedIdentity { resource_id: resource_id.to_owned(), user_assigned: false },
        )
    }

    fn delete(&self, identity: &Application, change: &mut Change) {
        let (client_id, client_name) = (Some(identity.client_id), identity.name.clone());
        change.append(identity.delete(self.tenant.id));
        change.append(self.entry(identity, ManagedIdentityDeleted { client_id, client_name, actor: None }));
    }
}

fn is_user_assigned(identity: &Application) -> bool {
    identity.document.managed_identity.as_ref().is_some_and(|found| found.user_assigned)
}

fn ids(identity: &Application) -> AssignedIdentity {
    AssignedIdentity { client_id: identity.client_id, principal_id: identity.service_principal_id }
}

/// `PUT`: sets the identities of a resource. Creates or deletes the one that belongs to it.
/// Repeating the call changes nothing.
pub(crate) async fn put(
    State(idp): State<Idp>,
    Path((tenant, endpoint)): Path<(String, String)>,
    trace: Trace,
    body: Result<Json<ResourceIdentities>, JsonRejection>,
) -> Result<Json<AssignedIdentities>, Problem> {
    let Json(wanted) = body?;
    if let Some(mistake) = mistake(&wanted) {
        return Err(Problem::bad_request(mistake));
    }
    let call = Call::of(&idp, &tenant, &endpoint, &trace).await?;
    let mut assigned = AssignedIdentities::default();
    for resource_id in &wanted.user_assigned {
        let identity = call.user_assigned(resource_id).await?;
        assigned.user_assigned.insert(resource_id.clone(), ids(&identity));
    }
    let mut change = Change::new();
    let own = match (call.system_assigned(&wanted.resource_id).await?, wanted.system_assigned) {
        (Some(known), true) => Some(known),
        (None, true) => {
            let created = call.new_identity(&wanted.resource_id, &wanted.name);
            let (client_id, client_name) = (Some(created.client_id), created.name.clone());
            change.append(managed_identity::insert(call.tenant.id, &created));
            let event = ManagedIdentityCreated { client_id, client_name, actor: None };
            change.append(call.entry(&created, event));
            Some(created)
        }
        (Some(unwanted), false) => {
            call.delete(&unwanted, &mut change);
            None
        }
        (None, false) => None,
    };
    assigned.system_assigned = own.as_ref().map(ids);
    let endpoint = IdentityEndpoint {
        id: call.endpoint,
        header_hash: call.tenant.keys.secrets().identity_header_hash(call.endpoint, wanted.header.expose()),
        resource_id: wanted.resource_id,
        system_assigned: own.map(|own| own.client_id),
        user_assigned: assigned.user_assigned.values().map(|identity| identity.client_id).collect(),
    };
    change.add(endpoint.upsert(call.tenant.id));
    idp.directory.commit(call.tenant.id, change).await?;
    Ok(Json(assigned))
}

/// `DELETE`: deletes the endpoint of a resource and the identity that belongs to it. Those that
/// were assigned to it remain.
pub(crate) async fn remove(
    State(idp): State<Idp>,
    Path((tenant, endpoint)): Path<(String, String)>,
    trace: Trace,
) -> Result<StatusCode, Problem> {
    let call = Call::of(&idp, &tenant, &endpoint, &trace).await?;
    let Some(known) = idp.directory.identity_endpoint(call.tenant.id, call.endpoint).await? else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let mut change = Change::from(delete_identity_endpoint(call.tenant.id, call.endpoint));
    if let Some(own) = call.system_assigned(&known.resource_id).await? {
        call.delete(&own, &mut change);
    }
    idp.directory.commit(call.tenant.id, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns what cannot be set.
fn mistake(wanted: &ResourceIdentities) -> Option<String> {
    if !limits::is_name(&wanted.name) {
        return Some(format!("name: it has {}.", limits::name_rule()));
    }
    let mut resources = wanted.user_assigned.iter().chain([&wanted.resource_id]);
    if !resources.all(|id| limits::is_resource_id(id)) {
        return Some(format!(
            "An Azure resource id begins with / and has at most {} characters.",
            limits::RESOURCE_ID_CHARS_MAX
        ));
    }
    if wanted.user_assigned.len() > limits::USER_ASSIGNED_MAX {
        return Some(format!(
            "A resource has at most {} user-assigned identities.",
            limits::USER_ASSIGNED_MAX
        ));
    }
    if !limits::is_identity_header(&wanted.header) {
        return Some(limits::identity_header_rule());
    }
    None
}
