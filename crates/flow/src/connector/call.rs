//! Calls of actions, and what they need to know of a connector.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use outlive_clock::Span;
use serde_json::{Map, Value};

use super::connection_key::USED_FOR;
use super::hub::{CallContext, Credentials, Hub, Workflow, fresh, refused};
use super::invoker::UsedConnection;
use super::operation::Operations;
use crate::definition::{CallSite, ConnectorCall};
use crate::engine::{CallInputs, Failure, Outcome};

/// The location of all connectors.
pub(super) const LOCATION: &str = "unitedstates";
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
        inputs: &CallInputs<'_>,
    ) -> Outcome {
        let outcome = match inputs {
            CallInputs::Operation { call, parameters, callback } => {
                self.attempt(workflow, credentials, call, (parameters, callback.as_deref())).await
            }
            CallInputs::Request(request) => self.forward(workflow, credentials, request).await,
            CallInputs::Http(request) => self.request(workflow, request).await,
            CallInputs::Location { reference, location, is_deleted } => {
                let method = if *is_deleted { Method::DELETE } else { Method::GET };
                self.follow(workflow, credentials, reference, (method, location)).await
            }
        };
        match outcome {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    async fn attempt(
        &self,
        workflow: &Workflow<'_>,
        credentials: &impl Credentials,
        call: &ConnectorCall,
        (parameters, callback): (&Map<String, Value>, Option<&str>),
    ) -> Result<Outcome, Outcome> {
        let connection = connection_of(workflow, call)?;
        let operations = self.operations(&workflow.context(), credentials, &call.api, false).await?;
        let operations = match operations.get(&call.operation) {
            Some(_) => operations,
            // The connector may have changed since its swagger was read.
            None => self.operations(&workflow.context(), credentials, &call.api, true).await?,
        };
        let operation = operations.get(&call.operation).ok_or_else(|| {
            refused(Failure::new(
                "ApiOperationNotFound",
                format!("The connector '{}' has no operation '{}'.", call.api, call.operation),
            ))
        })?;
        let mut parameters = Cow::Borrowed(parameters);
        if let (Some(callback), Some(name)) = (callback, &operation.notification_url) {
            parameters.to_mut().insert(name.clone(), Value::from(callback));
        }
        let request = super::request::build(operation, &parameters).map_err(refused)?;
        let key = self.connection_key(workflow, credentials, connection).await?;
        Ok(self.send(workflow, Some(&call.api), connection, &key, request.into()).await)
    }

    async fn operations(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        api: &str,
        again: bool,
    ) -> Result<Arc<Operations>, Outcome> {
        let (tenant, now) = (context.tenant, context.now);
        let name = (tenant, api.to_owned());
        if !again && let Some(known) = fresh(self.swaggers.get(&name), now) {
            return Ok(known);
        }
        let body = self.connector(context, credentials, api).await?;
        // For an export, the platform returns the swagger itself; a hub may also return it within
        // the connector.
        let swagger =
            if body.get("paths").is_some() { Some(&body) } else { body.pointer("/properties/swagger") };
        let operations = Arc::new(Operations::read(swagger.unwrap_or(&Value::Null)));
        self.swaggers.insert(name, (now + SWAGGER_CACHED_FOR, Arc::clone(&operations)));
        Ok(operations)
    }

    /// Returns the managed or custom API of this name.
    async fn connector(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        api: &str,
    ) -> Result<Value, Outcome> {
        let managed = ["providers", "Microsoft.Web", "locations", LOCATION, "managedApis", api];
        let custom = ["providers", "Microsoft.Web", "customApis", api];
        let query = [("export", "true")];
        match self.request_control_plane(context, credentials, Method::GET, &managed, &query, None).await {
            Err(outcome) if outcome.status == Some(404) => {
                self.request_control_plane(context, credentials, Method::GET, &custom, &[], None).await
            }
            result => result,
        }
    }

    /// Returns the calls of operations that their connectors do not declare. Connectors that are
    /// not found, and those about which the hub does not respond, are not checked.
    pub(crate) async fn unknown_operations<'a>(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        calls: &'a [CallSite],
    ) -> Vec<&'a CallSite> {
        let mut unknown: Vec<_> = calls.iter().collect();
        // A connector may have changed since its swagger was read.
        for again in [false, true] {
            let apis: BTreeSet<_> = unknown.iter().map(|call| call.api.as_str()).collect();
            for api in apis {
                match self.operations(context, credentials, api, again).await {
                    Ok(known) => {
                        unknown.retain(|call| call.api != api || known.get(&call.operation).is_none());
                    }
                    Err(outcome) => {
                        // A flow can be imported before its connectors are registered.
                        if !matches!(outcome.status, Some(400 | 404)) {
                            let why = outcome.failure.map_or_else(String::new, |failure| failure.message);
                            tracing::warn!(api, why, "the operations of a flow could not be checked");
                        }
                        unknown.retain(|call| call.api != api);
                    }
                }
            }
        }
        unknown
    }
}

/// Returns the connection of an action's reference.
fn connection_of<'a>(
    workflow: &Workflow<'a>,
    call: &'a ConnectorCall,
) -> Result<UsedConnection<'a>, Outcome> {
    let reference = workflow.definition.connections.get(&call.reference);
    let reference = reference.ok_or_else(|| missing_reference(&call.reference))?;
    if reference.api.as_ref().is_some_and(|api| !api.eq_ignore_ascii_case(&call.api)) {
        let why = format!(
            "The connection reference '{}' is not one of the connector '{}'.",
            call.reference, call.api
        );
        return Err(refused(Failure::new("NotAllowedConnectionReference", why)));
    }
    let used = UsedConnection::of(&call.reference, reference, workflow.invoker);
    let used = used.ok_or_else(|| without_connection(&call.reference))?;
    Ok(UsedConnection { api: Some(&call.api), ..used })
}

/// The outcome of an action whose reference the flow does not have.
pub(super) fn missing_reference(reference: &str) -> Outcome {
    let why = format!("The flow has no connection reference '{reference}'.");
    refused(Failure::new("MissingConnectionReference", why))
}

/// The outcome of an action whose reference names no connection.
pub(super) fn without_connection(reference: &str) -> Outcome {
    let why = format!("The connection reference '{reference}' is not mapped to a connection.");
    refused(Failure::new("ConnectionNotConfigured", why))
}
