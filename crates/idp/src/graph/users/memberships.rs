//! Which groups a user is in: where tokens point that cannot hold them all.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::directory::User;
use crate::graph::body::Body;
use crate::graph::caller::Caller;
use crate::graph::error::GraphError;
use crate::graph::odata::context;
use crate::graph::permissions::{READ_ME, READ_USERS};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MembershipQuestion {
    /// Asked for or not: every group here is a security group.
    #[serde(default)]
    #[expect(dead_code, reason = "read so that other members are refused")]
    security_enabled_only: bool,
}

/// `POST /me/getMemberObjects`, and `getMemberGroups`.
pub(crate) async fn my_member_objects(
    caller: Caller,
    body: Result<Body<MembershipQuestion>, GraphError>,
) -> Response {
    let result = async {
        body?;
        let user = caller.me()?;
        caller.allowed(&READ_ME)?;
        groups(&caller, user).await
    };
    caller.answer(result.await)
}

/// `POST /users/{id}/getMemberObjects`, and `getMemberGroups`.
pub(crate) async fn member_objects(
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Body<MembershipQuestion>, GraphError>,
) -> Response {
    let result = async {
        body?;
        let user = caller.target(&id).await?;
        caller.allowed(&READ_USERS)?;
        groups(&caller, &user).await
    };
    caller.answer(result.await)
}

async fn groups(caller: &Caller, user: &User) -> Result<Response, GraphError> {
    let groups = caller.idp.directory.groups_of(caller.tenant.id, user.id).await?;
    Ok(Json(json!({"@odata.context": context("Collection(Edm.String)"), "value": groups})).into_response())
}
