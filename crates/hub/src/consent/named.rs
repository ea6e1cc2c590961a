//! The sign-in that a request of a browser is about, as the sealed value that it carries says.

use http::request::Parts;
use outlive_clock::{ConnectionId, TenantId};
use outlive_tokens::SealedToken;
use url::form_urlencoded;
use uuid::Uuid;

use super::attempt;
use super::tickets::{LoginLink, SignInState};
use crate::Hub;

/// Returns the tenant and the attempt of a sign-in.
pub(crate) fn attempt_of(hub: &Hub, request: &Parts) -> Option<(TenantId, Uuid)> {
    let sealer = &hub.chassis.sealer;
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(request.uri.query()?.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    match request.uri.path().split('/').nth(1)? {
        "login" | "firstPartyLogin" => {
            let LoginLink { tenant, attempt } = LoginLink::open(sealer, &value("data")?).ok()?;
            Some((tenant, attempt))
        }
        "redirect" => {
            let SignInState { tenant, attempt, .. } = SignInState::open(sealer, &value("state")?).ok()?;
            Some((tenant, attempt))
        }
        _ => None,
    }
}

/// Returns the connection of a sign-in, unless the sign-in was deleted.
pub(crate) async fn connection_of_attempt(
    hub: &Hub,
    tenant: TenantId,
    attempt: Uuid,
) -> Option<ConnectionId> {
    let found = attempt::find(&hub.chassis.store, tenant, attempt).await.ok()??;
    Some(found.connection)
}
