//! Client secrets: generated here and returned once.

use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Instant;
use outlive_tokens::Secret;
use outlive_wire::events::{SecretAdded, SecretRemoved};

use super::access::commit;
use super::resource::password_credential;
use crate::directory::{PasswordCredential, SECRET_LIFETIME, SECRETS_MAX, delete_secret};
use crate::graph::prelude::*;

pub(super) fn router(application: &str) -> Router<Idp> {
    Router::new()
        .route(&format!("{application}/addPassword"), post(add))
        .route(&format!("{application}/removePassword"), post(remove))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AddPassword {
    password_credential: Option<Wanted>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Wanted {
    display_name: Option<String>,
    start_date_time: Option<Instant>,
    end_date_time: Option<Instant>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RemovePassword {
    key_id: Uuid,
}

async fn add(
    caller: Caller,
    name: ApplicationName,
    Body(AddPassword { password_credential: wanted }): Body<AddPassword>,
) -> Result<Json<Value>> {
    let application = name.writable(&caller).await?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    if directory.password_credentials(tenant, application.client_id).await?.len() >= SECRETS_MAX {
        return Err(GraphError::bad_request("The application has the maximum number of passwords."));
    }
    let wanted = wanted.unwrap_or_default();
    let starts_at = wanted.start_date_time.unwrap_or(caller.now);
    let expires_at = wanted.end_date_time.unwrap_or(starts_at + SECRET_LIFETIME);
    if expires_at <= starts_at || wanted.display_name.as_ref().is_some_and(|name| name.len() > 90) {
        return Err(GraphError::bad_request(
            "The password credential is not valid: its name is too long, or it ends before it starts.",
        ));
    }
    // 40 characters, within the documented 16 to 64.
    let secret = URL_SAFE_NO_PAD.encode(caller.stream("client-secret").bytes::<30>());
    let credential = PasswordCredential {
        key_id: caller.stream("client-secret-key-id").uuid(),
        display_name: wanted.display_name,
        hint: Some(secret.chars().take(3).collect()),
        starts_at: Some(starts_at),
        expires_at,
    };
    let statement = caller.tenant.keys.secrets().insert_credential(
        tenant,
        application.client_id,
        &credential,
        &Secret::new(secret.clone()),
    );
    commit(&caller, statement, &application, application_event!(SecretAdded)).await?;
    let mut shown = password_credential(&credential);
    shown["secretText"] = json!(secret);
    shown["@odata.context"] = json!(context("microsoft.graph.passwordCredential"));
    Ok(Json(shown))
}

async fn remove(
    caller: Caller,
    name: ApplicationName,
    Body(RemovePassword { key_id }): Body<RemovePassword>,
) -> Result<StatusCode> {
    let application = name.writable(&caller).await?;
    let (directory, tenant) = (&caller.idp.directory, caller.tenant.id);
    let known = directory.password_credentials(tenant, application.client_id).await?;
    if !known.iter().any(|credential| credential.key_id == key_id) {
        return Err(GraphError::bad_request(format!("No password credential found with keyId '{key_id}'.")));
    }
    let removal = delete_secret(tenant, application.client_id, key_id);
    commit(&caller, removal, &application, application_event!(SecretRemoved)).await
}
