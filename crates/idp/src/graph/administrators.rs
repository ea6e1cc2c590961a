//! The Global Administrators of a tenant.

use outlive_store::Change;

use super::prelude::*;
use crate::directory::User;

/// The role that has to have a member. No member can remove themselves.
pub(super) const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// The condition of a change that removes a Global Administrator: the role, the user, or the use of
/// the account. It fails with the change if there is no other ("Manage emergency access accounts
/// in Microsoft Entra ID").
pub(super) fn another_administrator(user: &User) -> Change {
    if user.has_role(&[GLOBAL_ADMINISTRATOR]) {
        user.another_has_role(GLOBAL_ADMINISTRATOR)
    } else {
        Change::new()
    }
}

/// Explains the conflict of a change with [`another_administrator`].
pub(super) async fn or_last_administrator<T>(caller: &Caller, user: &User, changed: Result<T>) -> Result<T> {
    match changed {
        Err(error) if error.is_conflict() && user.has_role(&[GLOBAL_ADMINISTRATOR]) => {
            if caller.idp.directory.another_has_role(user, GLOBAL_ADMINISTRATOR).await? {
                return Err(error);
            }
            Err(GraphError::bad_request(
                "The last member of the Global Administrator role cannot be removed.",
            ))
        }
        changed => changed,
    }
}
