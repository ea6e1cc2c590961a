//! A system in one process: every service with its own socket and database, and HTTP between them.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use axum::Router;
use outlive_chassis::{ChassisConfig, LabKey, Origins, StartError, serve_within};
use outlive_lab::tenants::Tenants;
use outlive_store::DatabaseUrl;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::console::{ConsoleApp, FirstTenant, end_operations, serve_limits};
use crate::databases;
use crate::hub_args::HubArgs;
use crate::places::{Part, bind, check_shared, loopback, origin, origins, without_address};
use crate::services::{self, Urls};
use crate::shutdown::{Shutdown, ShutdownSwitch, shutdown};
use crate::tls::{Hosts, Tls};

/// The services that have a database.
const DATABASES: [&str; 5] = ["idp", "hub", "resource", "flow", "lab"];

/// How to start a system.
#[derive(Debug, Clone)]
pub(crate) struct SystemConfig {
    /// The directory of databases and keys.
    pub(crate) data_dir: PathBuf,
    /// A PostgreSQL database for all services, instead of embedded ones.
    pub(crate) database_url: Option<String>,
    /// The first port; free ports if `None`.
    pub(crate) port_base: Option<u16>,
    /// Whether the identity provider serves TLS.
    pub(crate) tls: bool,
    /// The key of the lab surface.
    pub(crate) lab_key: LabKey,
    /// Drop-in mode.
    pub(crate) hosts: Option<Hosts>,
    /// An address of the machine on which the services listen as well, and which links use.
    pub(crate) share: Option<IpAddr>,
    /// The seed of all randomness.
    pub(crate) seed: Option<u64>,
    /// The options of the hub.
    pub(crate) hub: HubArgs,
}

/// A running system.
#[derive(Debug)]
pub(crate) struct System {
    /// The URLs of the services.
    pub(crate) urls: Urls,
    /// Console page and lab API.
    pub(crate) console: String,
    /// The notice about TLS.
    pub(crate) by_tls: String,
    /// The certificate (PEM) of the local authority.
    pub(crate) authority_path: PathBuf,
    /// The creation of the first tenant.
    pub(crate) first_tenant: FirstTenant,
    tenants: Tenants,
    switch: ShutdownSwitch,
    services: JoinSet<std::io::Result<()>>,
}

