//! Builds each service from plain values.

use axum::Router;
use outlive_chassis::{Chassis, ChassisConfig, HostMapping, HostMappings, StartError};
use outlive_flow::FlowConfig;
use outlive_hub::HubConfig;
use outlive_idp::IdpConfig;
use outlive_resource::ResourceConfig;
use url::Url;

use crate::hub_args::{HubArgs, refused_back_end};

/// The internal and public origins of the services, without trailing slashes.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    /// The identity provider, internal.
    pub(crate) idp: String,
    /// The identity provider, public.
    pub(crate) idp_public: String,
    /// The identity provider over https, public, if enabled.
    pub(crate) idp_tls: Option<String>,
    /// The hub, internal.
    pub(crate) hub: String,
    /// The hub, public.
    pub(crate) hub_public: String,
    /// The resource, internal.
    pub(crate) resource: String,
    /// The resource, public.
    pub(crate) resource_public: String,
    /// The resource over https, internal, where it takes client certificates; if enabled.
    pub(crate) resource_tls: Option<String>,
    pub(crate) resource_tls_public: Option<String>,
    /// The certificate (PEM) of the authority that services of this process have theirs from.
    pub(crate) authority: Option<String>,
    /// The flow service, internal.
    pub(crate) flow: String,
    /// The flow service, public.
    pub(crate) flow_public: String,
    /// All origins that the identity provider uses as issuer; tokens of each are accepted.
    pub(crate) issuer_origins: Vec<String>,
}

pub(crate) async fn idp(config: ChassisConfig, urls: &Urls) -> Result<Router, StartError> {
    let chassis = Chassis::start(config, &outlive_idp::MIGRATIONS).await?;
    outlive_idp::build(chassis, IdpConfig { own_url: urls.idp.clone() }).await
}

pub(crate) async fn hub(config: ChassisConfig, urls: &Urls, args: &HubArgs) -> Result<Router, StartError> {
    let mut hub_config = HubConfig::new(
        parse(&urls.idp)?,
        parse(&urls.idp_public)?,
        urls.issuer_origins.clone(),
        parse(&urls.resource)?,
    );
    args.configure(&mut hub_config)?;
    let chassis = Chassis::start(config, &outlive_hub::MIGRATIONS).await?;
    outlive_hub::build(chassis, hub_config).await
}

pub(crate) async fn resource(config: ChassisConfig, urls: &Urls) -> Result<Router, StartError> {
    let chassis = Chassis::start(config, &outlive_resource::MIGRATIONS).await?;
    let config = ResourceConfig {
        idp_url: urls.idp.clone(),
        idp_public_url: urls.idp_public.clone(),
        issuer_origins: urls.issuer_origins.clone(),
    };
    outlive_resource::build(chassis, config).await
}

/// `replica` identifies this process among those that share a database, also after a restart.
pub(crate) async fn flow(
    config: ChassisConfig,
    urls: &Urls,
    replica: &str,
    args: &HubArgs,
) -> Result<Router, StartError> {
    let chassis = Chassis::start(config, &outlive_flow::MIGRATIONS).await?;
    let config = FlowConfig {
        idp_url: urls.idp.clone(),
        idp_public_url: urls.idp_public.clone(),
        issuer_origins: urls.issuer_origins.clone(),
        hub_url: urls.hub.clone(),
        http_hosts: http_hosts(urls, args)?,
        authority: urls.authority.clone(),
        replica: replica.to_owned(),
    };
    outlive_flow::build(chassis, config).await
}

/// Returns the hosts that `Http` actions of flows can reach: the orders API, and those that
/// `--back-end` maps.
fn http_hosts(urls: &Urls, args: &HubArgs) -> Result<HostMappings, StartError> {
    let mut hosts: Vec<HostMapping> = Vec::new();
    for text in args.back_ends() {
        let host = text.parse().map_err(|why| refused_back_end(&text, why))?;
        hosts.push(host);
    }
    let own = HostMappings::new([("orders.contoso.example".to_owned(), parse(&urls.resource)?)]);
    let by_tls = urls.resource_tls.as_deref().map(parse).transpose()?;
    Ok(own.with_own_tls("orders.contoso.example", by_tls).with_mappings(hosts))
}

/// Reads the address of a service.
pub(crate) fn parse(url: &str) -> Result<Url, StartError> {
    Url::parse(url).map_err(|error| {
        StartError::new(
            format!("cannot use the address '{url}'"),
            error,
            "give addresses of services like http://127.0.0.1:8701",
        )
    })
}
