//! A connection, as stored.

use outlive_clock::{ConnectionId, Instant, TenantId};
use outlive_tokens::Sealer;
use outlive_wire::Subject;
use uuid::Uuid;

use super::values::Unreadable;
use super::{Status, StoredValues, Values, missing_credential};
use crate::connector::{Authentication, Connector, ConnectorName, Destinations, GrantType};
use crate::credential::{self, Tokens};

/// Why stored tokens cannot be used.
pub(crate) const TOKENS_UNREADABLE: &str = "The stored tokens cannot be opened: they were sealed with a key that the hub no \
     longer has. The owner of the connection has to sign in again.";

/// A connection, as stored.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) tenant: TenantId,
    pub(crate) id: ConnectionId,
    /// The resource group, as the owner wrote it.
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) connector: ConnectorName,
    /// The current version of the connector.
    pub(crate) connector_version: String,
    pub(crate) display_name: String,
    /// The object id of the caller who created it.
    pub(crate) owner: Uuid,
    /// Whether it may be used. Independent of its status.
    pub(crate) enabled: bool,
    pub(crate) status: Status,
    /// The user principal name of the account that signed in.
    pub(crate) authenticated_user: Option<String>,
    /// The values of its connector's parameters.
    pub(crate) values: StoredValues,
    /// The sealed key that signs its `Key` tokens.
    pub(crate) key_sealed: String,
    pub(crate) created: Instant,
    pub(crate) changed: Instant,
    /// The number of changes by its owner, for optimistic concurrency.
    pub(crate) revision: i64,
    /// How often its tokens were discarded.
    pub(crate) tokens_revision: i64,
    /// Where its connector sent what it stores when its owner agreed. `None`: it is of an earlier
    /// version, and agrees to the connector as it is.
    pub(crate) destinations: Option<String>,
    /// Its stored tokens, sealed.
    pub(crate) tokens_sealed: Option<String>,
}

impl Connection {
    /// The subject of its journal events.
    pub(crate) fn subject(&self) -> Subject {
        Subject::connection(self.id)
    }

    /// Returns why what the connection stores is not sent: its owner has not agreed to where its
    /// connector sends it since a change.
    pub(crate) fn disagreement(&self, connector: &Connector) -> Option<String> {
        let (agreed, current) = (self.destinations.as_deref()?, &connector.destinations);
        // A password can be in a parameter that is not a secret by its type.
        let stores_secrets = self.values.secrets_sealed.is_some()
            || !self.values.plain.is_empty()
            || connector.properties.authentication != Authentication::None;
        let agreed = Destinations::parse(agreed);
        if !stores_secrets || agreed == *current {
            return None;
        }
        let changes = current.changes_since(&agreed);
        Some(format!(
            "The API '{}' was changed {changes}. Before the connection is used again, the connection's owner has to sign in \
             again, or to give the values of its parameters again.",
            connector.name
        ))
    }

    /// Returns why calls through the connection fail until its owner or the maker of its connector
    /// has changed something, whatever the last sign-in or refresh resulted in.
    pub(crate) fn impediment(&self, connector: &Connector, sealer: &Sealer) -> Option<String> {
        connector
            .unusable()
            .or_else(|| self.disagreement(connector))
            .or_else(|| self.unreadable(connector, sealer))
            .or_else(|| {
                let values = Values::open(&self.values, sealer, self.tenant, self.id).ok()?;
                missing_credential(connector, &connector.properties, &values)
            })
    }

    /// Returns what does not open any more of the things that a call needs.
    fn unreadable(&self, connector: &Connector, sealer: &Sealer) -> Option<String> {
        let Ok(values) = Values::open(&self.values, sealer, self.tenant, self.id) else {
            return Some(Unreadable.to_string());
        };
        let Authentication::OAuth { settings, .. } = &connector.properties.authentication else {
            return None;
        };
        let values = values.of_parameters(&connector.properties.parameters);
        if let Err(incomplete) = connector.check_secrets(settings, &values) {
            return Some(incomplete.to_string());
        }
        // An application gets other tokens by itself.
        if settings.grant_type(&values) == GrantType::ClientCredentials {
            return None;
        }
        let purpose = credential::storage::purpose(self.tenant, self.id);
        let tokens = self.tokens_sealed.as_ref()?;
        Tokens::open(sealer, &purpose, tokens).is_none().then(|| TOKENS_UNREADABLE.to_owned())
    }

    /// Returns the status as it is shown.
    pub(crate) fn shown_status(&self, connector: &Connector, sealer: &Sealer) -> Status {
        self.impediment(connector, sealer).map_or_else(|| self.status.clone(), Status::Unauthenticated)
    }
}
