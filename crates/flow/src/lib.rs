//! The flow service: definitions, triggers, actions, runs and retries in the manner of Power
//! Automate.
//!
//! It never holds or sees a data source's token: an `OpenApiConnection` action calls the hub's
//! runtime URL with a connection key, and the hub attaches the token to the request that it
//! forwards.
//!
//! The pure parts ([`definition`], [`expression`], [`recurrence`], [`retry`], [`engine`]) know no
//! database, no HTTP and no clock. The service around them claims runs that are due, makes the
//! calls, and writes each run in two commits: the first starts it and sets the next occurrence, the
//! second ends it together with its journal event. A run that a process left unfinished is found
//! when due work is next claimed, and continues from the last commit: a call whose response was not
//! written is repeated, and no run is lost.
//!
//! ```
//! use outlive_clock::{Randomness, Span};
//! use outlive_flow::retry::{RetryPolicy, is_retried};
//!
//! assert!(is_retried(503) && !is_retried(401));
//! let policy = RetryPolicy::Fixed { count: 2, interval: Span::from_minutes(10) };
//! let mut random = Randomness::from_seed(1).stream("retry");
//! assert_eq!(policy.wait(2, &mut random), Some(Span::from_minutes(10)));
//! assert_eq!(policy.wait(3, &mut random), None);
//! ```

mod connector;
pub mod definition;
pub mod engine;
pub mod expression;
mod http_surface;
pub mod ids;
pub mod recurrence;
pub mod retry;
mod service;
pub mod status;
mod tables;

use std::sync::Arc;

use axum::Router;
use outlive_chassis::{Chassis, SpecMistake, StartError};
use outlive_store::Migration;

pub use service::{FlowService, FlowTenantSpec};

/// Everything in the description of a tenant that the flow service rejects, without starting it.
#[must_use]
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<FlowService>(description)
}

/// Why a flow with this display name, definition and connection references cannot be created.
#[must_use]
pub fn flow_mistakes(
    display_name: &str,
    definition: &serde_json::Value,
    references: &serde_json::Value,
) -> Vec<SpecMistake> {
    let name = (!http_surface::is_display_name(display_name)).then(|| {
        let message = format!(
            "the display name of a flow has 1 to {} characters",
            http_surface::DISPLAY_NAME_CHARACTERS_MAX
        );
        SpecMistake::new("/display_name", message, "write another one")
    });
    let definition = definition::Definition::read(definition, references).err().map(|error| {
        let at = error.path.strip_prefix("properties").unwrap_or(&error.path).replace('.', "/");
        SpecMistake::new(
            at,
            format!("the definition of the flow cannot be used: {}", error.what),
            error.remedy,
        )
    });
    name.into_iter().chain(definition).collect()
}

/// Whether a connector with this `apiDefinition.swagger.json` has the operation.
#[must_use]
pub fn has_operation(swagger: &serde_json::Value, operation_id: &str) -> bool {
    connector::has_operation(swagger, operation_id)
}

/// The service's tables.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "flows", sql: include_str!("../migrations/0001_flows.sql") },
    Migration { version: 2, name: "flow ids", sql: include_str!("../migrations/0002_flow_ids.sql") },
    Migration { version: 3, name: "revisions", sql: include_str!("../migrations/0003_revisions.sql") },
    Migration { version: 4, name: "pruned runs", sql: include_str!("../migrations/0004_pruned_runs.sql") },
];

/// The audience of the tokens that the service takes.
pub const AUDIENCE: &str = "https://service.flow.microsoft.com/";

/// The configuration of the flow service. Plain values: the command line and the environment are read elsewhere.
#[derive(Clone, Debug)]
pub struct FlowConfig {
    /// The identity provider's origin, as this process reaches it.
    pub idp_url: String,
    /// The identity provider's origin, as browsers reach it: named in challenges.
    pub idp_public_url: String,
    /// The origins under which the issuer may sign.
    pub issuer_origins: Vec<String>,
    /// The hub's origin, as this process reaches it.
    pub hub_url: String,
    /// This replica's name, the same after a restart and no other replica's: it finds again what it left behind. One name will do
    /// where there is one process.
    pub replica: String,
}

/// The routes of the service, without the shell around them.
pub fn router(service: &FlowService) -> Router {
    http_surface::router(Arc::clone(&service.0))
}

/// The complete application.
///
/// # Errors
/// [`StartError`], when what it needs cannot be had.
pub async fn build(chassis: Chassis, config: FlowConfig) -> Result<Router, StartError> {
    for (name, url) in [("identity provider", &config.idp_url), ("hub", &config.hub_url)] {
        if url::Url::parse(url).is_ok_and(|url| !url.cannot_be_a_base()) {
            continue;
        }
        return Err(StartError::new(
            format!("cannot use the address of the {name}"),
            format!("'{url}' is not a URL"),
            "give it as http://HOST:PORT",
        ));
    }
    let service = FlowService(Arc::new(service::Flows::new(chassis.clone(), config)));
    let routes = router(&service);
    Ok(outlive_chassis::app(chassis, Arc::new(service), routes))
}
