//! The client of the hub.

use std::sync::Arc;

use http::Method;
use outlive_chassis::{HttpClient, Trace};
use outlive_clock::{ClientId, Instant, Span, TenantId, UserId};
use outlive_tokens::Secret;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};

use super::connection_key::ConnectionKey;
use super::operation::Operations;
use super::response::{RequestError, ServiceResponse, failure_of};
use super::selection::Selections;
use crate::definition::{ConnectorCall, Definition};
use crate::engine::{Failure, Outcome};
use crate::ids::FlowId;

/// The addresses of the other services.
#[derive(Clone, Debug)]
pub(crate) struct HubConfig {
    /// The identity provider's origin as this process reaches it.
    pub(crate) idp_url: String,
    /// The hub's origin as this process reaches it.
    pub(crate) hub_url: String,
}

/// The tenant, trace and time of a call to the hub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

/// The run that makes a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workflow<'a> {
    pub(crate) tenant: TenantId,
    /// The flow, as in the hub's access lists.
    pub(crate) flow: FlowId,
    pub(crate) definition: &'a Definition,
    /// The connections that the maker selected.
    pub(crate) selections: &'a Selections,
    /// The owner of the flow; `None` if the flow was deleted or is not needed.
    pub(crate) maker: Option<UserId>,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

impl<'a> Workflow<'a> {
    /// Returns the context of its calls.
    pub(super) const fn context(&self) -> CallContext<'a> {
        CallContext { tenant: self.tenant, trace: self.trace, now: self.now }
    }
}

/// The resource group of all connections.
pub(super) const RESOURCE_GROUP: &str = "lab";
/// The location of all connectors.
const LOCATION: &str = "unitedstates";
pub(super) const API_VERSION: &str = "2016-06-01";
/// How long a connector's swagger is cached (virtual time): as long as a connection key, so that
/// one service token serves to refresh both. An operation that is not found, or not where the
/// swagger says, ends it earlier.
const SWAGGER_CACHED_FOR: Span = super::connection_key::USED_FOR;

/// The maximum number of entries of each cache.
const CACHED_MAX: usize = 10_000;

/// A value with the virtual instant from which it is stale.
pub(super) type Timed<V> = (Instant, V);

/// Returns a cached value unless it is stale.
pub(super) fn fresh<V>(cached: Option<Timed<V>>, now: Instant) -> Option<V> {
    cached.filter(|(stale, _)| now < *stale).map(|(_, value)| value)
}

/// A client of the hub, with in-memory caches. A value is also removed when the hub rejects it.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(super) http: HttpClient,
    pub(super) config: HubConfig,
    /// The flow service's tokens for the hub.
    pub(super) tokens: Cache<TenantId, Timed<Arc<Secret>>>,
    /// By the name of the connection.
    pub(super) keys: Cache<(TenantId, FlowId, String), Timed<Arc<ConnectionKey>>>,
    /// By the name of the connector.
    pub(super) swaggers: Cache<(TenantId, String), Timed<Arc<Operations>>>,
}

/// The credential of the flow service in a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) client_id: ClientId,
    pub(crate) secret: Secret,
}

/// Provides the credential of a tenant.
pub(crate) trait Credentials: Sync {
    /// Returns the credential, or why it is not available.
    fn credential(&self, tenant: TenantId) -> impl Future<Output = Result<Credential, Failure>> + Send;
}

impl Hub {
    /// Creates a client with empty caches.
    #[must_use]
    pub(crate) fn new(http: HttpClient, config: HubConfig) -> Self {
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let config = HubConfig { idp_url: trimmed(&config.idp_url), hub_url: trimmed(&config.hub_url) };
        Self {
            http,
            config,
            tokens: Cache::new(CACHED_MAX),
            keys: Cache::new(CACHED_MAX),
            swaggers: Cache::new(CACHED_MAX),
        }
    }

    /// Removes everything of a tenant from the caches.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.tokens.remove(&tenant);
        self.keys.retain(|(known, ..), _| *known != tenant);
        self.swaggers.retain(|(known, _), _| *known != tenant);
    }

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
        let path = [
            "subscriptions",
            &tenant.to_string(),
            "providers",
            "Microsoft.Web",
            "locations",
            LOCATION,
            "managedApis",
            api,
        ];
        let query = [("api-version", API_VERSION), ("export", "true")];
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
        let (tenant, flow_id) = (context.tenant.to_string(), flow.to_string());
        let path = [
            "subscriptions",
            &tenant,
            "providers",
            "Microsoft.Web",
            "locations",
            LOCATION,
            "logicflows",
            &flow_id,
        ];
        let query = [("api-version", API_VERSION)];
        self.request_control_plane(context, credentials, Method::DELETE, &path, &query, None).await?;
        self.keys.retain(|(known, of, _), _| (*known, *of) != (context.tenant, flow));
        Ok(())
    }

    /// Sends a request to the hub's control plane as the flow service. A rejected token is removed
    /// from the cache, so that the next call gets a new one.
    pub(super) async fn request_control_plane(
        &self,
        context: &CallContext<'_>,
        credentials: &impl Credentials,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Outcome> {
        let token = self.service_token(context, credentials).await?;
        let unusable = |why: &str| {
            refused(Failure::new("ServiceUnavailable", format!("The address of the API Hub {why}.")))
        };
        // Runs record this error; its source adds nothing to it.
        let mut url = url::Url::parse(&self.config.hub_url).map_err(|_| unusable("is not a URL"))?;
        url.path_segments_mut().map_err(|()| unusable("cannot have a path"))?.extend(path);
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.request(context.trace, method, url).bearer_auth(token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = ServiceResponse::send(request).await.map_err(|error| error.outcome("The API Hub"))?;
        if response.status == http::StatusCode::UNAUTHORIZED {
            self.tokens.remove(&context.tenant);
        }
        if response.status.is_success() {
            return Ok(response.value());
        }
        let failure = failure_of(response.status, &response.value());
        Err(Outcome { status: Some(response.status.as_u16()), outputs: None, failure: Some(failure) })
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

/// A failure that a retry cannot fix.
pub(super) fn refused(failure: Failure) -> Outcome {
    Outcome { status: None, outputs: None, failure: Some(failure) }
}

impl From<RequestError> for Outcome {
    fn from(error: RequestError) -> Self {
        error.outcome("The API Hub")
    }
}
