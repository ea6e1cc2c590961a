//! The domain of each tenant, by which a user name tells its tenant.

use http::Method;
use outlive_chassis::Trace;
use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};
use serde::Deserialize;
use url::Url;

use crate::api::Api;
use crate::directory::{ask, unavailable};
use crate::refusal::{PasswordRefusal, Refusal};

/// What the directory is asked about, for the log.
const SUBJECT: &str = "a domain";
/// The longest name of a domain.
const DOMAIN_CHARS_MAX: usize = 253;

/// Inserts the domain of a new tenant.
pub(crate) fn insert(tenant: TenantId, domain: &str) -> Statement {
    sql!("INSERT INTO domains (tenant, domain) VALUES ($1, $2)", tenant, domain.to_lowercase())
}

/// Returns the tenant of a user name (`owner@contoso.example`). A tenant that was created before
/// domains were stored is looked up in the directory once.
pub(crate) async fn find_tenant(api: &Api, user_name: &str, trace: &Trace) -> Result<TenantId, Refusal> {
    let unknown = || Refusal::Password(PasswordRefusal::UnknownDomain);
    let domain = domain_of(user_name).ok_or_else(unknown)?;
    if let Some(tenant) = find(&api.chassis.store, &domain).await? {
        return Ok(tenant);
    }
    let tenant = ask_directory(api, &domain, trace).await?.ok_or_else(unknown)?;
    if api.chassis.clocks.now(tenant).await.is_err() {
        return Err(unknown());
    }
    let row =
        sql!("INSERT INTO domains (tenant, domain) VALUES ($1, $2) ON CONFLICT DO NOTHING", tenant, domain);
    api.chassis.store.commit(row).await?;
    Ok(tenant)
}

/// Returns the tenant of a user name, if its domain is stored.
pub(crate) async fn find_stored(store: &Store, user_name: &str) -> Result<Option<TenantId>, StoreError> {
    match domain_of(user_name) {
        Some(domain) => find(store, &domain).await,
        None => Ok(None),
    }
}

fn domain_of(user_name: &str) -> Option<String> {
    user_name.rsplit_once('@').map(|(_, domain)| domain.to_lowercase())
}

async fn find(store: &Store, domain: &str) -> Result<Option<TenantId>, StoreError> {
    let row = store.row(sql!("SELECT tenant FROM domains WHERE domain = $1", domain)).await?;
    row.map(|row| row.parse("tenant")).transpose()
}

/// Reads the tenant of a domain from the metadata that the directory publishes for it.
async fn ask_directory(api: &Api, domain: &str, trace: &Trace) -> Result<Option<TenantId>, Refusal> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: Url,
    }
    let is_name = domain.contains('.')
        && domain.len() <= DOMAIN_CHARS_MAX
        && domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && domain.split('.').all(|label| !label.is_empty());
    if !is_name {
        return Ok(None);
    }
    let url = format!("{}/{domain}/v2.0/.well-known/openid-configuration", api.idp_url);
    let response = ask(api.chassis.http.request(trace, Method::GET, url), SUBJECT).await;
    let response = response.map_err(Refusal::Password)?;
    if response.status().is_server_error() {
        return Err(Refusal::Password(PasswordRefusal::Unavailable));
    }
    if !response.status().is_success() {
        return Ok(None);
    }
    let metadata: Metadata =
        response.json().await.map_err(|error| Refusal::Password(unavailable(error, SUBJECT)))?;
    let segment = metadata.issuer.path_segments().and_then(|mut segments| segments.next());
    Ok(segment.and_then(|tenant| tenant.parse().ok()))
}
