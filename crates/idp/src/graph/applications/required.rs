//! `requiredResourceAccess`: the permissions that an application requires. Graph identifies them by
//! id, tokens by value.

use outlive_clock::ClientId;

use crate::directory::Application;
use crate::directory::limits::{APIS_MAX, PERMISSIONS_MAX};
use crate::directory::spec::RequiredSpec;
use crate::graph::prelude::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequiredAccess {
    resource_app_id: ClientId,
    resource_access: Vec<Access>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Access {
    id: Uuid,
    r#type: AccessType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum AccessType {
    Scope,
    Role,
}

/// Resolves permission ids. An unknown id is an error.
pub(super) async fn read(caller: &Caller, wanted: Vec<RequiredAccess>) -> Result<Vec<RequiredSpec>> {
    let invalid = || GraphError::invalid("Application", "requiredResourceAccess");
    if wanted.len() > APIS_MAX || wanted.iter().any(|wanted| wanted.resource_access.len() > PERMISSIONS_MAX) {
        return Err(invalid());
    }
    let mut required = Vec::with_capacity(wanted.len());
    for RequiredAccess { resource_app_id: resource, resource_access } in wanted {
        let api = caller.idp.directory.application(caller.tenant.id, resource).await?.ok_or_else(invalid)?;
        let mut spec = RequiredSpec { resource, scopes: Vec::new(), roles: Vec::new() };
        for access in resource_access {
            if access.r#type == AccessType::Scope {
                let scope =
                    api.document.scopes.iter().find(|scope| scope.id == access.id).ok_or_else(invalid)?;
                spec.scopes.push(scope.value.clone());
            } else {
                let role =
                    api.document.app_roles.iter().find(|role| role.id == access.id).ok_or_else(invalid)?;
                spec.roles.push(role.value.clone());
            }
        }
        required.push(spec);
    }
    Ok(required)
}

/// Returns the required permissions as Graph represents them.
pub(super) async fn required_resource_access(
    caller: &Caller,
    application: &Application,
) -> Result<Vec<Value>> {
    let mut shown = Vec::new();
    for required in &application.document.required {
        let Some(api) = caller.idp.directory.application(caller.tenant.id, required.resource).await? else {
            continue;
        };
        let scopes = api.document.scopes.iter().filter(|scope| required.scopes.contains(&scope.value));
        let roles = api.document.app_roles.iter().filter(|role| required.roles.contains(&role.value));
        let access: Vec<_> = scopes
            .map(|scope| json!({"id": scope.id, "type": "Scope"}))
            .chain(roles.map(|role| json!({"id": role.id, "type": "Role"})))
            .collect();
        shown.push(json!({"resourceAppId": required.resource, "resourceAccess": access}));
    }
    Ok(shown)
}
