//! What a cell is about: an application, a connector, a connection and a flow, each of its own.

use serde_json::{Value, json};

use super::columns::{Client, Column, Kind};

/// Who runs the flow of a column that has no recurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Owner,
    OwnerWithPasskey,
    Colleague,
}

/// The flow of a column and what it uses. Contains a secret: no `Debug`.
pub(super) struct Subject {
    pub(super) column: &'static Column,
    /// The client id of its application, if it has one.
    pub(super) application: Option<String>,
    /// The application's present client secret.
    pub(super) secret: Option<String>,
    /// The name of its connection, if it has one.
    pub(super) connection: Option<String>,
    /// The id of its flow.
    pub(super) flow: String,
}

impl Subject {
    pub(super) fn connection(&self) -> &str {
        self.connection.as_deref().unwrap_or_default()
    }

    pub(super) fn client_id(&self) -> &str {
        self.application.as_deref().unwrap_or_default()
    }

    /// The connector of the connection, if there is one.
    pub(super) const fn connector(&self) -> Option<&'static str> {
        match self.column.kind {
            Kind::Delegated(_) | Kind::OnBehalfOf | Kind::ServicePrincipal => Some(self.column.name),
            Kind::Password => Some("shared_contoso-orders-basic"),
            Kind::ApiKey => Some("shared_contoso-orders-key"),
            Kind::Http | Kind::ManagedIdentity => None,
        }
    }

    /// Returns these redirect URIs as the application has to register them.
    pub(super) fn redirect_uris(&self, uris: &[&str]) -> Value {
        match self.column.kind {
            Kind::Delegated(Client::Spa) => json!({"spa": {"redirectUris": uris}}),
            Kind::Delegated(Client::Public { .. }) => json!({"publicClient": {"redirectUris": uris}}),
            _ => json!({"web": {"redirectUris": uris}}),
        }
    }
}
