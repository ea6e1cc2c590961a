//! Replaces the client secret of a connector, managed or custom.

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::ConnectorChanged;
use uuid::Uuid;

use super::secret_rules::{length_fault, misplaced_secret};
use super::storage::{self, Stored};
use crate::Hub;
use crate::key_renewal::NewKeys;

/// A new client secret of a connector, or new key pairs.
pub(crate) struct Replacement<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) secret: Option<&'a Secret>,
    pub(crate) keys: NewKeys,
    /// The administrator; `None` for the lab.
    pub(crate) caller: Option<Uuid>,
    pub(crate) now: Instant,
    pub(crate) trace: &'a Trace,
}

/// Returns why the client secret of a connector cannot be replaced by this one.
pub(crate) fn secret_fault(stored: &Stored, secret: &Secret) -> Option<&'static str> {
    let connector = &stored.connector;
    if let Some(fault) = misplaced_secret(&connector.properties) {
        return Some(fault);
    }
    if connector.client_secret.is_none() && !connector.secret_is_unreadable {
        return Some("the connector is a public client, which has no client secret to replace");
    }
    length_fault(secret)
}

impl Replacement<'_> {
    /// Stores the secret and the key pairs. The next token request of each connection uses them.
    pub(crate) async fn store(self, hub: &Hub, stored: &Stored) -> Result<(), Problem> {
        let (tenant, name) = (self.tenant, &stored.connector.name);
        let sealed = storage::seal_secret(
            &hub.chassis.sealer,
            tenant,
            name,
            self.secret,
            &mut hub.random(tenant, "seal-client-secret"),
        );
        let version = hub.random(tenant, "connector-version").uuid().to_string();
        let update =
            storage::update_secrets(tenant, name, &version, sealed, self.keys.current, stored.revision);
        let mut change = Change::from(update);
        if let Some(next) = self.keys.next {
            change.add(storage::set_next_key(tenant, name, next));
        }
        let payload = ConnectorChanged { confidential: true, caller: self.caller };
        let event = Event::new(tenant, self.now, Subject::connector(name), self.trace, payload);
        change.append(hub.chassis.journal.entry(&event));
        Ok(hub.chassis.store.commit(change).await?)
    }
}
