//! The options of a single service.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::data_args::DataArgs;
use super::lab_key_args::LabKeyArgs;
use crate::hub_args::HubArgs;

/// A single service. Every option can be set in the environment, for containers.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// The address to listen on; by default the service's own port on 127.0.0.1.
    #[arg(long, env = "OUTLIVE_LISTEN")]
    pub(crate) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Store state in this PostgreSQL database, which replicas can share.
    #[arg(long, value_name = "URL", env = "OUTLIVE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Additional addresses to listen on over TLS, separated by commas, for example 0.0.0.0:8743
    /// (identity provider, and the resource with client certificates).
    #[arg(long, env = "OUTLIVE_TLS_LISTEN", value_delimiter = ',')]
    pub(crate) tls_listen: Vec<SocketAddr>,
    /// Where to put a copy of the authority's certificate (`ca.pem`), for services that have to
    /// trust it and cannot read the data directory.
    #[arg(long, env = "OUTLIVE_CA_COPY", requires = "tls_listen")]
    pub(crate) ca_copy: Option<PathBuf>,
    /// Additional host names over TLS besides localhost, separated by commas (identity provider
    /// only).
    #[arg(long, env = "OUTLIVE_HOSTS", value_delimiter = ',', requires = "tls_listen")]
    pub(crate) hosts: Vec<String>,
    /// The origins of the service, separated by commas, the one for browsers first.
    #[arg(long, env = "OUTLIVE_ORIGINS", value_delimiter = ',')]
    pub(crate) origins: Vec<String>,
    /// Every origin under which the identity provider signs, separated by commas.
    #[arg(long, env = "OUTLIVE_ISSUER_ORIGINS", value_delimiter = ',')]
    pub(crate) issuer_origins: Vec<String>,
    /// The sealing key, 64 hexadecimal digits; shared by replicas. After a comma, the key that it
    /// replaces. By default stored in the data directory.
    #[arg(long, env = "OUTLIVE_SEALING_KEY", hide_env_values = true)]
    pub(crate) sealing_key: Option<String>,
    /// A number that makes ids, keys, lifetimes and tokens reproducible (console: or a seed file).
    #[arg(long, value_name = "FILE|N", env = "OUTLIVE_SEED")]
    pub(crate) seed: Vec<String>,
    /// The name of this replica, the same after a restart.
    #[arg(long, env = "OUTLIVE_REPLICA", default_value = "one")]
    pub(crate) replica: String,
    #[command(flatten)]
    pub(crate) lab_key: LabKeyArgs,
    #[command(flatten)]
    pub(crate) urls: UrlArgs,
    #[command(flatten, next_help_heading = "Options of the hub")]
    pub(crate) hub: HubArgs,
}

/// The URLs of the other services. Browsers use the public ones.
#[derive(Debug, Args)]
pub(crate) struct UrlArgs {
    /// The identity provider, as services reach it.
    #[arg(long, env = "OUTLIVE_IDP_URL", default_value = "http://127.0.0.1:8701")]
    idp_url: String,
    /// The identity provider, as browsers reach it.
    #[arg(long, env = "OUTLIVE_IDP_PUBLIC_URL")]
    idp_public_url: Option<String>,
    /// The identity provider by https, as clients reach it; for tenant credentials.
    #[arg(long, env = "OUTLIVE_IDP_TLS_URL")]
    idp_tls_url: Option<String>,
    /// The hub, as services reach it.
    #[arg(long, env = "OUTLIVE_HUB_URL", default_value = "http://127.0.0.1:8702")]
    hub_url: String,
    /// The hub, as browsers reach it.
    #[arg(long, env = "OUTLIVE_HUB_PUBLIC_URL")]
    hub_public_url: Option<String>,
    /// The resource, as services reach it.
    #[arg(long, env = "OUTLIVE_RESOURCE_URL", default_value = "http://127.0.0.1:8703")]
    resource_url: String,
    /// The resource, as browsers reach it.
    #[arg(long, env = "OUTLIVE_RESOURCE_PUBLIC_URL")]
    resource_public_url: Option<String>,
    /// The resource by https, as services reach it; for client certificates.
    #[arg(long, env = "OUTLIVE_RESOURCE_TLS_URL")]
    resource_tls_url: Option<String>,
    /// The resource by https, as clients reach it; for tenant credentials.
    #[arg(long, env = "OUTLIVE_RESOURCE_TLS_PUBLIC_URL")]
    resource_tls_public_url: Option<String>,
    /// The flow service, as services reach it.
    #[arg(long, env = "OUTLIVE_FLOW_URL", default_value = "http://127.0.0.1:8704")]
    flow_url: String,
    /// The flow service, as browsers reach it.
    #[arg(long, env = "OUTLIVE_FLOW_PUBLIC_URL")]
    flow_public_url: Option<String>,
}

impl ServiceArgs {
    /// Returns the URLs of all services. A public one defaults to the internal one.
    pub(crate) fn urls(&self) -> crate::services::Urls {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let public = |public: &Option<String>, inner: &str| plain(public.as_deref().unwrap_or(inner));
        let urls = &self.urls;
        let (idp, idp_public) = (plain(&urls.idp_url), public(&urls.idp_public_url, &urls.idp_url));
        let issuer_origins = if self.issuer_origins.is_empty() {
            let mut both = vec![idp_public.clone(), idp.clone()];
            both.dedup();
            both
        } else {
            self.issuer_origins.iter().map(|origin| plain(origin)).collect()
        };
        let resource_tls_public = urls.resource_tls_public_url.as_ref().or(urls.resource_tls_url.as_ref());
        crate::services::Urls {
            hub_public: public(&urls.hub_public_url, &urls.hub_url),
            hub: plain(&urls.hub_url),
            resource_public: public(&urls.resource_public_url, &urls.resource_url),
            resource: plain(&urls.resource_url),
            resource_tls: urls.resource_tls_url.as_deref().map(plain),
            resource_tls_public: resource_tls_public.map(|url| plain(url)),
            authority: None,
            flow_public: public(&urls.flow_public_url, &urls.flow_url),
            flow: plain(&urls.flow_url),
            idp,
            idp_public,
            idp_tls: urls.idp_tls_url.as_deref().map(plain),
            issuer_origins,
        }
    }
}
