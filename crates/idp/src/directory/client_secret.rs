//! Client secrets: stored as keyed hashes and compared in constant time.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{ClientId, Instant, TenantId, UserId};
use outlive_store::{Statement, sql};
use outlive_tokens::Secret;
use uuid::Uuid;

/// Hashes secrets with an installation key, so that the database alone does not allow guessing.
#[derive(Clone)]
pub(crate) struct ClientSecrets {
    key: hmac::Key,
}

impl std::fmt::Debug for ClientSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecrets")
    }
}

/// Secrets per application. Every client authentication compares all of them.
pub(crate) const SECRETS_MAX: usize = 50;

/// The result of comparing a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretMatch {
    Valid,
    /// The secret matches but has expired.
    Expired,
    Wrong,
}

#[derive(Clone)]
pub(crate) struct StoredSecret {
    pub(super) hash: String,
    pub(super) starts_at: Option<Instant>,
    pub(super) expires_at: Instant,
}

/// A secret's metadata (passwordCredential).
#[derive(Debug, Clone)]
pub(crate) struct PasswordCredential {
    pub(crate) key_id: Uuid,
    pub(crate) display_name: Option<String>,
    /// The first characters of the secret.
    pub(crate) hint: Option<String>,
    pub(crate) starts_at: Option<Instant>,
    pub(crate) expires_at: Instant,
}

impl ClientSecrets {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    fn sign(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        parts.iter().for_each(|part| context.update(part));
        context.sign()
    }

    fn hash(&self, client: ClientId, secret: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.sign(&[client.uuid().as_bytes(), secret.as_bytes()]))
    }

    /// Returns a short hash that recognizes a repeated wrong password. Too short to guess the
    /// password from, even with the key.
    pub(crate) fn wrong_password_mark(&self, user: UserId, password: &Secret) -> String {
        let mark = self.sign(&[b"wrong password", user.uuid().as_bytes(), password.expose().as_bytes()]);
        URL_SAFE_NO_PAD.encode(&mark.as_ref()[..3])
    }

    /// Hashes a code that was sent to a user.
    pub(crate) fn sent_code_hash(&self, id: Uuid, code: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.sign(&[b"sent code", id.as_bytes(), code.as_bytes()]))
    }

    /// Hashes a user name or address for the limits of password resets.
    pub(crate) fn reset_subject(&self, tenant: TenantId, kind: &str, name: &str) -> String {
        let tenant = tenant.uuid();
        let hash = self.sign(&[b"password reset", tenant.as_bytes(), kind.as_bytes(), name.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
    }

    /// Hashes a user code. The hash does not depend on the tenant, which the page does not know.
    pub(crate) fn user_code_hash(&self, user_code: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.sign(&[b"user code", user_code.as_bytes()]))
    }

    pub(crate) fn identity_header_hash(&self, endpoint: Uuid, header: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.sign(&[b"identity header", endpoint.as_bytes(), header.as_bytes()]))
    }

    /// Compares the secret header of an identity endpoint with the stored hash.
    pub(crate) fn is_identity_header(&self, endpoint: Uuid, header: &str, hash: &str) -> bool {
        let presented = self.identity_header_hash(endpoint, header);
        constant_time::verify_slices_are_equal(presented.as_bytes(), hash.as_bytes()).is_ok()
    }

    /// Compares a code with the stored hash.
    pub(crate) fn is_sent_code(&self, id: Uuid, code: &str, hash: &str) -> bool {
        let typed = self.sent_code_hash(id, code);
        constant_time::verify_slices_are_equal(typed.as_bytes(), hash.as_bytes()).is_ok()
    }

    pub(crate) fn insert(
        &self,
        tenant: TenantId,
        client: ClientId,
        key_id: Uuid,
        secret: &Secret,
        expires_at: Instant,
    ) -> Statement {
        let credential =
            PasswordCredential { key_id, display_name: None, hint: None, starts_at: None, expires_at };
        self.insert_credential(tenant, client, &credential, secret)
    }

    pub(crate) fn insert_credential(
        &self,
        tenant: TenantId,
        client: ClientId,
        credential: &PasswordCredential,
        secret: &Secret,
    ) -> Statement {
        sql!(
            "INSERT INTO client_secrets (tenant, client_id, key_id, hash, expires_us, display_name, hint, starts_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            tenant,
            client,
            credential.key_id.to_string(),
            self.hash(client, secret.expose()),
            credential.expires_at,
            credential.display_name.clone(),
            credential.hint.clone(),
            credential.starts_at
        )
    }

    pub(crate) fn compare(
        &self,
        client: ClientId,
        presented: &str,
        stored: &[StoredSecret],
        now: Instant,
    ) -> SecretMatch {
        let hash = self.hash(client, presented);
        stored
            .iter()
            .filter(|secret| secret.starts_at.is_none_or(|start| start <= now))
            .filter(|secret| {
                constant_time::verify_slices_are_equal(secret.hash.as_bytes(), hash.as_bytes()).is_ok()
            })
            .map(|secret| if now < secret.expires_at { SecretMatch::Valid } else { SecretMatch::Expired })
            .next()
            .unwrap_or(SecretMatch::Wrong)
    }
}

/// Makes all secrets of a client expire at `now`.
pub(crate) fn expire_secrets(tenant: TenantId, client: ClientId, now: Instant) -> Statement {
    sql!(
        "UPDATE client_secrets SET expires_us = $1 WHERE tenant = $2 AND client_id = $3",
        now,
        tenant,
        client
    )
}

/// Makes all secrets of a client expire at `end` at the latest.
pub(crate) fn limit_secrets(tenant: TenantId, client: ClientId, end: Instant) -> Statement {
    sql!(
        "UPDATE client_secrets SET expires_us = $1 WHERE tenant = $2 AND client_id = $3 AND expires_us > $1",
        end,
        tenant,
        client
    )
}

/// Deletes one secret of a client, which has to exist.
pub(crate) fn delete_secret(tenant: TenantId, client: ClientId, key_id: Uuid) -> Statement {
    let key_id = key_id.to_string();
    sql!(
        "DELETE FROM client_secrets WHERE tenant = $1 AND client_id = $2 AND key_id = $3",
        tenant,
        client,
        key_id
    )
    .expect_rows(1)
}

pub(crate) fn delete_secrets(tenant: TenantId, client: ClientId) -> Statement {
    sql!("DELETE FROM client_secrets WHERE tenant = $1 AND client_id = $2", tenant, client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_itself_until_it_ends_and_nothing_else() {
        let secrets = ClientSecrets::new(&[7; 32]);
        let client = ClientId::from_uuid(Uuid::from_u128(1));
        let at = Instant::from_seconds;
        let stored = [StoredSecret {
            hash: secrets.hash(client, "right"),
            starts_at: Some(at(10)),
            expires_at: at(100),
        }];
        assert_eq!(secrets.compare(client, "right", &stored, at(9)), SecretMatch::Wrong);
        assert_eq!(secrets.compare(client, "right", &stored, at(10)), SecretMatch::Valid);
        assert_eq!(secrets.compare(client, "right", &stored, at(99)), SecretMatch::Valid);
        assert_eq!(secrets.compare(client, "right", &stored, at(100)), SecretMatch::Expired);
        assert_eq!(secrets.compare(client, "wrong", &stored, at(99)), SecretMatch::Wrong);
        let other = ClientId::from_uuid(Uuid::from_u128(2));
        assert_eq!(secrets.compare(other, "right", &stored, at(99)), SecretMatch::Wrong);
    }
}
