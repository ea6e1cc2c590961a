//! Delegated permission grants as Graph objects (oauth2PermissionGrant), which refer to service
//! principals where tokens refer to clients.

use std::collections::BTreeSet;

use outlive_clock::{ClientId, ServicePrincipalId, TenantId, UserId};
use outlive_store::{Row, Statement, StoreError, Value, sql};

use super::consent::consented_with;
use super::{ALL_PRINCIPALS, Directory};

/// A client's delegated permissions at an API, granted by a user or for all users.
#[derive(Debug, Clone)]
pub(crate) struct PermissionGrant {
    pub(crate) client: ClientId,
    pub(crate) client_principal: ServicePrincipalId,
    pub(crate) resource: ClientId,
    pub(crate) resource_principal: ServicePrincipalId,
    /// The user; `None` for a grant for all users.
    pub(crate) principal: Option<UserId>,
    pub(crate) scope: String,
}

/// Selects grants.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GrantsOf {
    Everybody,
    Client(ClientId),
    Resource(ClientId),
    User(UserId),
}

macro_rules! select_grants {
    ($where:literal) => {
        concat!(
            "SELECT g.client_id, c.service_principal_id AS client_principal, g.resource_id, \
             r.service_principal_id AS resource_principal, g.principal, g.scope FROM permission_grants g \
             JOIN applications c ON c.tenant = g.tenant AND c.client_id = g.client_id \
             JOIN applications r ON r.tenant = g.tenant AND r.client_id = g.resource_id \
             WHERE g.tenant = $1 AND ",
            $where
        )
    };
}

fn grant_of(row: &Row) -> Result<PermissionGrant, StoreError> {
    let principal = row.text("principal")?;
    Ok(PermissionGrant {
        client: row.parse("client_id")?,
        client_principal: row.parse("client_principal")?,
        resource: row.parse("resource_id")?,
        resource_principal: row.parse("resource_principal")?,
        principal: if principal == ALL_PRINCIPALS { None } else { Some(row.parse("principal")?) },
        scope: row.text("scope")?,
    })
}

impl Directory {
    /// Finds a client's grant at an API, of a user or for all users.
    pub(crate) async fn permission_grant(
        &self,
        tenant: TenantId,
        client: ClientId,
        resource: ClientId,
        principal: Option<UserId>,
    ) -> Result<Option<PermissionGrant>, StoreError> {
        let row = self.store.row(Statement::new(
            select_grants!("g.client_id = $2 AND g.resource_id = $3 AND g.principal = $4"),
            vec![tenant.into(), client.into(), resource.into(), principal_text(principal).into()],
        ));
        row.await?.as_ref().map(grant_of).transpose()
    }

    /// Returns grants after `after`, ordered by client, API and principal.
    pub(crate) async fn permission_grants_after(
        &self,
        tenant: TenantId,
        of: GrantsOf,
        (client, resource, principal): (&str, &str, &str),
        limit: u32,
    ) -> Result<Vec<PermissionGrant>, StoreError> {
        let (select, criterion): (_, Option<Value>) = match of {
            GrantsOf::Everybody => (
                select_grants!(
                    "(g.client_id, g.resource_id, g.principal) > ($2, $3, $4) \
                     ORDER BY g.client_id, g.resource_id, g.principal LIMIT $5"
                ),
                None,
            ),
            GrantsOf::Client(client) => (
                select_grants!(
                    "(g.client_id, g.resource_id, g.principal) > ($2, $3, $4) AND g.client_id = $6 \
                     ORDER BY g.client_id, g.resource_id, g.principal LIMIT $5"
                ),
                Some(client.into()),
            ),
            GrantsOf::Resource(resource) => (
                select_grants!(
                    "(g.client_id, g.resource_id, g.principal) > ($2, $3, $4) AND g.resource_id = $6 \
                     ORDER BY g.client_id, g.resource_id, g.principal LIMIT $5"
                ),
                Some(resource.into()),
            ),
            GrantsOf::User(user) => (
                select_grants!(
                    "(g.client_id, g.resource_id, g.principal) > ($2, $3, $4) AND g.principal = $6 \
                     ORDER BY g.client_id, g.resource_id, g.principal LIMIT $5"
                ),
                Some(user.into()),
            ),
        };
        let mut values = vec![tenant.into(), client.into(), resource.into(), principal.into(), limit.into()];
        values.extend(criterion);
        self.store.rows(Statement::new(select, values)).await?.iter().map(grant_of).collect()
    }
}

impl Directory {
    /// Returns the statement that adds `scopes` to a client's grant for an API, which a user gave,
    /// or an administrator for all. It conflicts if the grant was changed since it was read here.
    ///
    /// # Errors
    /// As [`Store::row`](outlive_store::Store::row).
    pub(crate) async fn add_to_grant(
        &self,
        tenant: TenantId,
        (client, resource): (ClientId, ClientId),
        principal: Option<UserId>,
        scopes: &BTreeSet<String>,
    ) -> Result<Statement, StoreError> {
        let before = self.permission_grant(tenant, client, resource, principal).await?;
        let granted = before.as_ref().map_or("", |grant| grant.scope.as_str()).split(' ');
        let granted: BTreeSet<String> =
            granted.filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
        let all = consented_with(resource, &granted, scopes);
        let all = all.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let principal = principal_text(principal);
        Ok(match before {
            Some(before) => sql!(
                "UPDATE permission_grants SET scope = $1 WHERE tenant = $2 AND client_id = $3 \
                 AND resource_id = $4 AND principal = $5 AND scope = $6",
                all,
                tenant,
                client,
                resource,
                principal,
                before.scope
            )
            .expect_rows(1),
            None => sql!(
                "INSERT INTO permission_grants (tenant, client_id, resource_id, principal, scope) \
                 VALUES ($1, $2, $3, $4, $5)",
                tenant,
                client,
                resource,
                principal,
                all
            ),
        })
    }
}

impl PermissionGrant {
    pub(crate) fn insert(&self, tenant: TenantId) -> Statement {
        sql!(
            "INSERT INTO permission_grants (tenant, client_id, resource_id, principal, scope) VALUES ($1, $2, $3, $4, $5)",
            tenant,
            self.client,
            self.resource,
            principal_text(self.principal),
            &self.scope
        )
    }

    /// Replaces the grant's scopes.
    pub(crate) fn with_scope(&self, tenant: TenantId, scope: &str) -> Statement {
        sql!(
            "UPDATE permission_grants SET scope = $1 \
             WHERE tenant = $2 AND client_id = $3 AND resource_id = $4 AND principal = $5",
            scope,
            tenant,
            self.client,
            self.resource,
            principal_text(self.principal)
        )
        .expect_rows(1)
    }

    pub(crate) fn delete(&self, tenant: TenantId) -> Statement {
        sql!(
            "DELETE FROM permission_grants WHERE tenant = $1 AND client_id = $2 AND resource_id = $3 AND principal = $4",
            tenant,
            self.client,
            self.resource,
            principal_text(self.principal)
        )
        .expect_rows(1)
    }

    /// Returns the sort key of the grant.
    pub(crate) fn place(&self) -> (String, String, String) {
        (self.client.to_string(), self.resource.to_string(), principal_text(self.principal))
    }
}

fn principal_text(principal: Option<UserId>) -> String {
    principal.map_or_else(|| ALL_PRINCIPALS.to_owned(), |user| user.to_string())
}
