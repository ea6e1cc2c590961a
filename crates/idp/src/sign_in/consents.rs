//! Records consents.

use std::collections::BTreeSet;

use outlive_clock::{Instant, TenantId, UserId};
use outlive_journal::Event;
use outlive_store::{Change, StoreError};
use outlive_wire::Subject;
use outlive_wire::events::ConsentGranted;

use crate::access::scopes::ResolvedResource;
use crate::directory::{Application, Directory, User};
use crate::protocol::refusal::Refusal;
use crate::visit::Visit;

/// Attempts to record a consent while others to the same API are recorded.
const ATTEMPTS: u32 = 5;

/// Delegated permissions of an API that are granted to a client.
pub(crate) struct Consent {
    pub(crate) api: Application,
    /// The name under which the request refers to the API.
    pub(crate) resource: String,
    pub(crate) scopes: BTreeSet<String>,
}

/// Returns the requested permissions that are not granted yet.
pub(crate) async fn missing_consents(
    directory: &Directory,
    (tenant, user): (TenantId, UserId),
    client: &Application,
    resources: &[ResolvedResource],
    oidc: &BTreeSet<String>,
) -> Result<Vec<Consent>, Refusal> {
    let mut missing = Vec::new();
    for resource in resources {
        let api = &resource.application;
        let granted = directory.granted_scopes(tenant, client.client_id, api.client_id, user).await?;
        let scopes = resource.lacking(client, oidc, &granted)?;
        if !scopes.is_empty() {
            missing.push(Consent { api: api.clone(), resource: resource.audience().to_owned(), scopes });
        }
    }
    Ok(missing)
}

impl Visit {
    /// Adds the permissions to what was granted before, for the user or for all users, in one
    /// commit with `change`. Consents to the same API that are recorded at the same time are all
    /// kept.
    pub(crate) async fn record_consents(
        &self,
        client: &Application,
        user: &User,
        for_all: bool,
        consents: &[Consent],
        change: &Change,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (tenant, directory) = (user.tenant, &self.idp.directory);
        let principal = (!for_all).then_some(user.id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut change = change.clone();
            for Consent { api, resource, scopes } in consents {
                change.add(
                    directory
                        .add_to_grant(tenant, (client.client_id, api.client_id), principal, scopes)
                        .await?,
                );
                let granted = ConsentGranted {
                    upn: Some(user.upn.clone()),
                    client_id: Some(client.client_id),
                    client_name: Some(client.name.clone()),
                    resource: Some(resource.clone()),
                    scope: Some(scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")),
                    consent_type: for_all.then(|| "AllPrincipals".to_owned()),
                    grant: None,
                    actor: None,
                };
                let event = Event::new(tenant, now, Subject::user(user.id), &self.trace, granted);
                change.append(self.idp.chassis.journal.entry(&event));
            }
            match directory.commit(tenant, change).await {
                Err(error) if error.is_conflict() && attempts < ATTEMPTS => {}
                result => return result,
            }
        }
    }
}
