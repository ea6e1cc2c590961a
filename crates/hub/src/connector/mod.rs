//! Connectors: what an API looks like (a swagger) and how a connection to it signs in (an `apiProperties.json`).
//!
//! Parsing is pure. A [`Connector`] exists only once both documents were found to be usable together.

mod api_properties;
mod cache;
mod document;
mod name;
mod oauth_settings;
pub(crate) mod storage;
mod swagger;

pub(crate) use api_properties::{ApiProperties, Authentication};
pub(crate) use cache::ConnectorCache;
pub(crate) use document::{api_reference, custom_api, managed_api, redirect_path};
pub(crate) use name::ConnectorName;
pub(crate) use oauth_settings::{OAuthSettings, RedirectMode};
pub(crate) use swagger::Swagger;

use outlive_tokens::Secret;
use serde_json::Value;

/// A document of a connector is not usable: where, and why.
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

/// Where a connector is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Home {
    /// Among the tenant's managed APIs.
    Managed,
    /// As a custom API in a resource group.
    Custom {
        /// The resource group, as it was written.
        group: String,
    },
}

/// A connector, ready to be used.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) name: ConnectorName,
    pub(crate) home: Home,
    /// Changes with every change of the connector, and is never used again.
    pub(crate) version: String,
    pub(crate) display_name: String,
    pub(crate) properties: ApiProperties,
    pub(crate) swagger: Swagger,
    /// The client secret of the application it signs in as; a public client has none.
    pub(crate) client_secret: Option<Secret>,
}

/// The documents of a connector as somebody hands them in.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) display_name: String,
    pub(crate) api_properties: Value,
    pub(crate) swagger: Value,
    pub(crate) client_secret: Option<Secret>,
}

impl Draft {
    /// Checks both documents. A client secret found inside them is taken out: it is write-only.
    pub(crate) fn check(mut self) -> Result<Self, ConnectorFault> {
        if self.display_name.is_empty() || self.display_name.chars().count() > 200 {
            return Err(ConnectorFault::new("displayName", "it must have 1 to 200 characters"));
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

/// An optional array of texts, whole; `None` if it is something else.
fn texts(value: Option<&serde_json::Value>) -> Option<Vec<String>> {
    match value {
        None | Some(serde_json::Value::Null) => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
    }
}
