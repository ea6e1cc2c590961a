//! Pairwise subjects: a user's `sub` differs for every application.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{ClientId, TenantId, UserId};

/// The issuer's secret key from which pairwise subjects are derived.
#[derive(Clone)]
pub struct PairwiseKey(hmac::Key);

impl PairwiseKey {
    /// Creates the key from 32 secret bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Returns the `sub` of `user` for `app`: the API in an access token, the client in an ID
    /// token. It is stable, reveals nothing about the user, and cannot be linked with the `sub` for
    /// another application. 43 characters of base64url.
    #[must_use]
    pub fn subject(&self, tenant: TenantId, app: ClientId, user: UserId) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for id in [tenant.uuid(), app.uuid(), user.uuid()] {
            context.update(id.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

impl std::fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairwiseKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn subjects_depend_on_tenant_app_and_user() {
        let id = Uuid::from_u128;
        let key = PairwiseKey::new(&[1; 32]);
        let subject = |key: &PairwiseKey, t, a, u| {
            key.subject(TenantId::from_uuid(id(t)), ClientId::from_uuid(id(a)), UserId::from_uuid(id(u)))
        };
        let first = subject(&key, 1, 2, 3);
        assert_eq!(first.len(), 43);
        assert_eq!(first, subject(&key, 1, 2, 3));
        for other in [
            subject(&key, 9, 2, 3),
            subject(&key, 1, 9, 3),
            subject(&key, 1, 2, 9),
            subject(&PairwiseKey::new(&[2; 32]), 1, 2, 3),
        ] {
            assert_ne!(first, other);
        }
    }
}
