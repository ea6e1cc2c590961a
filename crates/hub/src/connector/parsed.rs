//! Parsed connectors.

use outlive_tokens::Secret;

use super::{
    ApiProperties, ConnectorName, Destinations, Faults, Incomplete, OAuthSettings, ParameterValues,
    ProviderKind, SignIn, Swagger,
};
use crate::client_key::ClientKeys;

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

impl Home {
    /// The resource group; empty for a managed API, which has none.
    pub(crate) fn group(&self) -> &str {
        match self {
            Self::Managed => "",
            Self::Custom { group } => group,
        }
    }
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
    /// The key pairs of a client that authenticates with a certificate.
    pub(crate) client_keys: ClientKeys,
    /// The client secret does not open any more.
    pub(crate) secret_is_unreadable: bool,
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

    /// Returns why the application cannot authenticate with what the connector stores, if that does
    /// not open any more.
    pub(crate) fn unreadable(&self) -> Option<&'static str> {
        if self.secret_is_unreadable {
            Some(
                "the client secret cannot be opened, because it was sealed with a key that the hub no longer has; the maker \
                 of the API has to give it again",
            )
        } else if self.client_keys.are_unreadable() {
            Some(
                "the key pair cannot be opened, because it was sealed with a key that the hub no longer has; the maker of the \
                 API has to save it again and to register the new certificate",
            )
        } else {
            None
        }
    }

    /// Checks whether what the application authenticates with opens, for a connection with these
    /// values.
    pub(crate) fn check_secrets(
        &self,
        settings: &OAuthSettings,
        values: &ParameterValues,
    ) -> Result<(), Incomplete> {
        let concerned = match settings.kind {
            ProviderKind::AadCertificate => self.client_keys.are_unreadable(),
            // A connection can have its own client secret.
            ProviderKind::Aad | ProviderKind::Urls => {
                self.secret_is_unreadable && values.of_setting("clientSecret").is_none()
            }
        };
        match self.unreadable().filter(|_| concerned) {
            Some(why) => Err(Incomplete::new(why)),
            None => Ok(()),
        }
    }

    /// Returns the settings of a connection's sign-in with its values, or what is missing.
    pub(crate) fn sign_in<'a>(
        &self,
        settings: &'a OAuthSettings,
        values: &'a ParameterValues,
    ) -> Result<SignIn<'a>, Incomplete> {
        self.check_secrets(settings, values)?;
        settings.sign_in(values, self.client_secret.as_ref())
    }
}
