//! Connectors whose documents are valid.

use outlive_tokens::{Secret, SigningKey};

use super::{ApiProperties, ConnectorName, Swagger};

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
    /// The key pair of a client that authenticates with a certificate.
    pub(crate) client_key: Option<SigningKey>,
}
