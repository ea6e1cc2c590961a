//! The hub, as the flow service meets it.

use std::sync::Arc;

use http::Method;
use outlive_chassis::{HttpClient, Trace};
use outlive_clock::{ClientId, Instant, Span, TenantId, UserId};
use outlive_tokens::Secret;
use serde_json::{Map, Value};

use super::answer::{Answer, NoAnswer, failure_of};
use super::connection_key::ConnectionKey;
use super::operation::Operations;
use super::selection::Selections;
use super::timed_cache::TimedCache;
use crate::definition::{ConnectorCall, Definition};
use crate::engine::{Failure, Outcome};
use crate::ids::FlowId;

/// Where the others are, from here.
#[derive(Clone, Debug)]
pub(crate) struct HubConfig {
    /// The identity provider's origin, as this process reaches it.
    pub(crate) idp_url: String,
    /// The hub's origin, as this process reaches it.
    pub(crate) hub_url: String,
}

/// For whom, in which trace and when the hub is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    /// Whose it is.
    pub(crate) tenant: TenantId,
    /// The trace that every hop belongs to.
    pub(crate) trace: &'a Trace,
    /// The tenant's time.
    pub(crate) now: Instant,
}

/// The run's side of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workflow<'a> {
    /// Whose it is.
    pub(crate) tenant: TenantId,
    /// Which flow: what the hub's access list is asked about.
    pub(crate) flow: FlowId,
    /// Its definition.
    pub(crate) definition: &'a Definition,
    /// The connections that its maker selected.
    pub(crate) selections: &'a Selections,
    /// Whose flow it is; `None` if the flow is gone.
    pub(crate) maker: Option<UserId>,
    /// The trace that every hop of the run belongs to.
    pub(crate) trace: &'a Trace,
    /// The tenant's time.
    pub(crate) now: Instant,
}

impl<'a> Workflow<'a> {
    /// When and for whom its calls are made.
    pub(super) const fn occasion(&self) -> Occasion<'a> {
        Occasion { tenant: self.tenant, trace: self.trace, now: self.now }
    }
}

/// The resource group that connections are kept in.
pub(super) const RESOURCE_GROUP: &str = "lab";
/// The location that connectors are found at.
const LOCATION: &str = "unitedstates";
pub(super) const API_VERSION: &str = "2016-06-01";
/// How long a connector's swagger is taken for current, in virtual time: as long as a connection key is used, so that one token of
/// the service serves to renew both. An operation that is not found, or not where the swagger says, ends it sooner.
const SWAGGER_KEPT: Span = super::connection_key::USED_FOR;

/// A client of the hub with what it remembers. All of it is in memory only.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(super) http: HttpClient,
    pub(super) config: HubConfig,
    pub(super) tokens: TimedCache<TenantId, Arc<Secret>>,
    pub(super) keys: TimedCache<(TenantId, FlowId, String), Arc<ConnectionKey>>,
    pub(super) swaggers: TimedCache<(TenantId, String), Arc<Operations>>,
}

/// A tenant's credential of the flow service.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) client_id: ClientId,
    pub(crate) secret: Secret,
}

/// Where the credential of a tenant is to be had, when it is needed.
pub(crate) trait Credentials: Sync {
    /// The credential, or why there is none.
    fn credential(&self, tenant: TenantId) -> impl Future<Output = Result<Credential, Failure>> + Send;
}

impl Hub {
    /// A client that knows nothing yet.
    #[must_use]
    pub(crate) fn new(http: HttpClient, config: HubConfig) -> Self {
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let config = HubConfig { idp_url: trimmed(&config.idp_url), hub_url: trimmed(&config.hub_url) };
        Self { http, config, tokens: TimedCache::new(), keys: TimedCache::new(), swaggers: TimedCache::new() }
    }

    /// Forgets all of a tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.tokens.forget(|known| *known == tenant);
        self.keys.forget(|(known, ..)| *known == tenant);
        self.swaggers.forget(|(known, _)| *known == tenant);
    }

    /// Makes the call of an action; whatever happens is an outcome.
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
            // The connector may have been changed since its swagger was read.
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
        if let (false, Some(known)) = (again, self.swaggers.get(&name, now)) {
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
        let body = self.ask(&workflow.occasion(), credentials, Method::GET, &path, &query, None).await?;
        // Asked for an export, the platform answers the swagger itself; a hub may also put it in its place in the connector.
        let swagger =
            if body.get("paths").is_some() { Some(&body) } else { body.pointer("/properties/swagger") };
        let operations = Arc::new(Operations::read(swagger.unwrap_or(&Value::Null)));
        self.swaggers.put(name, now + SWAGGER_KEPT, Arc::clone(&operations));
        Ok(operations)
    }

    /// Withdraws everything that was granted to a flow, because the flow is deleted.
    pub(crate) async fn withdraw_access(
        &self,
        occasion: &Occasion<'_>,
        credentials: &impl Credentials,
        flow: FlowId,
    ) -> Result<(), Outcome> {
        let (tenant, flow_id) = (occasion.tenant.to_string(), flow.to_string());
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
        self.ask(occasion, credentials, Method::DELETE, &path, &query, None).await?;
        self.keys.forget(|(known, of, _)| *known == occasion.tenant && *of == flow);
        Ok(())
    }

    /// Asks the hub's control plane as the flow service. A refused token is forgotten, so that the next call gets a new one.
    pub(super) async fn ask(
        &self,
        occasion: &Occasion<'_>,
        credentials: &impl Credentials,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Outcome> {
        let token = self.service_token(occasion, credentials).await?;
        let mut url = url::Url::parse(&self.config.hub_url).map_err(|_| {
            refused(Failure::new("ServiceUnavailable", "The address of the API Hub is not a URL."))
        })?;
        url.path_segments_mut()
            .map_err(|()| {
                refused(Failure::new("ServiceUnavailable", "The address of the API Hub cannot have a path."))
            })?
            .extend(path);
        url.query_pairs_mut().extend_pairs(query);
        let mut request = self.http.request(occasion.trace, method, url).bearer_auth(token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = Answer::to(request).await.map_err(|error| error.outcome("The API Hub"))?;
        if answer.status == http::StatusCode::UNAUTHORIZED {
            self.tokens.forget(|tenant| *tenant == occasion.tenant);
        }
        if answer.status.is_success() {
            return Ok(answer.value());
        }
        let failure = failure_of(answer.status, &answer.value());
        Err(Outcome { status: Some(answer.status.as_u16()), outputs: None, failure: Some(failure) })
    }
}

/// The connection that an action's reference is mapped to.
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

/// A failure that trying again cannot mend.
pub(super) fn refused(failure: Failure) -> Outcome {
    Outcome { status: None, outputs: None, failure: Some(failure) }
}

impl From<NoAnswer> for Outcome {
    fn from(error: NoAnswer) -> Self {
        error.outcome("The API Hub")
    }
}
