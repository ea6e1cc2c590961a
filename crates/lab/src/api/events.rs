//! `/lab/tenants/{t}/events`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use outlive_chassis::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::problem::{of_body, tenant_of};
use crate::tenants::Tenants;

/// Something that happens to a user or an application, one whole second later than now.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventRequest {
    /// What happens: `password_change`, `sspr`, `admin_reset`, `password_expiry`, `revoke_sessions`, `sign_out`, …
    r#type: String,
    /// To whom: role, sign-in name or object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// To which application: name or client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// The password from then on; drawn if left out where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_password: Option<String>,
    /// The client secret from then on (`rotate_secret`).
    #[serde(skip_serializing_if = "Option::is_none")]
    new_secret: Option<String>,
    /// By which portal an administrator acted: `azure_portal`, `entra_admin_center`, `m365_admin_center`.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Who acted: `user` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// Whether from now on (`require_mfa`); `false` ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
    /// How often from now on (`rotate_signing_key`), for example `P42D`; `PT0S` ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<String>,
}

#[utoipa::path(post, path = "/lab/tenants/{tenant}/events", params(("tenant" = String, Path, description = "tenant id")),
    request_body = EventRequest, responses((status = 200, body = Object), (status = 400, description = "no such event")))]
pub(crate) async fn raise(
    State(tenants): State<Tenants>,
    Path(tenant): Path<String>,
    body: Result<Json<EventRequest>, JsonRejection>,
) -> Result<Json<Value>, Problem> {
    let tenant = tenant_of(&tenant)?;
    let Json(mut event) = body.map_err(|rejection| of_body(&rejection))?;
    let handout = tenants.handout(tenant).await?;
    if let Some(user) = event.user.as_deref().and_then(|who| handout.user(who)) {
        event.user = Some(user.upn.clone());
    }
    if let Some(application) = event.app.as_deref().and_then(|which| handout.application(which)) {
        event.app = Some(application.client_id.clone());
    }
    // A caller that hangs up must not leave time frozen half-way.
    let raised = tokio::spawn(async move { tenants.raise(tenant, json!(event)).await });
    Ok(Json(raised.await.map_err(|_| Problem::unavailable())??))
}
