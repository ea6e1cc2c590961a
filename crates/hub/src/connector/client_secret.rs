//! Replaces the client secret of a connector, managed or custom.

use outlive_chassis::{Problem, Trace};
use outlive_clock::{Instant, TenantId};
use outlive_journal::Event;
use outlive_store::Change;
use outlive_tokens::Secret;
use outlive_wire::Subject;
use outlive_wire::events::ConnectorChanged;
use uuid::Uuid;

use super::Authentication;
use super::storage::{self, Stored};
use crate::Hub;

/// The maximum length of a client secret, in bytes.
const BYTES_MAX: usize = 1_024;

/// A new client secret of a connector.
pub(crate) struct Replacement<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) secret: &'a Secret,
    /// The administrator; `None` for the lab.
    pub(crate) caller: Option<Uuid>,
    pub(crate) now: Instant,
    pub(crate) trace: &'a Trace,
}

/// Returns why a connector cannot have this client secret.
pub(crate) fn secret_fault(stored: &Stored, secret: &Secret) -> Option<&'static str> {
    let properties = &stored.connector.properties;
    let of_sets = properties.sets.iter().map(|set| &set.authentication);
    let mut all = std::iter::once(&properties.authentication).chain(of_sets);
    if !all.any(|authentication| matches!(authentication, Authentication::OAuth { .. })) {
        return Some("the connector does not sign in at an identity provider");
    }
    if secret.is_empty() || secret.expose().len() > BYTES_MAX {
        return Some("a client secret has 1 to 1024 characters");
    }
    None
}

impl Replacement<'_> {
    /// Stores the secret. The next token request of each connection uses it.
    pub(crate) async fn store(&self, hub: &Hub, stored: &Stored) -> Result<(), Problem> {
        let (tenant, name) = (self.tenant, &stored.connector.name);
        let sealed = storage::seal_secret(
            &hub.chassis.sealer,
            tenant,
            name,
            Some(self.secret),
            &mut hub.random(tenant, "seal-client-secret"),
        );
        let version = hub.random(tenant, "connector-version").uuid().to_string();
        let sealed = sealed.unwrap_or_default();
        let mut change =
            Change::from(storage::update_secret(tenant, name, &version, sealed, stored.revision));
        let payload = ConnectorChanged { confidential: true, caller: self.caller };
        let event = Event::new(tenant, self.now, Subject::connector(name), self.trace, payload);
        change.append(hub.chassis.journal.entry(&event));
        Ok(hub.chassis.store.commit(change).await?)
    }
}
