//! A user's authentication methods: password, authenticator app, passkeys.

use outlive_tokens::fingerprint;
use outlive_wire::events::PasskeyRemoved;

use super::odata::{plain_collection, plain_entity};
use super::permissions::{READ_METHODS, READ_OWN_METHODS, WRITE_METHODS};
use super::prelude::*;
use crate::directory::User;
use crate::sign_in::passkeys::{Passkey, of_user};

pub(super) fn router() -> Router<Idp> {
    let mut router = Router::new()
        .read_only("/users/{id}/authentication/fido2Methods", list_passkeys)
        .route("/users/{id}/authentication/fido2Methods/{method}", get(show_passkey).delete(remove_passkey));
    for user in ["/me", "/users/{id}"] {
        let methods = format!("{user}/authentication/{{kind}}");
        router = router.read_only(&methods, list).route(&format!("{methods}/{{method}}"), get(show));
    }
    router
}

/// The id of every user's password method ("passwordAuthenticationMethod resource type").
pub(super) const PASSWORD_METHOD: Uuid = Uuid::from_u128(0x28c1_0230_6103_485e_b985_444c_6000_1490);

#[derive(Debug, Deserialize)]
struct KindPath {
    kind: String,
}

#[derive(Debug, Deserialize)]
struct MethodPath {
    method: String,
}

async fn list(caller: Caller, name: UserName, Path(KindPath { kind }): Path<KindPath>) -> Answer {
    let user = caller.user(&name).await?;
    let methods = methods(&caller, &user, &kind).await?;
    plain_collection(&caller, &format!("users('{}')/authentication/{kind}", user.id), &methods)
}

async fn show(
    caller: Caller,
    name: UserName,
    Path(KindPath { kind }): Path<KindPath>,
    Path(MethodPath { method }): Path<MethodPath>,
) -> Answer {
    let user = caller.user(&name).await?;
    let methods = methods(&caller, &user, &kind).await?;
    let found = methods.into_iter().find(|object| object["id"] == method);
    let object = found.ok_or_else(|| GraphError::not_found(method))?;
    Ok(plain_entity(&format!("users('{}')/authentication/{kind}/$entity", user.id), object))
}

/// Returns the methods of a kind, which is a segment of the path.
async fn methods(caller: &Caller, user: &User, kind: &str) -> Result<Vec<Value>> {
    if !["methods", "passwordMethods", "softwareOathMethods"].contains(&kind) {
        return Err(GraphError::unknown_path());
    }
    let own = caller.is(user) && caller.has(&READ_OWN_METHODS);
    require(own || caller.is_allowed_on(user, &READ_METHODS))?;
    let all = kind == "methods";
    // Objects have a type, except in a collection of one type.
    let typed = |name: &str, mut object: Value| {
        if all {
            object["@odata.type"] = json!(format!("#microsoft.graph.{name}"));
        }
        object
    };
    let mut methods = Vec::new();
    if all || kind == "passwordMethods" {
        let changed = user.password_changed_at.whole_second();
        let method = json!({"id": PASSWORD_METHOD, "password": null, "createdDateTime": changed});
        methods.push(typed("passwordAuthenticationMethod", method));
    }
    if (all || kind == "softwareOathMethods") && user.second_factor.is_registered() {
        // There is at most one, so it can use the user's id.
        let method = json!({"id": user.id, "secretKey": null});
        methods.push(typed("softwareOathAuthenticationMethod", method));
    }
    if all {
        let passkeys = of_user(&caller.idp.chassis.store, user.tenant, user.id).await?;
        methods.extend(passkeys.iter().map(|passkey| typed("fido2AuthenticationMethod", shown(passkey))));
    }
    Ok(methods)
}

async fn list_passkeys(caller: Caller, name: UserName) -> Answer {
    let user = caller.user(&name).await?;
    require(caller.is_allowed_on(&user, &READ_METHODS))?;
    let passkeys = of_user(&caller.idp.chassis.store, user.tenant, user.id).await?;
    let value: Vec<_> = passkeys.iter().map(shown).collect();
    plain_collection(&caller, &format!("users('{}')/authentication/fido2Methods", user.id), &value)
}

async fn show_passkey(
    caller: Caller,
    name: UserName,
    Path(MethodPath { method }): Path<MethodPath>,
) -> Answer {
    let user = caller.user(&name).await?;
    require(caller.is_allowed_on(&user, &READ_METHODS))?;
    let object = shown(&find_passkey(&caller, &user, &method).await?);
    Ok(plain_entity(&format!("users('{}')/authentication/fido2Methods/$entity", user.id), object))
}

/// Passkeys are registered on the page for security info.
async fn remove_passkey(
    caller: Caller,
    name: UserName,
    Path(MethodPath { method }): Path<MethodPath>,
) -> Result<StatusCode> {
    let user = caller.user(&name).await?;
    require(caller.is_allowed_on(&user, &WRITE_METHODS))?;
    let passkey = find_passkey(&caller, &user, &method).await?;
    let removal = passkey.delete(user.tenant);
    let event = PasskeyRemoved {
        upn: user.upn,
        passkey: fingerprint(&passkey.credential),
        name: passkey.name,
        rp_id: passkey.rp_id,
        actor: caller.actor(),
    };
    let committed = caller.commit(removal, Subject::user(user.id), event).await;
    committed.map_err(|error| error.if_conflict(|| GraphError::not_found(&method)))
}

async fn find_passkey(caller: &Caller, user: &User, method: &str) -> Result<Passkey> {
    let passkeys = of_user(&caller.idp.chassis.store, user.tenant, user.id).await?;
    let found = passkeys.into_iter().find(|passkey| passkey.credential == method);
    found.ok_or_else(|| GraphError::not_found(method))
}

fn shown(passkey: &Passkey) -> Value {
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
