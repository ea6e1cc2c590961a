//! `api.preAuthorizedApplications`: clients that have delegated permissions of an API without the
//! consent of its users.

use outlive_clock::ClientId;

use crate::directory::ApplicationDocument;
use crate::directory::limits::{APIS_MAX, PERMISSIONS_MAX};
use crate::directory::spec::{PreauthorizedSpec, ScopeSpec};
use crate::graph::prelude::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewPreauthorized {
    app_id: ClientId,
    delegated_permission_ids: Vec<Uuid>,
}

/// Resolves permission ids. An unknown id is an error, and so is a client that is given twice.
pub(super) fn read(clients: Vec<NewPreauthorized>, scopes: &[ScopeSpec]) -> Result<Vec<PreauthorizedSpec>> {
    let invalid = || GraphError::invalid("Application", "api/preAuthorizedApplications");
    let mut read: Vec<PreauthorizedSpec> = Vec::with_capacity(clients.len().min(APIS_MAX));
    if clients.len() > APIS_MAX {
        return Err(invalid());
    }
    for NewPreauthorized { app_id: client, delegated_permission_ids: ids } in clients {
        if ids.len() > PERMISSIONS_MAX || read.iter().any(|known| known.client == client) {
            return Err(invalid());
        }
        let named = ids.iter().map(|id| scopes.iter().find(|scope| scope.id == *id));
        let scopes = named.map(|scope| scope.map(|scope| scope.value.clone()).ok_or_else(invalid));
        read.push(PreauthorizedSpec { client, scopes: scopes.collect::<Result<_>>()? });
    }
    Ok(read)
}

/// Removes permissions that the API does not offer any more.
pub(super) fn keep_offered(document: &mut ApplicationDocument) {
    let ApplicationDocument { scopes, preauthorized, .. } = document;
    for client in preauthorized {
        client.scopes.retain(|name| scopes.iter().any(|scope| scope.value == *name));
    }
}
