//! Deleting users. They can be restored for 30 days.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_wire::events::UserDeleted;

use crate::graph::caller::Caller;
use crate::graph::directory_roles::{another_administrator, or_last_administrator};
use crate::graph::permissions::DELETE_USERS;

/// `DELETE /users/{id}`. The verdicts reject all credentials of the user from now on
/// (AADSTS500341).
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        caller.allowed(&DELETE_USERS)?;
        let mut after = user.clone();
        after.delete(caller.now);
        let mut change = another_administrator(&user);
        change.add(after.update(&user));
        let event = UserDeleted { upn: after.upn.clone(), actor: caller.actor() };
        let deleted = caller.commit_user((&user, &after), change, event).await;
        or_last_administrator(&caller, &user, deleted).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
