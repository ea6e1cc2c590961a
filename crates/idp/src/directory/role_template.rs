//! Directory roles. Tokens contain the ids of their templates, which are the same in every tenant
//! ("Microsoft Entra built-in roles").

use aws_lc_rs::digest::{SHA256, digest};
use outlive_clock::{TenantId, UserId};
use outlive_store::{Change, Statement, StoreError, Value, sql};
use uuid::Uuid;

use super::{Directory, User};

const TEMPLATES: [(&str, &str); 17] = [
    ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
    ("Authentication Administrator", "c4e39bd9-1100-46d3-8c65-fb160da0071f"),
    ("Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7"),
    ("Conditional Access Administrator", "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    ("Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"),
    ("Directory Writers", "9360feb5-f418-4baa-8175-e2a00bac4301"),
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    ("Groups Administrator", "fdd7a751-b60b-444a-984c-02652fe8fa1c"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    ("Privileged Authentication Administrator", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"),
    ("Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"),
    ("Reports Reader", "4a5d8f65-41da-4de4-8968-e035b65339cf"),
    ("Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"),
    ("Security Operator", "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f"),
    ("Security Reader", "5d6b6bb7-de71-4623-b4af-96380a352509"),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
];

/// Ids in `wids` beside directory roles: member, guest and app-only. These are not role templates
/// (public tokens: the Postman guide of Azure-Samples for applications; a list of `wids` for
/// guests).
const MEMBER: &str = "b79fbf4d-3ef9-4689-8143-76b194e85509";
const GUEST: &str = "13bd1c72-6f4a-4dcf-985f-18d3b80f208a";
const APPLICATION: &str = "0997a1d0-0d1d-4acb-b408-d5ca73121e90";

/// Returns the `wids` of a user: the template ids of the known directory roles, then the id of a
/// member or guest.
pub(crate) fn wids_of_user(user: &User) -> Vec<String> {
    let template = |role: &String| template_id(role).map(str::to_owned);
    let kind = if user.profile.guest { GUEST } else { MEMBER };
    user.directory_roles.iter().filter_map(template).chain([kind.to_owned()]).collect()
}

/// Returns the `wids` of an app-only token.
pub(crate) fn wids_of_application() -> Vec<String> {
    vec![APPLICATION.to_owned()]
}

fn template_id(role: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|(name, _)| *name == role).map(|(_, id)| *id)
}

/// A directory role of a tenant. Every role that has a template is active in every tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DirectoryRole {
    /// The object id, different in each tenant.
    pub(crate) id: Uuid,
    pub(crate) name: &'static str,
    pub(crate) template: &'static str,
}

impl DirectoryRole {
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        TEMPLATES.iter().map(|(name, _)| *name)
    }

    pub(crate) fn all(tenant: TenantId) -> impl Iterator<Item = Self> {
        TEMPLATES.iter().map(move |(name, template)| Self { id: object_id(tenant, template), name, template })
    }
}

/// Derives an object id from tenant and template (a UUID of version 8, RFC 9562).
fn object_id(tenant: TenantId, template: &str) -> Uuid {
    let digest = digest(&SHA256, format!("directory role {tenant} {template}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Another user with a directory role (`$3`) than `$2` who can sign in.
macro_rules! another_with_role {
    ($before:literal) => {
        concat!(
            $before,
            "EXISTS (SELECT 1 FROM users WHERE tenant = $1 AND id <> $2 AND enabled = 1 AND deleted_us IS NULL \
             AND directory_roles LIKE $3)"
        )
    };
}

impl Directory {
    /// Returns the members of a directory role after `after`, ordered by id.
    pub(crate) async fn role_members_after(
        &self,
        tenant: TenantId,
        role: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows = self.store.rows(sql!(
            "SELECT id FROM users WHERE tenant = $1 AND deleted_us IS NULL AND directory_roles LIKE $2 AND id > $3 \
             ORDER BY id LIMIT $4",
            tenant,
            format!("%\"{role}\"%"),
            after,
            limit
        ));
        rows.await?.iter().map(|row| row.parse("id")).collect()
    }

    /// Whether another user who can sign in has a directory role of `user`.
    pub(crate) async fn another_has_role(&self, user: &User, role: &str) -> Result<bool, StoreError> {
        let select = another_with_role!("SELECT 1 AS found WHERE ");
        Ok(self.store.row(Statement::new(select, user.and_role(role))).await?.is_some())
    }
}

impl User {
    /// A condition of a change: another user who can sign in has this directory role. Changes with
    /// such a condition wait for each other, so that two users cannot remove one another.
    pub(crate) fn another_has_role(&self, role: &str) -> Change {
        let mut change = Change::new();
        change.add(sql!("UPDATE tenants SET rules = rules WHERE tenant = $1", self.tenant));
        // A statement of its own: on PostgreSQL, one that waits sees no rows that changed
        // meanwhile.
        let condition = another_with_role!("UPDATE tenants SET rules = rules WHERE tenant = $1 AND ");
        change.add(Statement::new(condition, self.and_role(role)).expect_rows(1));
        change
    }

    fn and_role(&self, role: &str) -> Vec<Value> {
        vec![self.tenant.into(), self.id.into(), format!("%\"{role}\"%").into()]
    }

    /// Updates the user's directory roles; conflicts if they have changed since they were read.
    pub(crate) fn update_roles(&self, roles: &[String]) -> Statement {
        sql!(
            "UPDATE users SET directory_roles = $1 WHERE tenant = $2 AND id = $3 AND directory_roles = $4",
            serde_json::json!(roles),
            self.tenant,
            self.id,
            serde_json::json!(self.directory_roles)
        )
        .expect_rows(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_an_id_of_its_own_in_each_tenant() {
        let of = |n| DirectoryRole::all(TenantId::from_uuid(Uuid::from_u128(n))).collect::<Vec<_>>();
        assert_eq!(of(1), of(1));
        for (one, other) in of(1).iter().zip(of(2)) {
            assert!(one.template == other.template && one.id != other.id);
        }
    }
}
