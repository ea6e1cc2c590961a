//! The permissions of a device authorization request that the user has not granted yet.

use std::collections::BTreeSet;

use outlive_clock::UserId;
use outlive_rules::scopes::ScopeRequest;

use crate::access::scopes::{ResolveError, ResolvedResource, resolve};
use crate::directory::Application;
use crate::idp::Idp;
use crate::protocol::refusal::Refusal;
use crate::token::device_code::DeviceCode;

/// One API's scopes, requested and not granted yet.
pub(crate) struct Lacking {
    pub(crate) resource: ResolvedResource,
    pub(crate) scopes: BTreeSet<String>,
}

/// Returns the requested permissions that are not granted, by API, for the consent page.
pub(crate) async fn lacking(
    idp: &Idp,
    code: &DeviceCode,
    client: &Application,
    user: UserId,
) -> Result<Vec<Lacking>, Refusal> {
    let requested: ScopeRequest = code.asked.clone().into();
    let mut found = Vec::new();
    let resources = resolve(&idp.directory, code.tenant, &requested).await.map_err(ResolveError::at_token)?;
    for resource in resources {
        let resource_id = resource.application.client_id;
        let granted = idp.directory.granted_scopes(code.tenant, client.client_id, resource_id, user).await?;
        let scopes = resource.lacking(client, &requested.oidc, &granted)?;
        if !scopes.is_empty() {
            found.push(Lacking { resource, scopes });
        }
    }
    Ok(found)
}
