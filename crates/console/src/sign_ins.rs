//! Sign-ins to the demo client that are in progress.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use outlive_clock::TenantId;
use subtle::ConstantTimeEq;

/// The maximum number of sign-ins in progress; the oldest is forgotten.
const PENDING_MAX: usize = 64;

/// Sign-ins in progress.
#[derive(Clone, Default)]
pub(crate) struct SignIns {
    pending: Arc<Mutex<VecDeque<SignIn>>>,
}

/// A sign-in: from its beginning to its return.
pub(crate) struct SignIn {
    pub(crate) state: String,
    pub(crate) tenant: TenantId,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) verifier: String,
}

impl SignIns {
    pub(crate) fn begin(&self, sign_in: SignIn) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() == PENDING_MAX {
            pending.pop_front();
        }
        pending.push_back(sign_in);
    }

    /// Ends the sign-in with this state; once.
    pub(crate) fn end(&self, state: &str) -> Option<SignIn> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let place =
            pending.iter().position(|one| bool::from(one.state.as_bytes().ct_eq(state.as_bytes())))?;
        pending.remove(place)
    }
}
