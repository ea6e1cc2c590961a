//! The console page and the lab API, which share a port.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use outlive_chassis::{Chassis, ChassisConfig, StartError, Trace, pause};
use outlive_clock::wall_now;
use outlive_console::ConsoleConfig;
use outlive_lab::api::LabService;
use outlive_lab::http::Http;
use outlive_lab::seed::Seed;
use outlive_lab::services::{LabSurface, Origin, Origins};
use outlive_lab::tenants::{TenantError, Tenants, TenantsConfig};
use outlive_rules::Ruleset;

use crate::services::{self, Urls};

/// What the lab starts with.
#[derive(Debug, Clone)]
pub(crate) struct LabStart {
    /// The seed of the first tenant.
    pub(crate) seed: Seed,
    /// The rules of new tenants.
    pub(crate) rules: Ruleset,
    /// Whether to make the seed's own tenant.
    pub(crate) first_tenant: bool,
}

impl LabStart {
    /// From the command line: a seed file, or the seed that comes with the program; rules by name, or the current ones.
    pub(crate) fn new(
        seed: Option<&Path>,
        rules: Option<&str>,
        first_tenant: bool,
    ) -> Result<Self, StartError> {
        let seed = match seed {
            Some(path) => Seed::read(path),
            None => Seed::contoso(),
        };
        let seed = seed.map_err(|diagnostic| {
            StartError::new(
                "cannot use the seed file",
                diagnostic,
                "mend the seed file; `outlive check FILE` looks at it without starting",
            )
        })?;
        let rules = rules.map_or(Ok(Ruleset::default()), str::parse);
        let rules = rules.map_err(|error| {
            StartError::new(
                "cannot use these rules",
                error,
                "give --rules one of the editions 2018, 2021, 2025-05, 2025-11",
            )
        })?;
        Ok(Self { seed, rules, first_tenant })
    }
}

/// Builds what answers on the console's port, at `own_url`. The first tenant is made in the background: pages answer meanwhile.
pub(crate) async fn console(
    config: ChassisConfig,
    urls: &Urls,
    own_url: String,
    start: LabStart,
) -> Result<ConsoleApp, StartError> {
    let lab_key = config.lab_key.clone();
    let chassis = Chassis::start(config, outlive_lab::tenants::MIGRATIONS).await?;
    let origins = Origins {
        idp: Origin::split(&urls.idp, &urls.idp_public),
        idp_tls: urls.idp_tls.clone(),
        hub: Origin::split(&urls.hub, &urls.hub_public),
        resource: Origin::split(&urls.resource, &urls.resource_public),
        flow: Origin::split(&urls.flow, &urls.flow_public),
    };
    let http = Http::new(chassis.http.clone(), Trace::begin(&chassis.random)).reaching(&origins);
    let surface = LabSurface::new(http, origins, lab_key);
    let first = start.seed.file.tenant.id;
    let tenants = TenantsConfig { seeds: vec![start.seed], rules: start.rules.to_string() };
    let tenants = Tenants::new(chassis.clone(), surface, tenants);
    check_services(&tenants).await?;
    tokio::spawn(tenants.clone().recover());
    if start.first_tenant {
        tokio::spawn(make_first_tenant(tenants.clone()));
    }
    let page = outlive_console::router(ConsoleConfig {
        lab_url: services::parse(&own_url)?,
        tenant_hint: Some(first),
        http: chassis.http.clone(),
        random: chassis.random.clone(),
    });
    let routes = outlive_lab::api::router(tenants.clone()).merge(page);
    Ok(ConsoleApp { app: outlive_chassis::app(chassis, Arc::new(LabService), routes), tenants })
}

/// The longest, in wall time, that services are waited for which do not answer at the start.
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// Refuses to start when a service has none of the tenants that this lab created in it: its
/// database is missing, or is that of another installation. Services that do not answer yet are
/// checked when they do.
async fn check_services(tenants: &Tenants) -> Result<(), StartError> {
    let found = tokio::select! {
        found = tenants.lost_data() => found,
        () = pause(CHECK_WITHIN) => return Ok(()),
    };
    let lost = match found {
        Ok(found) => found.into_iter().find(|lost| lost.is_everything),
        Err(TenantError::Store(error)) => return Err(error.into()),
        Err(_) => None,
    };
    let Some(lost) = lost else { return Ok(()) };
    let service = lost.service;
    Err(StartError::new(
        "cannot use the data of the services",
        format!("{lost}; with the lab's database, its database was one state"),
        format!(
            "stop the services and put the {service} service's database back, from a backup of the same moment as the others; or, \
             to begin with empty data, delete the databases of all services and of the lab"
        ),
    ))
}

/// What answers on the console's port, and the tenants behind it.
pub(crate) struct ConsoleApp {
    /// The routes.
    pub(crate) app: Router,
    /// Ends operations before a shutdown.
    pub(crate) tenants: Tenants,
}

/// The longest, in wall time, that operations under way may take to end when the process is
/// stopped.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Ends operations under way after their present step, while the services still answer. What is not
/// ended in time is recovered at the next start.
pub(crate) async fn end_operations(tenants: &Tenants) {
    tokio::select! {
        () = tenants.stop() => {}
        () = pause(STOP_WITHIN) => tracing::info!("operations under way are ended at the next start"),
    }
}

/// Makes the seed's own tenant, trying again while services are still starting.
async fn make_first_tenant(tenants: Tenants) {
    let started = wall_now();
    loop {
        match tenants.ensure_default().await {
            Ok(()) => return,
            Err(TenantError::Call(call)) if call.status == Some(401) => {
                tracing::error!(error = %call, "a service does not accept the lab key of this console");
                return;
            }
            // Asking again changes nothing about a seed that a service rejects.
            Err(TenantError::Call(call)) if call.status == Some(400) => {
                tracing::error!(error = %call, "the first tenant cannot be created from this seed");
                return;
            }
            Err(error) if (wall_now() - started).as_seconds() > 60 => {
                tracing::error!(%error, "the first tenant could not be made");
                return;
            }
            Err(error) => tracing::debug!(%error, "the first tenant has to wait"),
        }
        pause(Duration::from_millis(200)).await;
    }
}
