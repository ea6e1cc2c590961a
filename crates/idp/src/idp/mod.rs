//! The state that all endpoints share.

mod deliveries;
mod user_code_guesses;

use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};

use outlive_chassis::{CallerOrigin, Chassis, HttpClient, Problem, StartError, Trace, UntilCommit};
use outlive_clock::{ClientId, Instant, TenantId, wall_now};
use outlive_rules::aadsts;
use outlive_store::StoreError;
use outlive_tokens::{
    ForeignIssuers, PairwiseKey, SealedToken, TokenVersion, Verifier, VerifierConfig, issuer,
};

use self::deliveries::Deliveries;
use self::user_code_guesses::UserCodeGuesses;
use crate::directory::platform::GRAPH_URI;
use crate::directory::{ClientSecrets, Directory, Tenant, TenantKeys};
use crate::keys::installation_keys;
use crate::keys::signing_keys::SigningKeys;
use crate::protocol::cloud;
use crate::protocol::refusal::{Refusal, RequestDetails};

/// The configuration of the identity provider, beyond what every service has.
#[derive(Debug, Clone)]
pub struct IdpConfig {
    /// The URL under which this process reaches itself (`http://127.0.0.1:8701`): its Graph API
    /// verifies tokens by the published keys, as any resource does.
    pub own_url: String,
}

/// The shared state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Idp(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) chassis: Chassis,
    pub(crate) directory: Directory,
    /// Hashes what outlasts no export, or belongs to no known tenant.
    pub(crate) secrets: ClientSecrets,
    pub(crate) keys: SigningKeys,
    /// Verifies access tokens for the Graph API, as any resource does.
    pub(crate) verifier: Verifier,
    /// Created when the first application presents an assertion of a federated issuer, which is
    /// rare.
    foreign_issuers: OnceLock<ForeignIssuers>,
    /// Deliveries of security events to APIs.
    pub(crate) deliveries: Deliveries,
    /// Wrong user codes, by address.
    pub(crate) user_code_guesses: UserCodeGuesses,
    /// When work is next due.
    pub(crate) next_due: UntilCommit<TenantId, Option<Instant>>,
    /// Created on the first https request to another host.
    outside: OnceLock<HttpClient>,
}

/// A reference that does not keep the state alive.
pub(crate) struct WeakIdp(Weak<Parts>);

impl WeakIdp {
    pub(crate) fn upgrade(&self) -> Option<Idp> {
        self.0.upgrade().map(Idp)
    }
}

impl Deref for Idp {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Idp {
    pub(crate) async fn start(chassis: Chassis, config: &IdpConfig) -> Result<Self, StartError> {
        let verifier = VerifierConfig {
            idp_url: config.own_url.clone(),
            issuer_origins: chassis.origins.all().to_vec(),
        };
        let secrets = ClientSecrets::new(&installation_keys::load(&chassis, "client-secrets").await?);
        let pairwise = PairwiseKey::new(&installation_keys::load(&chassis, "pairwise-subjects").await?);
        let keys = TenantKeys::of_installation(chassis.sealer.clone(), secrets.clone(), pairwise);
        let idp = Self(Arc::new(Parts {
            directory: Directory::new(chassis.store.clone(), keys),
            secrets,
            keys: SigningKeys::load(chassis.clone()).await?,
            verifier: Verifier::new(verifier, chassis.http.inner()),
            foreign_issuers: OnceLock::new(),
            deliveries: Deliveries::default(),
            user_code_guesses: UserCodeGuesses::default(),
            next_due: UntilCommit::default(),
            outside: OnceLock::new(),
            chassis,
        }));
        idp.directory.complete_platform().await?;
        Ok(idp)
    }

    /// Finds the tenant in a path: by id, by domain, or by an alias if the client is registered in
    /// one tenant only.
    pub(crate) async fn tenant(&self, segment: &str, client: Option<ClientId>) -> Result<Tenant, Refusal> {
        let unknown = || Refusal::new(aadsts::TENANT_NOT_FOUND).with("tenant", segment);
        if let Ok(id) = segment.parse::<TenantId>() {
            return self.directory.tenant(id).await?.ok_or_else(unknown);
        }
        if matches!(segment, "common" | "organizations" | "consumers") {
            // Work and school accounts only; there are no personal accounts.
            let client = client.filter(|_| segment != "consumers");
            let client = client.ok_or_else(|| Refusal::new(aadsts::TENANT_NOT_IDENTIFIED))?;
            return match self.directory.tenants_with_application(client).await?.as_slice() {
                [one] => self.directory.tenant(*one).await?.ok_or_else(unknown),
                _ => Err(Refusal::new(aadsts::TENANT_NOT_IDENTIFIED)),
            };
        }
        if segment.contains('.') && segment.len() <= 253 {
            return self.directory.tenant_by_domain(segment).await?.ok_or_else(unknown);
        }
        Err(Refusal::new(aadsts::TENANT_MALFORMED).with("tenant", segment))
    }

