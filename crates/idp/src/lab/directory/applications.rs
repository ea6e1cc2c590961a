//! Applications: registrations and service principals.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use outlive_chassis::Problem;
use outlive_clock::ClientId;
use outlive_store::StoreError;
use outlive_wire::directory::{
    DirectoryApplication, DirectoryApplicationDetails, DirectoryApplications, DirectoryCertificate,
    DirectoryFederatedCredential, DirectoryPermission, DirectorySecret,
};

use super::application_kind::kind_of;
use super::consent::{grants_of_client, role_assignments};
use super::page::PageQuery;
use crate::directory::{
    Application, FederatedCredential, KeyCredential, PasswordCredential, Tenant, shortened_name,
};
use crate::idp::Idp;

/// The number of applications that are read at a time.
const READ_AT_ONCE: u32 = 100;
/// The number of such reads for one page: a list of registrations leaves out other applications.
const READS_MAX: usize = 5;
/// The number of applications that a registration names.
const NAMED_MAX: usize = 50;

/// A page of registrations, or of enterprise applications: every service principal.
pub(super) async fn list(
    State(idp): State<Idp>,
    Path(tenant): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<DirectoryApplications>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let Query(query) = query?;
    let page = query.page()?;
    let only_registrations = query.kind(&["enterprise", "registrations"])? == "registrations";
    let is_listed = |application: &Application| {
        let document = &application.document;
        !only_registrations || !document.platform && document.managed_identity.is_none()
    };
    let (mut found, mut after) = (Vec::new(), page.after.clone());
    for _ in 0..READS_MAX {
        let read = idp.directory.applications_after(tenant.id, &after, READ_AT_ONCE).await?;
        let is_last = read.len() < READ_AT_ONCE as usize;
        if let Some(last) = read.last() {
            after = last.client_id.to_string();
        }
        found.extend(read.into_iter().filter(is_listed));
        if is_last || found.len() >= page.to_read() as usize {
            let next = page.cut(&mut found, |application| application.client_id.to_string());
            return Ok(Json(of(&idp, &tenant, &found, next).await?));
        }
    }
    let next = page.cut(&mut found, |application| application.client_id.to_string());
    Ok(Json(of(&idp, &tenant, &found, next.or(Some(after))).await?))
}

async fn of(
    idp: &Idp,
    tenant: &Tenant,
    found: &[Application],
    next: Option<String>,
) -> Result<DirectoryApplications, StoreError> {
    let with_secrets = match (found.first(), found.last()) {
        (Some(first), Some(last)) => {
            let range = (first.client_id, last.client_id);
            idp.directory.clients_with_secrets(tenant.id, range).await?
        }
        _ => BTreeSet::new(),
    };
    let applications = found
        .iter()
        .map(|application| shown_application(application, with_secrets.contains(&application.client_id)))
        .collect();
    Ok(DirectoryApplications { applications, next })
}

/// One application, by client id.
pub(super) async fn show(
    State(idp): State<Idp>,
    Path((tenant, client)): Path<(String, String)>,
) -> Result<Json<DirectoryApplicationDetails>, Problem> {
    let tenant = idp.lab_tenant(&tenant).await?;
    let found = match client.parse::<ClientId>() {
        Ok(id) => idp.directory.application(tenant.id, id).await?,
        Err(_) => None,
    };
    let application = found.ok_or_else(|| {
        let id = shortened_name(&client);
        Problem::not_found(
            "ApplicationNotFound",
            format!("There is no application {id} in {}.", tenant.domain),
        )
    })?;
    let document = &application.document;
    let mut permissions = Vec::new();
    for required in document.required.iter().take(NAMED_MAX) {
        let roles = required.roles.clone();
        permissions.push(permission(&idp, &tenant, required.resource, required.scopes.clone(), roles).await?);
    }
    let mut preauthorized = Vec::new();
    for client in document.preauthorized.iter().take(NAMED_MAX) {
        preauthorized
            .push(permission(&idp, &tenant, client.client, client.scopes.clone(), Vec::new()).await?);
    }
    let secrets = idp.directory.password_credentials(tenant.id, application.client_id).await?;
    let (grants, has_more_grants) = grants_of_client(&idp, &tenant, &application).await?;
    let (role_assignments, has_more_role_assignments) = role_assignments(&idp, &tenant, &application).await?;
    Ok(Json(DirectoryApplicationDetails {
        application: shown_application(&application, !secrets.is_empty()),
        redirect_uris: document.redirect_uris.clone(),
        logout_url: document.logout_url.clone(),
        identifier_uris: document.identifier_uris.clone(),
        scopes: document.scopes.iter().map(|scope| scope.value.clone()).collect(),
        app_roles: document.app_roles.iter().map(|role| role.value.clone()).collect(),
        permissions,
        preauthorized,
        allow_public_client: document.allow_public_client,
        require_mfa: document.require_mfa,
        assignment_required: document.assignment_required,
        continuous_access_evaluation: document.continuous_access_evaluation,
        secrets: secrets.iter().map(shown_secret).collect(),
        certificates: document.key_credentials.iter().filter_map(shown_certificate).collect(),
        federated_credentials: document.federated_credentials.iter().map(shown_federated).collect(),
        grants,
        has_more_grants,
        role_assignments,
        has_more_role_assignments,
    }))
}

async fn permission(
    idp: &Idp,
    tenant: &Tenant,
    client: ClientId,
    scopes: Vec<String>,
    roles: Vec<String>,
) -> Result<DirectoryPermission, StoreError> {
    let name = idp.directory.application(tenant.id, client).await?.map(|application| application.name);
    Ok(DirectoryPermission { client_id: client.to_string(), name, scopes, roles })
}

fn shown_application(application: &Application, has_secret: bool) -> DirectoryApplication {
    let document = &application.document;
    DirectoryApplication {
        client_id: application.client_id.to_string(),
        name: application.name.clone(),
        object_id: document.object_id.to_string(),
        service_principal_id: application.service_principal_id.to_string(),
        kind: kind_of(document, has_secret),
        enabled: application.enabled,
        is_platform: document.platform,
        managed_identity: document.managed_identity.as_ref().map(|identity| identity.resource_id.clone()),
    }
}

fn shown_secret(secret: &PasswordCredential) -> DirectorySecret {
    DirectorySecret {
        key_id: secret.key_id.to_string(),
        display_name: secret.display_name.clone(),
        hint: secret.hint.clone(),
        starts: secret.starts_at,
        expires: secret.expires_at,
    }
}

fn shown_certificate(credential: &KeyCredential) -> Option<DirectoryCertificate> {
    let certificate = credential.certificate()?;
    let (starts, expires) = certificate.term();
    Some(DirectoryCertificate {
        key_id: credential.key_id.to_string(),
        subject: certificate.subject().to_owned(),
        thumbprint: certificate.thumbprint(),
        starts,
        expires,
    })
}

fn shown_federated(credential: &FederatedCredential) -> DirectoryFederatedCredential {
    let registered = &credential.registered;
    DirectoryFederatedCredential {
        id: credential.id.to_string(),
        name: registered.name.clone(),
        issuer: registered.issuer.clone(),
        subject: registered.subject.clone(),
        audiences: registered.audiences.clone(),
    }
}
