//! Delegated permission grants of a client, for one user or for all users (oauth2PermissionGrant).

use std::collections::BTreeSet;

use outlive_clock::{ClientId, TenantId, UserId};
use outlive_rules::platform::preauthorized;
use outlive_rules::scopes::OIDC_SCOPES;
use outlive_store::{Change, Statement, StoreError, sql};

use super::cached_store::Directory;
use super::platform::GRAPH;

/// The principal of a grant for all users (`consentType: AllPrincipals`).
pub(crate) const ALL_PRINCIPALS: &str = "*";

impl Directory {
    /// Returns the scopes of an API that are granted to a client for a user: by the user, by an
    /// administrator for all users, by the API to clients that it has pre-authorized, or by the
    /// platform to its own clients.
    pub(crate) async fn granted_scopes(
        &self,
        tenant: TenantId,
        client: ClientId,
        resource: ClientId,
        user: UserId,
    ) -> Result<BTreeSet<String>, StoreError> {
        let read = async {
            let rows = self
                .store
                .rows(sql!(
                    "SELECT scope FROM permission_grants \
                 WHERE tenant = $1 AND client_id = $2 AND resource_id = $3 AND principal IN ($4, $5)",
                    tenant,
                    client,
                    resource,
                    user,
                    ALL_PRINCIPALS
                ))
                .await?;
            let mut scopes = BTreeSet::new();
            for row in rows {
                scopes.extend(
                    row.text("scope")?.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned),
                );
            }
            let own = preauthorized(&client.to_string(), &resource.to_string());
            scopes.extend(own.iter().map(|scope| (*scope).to_owned()));
            let api = self.application(tenant, resource).await?;
            let document = api.map(|api| api.document);
            let of_api = document.iter().flat_map(|api| &api.preauthorized);
            let of_client = of_api.filter(|preauthorized| preauthorized.client == client);
            scopes.extend(of_client.flat_map(|preauthorized| preauthorized.scopes.iter().cloned()));
            Ok(scopes)
        };
        self.memory.granted_scopes.get_or_list(tenant, (client, resource, user), read).await
    }
}

/// Returns the granted scopes after consent to `asked`. Consent to any scope of Microsoft Graph
/// includes the OpenID Connect scopes.
pub(crate) fn consented_with<'a>(
    resource: ClientId,
    before: impl IntoIterator<Item = &'a String>,
    asked: impl IntoIterator<Item = &'a String>,
) -> BTreeSet<String> {
    let mut scopes: BTreeSet<String> = before.into_iter().chain(asked).cloned().collect();
    if resource == GRAPH && !scopes.is_empty() {
        scopes.extend(OIDC_SCOPES.map(str::to_owned));
    }
    scopes
}

/// Replaces the scopes that `principal` (a user id or [`ALL_PRINCIPALS`]) has granted to a client
/// for an API.
pub(crate) fn grant_scopes(
    tenant: TenantId,
    client: ClientId,
    resource: ClientId,
    principal: &str,
    scopes: &BTreeSet<String>,
) -> Change {
    let scope = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    let mut change = Change::from(sql!(
        "DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2 AND resource_id = $3 AND principal = $4",
        tenant,
        client,
        resource,
        principal
    ));
    change.add(sql!(
        "INSERT INTO permission_grants (tenant, client_id, resource_id, principal, scope) VALUES ($1, $2, $3, $4, $5)",
        tenant,
        client,
        resource,
        principal,
        scope
    ));
    change
}

/// Revokes every delegated permission of a client, for one user or for all grants.
pub(crate) fn withdraw_scopes(tenant: TenantId, client: ClientId, user: Option<UserId>) -> Statement {
    match user {
        Some(user) => sql!(
            "DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2 AND principal = $3",
            tenant,
            client,
            user
        ),
        None => sql!("DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2", tenant, client),
    }
}
