//! Deleting users: for thirty days that can be taken back.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;

use crate::graph::caller::Caller;
use crate::graph::directory_roles::check_not_last;
use crate::graph::permissions::DELETE_USERS;

/// `DELETE /users/{id}`. Nothing of the user's can be used from now on; the verdicts look here (AADSTS500341).
pub(crate) async fn remove(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let user = caller.target(&id).await?;
        caller.allowed(&DELETE_USERS)?;
        check_not_last(&caller, &user).await?;
        let mut after = user.clone();
        after.delete(caller.now);
        let change = Change::from(after.update(&user));
        caller.commit_user((&user, &after), change, "user.deleted").await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    caller.answer(result.await)
}
