//! Parsed connectors.

use outlive_tokens::{Secret, SigningKey};

use super::{ApiProperties, ConnectorName, Destinations, Faults, Swagger};

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
    /// Where the back end and the identity provider are.
    pub(crate) destinations: Destinations,
    /// Mistakes in its documents, which an earlier version accepted. What is valid was read, and
    /// nothing is called.
    pub(crate) faults: Faults,
}

impl Connector {
    /// Returns why the connector cannot be used, if its documents are not valid.
    pub(crate) fn unusable(&self) -> Option<String> {
        let (name, faults) = (&self.name, &self.faults);
        (!faults.is_empty())
            .then(|| format!("The API '{name}' cannot be used until its maker has corrected it: {faults}."))
    }
}
