//! Tokens of a flow's managed identity for the data source of a connection, which stores none.
//!
//! The resource of a token is the one that the connector named when the flow was saved: a maker who
//! changes the connector later must not choose for which API the flow gets a token.

use http::HeaderValue;

use super::hub::{Hub, Workflow};
use super::identity_token::token_failure;
use super::invoker::UsedConnection;
use crate::engine::Outcome;

impl Hub {
    /// Returns the header value with a token for the data source; `None` if the connection uses no
    /// managed identity, as far as is known: if it does, the hub says so.
    pub(super) async fn connection_identity(
        &self,
        workflow: &Workflow<'_>,
        connection: UsedConnection<'_>,
    ) -> Result<Option<HeaderValue>, Outcome> {
        // A connection that a user provides for a run leads where that user likes.
        let Some(identity) = connection.identity.filter(|_| connection.of.is_none()) else { return Ok(None) };
        let named = workflow.audiences.get(&connection.name.to_ascii_lowercase());
        let audience = identity.audience.as_ref().or(named.filter(|named| !named.is_empty()));
        let Some(audience) = audience else { return Ok(None) };
        let token = self.identity_token(workflow, audience, identity.identity.as_deref()).await?;
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut value = value.map_err(|_| token_failure("the token is not valid in a header"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}
