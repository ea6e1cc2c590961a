//! Calls of actions, and what they need to know of a connector.

use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use serde_json::{Map, Value};

use super::connection_key::USED_FOR;
use super::hub::{CallContext, Credentials, Hub, Workflow, fresh, refused};
use super::operation::Operations;
use crate::definition::{ConnectorCall, Definition};
use crate::engine::{Failure, Outcome};
use crate::ids::FlowId;

/// The location of all connectors.
const LOCATION: &str = "unitedstates";
/// How long a connector's swagger is cached (virtual time): as long as a connection key, so that
/// one service token serves to refresh both. An operation that is not found, or not where the
/// swagger says, ends it earlier.
const SWAGGER_CACHED_FOR: Span = USED_FOR;

impl Hub {
    /// Makes the call of an action. Errors are outcomes, too.
    pub(crate) async fn call(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        call: &ConnectorCall,
        parameters: &Map<String, Value>,
    ) -> Outcome {
        match self.attempt(workflow, credentials, call, parameters).await {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn attempt(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        call: &ConnectorCall,
        parameters: &Map<String, Value>,
    ) -> Result<Outcome, Outcome> {
        let connection = connection_of(workflow.definition, call)?;
        let operations = self.operations(workflow, credentials, &call.api, false).await?;
        let operations = match operations.get(&call.operation) {
            Some(_) => operations,
            // The connector may have changed since its swagger was read.
            None => self.operations(workflow, credentials, &call.api, true).await?,
        };
        let operation = operations.get(&call.operation).ok_or_else(|| {
            refused(Failure::new(
                "ApiOperationNotFound",
                format!("The connector '{}' has no operation '{}'.", call.api, call.operation),
            ))
        })?;
        let request = super::request::build(operation, parameters).map_err(refused)?;
        let key = self.connection_key(workflow, credentials, connection).await?;
        Ok(self.send(workflow, call, connection, &key, request).await)
    }

    async fn operations(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        api: &str,
        again: bool,
    ) -> Result<Arc<Operations>, Outcome> {
        let (tenant, now) = (workflow.tenant, workflow.now);
        let name = (tenant, api.to_owned());
        if !again && let Some(known) = fresh(self.swaggers.get(&name), now) {
            return Ok(known);
        }
        let path = ["providers", "Microsoft.Web", "locations", LOCATION, "managedApis", api];
        let query = [("export", "true")];
        let body = self
            .request_control_plane(&workflow.context(), credentials, Method::GET, &path, &query, None)
            .await?;
        // For an export, the platform returns the swagger itself; a hub may also return it within
        // the connector.
        let swagger =
            if body.get("paths").is_some() { Some(&body) } else { body.pointer("/properties/swagger") };
        let operations = Arc::new(Operations::read(swagger.unwrap_or(&Value::Null)));
        self.swaggers.insert(name, (now + SWAGGER_CACHED_FOR, Arc::clone(&operations)));
        Ok(operations)
    }

    /// Withdraws all access policies of a flow that is deleted.
    pub(crate) async fn withdraw_access(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        flow: FlowId,
    ) -> Result<(), Outcome> {
        let flow_id = flow.to_string();
        let path = ["providers", "Microsoft.Web", "locations", LOCATION, "logicflows", &flow_id];
        self.request_control_plane(context, credentials, Method::DELETE, &path, &[], None).await?;
        self.keys.retain(|(known, of, _), _| (*known, *of) != (context.tenant, flow));
        Ok(())
    }
}

/// Returns the connection of an action's reference.
fn connection_of<'a>(definition: &'a Definition, call: &ConnectorCall) -> Result<&'a str, Outcome> {
    let reference = definition.connections.get(&call.reference);
    let not_configured = |why: String| refused(Failure::new("ConnectionNotConfigured", why));
    let Some(reference) = reference else {
        return Err(not_configured(format!("The flow has no connection reference '{}'.", call.reference)));
    };
    if reference.api.as_ref().is_some_and(|api| *api != call.api) {
        return Err(not_configured(format!(
            "The connection reference '{}' is not one of the connector '{}'.",
            call.reference, call.api
        )));
    }
    reference.connection.as_deref().ok_or_else(|| {
        not_configured(format!(
            "The connection reference '{}' is not mapped to a connection.",
            call.reference
        ))
    })
}
