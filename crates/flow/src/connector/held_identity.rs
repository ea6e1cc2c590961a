//! The managed identities that a flow has.

use outlive_tokens::Secret;

/// What a flow needs to get tokens for its identities.
#[derive(Clone, Debug)]
pub(crate) struct HeldIdentity {
    /// The secret header of the flow's identity endpoint.
    pub(crate) header: Secret,
    pub(crate) system_assigned: bool,
    /// Azure resource ids.
    pub(crate) user_assigned: Vec<String>,
}
