//! A user's passkeys (`fido2AuthenticationMethod`): listed and deleted. They are registered on the
//! page for security info.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use outlive_store::Change;
use outlive_tokens::fingerprint;
use outlive_wire::Subject;
use outlive_wire::events::PasskeyRemoved;
use serde_json::{Value, json};

use super::caller::Caller;
use super::error::GraphError;
use super::odata::{context, count_response};
use crate::directory::User;
use crate::sign_in::passkeys::{Passkey, of_user};

const READ: [&str; 2] = ["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"];
const WRITE: [&str; 1] = ["UserAuthenticationMethod.ReadWrite.All"];

/// `GET /users/{id}/authentication/fido2Methods`.
pub(crate) async fn list(caller: Caller, Path(id): Path<String>) -> Response {
    let result = async {
        let (user, passkeys) = passkeys(&caller, &id, &READ).await?;
        if caller.counts() {
            return count_response(&caller, passkeys.len());
        }
        let value: Vec<Value> = passkeys.iter().map(shown).collect();
        let context = context(&format!("users('{}')/authentication/fido2Methods", user.id));
        Ok(Json(json!({"@odata.context": context, "value": value})).into_response())
    };
    caller.answer(result.await)
}

/// `GET /users/{id}/authentication/fido2Methods/{method}`.
pub(crate) async fn show(caller: Caller, Path((id, method)): Path<(String, String)>) -> Response {
    let result = async {
        let (user, passkeys) = passkeys(&caller, &id, &READ).await?;
        let mut object = shown(&named(&passkeys, &method)?);
        object["@odata.context"] =
            json!(context(&format!("users('{}')/authentication/fido2Methods/$entity", user.id)));
        Ok(Json(object).into_response())
    };
    caller.answer(result.await)
}

/// `DELETE /users/{id}/authentication/fido2Methods/{method}`.
pub(crate) async fn remove(caller: Caller, Path((id, method)): Path<(String, String)>) -> Response {
    let result = async {
        let (user, passkeys) = passkeys(&caller, &id, &WRITE).await?;
        let passkey = named(&passkeys, &method)?;
        let change = Change::from(passkey.removal(user.tenant));
        let event = PasskeyRemoved {
            upn: user.upn,
            passkey: fingerprint(&passkey.credential),
            name: passkey.name,
            rp_id: passkey.rp_id,
            actor: caller.actor(),
        };
        match caller.commit(change, Subject::user(user.id), event).await {
            Err(error) if error.is_conflict() => Err(GraphError::not_found(&method)),
            Err(error) => Err(error),
            Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    };
    caller.answer(result.await)
}

async fn passkeys(
    caller: &Caller,
    id: &str,
    permissions: &[&str],
) -> Result<(User, Vec<Passkey>), GraphError> {
    let user = caller.target(id).await?;
    if !caller.may_act_on(&user, permissions) {
        return Err(GraphError::denied());
    }
    let passkeys = of_user(&caller.idp.chassis.store, user.tenant, user.id).await?;
    Ok((user, passkeys))
}

fn named(passkeys: &[Passkey], method: &str) -> Result<Passkey, GraphError> {
    let found = passkeys.iter().find(|passkey| passkey.credential == method);
    found.cloned().ok_or_else(|| GraphError::not_found(method))
}

pub(super) fn shown(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.credential,
        "displayName": passkey.name,
        "createdDateTime": passkey.created_at,
        "aaGuid": passkey.aaguid,
        "model": null,
        "attestationCertificates": [],
        "attestationLevel": "notAttested",
    })
}
