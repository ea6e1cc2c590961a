//! Credentials for client assertions: certificates and federated credentials, as Graph represents
//! them (`keyCredentials`, `federatedIdentityCredentials`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_tokens::Certificate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::directory::spec::FederatedCredentialSpec;

/// A registered certificate (`keyCredential` of type `AsymmetricX509Cert`, usage `Verify`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyCredential {
    pub(crate) key_id: Uuid,
    /// The certificate, base64 DER.
    key: String,
}

impl KeyCredential {
    pub(crate) fn new(key_id: Uuid, certificate: &Certificate) -> Self {
        Self { key_id, key: STANDARD.encode(certificate.der()) }
    }

    pub(crate) fn certificate(&self) -> Option<Certificate> {
        Certificate::from_der(&STANDARD.decode(&self.key).ok()?).ok()
    }
}

/// An issuer whose tokens for one subject authenticate the application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FederatedCredential {
    pub(crate) id: Uuid,
    pub(crate) registered: FederatedCredentialSpec,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}
