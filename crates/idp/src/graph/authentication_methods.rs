//! A user's authentication methods: password, authenticator app, passkeys.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::Caller;
use super::error::GraphError;
use super::fido2_methods;
use super::odata::{context, count_response};
use crate::directory::User;
use crate::sign_in::passkeys::of_user;

const READ: [&str; 2] = ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"];
/// The permissions for the caller's own methods.
const READ_OWN: [&str; 2] = ["UserAuthenticationMethod.Read", "UserAuthenticationMethod.ReadWrite"];

/// The id of every user's password method ("passwordAuthenticationMethod resource type").
pub(super) const PASSWORD_METHOD: Uuid = Uuid::from_u128(0x28c1_0230_6103_485e_b985_444c_6000_1490);

/// The method type in a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    Password,
    SoftwareOath,
}

impl Kind {
    fn of_segment(segment: &str) -> Result<Self, GraphError> {
        match segment {
            "methods" => Ok(Self::All),
            "passwordMethods" => Ok(Self::Password),
            "softwareOathMethods" => Ok(Self::SoftwareOath),
            _ => Err(GraphError::unknown_path()),
        }
    }
}

/// `GET /users/{id}/authentication/{kind}`.
pub(crate) async fn list(caller: Caller, Path((id, segment)): Path<(String, String)>) -> Response {
    let result = async { method_list(&caller, &caller.target(&id).await?, &segment).await };
    caller.answer(result.await)
}

/// `GET /me/authentication/{kind}`.
pub(crate) async fn list_own(caller: Caller, Path(segment): Path<String>) -> Response {
    let result = async { method_list(&caller, caller.me()?, &segment).await };
    caller.answer(result.await)
}

/// `GET /users/{id}/authentication/{kind}/{method}`.
pub(crate) async fn show(
    caller: Caller,
    Path((id, segment, method)): Path<(String, String, String)>,
) -> Response {
    let result = async { one_method(&caller, &caller.target(&id).await?, &segment, &method).await };
    caller.answer(result.await)
}

/// `GET /me/authentication/{kind}/{method}`.
pub(crate) async fn show_own(caller: Caller, Path((segment, method)): Path<(String, String)>) -> Response {
    let result = async { one_method(&caller, caller.me()?, &segment, &method).await };
    caller.answer(result.await)
}

async fn method_list(caller: &Caller, user: &User, segment: &str) -> Result<Response, GraphError> {
    let value = methods(caller, user, Kind::of_segment(segment)?).await?;
    if caller.counts() {
        return count_response(caller, value.len());
    }
    let context = context(&format!("users('{}')/authentication/{segment}", user.id));
    Ok(Json(json!({"@odata.context": context, "value": value})).into_response())
}

async fn one_method(
    caller: &Caller,
    user: &User,
    segment: &str,
    method: &str,
) -> Result<Response, GraphError> {
    let methods = methods(caller, user, Kind::of_segment(segment)?).await?;
    let found = methods.into_iter().find(|object| object["id"] == method);
    let mut object = found.ok_or_else(|| GraphError::not_found(method))?;
    object["@odata.context"] =
        json!(context(&format!("users('{}')/authentication/{segment}/$entity", user.id)));
    Ok(Json(object).into_response())
}

async fn methods(caller: &Caller, user: &User, kind: Kind) -> Result<Vec<Value>, GraphError> {
    let own = caller.user.as_ref().is_some_and(|me| me.id == user.id);
    if !(caller.may_act_on(user, &READ) || own && caller.may(&READ_OWN)) {
        return Err(GraphError::denied());
    }
    let mut methods = Vec::new();
    if matches!(kind, Kind::All | Kind::Password) {
        methods.push(typed(
            "passwordAuthenticationMethod",
            kind,
            json!({
                "id": PASSWORD_METHOD, "password": null,
                "createdDateTime": user.password_changed_at.whole_second(),
            }),
        ));
    }
    if matches!(kind, Kind::All | Kind::SoftwareOath) && user.second_factor.is_registered() {
        // There is at most one, so it can use the user's id.
        let method = json!({"id": user.id, "secretKey": null});
        methods.push(typed("softwareOathAuthenticationMethod", kind, method));
    }
    if kind == Kind::All {
        let passkeys = of_user(&caller.idp.chassis.store, user.tenant, user.id).await?;
        let passkeys = passkeys.iter().map(fido2_methods::shown);
        methods.extend(passkeys.map(|passkey| typed("fido2AuthenticationMethod", kind, passkey)));
    }
    Ok(methods)
}

/// Adds the type, except in a collection of one type.
fn typed(name: &str, kind: Kind, mut object: Value) -> Value {
    if kind == Kind::All {
        object["@odata.type"] = json!(format!("#microsoft.graph.{name}"));
    }
    object
}
