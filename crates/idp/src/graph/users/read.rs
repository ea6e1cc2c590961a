//! Reading users.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use super::resource::{USER, resource};
use crate::directory::User;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::{Options, Page, collection, entity};
use crate::graph::permissions::{READ_ME, READ_USERS};

/// `GET /me`.
pub(crate) async fn me(caller: Caller) -> Response {
    let result = readable_me(&caller).and_then(|user| show_user(&caller, user));
    caller.answer(result)
}

/// `GET /users/{id}`.
pub(crate) async fn show(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = readable(&caller, &id).await?;
        show_user(&caller, &user)
    };
    caller.answer(result.await)
}

fn show_user(caller: &Caller, user: &User) -> Result<Response, GraphError> {
    let options = caller.entity_options(&USER)?;
    Ok(entity(&USER, StatusCode::OK, &resource(user), &options))
}

/// Returns the caller, if they may read their own account.
pub(super) fn readable_me(caller: &Caller) -> Result<&User, GraphError> {
    let me = caller.me()?;
    caller.allowed(&READ_ME)?;
    Ok(me)
}

/// Finds a user by id or name, if the caller may read it.
pub(super) async fn readable(caller: &Caller, id: &str) -> Result<User, GraphError> {
    let user = caller.target(id).await?;
    let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
    caller.allowed(if own { &READ_ME } else { &READ_USERS })?;
    Ok(user)
}

/// `GET /users`.
pub(crate) async fn list(caller: Caller) -> Response {
    let result = async {
        caller.allowed(&READ_USERS)?;
        collection(&caller, &USER, |options| read(&caller, options)).await
    };
    caller.answer(result.await)
}

async fn read(caller: &Caller, options: Options) -> Result<Page, GraphError> {
    Ok(page_of(users(caller, &options).await?, &options))
}

/// Returns the users that the filter selects through an index; the rest of the filter is applied
/// afterwards.
async fn users(caller: &Caller, options: &Options) -> Result<Vec<User>, GraphError> {
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let one = if let Some(upn) = options.filter.equal("userPrincipalName") {
        Some(directory.user_by_upn(tenant, upn).await?)
    } else if let Some(id) = options.filter.equal("id") {
        Some(match id.parse() {
            Ok(id) => directory.user(tenant, id).await?,
            Err(_) => None,
        })
    } else {
        None
    };
    if let Some(one) = one {
        return Ok(one.into_iter().filter(|user| user.deleted_at.is_none()).collect());
    }
    Ok(match options.filter.equal_in_ascii("displayName") {
        Some(name) => directory.users_by_name(tenant, name, &options.after, options.top + 1).await?,
        None => directory.users_after(tenant, false, &options.after, options.top + 1).await?,
    })
}

/// Returns a page of `found`, in which one object more than fits indicates a next page.
pub(super) fn page_of(mut found: Vec<User>, options: &Options) -> Page {
    let more = found.len() > options.top as usize;
    found.truncate(options.top as usize);
    let more_after = found.last().filter(|_| more).map(|user| user.id.to_string());
    let objects = found.iter().map(resource).filter(|object| options.filter.passes(object)).collect();
    Page { objects, more_after }
}
