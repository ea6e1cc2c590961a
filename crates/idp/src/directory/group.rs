//! Groups and their members, who are users. Groups have no owners and no nested groups.

use outlive_clock::{ClientId, Instant, TenantId, UserId};
use outlive_store::{Change, Row, Statement, StoreError, sql};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cached_store::Directory;

/// Groups that are read for one user: more than a directory allows.
const GROUPS_MAX: u32 = 2_048;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) display_name: String,
    pub(crate) document: GroupDocument,
    /// The revision that was read; an update fails if it is outdated.
    pub(crate) revision: i64,
}

/// The properties of a group beside its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail_nickname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Instant>,
}

fn group_of(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.parse("id")?,
        display_name: row.text("display_name")?,
        document: row.json("document")?,
        revision: row.int("revision")?,
    })
}

impl Directory {
    pub(crate) async fn group(&self, tenant: TenantId, id: Uuid) -> Result<Option<Group>, StoreError> {
        let row = self.store.row(sql!(
            "SELECT id, display_name, document, revision FROM directory_groups WHERE tenant = $1 AND id = $2",
            tenant,
            id.to_string()
        ));
        row.await?.as_ref().map(group_of).transpose()
    }

    /// Returns groups after `after`, ordered by id; with an ASCII name, if given, ignoring case.
    pub(crate) async fn groups_after(
        &self,
        tenant: TenantId,
        name: Option<&str>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let rows = match name {
            Some(name) => self.store.rows(sql!(
                "SELECT id, display_name, document, revision FROM directory_groups \
                 WHERE tenant = $1 AND LOWER(display_name) = $2 AND id > $3 ORDER BY id LIMIT $4",
                tenant,
                name.to_ascii_lowercase(),
                after,
                limit
            )),
            None => self.store.rows(sql!(
                "SELECT id, display_name, document, revision FROM directory_groups \
                 WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
                tenant,
                after,
                limit
            )),
        };
        rows.await?.iter().map(group_of).collect()
    }

    /// Returns the ids of a group's members after `after`, without deleted users.
    pub(crate) async fn members_after(
        &self,
        tenant: TenantId,
        group: Uuid,
        after: &str,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT m.user_id FROM group_members m JOIN users u ON u.tenant = m.tenant AND u.id = m.user_id \
             WHERE m.tenant = $1 AND m.group_id = $2 AND m.user_id > $3 AND u.deleted_us IS NULL \
             ORDER BY m.user_id LIMIT $4",
            tenant,
            group.to_string(),
            after,
            limit
        ));
        rows.await?.iter().map(|row| row.parse("user_id")).collect()
    }

    pub(crate) async fn is_member(
        &self,
        tenant: TenantId,
        group: Uuid,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let row = self.store.row(sql!(
            "SELECT user_id FROM group_members WHERE tenant = $1 AND user_id = $2 AND group_id = $3",
            tenant,
            user,
            group.to_string()
        ));
        Ok(row.await?.is_some())
    }

    /// Returns the object ids of a user's groups, sorted.
    pub(crate) async fn groups_of(&self, tenant: TenantId, user: UserId) -> Result<Vec<String>, StoreError> {
        let read = async {
            let rows = self.store.rows(sql!(
                "SELECT group_id FROM group_members WHERE tenant = $1 AND user_id = $2 ORDER BY group_id LIMIT $3",
                tenant,
                user,
                GROUPS_MAX
            ));
            rows.await?.iter().map(|row| row.text("group_id")).collect()
        };
        self.memory.groups.get_or_list(tenant, user, read).await
    }

    /// Returns the object ids of a user's groups that are assigned to an application.
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
}

impl Group {
    pub(crate) fn insert(&self, tenant: TenantId, members: &[UserId]) -> Change {
        let mut change = Change::from(sql!(
            "INSERT INTO directory_groups (tenant, id, display_name, document) VALUES ($1, $2, $3, $4)",
            tenant,
            self.id.to_string(),
            &self.display_name,
            serde_json::json!(self.document)
        ));
        for member in members {
            change.add(self.insert_member(tenant, *member));
        }
        change
    }

    /// Adds a member; conflicts if the user is a member.
    pub(crate) fn insert_member(&self, tenant: TenantId, member: UserId) -> Statement {
        sql!(
            "INSERT INTO group_members (tenant, user_id, group_id) VALUES ($1, $2, $3)",
            tenant,
            member,
            self.id.to_string()
        )
    }

    /// Removes a member; conflicts if the user is not a member.
    pub(crate) fn delete_member(&self, tenant: TenantId, member: UserId) -> Statement {
        sql!(
            "DELETE FROM group_members WHERE tenant = $1 AND user_id = $2 AND group_id = $3",
            tenant,
            member,
            self.id.to_string()
        )
        .expect_rows(1)
    }

    /// Updates the group; conflicts if it has changed since `before` was read.
    pub(crate) fn update(&self, before: &Self, tenant: TenantId) -> Statement {
        sql!(
            "UPDATE directory_groups SET display_name = $1, document = $2, revision = revision + 1 \
             WHERE tenant = $3 AND id = $4 AND revision = $5",
            &self.display_name,
            serde_json::json!(self.document),
            tenant,
            self.id.to_string(),
            before.revision
        )
        .expect_rows(1)
    }

    /// Returns the statements that delete the group, its memberships and its app role assignments.
    pub(crate) fn delete(&self, tenant: TenantId) -> Change {
        let id = self.id.to_string();
        let mut change = Change::new();
        change.add(sql!("DELETE FROM group_members WHERE tenant = $1 AND group_id = $2", tenant, &id));
        change.add(sql!(
            "DELETE FROM app_role_assignments WHERE tenant = $1 AND principal = $2",
            tenant,
            &id
        ));
        change.add(
            sql!("DELETE FROM directory_groups WHERE tenant = $1 AND id = $2", tenant, &id).expect_rows(1),
        );
        change
    }
}
