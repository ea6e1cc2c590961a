//! The flow service: definitions, triggers, actions, runs and retries in the manner of Power
//! Automate.
//!
//! It never holds or sees a data source's token: an `OpenApiConnection` action calls the hub's
//! runtime URL with a connection key, and the hub attaches the token to the request that it
//! forwards.
//!
//! The pure parts (`definition`, `expression`, `recurrence`, `retry`, `engine`) know no database,
//! no HTTP and no clock. The service around them claims runs that are due, makes the calls, and
//! writes each run in two commits: the first starts it and sets the next occurrence, the second
//! ends it together with its journal event. A run that a process left unfinished is found when due
//! work is next claimed, and continues from the last commit: a call whose response was not written
//! is repeated, and no run is lost.
//!
//! ```no_run
//! use outlive_chassis::{Chassis, StartError};
//! use outlive_flow::FlowConfig;
//!
//! async fn app(chassis: Chassis, idp: String, hub: String) -> Result<axum::Router, StartError> {
//!     let config = FlowConfig {
//!         idp_url: idp.clone(),
//!         idp_public_url: idp.clone(),
//!         issuer_origins: vec![idp],
//!         hub_url: hub,
//!         http_hosts: outlive_chassis::HostMappings::default(),
//!         authority: None,
//!         replica: "1".to_owned(),
//!     };
//!     outlive_flow::build(chassis, config).await
//! }
//! ```

mod config;
mod connector;
mod definition;
mod engine;
mod expression;
mod http_surface;
mod ids;
mod lifecycle;
mod paths;
mod recurrence;
mod retry;
mod service;
mod status;
mod subscription;
mod tables;

use std::sync::{Arc, LazyLock};

use axum::Router;
use outlive_chassis::{Chassis, SpecMistake, StartError};
use outlive_store::{Migration, migrations};

pub use config::FlowConfig;
#[doc(hidden)]
pub use expression::evaluate_text;

use service::FlowService;

/// Returns the mistakes in the flow service's part of a tenant description, without starting the
/// service.
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<FlowService>(description)
}

/// Returns why a flow cannot have this display name, definition and connection references.
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
    let errors =
        definition::Definition::read(definition, references).err().map_or_else(Vec::new, |errors| errors.0);
    let definition = errors.into_iter().map(|error| {
        let at = error.path.strip_prefix("properties").unwrap_or(&error.path).replace('.', "/");
        SpecMistake::new(at, format!("the definition of the flow is not valid: {}", error.what), error.remedy)
    });
    name.into_iter().chain(definition).collect()
}

/// Whether a connector with this `apiDefinition.swagger.json` has the operation.
pub fn has_operation(swagger: &serde_json::Value, operation_id: &str) -> bool {
    connector::has_operation(swagger, operation_id)
}

/// The migrations of the service's tables.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();

/// Builds the router of the flow service.
///
/// # Errors
/// [`StartError`] if an address is not valid.
pub async fn build(chassis: Chassis, config: FlowConfig) -> Result<Router, StartError> {
    for (name, url) in [("identity provider", &config.idp_url), ("hub", &config.hub_url)] {
        if url::Url::parse(url).is_ok_and(|url| !url.cannot_be_a_base()) {
            continue;
        }
        return Err(StartError::new(
            format!("the address of the {name} is not valid"),
            format!("'{url}' is not a URL"),
            "give it as http://HOST:PORT",
        ));
    }
    let service = FlowService(Arc::new(service::Flows::new(chassis.clone(), config)?));
    let routes = http_surface::router(Arc::clone(&service.0));
    Ok(outlive_chassis::app(chassis, Arc::new(service), routes))
}
