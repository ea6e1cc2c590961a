//! App role assignments of service principals, users and groups (appRoleAssignment).

use std::str::FromStr;

use outlive_clock::{ClientId, Instant, TenantId, UserId};
use outlive_store::{Row, Statement, StoreError, Value, sql};
use uuid::Uuid;

use super::cached_store::Directory;

/// The type of a principal that can have an app role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrincipalType {
    User,
    Group,
    ServicePrincipal,
}

impl PrincipalType {
    /// Returns its name in Graph and in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::ServicePrincipal => "ServicePrincipal",
        }
    }
}

impl FromStr for PrincipalType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::User, Self::Group, Self::ServicePrincipal]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| format!("'{text}' is not a principal type"))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct AppRoleAssignment {
    pub(crate) principal: Uuid,
    pub(crate) principal_type: PrincipalType,
    /// The API's client id.
    pub(crate) resource: ClientId,
    /// The role's value; empty for access without a role.
    pub(crate) role: String,
    pub(crate) created_at: Instant,
}

macro_rules! select_assignments {
    ($where:literal) => {
        concat!(
            "SELECT principal, principal_type, resource_id, role, created_us FROM app_role_assignments \
             WHERE tenant = $1 AND ",
            $where
        )
    };
}

fn assignment_of(row: &Row) -> Result<AppRoleAssignment, StoreError> {
    Ok(AppRoleAssignment {
        principal: row.parse("principal")?,
        principal_type: row.parse("principal_type")?,
        resource: row.parse("resource_id")?,
        role: row.text("role")?,
        created_at: row.instant("created_us")?,
    })
}

impl Directory {
    /// Returns the app roles of an API that are assigned to a client.
    pub(crate) async fn assigned_roles(
        &self,
        tenant: TenantId,
        client: ClientId,
        resource: ClientId,
    ) -> Result<Vec<String>, StoreError> {
        let read = async {
            let rows = self.store.rows(sql!(
                "SELECT r.role FROM applications a \
                 JOIN app_role_assignments r ON r.tenant = a.tenant AND r.principal = a.service_principal_id \
                 WHERE a.tenant = $1 AND a.client_id = $2 AND r.resource_id = $3 AND r.role <> '' \
                 ORDER BY r.role LIMIT 1000",
                tenant,
                client,
                resource
            ));
            rows.await?.iter().map(|row| row.text("role")).collect()
        };
        self.memory.assigned_roles.get_or_list(tenant, (client, resource), read).await
    }

    /// Returns a user's app roles at an application, assigned directly or through a group.
    pub(crate) async fn user_roles(
        &self,
        tenant: TenantId,
        user: UserId,
        resource: ClientId,
    ) -> Result<Vec<String>, StoreError> {
        let read = async {
            let rows = self.store.rows(sql!(
                "SELECT DISTINCT role FROM app_role_assignments \
                 WHERE tenant = $1 AND resource_id = $2 AND role <> '' AND (principal = $3 OR principal IN \
                 (SELECT group_id FROM group_members WHERE tenant = $1 AND user_id = $3)) ORDER BY role LIMIT 1000",
                tenant,
                resource,
                user
            ));
            rows.await?.iter().map(|row| row.text("role")).collect()
        };
        self.memory.user_roles.get_or_list(tenant, (user, resource), read).await
    }

    /// Returns a principal's assignments after `after`, ordered by API and role.
    pub(crate) async fn roles_held_after(
        &self,
        tenant: TenantId,
        principal: Uuid,
        (resource, role): (&str, &str),
        limit: u32,
    ) -> Result<Vec<AppRoleAssignment>, StoreError> {
        let select = select_assignments!(
            "principal = $2 AND (resource_id, role) > ($3, $4) ORDER BY resource_id, role LIMIT $5"
        );
        let values =
            vec![tenant.into(), principal.to_string().into(), resource.into(), role.into(), limit.into()];
        self.store.rows(Statement::new(select, values)).await?.iter().map(assignment_of).collect()
    }

    /// Returns an API's assignments after `after`, ordered by principal and role.
    pub(crate) async fn roles_given_after(
        &self,
        tenant: TenantId,
        resource: ClientId,
        (principal, role): (&str, &str),
        limit: u32,
    ) -> Result<Vec<AppRoleAssignment>, StoreError> {
        let select = select_assignments!(
            "resource_id = $2 AND (principal, role) > ($3, $4) ORDER BY principal, role LIMIT $5"
        );
        let values = vec![tenant.into(), resource.into(), principal.into(), role.into(), limit.into()];
        self.store.rows(Statement::new(select, values)).await?.iter().map(assignment_of).collect()
    }
}

macro_rules! insert_assignment {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO app_role_assignments (tenant, principal, principal_type, resource_id, role, created_us) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            $conflict
        )
    };
}

impl AppRoleAssignment {
    pub(crate) fn insert(&self, tenant: TenantId) -> Statement {
        Statement::new(insert_assignment!(""), self.values(tenant))
    }

    /// Inserts the assignment unless it exists.
    pub(crate) fn insert_if_absent(&self, tenant: TenantId) -> Statement {
        Statement::new(insert_assignment!(" ON CONFLICT DO NOTHING"), self.values(tenant))
    }

    fn values(&self, tenant: TenantId) -> Vec<Value> {
        vec![
            tenant.into(),
            self.principal.to_string().into(),
            self.principal_type.name().into(),
            self.resource.into(),
            (&self.role).into(),
            self.created_at.into(),
        ]
    }
}

/// Deletes a principal's assignment, which has to exist.
pub(crate) fn unassign(tenant: TenantId, principal: Uuid, resource: ClientId, role: &str) -> Statement {
    sql!(
        "DELETE FROM app_role_assignments WHERE tenant = $1 AND principal = $2 AND resource_id = $3 AND role = $4",
        tenant,
        principal.to_string(),
        resource,
        role
    )
    .expect_rows(1)
}
