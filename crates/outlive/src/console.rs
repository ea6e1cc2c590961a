//! The console and the lab API, which share a port.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use outlive_chassis::{Chassis, ChassisConfig, ServeLimits, StartError, Trace, pause};
use outlive_clock::{Span, wall_now};
use outlive_console::ConsoleConfig;
use outlive_lab::Diagnostic;
use outlive_lab::api::LabService;
use outlive_lab::classes::complete_classes;
use outlive_lab::http::Http;
use outlive_lab::seed::Seed;
use outlive_lab::services::{LabSurface, Origin, Origins};
use outlive_lab::tenants::{TenantError, Tenants, TenantsConfig};
use outlive_rules::Ruleset;
use outlive_wire::counted;
use tokio::task::JoinHandle;

use crate::seed_check::all_mistakes;
use crate::services::{self, Urls};

/// The initial configuration of the lab.
#[derive(Debug, Clone)]
pub(crate) struct LabStart {
    /// The seed of the first tenant.
    pub(crate) seed: Seed,
    /// The rules of new tenants.
    pub(crate) rules: Ruleset,
    /// Whether to create the seed's own tenant.
    pub(crate) first_tenant: bool,
}

impl LabStart {
    /// Reads the seed file, or the built-in seed, and parses the rules; the default is the newest
    /// edition.
    pub(crate) fn new(
        seed: Option<&Path>,
        rules: Option<&str>,
        first_tenant: bool,
    ) -> Result<Self, StartError> {
        let file = seed.map_or_else(|| "seeds/contoso.yaml".to_owned(), |path| path.display().to_string());
        let seed = read_seed(seed).map_err(|mistakes| {
            let listed = mistakes.iter().map(|mistake| format!("\n{}", mistake.styled())).collect::<String>();
            StartError::new(
                format!("cannot use the seed file {file}"),
                format!("it has {}{listed}", counted(mistakes.len(), "mistake")),
                "correct the seed file; `outlive check FILE` checks it without starting",
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

/// Reads a seed file and checks that the services accept it, or reads the built-in seed, which a
/// test checks.
pub(crate) fn read_seed(path: Option<&Path>) -> Result<Seed, Vec<Diagnostic>> {
    path.map_or_else(Seed::contoso, |path| accepted(Seed::read(path)?))
}

/// Returns a seed if it has no mistakes, and the services accept it.
pub(crate) fn accepted((seed, mistakes): (Seed, Vec<Diagnostic>)) -> Result<Seed, Vec<Diagnostic>> {
    let mistakes = all_mistakes(&seed, mistakes);
    if mistakes.is_empty() { Ok(seed) } else { Err(mistakes) }
}

/// How the socket of the console and the lab API is served: a request that moves time or creates a
/// tenant takes many calls, all on one event loop.
pub(crate) fn serve_limits() -> ServeLimits {
    ServeLimits { evenly: true, ..ServeLimits::default() }
}

/// Builds the console and the lab API, at `own_url`. The first tenant is created in the background.
pub(crate) async fn console(
    config: ChassisConfig,
    urls: &Urls,
    own_url: String,
    start: LabStart,
) -> Result<ConsoleApp, StartError> {
    let lab_key = config.lab_key.clone();
    let chassis = Chassis::start(config, &outlive_lab::tenants::MIGRATIONS).await?;
    let origins = Origins {
        idp: Origin::split(&urls.idp, &urls.idp_public),
        idp_tls: urls.idp_tls.clone(),
        resource_tls: urls.resource_tls_public.clone(),
        hub: Origin::split(&urls.hub, &urls.hub_public),
        resource: Origin::split(&urls.resource, &urls.resource_public),
        flow: Origin::split(&urls.flow, &urls.flow_public),
    };
    let http = Http::new(chassis.http.clone(), Trace::begin(&chassis.random)).reaching(&origins);
    let surface = LabSurface::new(http, origins, lab_key);
    let first = start.seed.file.tenant.id;
    let tenants =
        TenantsConfig { seeds: vec![start.seed], rules: start.rules.to_string(), own_url: own_url.clone() };
    let tenants = Tenants::new(chassis.clone(), surface, tenants);
    check_services(&tenants).await?;
    tokio::spawn(tenants.clone().recover());
    tokio::spawn(complete_classes(tenants.clone()));
    let first_tenant = start.first_tenant.then(|| tokio::spawn(create_first_tenant(tenants.clone())));
    let page = outlive_console::router(ConsoleConfig {
        lab_url: services::parse(&own_url)?,
        tenant_hint: Some(first),
        http: chassis.http.clone(),
        random: chassis.random.clone(),
    });
    let routes = outlive_lab::api::router(tenants.clone()).merge(page);
    let app = outlive_chassis::app(chassis, Arc::new(LabService), routes);
    Ok(ConsoleApp { app, tenants, first_tenant: FirstTenant(first_tenant) })
}

/// Maximum wait for services that do not answer at the start (wall time).
const CHECK_WITHIN: Duration = Duration::from_secs(5);

/// Refuses to start when a service has none of the tenants that this lab created in it, because its
/// database is missing or belongs to another installation. Services that do not respond yet are
/// checked later.
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

/// The console and the lab API, with their tenants.
pub(crate) struct ConsoleApp {
    pub(crate) app: Router,
    /// Ends operations before a shutdown.
    pub(crate) tenants: Tenants,
    /// The creation of the first tenant.
    pub(crate) first_tenant: FirstTenant,
}

/// The creation of the first tenant, which continues while pages are served.
#[derive(Debug)]
pub(crate) struct FirstTenant(Option<JoinHandle<Result<(), StartError>>>);

/// Delay until the log reports that the first tenant is still being created (wall time).
const CREATED_WITHIN: Duration = Duration::from_secs(5);

impl FirstTenant {
    /// Waits until the first tenant exists, for five seconds at most.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) async fn wait_for_first_tenant(&mut self) -> Result<(), StartError> {
        tokio::select! {
            created = self.wait_for_creation() => return created,
            () = pause(CREATED_WITHIN) => {}
        }
        tracing::warn!("the first tenant is still being created");
        Ok(())
    }

    /// Waits until the first tenant exists, however long that takes.
    ///
    /// # Errors
    /// It cannot be created.
    pub(crate) async fn wait_for_creation(&mut self) -> Result<(), StartError> {
        let Some(creation) = &mut self.0 else { return Ok(()) };
        let result = creation.await;
        self.0 = None;
        result.unwrap_or_else(|error| {
            Err(StartError::new(
                "cannot create the first tenant",
                error,
                "report this fault of the program, with the log",
            ))
        })
    }

    /// Waits until the creation of the first tenant fails; forever if it succeeds.
    pub(crate) async fn failure(&mut self) -> StartError {
        if let Some(creation) = &mut self.0
            && let Ok(Err(error)) = creation.await
        {
            return error;
        }
        std::future::pending().await
    }
}

/// Maximum wait for operations in progress when the process is stopped (wall time).
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// Ends operations in progress after their current step, while the services still run. Operations
/// that do not end in time are recovered at the next start.
pub(crate) async fn end_operations(tenants: &Tenants) {
    tokio::select! {
        () = tenants.stop() => {}
        () = pause(STOP_WITHIN) => tracing::info!("operations under way are ended at the next start"),
    }
}

/// Delay until slow starts of services are logged (wall time).
const STARTED_WITHIN: Span = Span::from_seconds(60);
/// Delay until the log reports why the first tenant is not created yet (wall time).
const NOTICE_AFTER: Span = Span::from_seconds(5);
/// Number of attempts to create connections and flows before the seed is rejected.
const LAYOUTS_MAX: u32 = 3;

/// Creates the seed's own tenant, with retries while services are starting.
///
/// # Errors
/// A permanent error: a service rejects the lab key or the seed.
async fn create_first_tenant(tenants: Tenants) -> Result<(), StartError> {
    let started = wall_now();
    let (mut layouts, mut noticed, mut logged) = (0, false, false);
    loop {
        let error = match tenants.ensure_default().await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let status = match &error {
            TenantError::Call(call) | TenantError::Service { cause: call, .. } => call.status,
            TenantError::Layout(cause) if !cause.is_temporary() => {
                layouts += 1;
                (layouts == LAYOUTS_MAX).then_some(400)
            }
            _ => None,
        };
        match status {
            Some(401) => {
                return Err(StartError::new(
                    "cannot create the first tenant",
                    error,
                    "give all services the same lab key (OUTLIVE_LAB_KEY or OUTLIVE_LAB_KEY_FILE)",
                ));
            }
            Some(400) => {
                return Err(StartError::new(
                    "cannot create the first tenant from this seed",
                    error,
                    "correct the seed file and start again; nothing of the tenant is kept",
                ));
            }
            _ if !logged && wall_now() - started > STARTED_WITHIN => {
                tracing::error!(%error, "the first tenant cannot be created yet");
                logged = true;
            }
            _ if !noticed && wall_now() - started > NOTICE_AFTER => {
                tracing::warn!(%error, "the first tenant is not created yet; trying again");
                noticed = true;
            }
            _ => tracing::debug!(%error, "the first tenant cannot be created yet"),
        }
        pause(Duration::from_millis(if logged { 2_000 } else { 200 })).await;
    }
}
