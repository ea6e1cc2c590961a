//! Connectors: an API (a swagger) and how a connection to it signs in (an `apiProperties.json`).
//!
//! Parsing is pure. A [`Connector`] exists only if both documents are valid.

mod api_properties;
mod document;
mod name;
mod oauth_settings;
pub(crate) mod storage;
mod swagger;

pub(crate) use api_properties::{ApiProperties, Authentication};
pub(crate) use document::{api_reference, custom_api, managed_api, redirect_path};
pub(crate) use name::ConnectorName;
pub(crate) use oauth_settings::{OAuthSettings, RedirectMode};
pub(crate) use swagger::Swagger;

use outlive_tokens::Secret;
use serde_json::Value;

/// A document of a connector is not valid: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {why}")]
pub(crate) struct ConnectorFault {
    at: String,
    why: String,
}

impl ConnectorFault {
    fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { at: at.into(), why: why.into() }
    }
}

/// The rule for display names of connectors and connections.
pub(crate) const DISPLAY_NAME_RULE: &str = "it must have 1 to 200 characters";

/// Whether a connector or a connection can have this display name.
pub(crate) fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 200
}

/// Returns the errors in the parts of a connector, by property of its description.
pub(crate) fn connector_faults(
    display_name: &str,
    api_properties: &Value,
    swagger: &Value,
) -> Vec<(&'static str, ConnectorFault)> {
    let mut api_properties = api_properties.clone();
    oauth_settings::take_client_secret(&mut api_properties);
    let name = (!is_display_name(display_name))
        .then(|| ("display_name", ConnectorFault::new("displayName", DISPLAY_NAME_RULE)));
    let properties = ApiProperties::parse(&api_properties).err().map(|fault| ("api_properties", fault));
    let swagger = Swagger::parse(swagger).err().map(|fault| ("swagger", fault));
    [name, properties, swagger].into_iter().flatten().collect()
}

/// Where a connector is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Home {
    /// As a managed API of the tenant.
    Managed,
    /// As a custom API in a resource group.
    Custom {
        /// The resource group, as the caller wrote it.
        group: String,
    },
}

/// A parsed connector.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) name: ConnectorName,
    pub(crate) home: Home,
    /// Changes with every change of the connector; never reused.
    pub(crate) version: String,
    pub(crate) display_name: String,
    pub(crate) properties: ApiProperties,
    pub(crate) swagger: Swagger,
    /// The client secret of its application; absent for a public client.
    pub(crate) client_secret: Option<Secret>,
}

/// The documents of a connector, as submitted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) display_name: String,
    pub(crate) api_properties: Value,
    pub(crate) swagger: Value,
    pub(crate) client_secret: Option<Secret>,
}

impl Draft {
    /// Validates both documents. Removes a client secret from them: it is write-only.
    pub(crate) fn check(mut self) -> Result<Self, ConnectorFault> {
        if !is_display_name(&self.display_name) {
            return Err(ConnectorFault::new("displayName", DISPLAY_NAME_RULE));
        }
        if let Some(secret) = oauth_settings::take_client_secret(&mut self.api_properties) {
            self.client_secret.get_or_insert(secret);
        }
        if self.client_secret.as_ref().is_some_and(Secret::is_empty) {
            self.client_secret = None;
        }
        ApiProperties::parse(&self.api_properties)?;
        Swagger::parse(&self.swagger)?;
        Ok(self)
    }
}

/// Returns the strings of an optional array, or `None` if it is anything else.
fn strings(value: Option<&serde_json::Value>) -> Option<Vec<String>> {
    match value {
        None | Some(serde_json::Value::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
    }
}