impl System {
    /// Binds all sockets, then builds and serves every service. `console` builds the console and
    /// the lab API.
    pub(crate) async fn start<F>(
        config: &SystemConfig,
        console: impl FnOnce(ChassisConfig, Urls, String) -> F,
    ) -> Result<Self, StartError>
    where
        F: Future<Output = Result<ConsoleApp, StartError>>,
    {
        if config.database_url.is_none() {
            databases::check(&config.data_dir, &DATABASES)?;
        }
        let mut listeners = Vec::new();
        for part in Part::ALL {
            listeners.push(bind(loopback(config.port_base, part)?, part).await?);
        }
        let ports = ports(&listeners)?;
        let mut shared = Vec::new();
        if let Some(address) = config.share {
            check_shared(address)?;
            for (part, port) in Part::ALL.into_iter().zip(ports) {
                shared.push(bind(SocketAddr::new(address, port), part).await?);
            }
        }
        let tls = if config.tls {
            Some(Tls::up(config.port_base, &config.data_dir, config.hosts.as_ref()).await?)
        } else {
            None
        };
        let (resource_tls, authority) = Tls::of_resource(config.port_base, &config.data_dir).await?;
        let tls_origins = tls.as_ref().map_or(&[][..], |tls| &tls.origins);
        let by_tls = Tls::notice(tls.iter().chain([&resource_tls]));
        let authority_path = resource_tls.authority().to_owned();
        let [console_at, idp_at, hub_at, resource_at, flow_at] = ports;
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        let public = |port: u16| config.share.map_or_else(|| at(port), |address| origin(address, port));
        let own_origins = |port: u16| origins(port, config.share);
        let idp_origins = own_origins(idp_at);
        let idp_origins = Origins::new(idp_origins.all().iter().chain(tls_origins).map(String::as_str));
        let urls = Urls {
            idp: at(idp_at),
            idp_public: public(idp_at),
            idp_tls: tls_origins.first().cloned(),
            hub: at(hub_at),
            hub_public: public(hub_at),
            resource: at(resource_at),
            resource_public: public(resource_at),
            resource_tls: resource_tls.origins.first().cloned(),
            resource_tls_public: resource_tls.origins.first().cloned(),
            authority: Some(authority),
            flow: at(flow_at),
            flow_public: public(flow_at),
            issuer_origins: idp_origins.all().to_vec(),
        };
        let chassis = |service, port| config.chassis(service, own_origins(port));
        let idp = config.chassis("idp", idp_origins)?;
        let resource_origins = own_origins(resource_at);
        let resource_origins = resource_origins.all().iter().chain(&resource_tls.origins);
        let resource = config.chassis("resource", Origins::new(resource_origins.map(String::as_str)))?;
        // Pages that others open at the shared address lead to a consent and back.
        let shared_console = config.share.map(|address| origin(address, console_at));
        let hub_args = config.hub.clone().returning_to(shared_console);
        let (idp, hub, resource, flow) = tokio::try_join!(
            services::idp(idp, &urls),
            services::hub(chassis("hub", hub_at)?, &urls, &hub_args),
            services::resource(resource, &urls),
            services::flow(chassis("flow", flow_at)?, &urls, "flow", &config.hub),
        )?;
        let (switch, stop) = shutdown();
        let mut services = JoinSet::new();
        if let Some(tls) = tls {
            tls.serve(&mut services, &idp, &stop);
        }
        resource_tls.serve(&mut services, &resource, &stop);
        let mut listeners = listeners.into_iter();
        let mut shared = shared.into_iter();
        let console_listeners = [listeners.next(), shared.next()];
        for (listener, app) in listeners.zip([&idp, &hub, &resource, &flow]) {
            serve(&mut services, listener, app.clone(), stop.clone());
        }
        for (listener, app) in shared.zip([idp, hub, resource, flow]) {
            serve(&mut services, listener, app, stop.clone());
        }
        // The lab calls the services as soon as it is built, so they are started first.
        let ConsoleApp { app, tenants, first_tenant } =
            console(chassis("lab", console_at)?, urls.clone(), at(console_at)).await?;
        for listener in console_listeners.into_iter().flatten() {
            services.spawn(serve_within(serve_limits(), listener, app.clone(), stop.clone().wait()));
        }
        if config.database_url.is_none() {
            databases::complete(&config.data_dir, &DATABASES)?;
        }
        let console = public(console_at);
        Ok(Self { urls, console, by_tls, authority_path, first_tenant, tenants, switch, services })
    }

    /// Ends operations in progress, then stops all services gracefully.
    pub(crate) async fn stop(mut self) {
        end_operations(&self.tenants).await;
        self.switch.stop();
        while self.services.join_next().await.is_some() {}
    }
}

impl SystemConfig {
    fn chassis(&self, service: &'static str, origins: Origins) -> Result<ChassisConfig, StartError> {
        let database = match &self.database_url {
            Some(url) => DatabaseUrl::postgres(url)?,
            None => DatabaseUrl::Sqlite(databases::file(&self.data_dir, service)),
        };
        Ok(ChassisConfig {
            service,
            database,
            data_dir: self.data_dir.clone(),
            sealing_key: None,
            lab_key: self.lab_key.clone(),
            seed: self.seed,
            origins,
        })
    }
}

fn serve(services: &mut JoinSet<std::io::Result<()>>, listener: TcpListener, app: Router, stop: Shutdown) {
    services.spawn(outlive_chassis::serve(listener, app, stop.wait()));
}

fn ports(listeners: &[TcpListener]) -> Result<[u16; 5], StartError> {
    let mut ports = [0; 5];
    for (port, listener) in ports.iter_mut().zip(listeners) {
        let address = listener.local_addr();
        *port = address.map_err(without_address)?.port();
    }
    Ok(ports)
}
