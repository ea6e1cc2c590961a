//! Deleted users: `/directory/deletedItems`.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_clock::UserId;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::{UserRemoved, UserRestored};
use serde_json::Value;

use super::read::page_of;
use super::resource::{USER, resource};
use crate::directory::{KEPT_AFTER_DELETION, User};
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{EntityType, Options, Page, collection, entity};
use crate::graph::permissions::{DELETE_USERS, READ_USERS};

/// A deleted user: the user object in another collection.
const DELETED_USER: EntityType = EntityType {
    set: "directoryObjects",
    shown: &[
        "id",
        "deletedDateTime",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "surname",
        "userPrincipalName",
    ],
    ..USER
};

/// `GET /directory/deletedItems/microsoft.graph.user`.
pub(crate) async fn list_deleted(caller: Caller) -> Response {
    let result = async {
        caller.allowed(&READ_USERS)?;
        collection(&caller, &DELETED_USER, |options| read(&caller, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let found = directory.users_after(tenant, true, &options.after, options.top + 1).await?;
    let mut found = page_of(found, &options);
    let forgotten = (caller.now - KEPT_AFTER_DELETION).whole_second();
    found.objects.retain(|object| is_after(object, forgotten));
    Ok(found)
}

fn is_after(object: &Value, instant: outlive_clock::Instant) -> bool {
    serde_json::from_value(object["deletedDateTime"].clone())
        .is_ok_and(|at: outlive_clock::Instant| at > instant)
}

/// `GET /directory/deletedItems/{id}`.
pub(crate) async fn show_deleted(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = find_deleted(&caller, &id).await?;
        caller.allowed(&READ_USERS)?;
        let options = caller.entity_options(&DELETED_USER)?;
        Ok(entity(&DELETED_USER, StatusCode::OK, &resource(&user), &options))
    };
    caller.answer(result.await)
}

/// `POST /directory/deletedItems/{id}/restore`. Credentials that are still valid work again.
pub(crate) async fn restore(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = find_deleted(&caller, &id).await?;
        caller.allowed(&DELETE_USERS)?;
        let options = caller.entity_options(&DELETED_USER)?;
        let upn = user.name_before_release().to_owned();
        let holder = caller.idp.directory.user_by_upn(caller.tenant.id, &upn).await?;
        if holder.is_some_and(|holder| holder.id != user.id) {
            return Err(GraphError::already_there(
                "Another object with the same value for property userPrincipalName already exists.",
            ));
        }
        let after = User { deleted_at: None, upn, ..user.clone() };
        let change = Change::from(after.update(&user));
        let event = UserRestored { upn: after.upn.clone(), actor: caller.actor() };
        caller.commit(change, Subject::user(user.id), event).await?;
        Ok(entity(&DELETED_USER, StatusCode::OK, &resource(&after), &options))
    };
    caller.answer(result.await)
}

/// `DELETE /directory/deletedItems/{id}`: permanently.
pub(crate) async fn purge(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = find_deleted(&caller, &id).await?;
        caller.allowed(&DELETE_USERS)?;
        let mut change = Change::new();
        for statement in User::removal(caller.tenant.id, user.id) {
            change.add(statement);
        }
        let event = UserRemoved { upn: Some(user.upn), actor: caller.actor() };
        caller.commit(change, Subject::user(user.id), event).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}

/// Returns the deleted user with this id, within the retention period.
async fn find_deleted(caller: &Caller, id: &str) -> Result<User, GraphError> {
    let found = match id.parse::<UserId>() {
        Ok(id) => caller.idp.directory.user(caller.tenant.id, id).await?,
        Err(_) => None,
    };
    found
        .filter(|user| user.deleted_at.is_some_and(|at| caller.now < at + KEPT_AFTER_DELETION))
        .ok_or_else(|| GraphError::no_such(id))
}
