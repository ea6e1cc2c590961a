//! Rows of the table `permissions`: who may use a flow.

use outlive_clock::{Instant, TenantId, UserId};
use outlive_store::{Row, Statement, Store, StoreError, sql};

use crate::ids::FlowId;

/// What a user may do with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The user who created it.
    Owner,
    /// A co-owner.
    CanEdit,
    /// A run-only user.
    CanView,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::Owner, Self::CanEdit, Self::CanView];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::CanEdit => "CanEdit",
            Self::CanView => "CanView",
        }
    }

    /// Whether it is that of an owner or co-owner.
    pub(crate) const fn owns(self) -> bool {
        matches!(self, Self::Owner | Self::CanEdit)
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = Self::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text));
        role.ok_or_else(|| "neither Owner, CanEdit nor CanView".to_owned())
    }
}

/// The permission of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) principal: UserId,
    pub(crate) role: Role,
    /// The e-mail address; empty if it is not known.
    pub(crate) address: String,
    /// The display name; empty if it is not known.
    pub(crate) display_name: String,
}

fn permission_of(row: &Row) -> Result<Permission, StoreError> {
    Ok(Permission {
        principal: row.parse("principal")?,
        role: row.parse("role")?,
        address: row.text("address")?,
        display_name: row.text("display_name")?,
    })
}

/// Reads the permissions of a flow, its owner first.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    flow: FlowId,
) -> Result<Vec<Permission>, StoreError> {
    let rows = store
        .rows(sql!(
            "SELECT principal, role, address, display_name FROM permissions WHERE tenant = $1 AND flow = $2 \
             ORDER BY CASE WHEN role = 'Owner' THEN 0 ELSE 1 END, principal",
            tenant,
            flow
        ))
        .await?;
    rows.iter().map(permission_of).collect()
}

/// Inserts the permission of a user, or replaces it.
pub(crate) fn upsert(tenant: TenantId, flow: FlowId, created: Instant, permission: &Permission) -> Statement {
    sql!(
        "INSERT INTO permissions (tenant, flow, principal, role, address, display_name, flow_created_us) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, flow, principal) DO UPDATE \
         SET role = excluded.role, address = excluded.address, display_name = excluded.display_name",
        tenant,
        flow,
        permission.principal,
        permission.role.name(),
        &permission.address,
        &permission.display_name,
        created
    )
}

pub(crate) fn delete(tenant: TenantId, flow: FlowId, principal: UserId) -> Statement {
    sql!(
        "DELETE FROM permissions WHERE tenant = $1 AND flow = $2 AND principal = $3",
        tenant,
        flow,
        principal
    )
}

pub(crate) fn delete_all(tenant: TenantId, flow: FlowId) -> Statement {
    sql!("DELETE FROM permissions WHERE tenant = $1 AND flow = $2", tenant, flow)
}
