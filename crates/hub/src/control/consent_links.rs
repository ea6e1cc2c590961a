//! `listConsentLinks`: issues a link with which a user signs in for a connection.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use outlive_clock::TenantId;
use outlive_store::Change;
use outlive_tokens::SealedToken;
use outlive_wire::events::ConsentLinkIssued;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::access::{self, Right};
use super::no_store::no_store;
use super::paths::ResourcePath;
use crate::Hub;
use crate::arm::{ArmPath, ArmRefusal, ControlCall, JsonBody, Mistakes};
use crate::connection::{Connection, Status};
use crate::connector::{Authentication, GrantType};
use crate::consent::{self, ATTEMPTS_MAX, Attempt, LINK_LIFETIME, LoginLink};
use crate::hub_client;

/// The parameter that the request names.
struct Requested {
    redirect_url: Url,
    object_id: Option<Uuid>,
}

/// Reads the body: one parameter, that with which the connector signs in (`expected`).
fn read(
    body: JsonBody,
    call: &ControlCall,
    expected: &str,
    return_origins: &[String],
) -> Result<Requested, ArmRefusal> {
    let mut mistakes = Mistakes::default();
    let mut members = body.members();
    let parameters = members.objects("parameters", &mut mistakes).unwrap_or_default();
    members.end(&mut mistakes);
    if parameters.len() != 1 {
        mistakes.add("parameters", "it must contain exactly one parameter");
    }
    let mut requested = None;
    for mut parameter in parameters {
        if parameter.text("parameterName", &mut mistakes).is_some_and(|name| name != expected) {
            mistakes.add(&parameter.path("parameterName"), format!("it must be '{expected}'"));
        }
        let object_id = parameter.parsed::<Uuid>("objectId", "the object id of a user", &mut mistakes);
        let tenant = parameter.parsed::<TenantId>("tenantId", "the id of the tenant", &mut mistakes);
        if tenant.is_some_and(|tenant| tenant != call.tenant) {
            mistakes.add(&parameter.path("tenantId"), "it is another tenant");
        }
        let redirect_url = parameter.required_text("redirectUrl", &mut mistakes).and_then(|text| {
            let url = consent::return_url(&text, return_origins);
            if url.is_none() {
                mistakes.add(
                    &parameter.path("redirectUrl"),
                    "it must be an http or https URL on this machine (127.0.0.1, localhost) or at an origin that the hub \
                     was started with (--return-origin)",
                );
            }
            url
        });
        parameter.end(&mut mistakes);
        requested = redirect_url.map(|redirect_url| Requested { redirect_url, object_id });
    }
    mistakes.into_result()?;
    requested.ok_or_else(|| ArmRefusal::invalid("parameters: it must contain exactly one parameter."))
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    call: ControlCall,
    ArmPath(path): ArmPath<ResourcePath>,
    body: JsonBody,
) -> Result<impl IntoResponse, ArmRefusal> {
    let connection = access::connection(&hub, &call, &path.group, &path.name, Right::SignIn).await?;
    let connector = hub.connector_of(&connection).await?;
    access::agreement(&call, &connection, &connector)?;
    let Authentication::OAuth { parameter, settings } = &connector.properties.authentication else {
        return Ok(no_store(json!({"value": []})));
    };
    let values = hub.parameter_values(&connection, &connector)?;
    if settings.grant_type(&values) == GrantType::ClientCredentials {
        return Ok(no_store(json!({"value": []})));
    }
    let requested = read(body, &call, parameter, &hub.config.return_origins)?;
    if let Err(incomplete) = connector.sign_in(settings, &values) {
        let message = incomplete.to_string();
        return Err(ArmRefusal::new(StatusCode::BAD_REQUEST, "ConnectorSettingsIncomplete", message));
    }
    let object_id = requested.object_id.unwrap_or(call.caller.oid);
    let data = issue(&hub, &call, &connection, object_id, requested.redirect_url.into()).await?;
    let status = match connection.shown_status(&connector, &hub.chassis.sealer) {
        Status::Connected => "Authenticated",
        Status::Unauthenticated(_) => "Unauthenticated",
        Status::Unauthorized(_) => "Error",
    };
    let mut link = json!({
        "link": format!("{}/login?data={data}", hub.origin()), "displayName": connector.display_name, "status": status,
    });
    let issuer = connector.sign_in(settings, &values).and_then(|it| it.token_endpoint());
    if settings.on_behalf_of
        && issuer.is_ok_and(|url| hub.config.is_own_issuer(&url))
        && hub_client::is_there(&hub, call.tenant).await?
    {
        link["firstPartyLoginUri"] = json!(format!("{}/firstPartyLogin?data={data}", hub.origin()));
    }
    Ok(no_store(json!({"value": [link]})))
}

/// Records an attempt and returns the sealed data of its link.
async fn issue(
    hub: &Hub,
    call: &ControlCall,
    connection: &Connection,
    object_id: Uuid,
    redirect_url: String,
) -> Result<String, ArmRefusal> {
    let open = consent::count_open(&hub.chassis.store, call.tenant, connection.id, call.now).await?;
    if open >= ATTEMPTS_MAX {
        return Err(ArmRefusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "The connection has too many open consent links; wait ten minutes until they have expired.",
        ));
    }
    let attempt = Attempt::new(
        hub.random(call.tenant, "consent-attempt").uuid(),
        connection.id,
        object_id,
        redirect_url,
        call.now + LINK_LIFETIME,
    );
    // An attempt can continue after its link has expired; one hour later it has ended.
    let ended = call.now - LINK_LIFETIME * 6;
    let mut change = Change::from(consent::delete_older(call.tenant, connection.id, ended));
    change.add(consent::insert(call.tenant, &attempt));
    let payload = ConsentLinkIssued {
        attempt: attempt.id,
        object_id: attempt.object_id,
        expires: attempt.link_expires,
        caller: call.caller.oid,
    };
    change.append(hub.chassis.journal.entry(&call.event(connection.subject(), payload)));
    hub.chassis.store.commit(change).await?;
    let link = LoginLink { tenant: call.tenant, attempt: attempt.id };
    Ok(link.seal(&hub.chassis.sealer, &mut hub.random(call.tenant, "seal-login-link")))
}
