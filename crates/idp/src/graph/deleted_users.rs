//! Deleted users: `directory/deletedItems`.

use outlive_clock::{Instant, UserId};
use outlive_wire::events::{UserRemoved, UserRestored};

use super::odata::Use;
use super::permissions::{DELETE_USERS, READ_USERS};
use super::prelude::*;
use super::users::{USER, page_of, resource};
use crate::directory::{KEPT_AFTER_DELETION, User};

pub(super) fn router() -> Router<Idp> {
    Router::new()
        .read_only("/directory/deletedItems/microsoft.graph.user", list)
        .route("/directory/deletedItems/{id}", get(show).delete(purge))
        .route("/directory/deletedItems/{id}/restore", post(restore))
}

/// A deleted user: the user object in another collection.
const DELETED_USER: EntityType = EntityType { set: "directoryObjects", default: Use::ShownIfDeleted, ..USER };

async fn list(caller: Caller) -> Answer {
    let caller = &caller;
    caller.allowed(&READ_USERS)?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let forgotten = (caller.now - KEPT_AFTER_DELETION).whole_second();
    collection(caller, &DELETED_USER, |options| async move {
        let found = directory.users_after(tenant, true, &options.after, options.limit()).await?;
        let mut found = page_of(found, &options);
        found.objects.retain(|object| is_after(object, forgotten));
        Ok(found)
    })
    .await
}

fn is_after(object: &Value, instant: Instant) -> bool {
    serde_json::from_value(object["deletedDateTime"].clone()).is_ok_and(|at: Instant| at > instant)
}

async fn show(caller: Caller, Path(id): Path<String>) -> Answer {
    let user = find(&caller, &id).await?;
    caller.allowed(&READ_USERS)?;
    caller.entity(&DELETED_USER, &resource(&user))
}

/// Credentials that are still valid work again.
async fn restore(caller: Caller, Path(id): Path<String>) -> Answer {
    let user = find(&caller, &id).await?;
    caller.allowed(&DELETE_USERS)?;
    let options = caller.entity_options(&DELETED_USER)?;
    let upn = user.name_before_release().to_owned();
    let holder = caller.idp.directory.user_by_upn(caller.tenant.id, &upn).await?;
    if holder.is_some_and(|holder| holder.id != user.id) {
        return Err(GraphError::already_exists(
            "Another object with the same value for property userPrincipalName already exists.",
        ));
    }
    let after = User { deleted_at: None, upn, ..user.clone() };
    let event = UserRestored { upn: after.upn.clone(), actor: caller.actor() };
    caller.commit(after.update(&user), Subject::user(user.id), event).await?;
    Ok(options.entity(StatusCode::OK, &resource(&after)))
}

/// Permanently.
async fn purge(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    let user = find(&caller, &id).await?;
    caller.allowed(&DELETE_USERS)?;
    let event = UserRemoved { upn: Some(user.upn), actor: caller.actor() };
    caller.commit(User::delete_permanently(caller.tenant.id, user.id), Subject::user(user.id), event).await
}

/// Returns the deleted user with this id, within the retention period.
async fn find(caller: &Caller, id: &str) -> Result<User> {
    let found = caller.idp.directory.user(caller.tenant.id, parse_id::<UserId>(id)?).await?;
    found
        .filter(|user| user.deleted_at.is_some_and(|at| caller.now < at + KEPT_AFTER_DELETION))
        .ok_or_else(|| GraphError::not_found(id))
}
