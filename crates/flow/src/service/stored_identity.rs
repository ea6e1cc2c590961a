//! The managed identities of a flow in its stored document.

use outlive_tokens::Secret;
use outlive_wire::managed_identity::AssignedIdentities;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connector::HeldIdentity;

/// The member of a stored document with the identities. Callers do not read it as it is.
pub(super) const IDENTITY: &str = "identity";

/// The identities of a flow, as stored.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredIdentity {
    pub(super) assigned: AssignedIdentities,
    /// The secret header of the flow's identity endpoint: a document with it is sealed as a whole.
    pub(super) header: String,
}

impl StoredIdentity {
    pub(super) fn of(document: &Value) -> Option<Self> {
        serde_json::from_value(document.get(IDENTITY)?.clone()).ok()
    }
}

/// Returns what the flow needs to get tokens for its identities.
pub(super) fn held_identity(document: &Value) -> Option<HeldIdentity> {
    let StoredIdentity { assigned, header } = StoredIdentity::of(document)?;
    Some(HeldIdentity {
        header: Secret::new(header),
        system_assigned: assigned.system_assigned.is_some(),
        user_assigned: assigned.user_assigned.into_keys().collect(),
    })
}
