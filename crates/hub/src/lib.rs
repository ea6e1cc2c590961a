//! The API hub: connectors, connections, the consent that gives a connection its tokens, the store
//! that keeps and refreshes them, and the runtime that calls a connector's back end with them, so
//! that a caller never sees one.
//!
//! To the issuer the hub is an ordinary client: it sees the responses of the token endpoint, not
//! the reasons for them.
//!
//! ```no_run
//! use outlive_chassis::{Chassis, StartError};
//! use outlive_hub::HubConfig;
//! use url::Url;
//!
//! async fn routes(chassis: Chassis, idp: Url, resource: Url) -> Result<axum::Router, StartError> {
//!     let issuers = vec!["http://127.0.0.1:8701".to_owned()];
//!     outlive_hub::build(chassis, HubConfig::new(idp.clone(), idp, issuers, resource)).await
//! }
//! ```

mod arm;
mod back_end;
mod bounded_body;
mod client_key;
mod config;
mod connection;
mod connector;
mod consent;
mod control;
mod credential;
mod fault_place;
mod hub;
mod hub_client;
mod key_renewal;
mod lab;
mod lab_connections;
mod path;
mod reseal;
mod runtime;
mod service;

pub use back_end::{BackEnds, Unmapped};
pub use config::HubConfig;
pub use consent::return_origin;
pub use runtime::try_connector_files;

pub(crate) use bounded_body::read_body;
pub(crate) use hub::Hub;

use std::sync::{Arc, LazyLock};

use axum::Router;
use http::StatusCode;
use outlive_chassis::{Chassis, Problem, SpecMistake, StartError};
use outlive_store::{Migration, migrations};

/// Returns the mistakes in the hub's part of a tenant description, without starting the hub.
#[must_use]
pub fn spec_mistakes(description: serde_json::Value) -> Vec<SpecMistake> {
    outlive_chassis::description_mistakes::<Hub>(description)
}

/// Returns why a connection cannot have this name and display name.
#[must_use]
pub fn connection_mistakes(name: &str, display_name: &str) -> Vec<SpecMistake> {
    let name = name.parse::<arm::ResourceName>().err().map(|error| {
        let message = format!("'{}' cannot be the name of a connection: {error}", name.escape_debug());
        SpecMistake::new("/name", message, "write another name")
    });
    let display_name = (!connector::is_display_name(display_name)).then(|| {
        let message = format!("the display name of a connection: {}", connector::DISPLAY_NAME_RULE);
        SpecMistake::new("/display_name", message, "write another one")
    });
    name.into_iter().chain(display_name).collect()
}

/// The resource of which connections of a connector request tokens, if its `apiProperties.json` is
/// usable and has one.
#[must_use]
pub fn connector_resource(api_properties: &serde_json::Value) -> Option<String> {
    match connector::ApiProperties::parse(api_properties).ok()?.authentication {
        connector::Authentication::OAuth { settings, .. } => settings.resource_uri().map(str::to_owned),
        connector::Authentication::ManagedIdentity { resource } => resource,
        connector::Authentication::None => None,
    }
}

/// The migrations of the hub's tables.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = migrations!();

/// The hub's routes: control plane, consent pages, runtime.
fn router(hub: Arc<Hub>) -> Router {
    control::router()
        .merge(consent::router())
        .merge(runtime::router())
        .merge(lab::router())
        .fallback(outlive_chassis::unknown_path::<2>)
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "Method not allowed.")
        })
        .with_state(hub)
}

/// Builds the hub's router.
///
/// # Errors
/// None at present; the signature is that of every service.
#[expect(clippy::unused_async, reason = "every service is built by an async function")]
pub async fn build(chassis: Chassis, config: HubConfig) -> Result<Router, StartError> {
    let hub = Arc::new(Hub::new(chassis.clone(), config));
    let routes = router(Arc::clone(&hub));
    Ok(outlive_chassis::app(chassis, hub, routes))
}
