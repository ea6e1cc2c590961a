//! Making the seed's connections and flows, by the ways any maker has.

use outlive_clock::{Instant, Randomness};

use super::Handout;
use crate::http::Http;
use crate::maker::{Maker, MakerError, NewFlow, Person, Places};
use crate::seed::TenantPlan;

/// Signs the owners in, makes their connections and turns their flows on, at virtual instant `now`.
pub(super) async fn lay_out(
    http: &Http,
    plan: &TenantPlan,
    handout: &Handout,
    random: &Randomness,
    now: Instant,
) -> Result<(), MakerError> {
    for user in &plan.users {
        let connections: Vec<_> = plan.connections.iter().filter(|c| c.owner == user.role).collect();
        let flows: Vec<_> = plan.flows.iter().filter(|flow| flow.owner == user.role).collect();
        if connections.is_empty() && flows.is_empty() {
            continue;
        }
        let places = Places {
            tenant: plan.tenant,
            idp: handout.urls.idp.clone(),
            hub: handout.urls.hub.clone(),
            flow: handout.urls.flow.clone(),
            portal: handout.maker_portal.clone(),
        };
        let person =
            Person { upn: user.upn.clone(), id: user.id.to_string(), password: user.password.clone() };
        let mut maker = Maker::new(http.clone(), places, person, random.clone());
        for connection in connections {
            maker
                .put_connection(now, &connection.name, &connection.display_name, &connection.connector)
                .await?;
            maker.consent(now, &connection.name).await?;
        }
        for flow in flows {
            let id = flow.id.to_string();
            maker.allow_flow(now, &flow.connection, &id).await?;
            let flow = NewFlow {
                id: &id,
                display_name: &flow.display_name,
                definition: &flow.definition,
                connection: &flow.connection,
                connector: &flow.connector,
            };
            maker.put_flow(now, &flow).await?;
        }
    }
    Ok(())
}
