//! Groups: only who is in them, which is what tokens and role assignments ask.

use outlive_clock::{ClientId, TenantId, UserId};
use outlive_store::{Statement, StoreError, sql};
use uuid::Uuid;

use super::Directory;

/// The most groups that are read of one user: more than any directory lets a user be in.
const GROUPS_MAX: u32 = 2_048;

impl Directory {
    /// The object ids of the groups that a user is in, in their order.
    pub(crate) async fn groups_of(&self, tenant: TenantId, user: UserId) -> Result<Vec<String>, StoreError> {
        let read = async {
            let rows = self.store.rows(sql!(
                "SELECT group_id FROM group_members WHERE tenant = $1 AND user_id = $2 ORDER BY group_id LIMIT $3",
                tenant,
                user,
                GROUPS_MAX
            ));
            rows.await?.iter().map(|row| row.text("group_id")).collect::<Result<Vec<_>, _>>().map(Some)
        };
        Ok(self.memory.groups.or_read(tenant, user, read).await?.unwrap_or_default())
    }

    /// The object ids of the groups that a user is in and that were assigned to an application.
    pub(crate) async fn assigned_groups(
        &self,
        tenant: TenantId,
        user: UserId,
        application: ClientId,
    ) -> Result<Vec<String>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT DISTINCT m.group_id FROM group_members m \
             JOIN app_role_assignments r ON r.tenant = m.tenant AND r.principal = m.group_id \
             WHERE m.tenant = $1 AND m.user_id = $2 AND r.resource_id = $3 ORDER BY m.group_id LIMIT $4",
            tenant,
            user,
            application,
            GROUPS_MAX
        ));
        rows.await?.iter().map(|row| row.text("group_id")).collect()
    }

    /// The name of a group.
    pub(crate) async fn group_name(
        &self,
        tenant: TenantId,
        group: Uuid,
    ) -> Result<Option<String>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT display_name FROM directory_groups WHERE tenant = $1 AND id = $2",
            tenant,
            group.to_string()
        ));
        row.await?.map(|row| row.text("display_name")).transpose()
    }
}

/// The statements that write a group with its members.
pub(super) fn insertion(tenant: TenantId, id: Uuid, name: &str, members: &[UserId]) -> Vec<Statement> {
    let mut statements = vec![sql!(
        "INSERT INTO directory_groups (tenant, id, display_name) VALUES ($1, $2, $3)",
        tenant,
        id.to_string(),
        name
    )];
    statements.extend(members.iter().map(|member| {
        sql!(
            "INSERT INTO group_members (tenant, user_id, group_id) VALUES ($1, $2, $3)",
            tenant,
            *member,
            id.to_string()
        )
    }));
    statements
}