    /// Opens a refresh token or code that was presented in a tenant. `None` if it is not one.
    pub(crate) async fn open_grant<T: SealedToken>(
        &self,
        tenant: &Tenant,
        text: &str,
    ) -> Result<Option<T>, StoreError> {
        let Some(named) = T::tenant_of(text) else {
            // Of an earlier version.
            let is_possible = !tenant.keys.are_own();
            return Ok(is_possible.then(|| T::open(&self.chassis.sealer, text).ok()).flatten());
        };
        let opened = if named == tenant.id {
            T::open(tenant.keys.sealer(), text).ok()
        } else {
            let other = self.directory.tenant(named).await?;
            other.and_then(|other| T::open(other.keys.sealer(), text).ok())
        };
        // Who has the key of a tenant, as in an export, issues nothing in the name of another one.
        Ok(opened.filter(|grant| grant.tenant() == Some(named)))
    }

    /// Finds the tenant in the path of a lab request.
    pub(crate) async fn lab_tenant(&self, id: &str) -> Result<Tenant, Problem> {
        let unknown = || Problem::not_found("TenantNotFound", "There is no such tenant here.");
        let id = id.parse().ok().ok_or_else(unknown)?;
        self.directory.tenant(id).await?.ok_or_else(unknown)
    }

    /// Returns the key caches of federated issuers. On a machine without trusted certificate
    /// authorities, issuers with plain http URLs still work.
    pub(crate) fn foreign_issuers(&self) -> &ForeignIssuers {
        self.foreign_issuers.get_or_init(|| ForeignIssuers::new(self.outside().inner()))
    }

    fn outside(&self) -> &HttpClient {
        self.outside.get_or_init(|| {
            HttpClient::to_anywhere().unwrap_or_else(|error| {
                tracing::warn!(%error, "https to other hosts is unavailable");
                self.chassis.http.clone()
            })
        })
    }

    /// Returns the HTTP client for a registered address.
    pub(crate) fn http_to(&self, address: &str) -> &HttpClient {
        if address.starts_with("https:") { self.outside() } else { &self.chassis.http }
    }

    pub(crate) fn downgrade(&self) -> WeakIdp {
        WeakIdp(Arc::downgrade(&self.0))
    }

    /// Returns the origin of Graph for a request that was received at `origin`: Graph's own host
    /// name if it is served, or else the same origin.
    pub(crate) fn graph_origin<'a>(&'a self, origin: &'a str) -> &'a str {
        let origins = self.chassis.origins.all();
        origins.iter().find(|origin| *origin == GRAPH_URI).map_or(origin, String::as_str)
    }

    /// Returns the origin in the `iss` claim for a request that was received at `origin`. All
    /// public cloud names share one issuer name per token version (docs/drop-in.md).
    pub(crate) fn issuer_origin<'a>(&'a self, origin: &'a str, version: TokenVersion) -> &'a str {
        cloud::issuer_origin(&self.chassis.origins, origin, version)
    }

    /// Returns the issuer of a tenant's tokens for a request that was received at `origin`.
    pub(crate) fn issuer(&self, origin: &str, tenant: TenantId, version: TokenVersion) -> String {
        issuer(self.issuer_origin(origin, version), tenant, version)
    }

    /// Returns the tenant's virtual time.
    pub(crate) async fn now(&self, tenant: TenantId) -> Result<Instant, Refusal> {
        self.chassis.clocks.now(tenant).await.map_err(|error| {
            tracing::error!(%error, "no time");
            Refusal::new(aadsts::SERVICE_UNAVAILABLE)
        })
    }

    /// Dates the response by this tenant's clock unless that has been read already. If the clock
    /// cannot be read, the date remains wall time.
    pub(crate) async fn date_by(&self, tenant: TenantId) {
        let _ = self.chassis.clocks.now(tenant).await;
    }

    /// Returns the request details for an error response, in wall time if the tenant is unknown.
    pub(crate) async fn request_details(
        &self,
        trace: &Trace,
        origin: &CallerOrigin,
        tenant: Option<TenantId>,
    ) -> RequestDetails {
        let at = match tenant {
            Some(tenant) => self.chassis.clocks.now(tenant).await.unwrap_or_else(|_| wall_now()),
            None => wall_now(),
        };
        RequestDetails::new(trace, at, &origin.0)
    }
}
