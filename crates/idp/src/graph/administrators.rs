//! The Global Administrators of a tenant.

use super::prelude::*;
use crate::directory::User;

/// The role that has to have a member. No member can remove themselves.
pub(super) const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// Members that are looked at for another administrator who can sign in.
const MEMBERS_READ: u32 = 100;

/// Rejects a change that removes the last Global Administrator: the role, the user, or the use of
/// the account ("Manage emergency access accounts in Microsoft Entra ID").
pub(super) async fn check_not_last(caller: &Caller, user: &User) -> Result<()> {
    if !user.has_role(&[GLOBAL_ADMINISTRATOR]) {
        return Ok(());
    }
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let members = directory.role_members_after(tenant, GLOBAL_ADMINISTRATOR, "", MEMBERS_READ).await?;
    for id in members.into_iter().filter(|id| *id != user.id) {
        let other = directory.user(tenant, id).await?;
        if other.is_some_and(|other| other.enabled && other.deleted_at.is_none()) {
            return Ok(());
        }
    }
    Err(GraphError::bad_request("The last member of the Global Administrator role cannot be removed."))
}
