//! Creates the seed's connections and flows, through the APIs that makers use.

use outlive_clock::{Instant, Randomness};
use outlive_wire::lab_api::TenantCredentials;
use serde_json::Map;

use crate::http::Http;
use crate::maker::{Endpoints, Maker, MakerError, NewFlow, RuntimeSource, UserAccount};
use crate::seed::TenantPlan;

/// Signs the owners in, creates their connections and starts their flows, at the virtual instant
/// `now`.
pub(super) async fn lay_out(
    http: &Http,
    plan: &TenantPlan,
    credentials: &TenantCredentials,
    random: &Randomness,
    now: Instant,
) -> Result<(), MakerError> {
    for user in &plan.users {
        let connections: Vec<_> = plan.connections.iter().filter(|c| c.owner == user.role).collect();
        let flows: Vec<_> = plan.flows.iter().filter(|flow| flow.owner == user.role).collect();
        let sign_ins: Vec<_> = plan.sign_ins.iter().filter(|sign_in| sign_in.user == user.role).collect();
        if connections.is_empty() && flows.is_empty() && sign_ins.is_empty() {
            continue;
        }
        let user =
            UserAccount { upn: user.upn.clone(), id: user.id.to_string(), password: user.password.clone() };
        let mut maker = Maker::new(http.clone(), endpoints_of(credentials), user, random.clone());
        for connection in connections {
            maker
                .put_connection(
                    now,
                    &connection.name,
                    &connection.display_name,
                    &connection.connector,
                    &connection.values,
                )
                .await?;
            // Values replace the consent: the connector has no OAuth.
            if connection.values.as_object().is_none_or(Map::is_empty) {
                maker.follow_consent_link(now, &connection.name).await?;
            }
        }
        for flow in flows {
            let id = flow.id.to_string();
            let flow = NewFlow {
                id: &id,
                display_name: &flow.display_name,
                definition: &flow.definition,
                connection: Some((&flow.connection, &flow.connector)),
                runtime_source: RuntimeSource::Embedded,
                identity: None,
            };
            maker.put_flow(now, &flow).await?;
        }
        for sign_in in sign_ins {
            maker.sign_in_to(sign_in.client_id, &sign_in.redirect_uri, &sign_in.scope).await?;
        }
    }
    Ok(())
}

/// What the maker portal of a tenant uses.
pub(super) fn endpoints_of(credentials: &TenantCredentials) -> Endpoints {
    Endpoints {
        tenant: credentials.tenant_id,
        idp: credentials.urls.idp.clone(),
        hub: credentials.urls.hub.clone(),
        flow: credentials.urls.flow.clone(),
        portal: credentials.maker_portal.clone(),
    }
}
