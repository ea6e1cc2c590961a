//! The client of the hub.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use http::Method;
use outlive_chassis::{HostMappings, HttpClient, Trace};
use outlive_clock::{ClientId, Instant, TenantId, UserId};
use outlive_tokens::Secret;
use quick_cache::sync::Cache;
use serde_json::Value;

use super::client_certificate::ClientCertificates;
use super::held_identity::HeldIdentity;
use super::invoker::Invoker;
use super::operation::Operations;
use super::response::{RequestError, ServiceResponse, failure_of};
use crate::definition::Definition;
use crate::engine::{Failure, Outcome};
use crate::ids::FlowId;

/// The addresses of the other services.
#[derive(Clone, Debug)]
pub(crate) struct HubConfig {
    /// The identity provider's origin as this process reaches it.
    pub(crate) idp_url: String,
    /// The identity provider's origin as browsers reach it, by which it knows itself.
    pub(crate) idp_public_url: String,
    /// The certificate (PEM) of the authority of this installation.
    pub(crate) authority: Option<String>,
    /// The hub's origin as this process reaches it.
    pub(crate) hub_url: String,
    /// The hosts that `Http` actions can reach.
    pub(crate) http_hosts: HostMappings,
}

/// The tenant, trace and time of a call to the hub.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallContext<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

/// The ids of the connections that a flow's maker selected, by lower-case name.
pub(crate) type Selections = HashMap<String, String>;

/// The resources for which connections use the flow's managed identity, by the lower-case names of
/// the connections. Empty if the connector names none.
pub(crate) type Audiences = BTreeMap<String, String>;

/// The run that makes a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workflow<'a> {
    pub(crate) tenant: TenantId,
    /// The flow, as in the hub's access lists.
    pub(crate) flow: FlowId,
    pub(crate) definition: &'a Definition,
    /// The connections that the maker selected.
    pub(crate) selections: &'a Selections,
    /// The resources of connections that use a managed identity.
    pub(crate) audiences: &'a Audiences,
    /// What the flow needs to get tokens for its managed identities.
    pub(crate) identity: Option<&'a HeldIdentity>,
    /// The owner of the flow; `None` if the flow was deleted or is not needed.
    pub(crate) maker: Option<UserId>,
    /// The user who started the run; `None` if a trigger did.
    pub(crate) invoker: Option<&'a Invoker>,
    pub(crate) trace: &'a Trace,
    pub(crate) now: Instant,
}

impl<'a> Workflow<'a> {
    pub(super) const fn context(&self) -> CallContext<'a> {
        CallContext { tenant: self.tenant, trace: self.trace, now: self.now }
    }
}

const API_VERSION: &str = "2016-06-01";

/// Returns the path of a connection below a subscription. All connections have one resource group.
pub(super) const fn connection_path(name: &str) -> [&str; 6] {
    ["resourceGroups", "lab", "providers", "Microsoft.Web", "connections", name]
}

/// The maximum number of entries of each cache.
const CACHED_MAX: usize = 10_000;

/// A value with the virtual instant from which it is stale.
pub(super) type Timed<V> = (Instant, V);

/// Returns a cached value unless it is stale.
pub(super) fn fresh<V>(cached: Option<Timed<V>>, now: Instant) -> Option<V> {
    cached.filter(|(stale, _)| now < *stale).map(|(_, value)| value)
}

/// A connection's runtime URL and the key with which one flow calls it.
#[derive(Debug)]
pub(super) struct ConnectionKey {
    /// The runtime URL, at the origin at which this process reaches the hub.
    pub(super) runtime_url: String,
    pub(super) key: Secret,
    /// The id of the connection, which is never reused.
    pub(super) connection: String,
}

/// The flow that has a connection key, the name of the connection, and the user who provided it.
pub(super) type KeyOwner = (TenantId, FlowId, String, Option<UserId>);

/// A client of the hub, with in-memory caches. A value is also removed when the hub rejects it.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(super) http: HttpClient,
    /// The client for hosts outside of this installation.
    pub(super) outside: HttpClient,
    pub(super) config: HubConfig,
    /// The flow service's tokens for the hub.
    pub(super) tokens: Cache<TenantId, Timed<Arc<Secret>>>,
    /// Tokens of managed identities, by flow, resource id of a user-assigned identity, and
    /// audience.
    pub(super) identity_tokens: Cache<(TenantId, FlowId, String, String), Timed<Arc<Secret>>>,
    /// By the name of the connection, and the user who provided it for a run.
    pub(super) keys: Cache<KeyOwner, Timed<Arc<ConnectionKey>>>,
    /// By the name of the connector.
    pub(super) swaggers: Cache<(TenantId, String), Timed<Arc<Operations>>>,
    pub(super) certificates: ClientCertificates,
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
    pub(crate) fn new(http: HttpClient, outside: HttpClient, config: HubConfig) -> Self {
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let config = HubConfig {
            idp_url: trimmed(&config.idp_url),
            idp_public_url: trimmed(&config.idp_public_url),
            authority: config.authority,
            hub_url: trimmed(&config.hub_url),
            http_hosts: config.http_hosts,
        };
        Self {
            http,
            outside,
            config,
            tokens: Cache::new(CACHED_MAX),
            identity_tokens: Cache::new(CACHED_MAX),
            keys: Cache::new(CACHED_MAX),
            swaggers: Cache::new(CACHED_MAX),
            certificates: ClientCertificates::default(),
        }
    }

    /// Removes everything of a tenant from the caches.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.tokens.remove(&tenant);
        self.identity_tokens.retain(|(known, ..), _| *known != tenant);
        self.keys.retain(|(known, ..), _| *known != tenant);
        self.swaggers.retain(|(known, _), _| *known != tenant);
    }

    /// Sends a request to the hub's control plane as the flow service, to `path` below the tenant's
    /// subscription. A rejected token is removed from the cache, so that the next call gets a new
    /// one.
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
        let Ok(mut url) = url::Url::parse(&self.config.hub_url) else { return Err(unusable("is not a URL")) };
        url.path_segments_mut()
            .map_err(|()| unusable("cannot have a path"))?
            .extend(["subscriptions", &context.tenant.to_string()])
            .extend(path);
        url.query_pairs_mut().append_pair("api-version", API_VERSION).extend_pairs(query);
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

/// A failure that a retry cannot fix.
pub(super) fn refused(failure: Failure) -> Outcome {
    Outcome { status: None, outputs: None, failure: Some(failure) }
}

/// The failure of an `Http` action whose request cannot be sent.
pub(super) fn invalid(what: &str) -> Outcome {
    refused(Failure::new("BadRequest", format!("The request of the action is not valid: {what}.")))
}

impl From<RequestError> for Outcome {
    fn from(error: RequestError) -> Self {
        error.outcome("The API Hub")
    }
}
