//! Who may use the access token that a user's sign-in on behalf of themselves stored.
//!
//! Such a user signed in without a page that says for whom. Their token is not the connection's, as
//! one of a consent link is: others call with tokens of their own.

use http::StatusCode;
use uuid::Uuid;

use super::admission::Admitted;
use super::refusal::RuntimeRefusal;
use crate::Hub;
use crate::connection::{Principal, workflow_owners};
use crate::connector::Authentication;

/// Rejects a call that would have the token of a user for whom it may not act.
pub(super) async fn check(hub: &Hub, admitted: &Admitted) -> Result<(), RuntimeRefusal> {
    let Admitted { loaded, connector, principal, .. } = admitted;
    match &connector.properties.authentication {
        Authentication::OAuth { settings, .. } if settings.on_behalf_of => {}
        _ => return Ok(()),
    }
    let user = loaded.tokens(&hub.chassis.sealer).and_then(|tokens| tokens.user);
    let Some(user) = user else { return Ok(()) };
    match principal {
        Principal::Object(id) if *id == user => Ok(()),
        Principal::Object(_) => Err(RuntimeRefusal::new(
            StatusCode::FORBIDDEN,
            "The connection calls on behalf of its callers, and another user signed in for it. A key or an application \
             cannot act for that user: call with the user's own token (Authorization: Bearer).",
        )),
        Principal::Workflow(_) if Box::pin(may_run_as(hub, admitted, user)).await? => Ok(()),
        Principal::Workflow(_) => Err(RuntimeRefusal::new(
            StatusCode::FORBIDDEN,
            "The flow would act for the user who signed in for the connection, who is an owner neither of the connection \
             nor of the flow. An owner has to sign in for the connection.",
        )),
    }
}

/// Whether the flow that calls may act for a user: the connection's owner or one of its own.
async fn may_run_as(hub: &Hub, admitted: &Admitted, user: Uuid) -> Result<bool, RuntimeRefusal> {
    let (connection, principal) = (admitted.loaded.connection(), &admitted.principal);
    let owns = workflow_owners::owns(&hub.chassis.store, connection.tenant, principal, user);
    Ok(connection.owner == user || owns.await?)
}
