//! What a device asks for that its person has not granted yet.

use std::collections::BTreeSet;

use outlive_clock::UserId;

use super::code::DeviceCode;
use crate::directory::Application;
use crate::idp::Idp;
use crate::refusal::Refusal;
use crate::scopes::{AskedFor, AskedScopes, ResolvedResource, resolve};

/// Scopes of one API that are still to be granted, with those that are.
pub(crate) struct Lacking {
    pub(crate) resource: ResolvedResource,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) granted: BTreeSet<String>,
}

/// What is asked for and not granted, by API, as on the consent page of a sign-in in a browser.
pub(crate) async fn lacking(
    idp: &Idp,
    code: &DeviceCode,
    client: &Application,
    user: UserId,
) -> Result<Vec<Lacking>, Refusal> {
    let asked: AskedScopes = code.asked.clone().into();
    let mut found = Vec::new();
    for asked in &asked.resources {
        let resource = resolve(&idp.directory, code.tenant, asked).await?;
        let resource_id = resource.application.client_id;
        let granted = idp.directory.granted_scopes(code.tenant, client.client_id, resource_id, user).await?;
        let wanted: BTreeSet<String> = match &resource.scopes {
            // With .default, what was granted is enough, whatever is registered ("Scopes and permissions").
            AskedFor::Default if !granted.is_empty() => continue,
            AskedFor::Default => client.required_scopes(resource_id).into_iter().collect(),
            AskedFor::Named(scopes) => scopes.clone(),
        };
        let scopes: BTreeSet<String> = wanted.difference(&granted).cloned().collect();
        if !scopes.is_empty() {
            found.push(Lacking { resource, scopes, granted });
        }
    }
    Ok(found)
}
