//! Certificates of `Http` actions: opened once, and kept in memory while they are used.

use std::sync::Arc;

use outlive_chassis::HttpClient;
use outlive_tokens::{Pfx, PfxRefusal, SigningKey};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::engine::{Failure, Outcome, PfxFile};

/// The maximum number of cached certificates, and of clients that send them.
const CACHED_MAX: usize = 64;

/// The digest of a file and its password.
type FileKey = [u8; 32];

/// Opened certificates.
#[derive(Debug)]
pub(super) struct ClientCertificates {
    opened: Cache<FileKey, Arc<Pfx>>,
    /// By file, and whether they are for services of this installation.
    clients: Cache<(FileKey, bool), HttpClient>,
    /// One file is opened at a time: its author decides what that costs.
    opening: Mutex<()>,
}

impl Default for ClientCertificates {
    fn default() -> Self {
        Self { opened: Cache::new(CACHED_MAX), clients: Cache::new(CACHED_MAX), opening: Mutex::default() }
    }
}

fn key_of(file: &PfxFile) -> FileKey {
    let mut digest = Sha256::new();
    for text in [&file.pfx, &file.password] {
        digest.update(u64::try_from(text.expose().len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.expose());
    }
    digest.finalize().into()
}

impl ClientCertificates {
    async fn open(&self, file: &PfxFile) -> Result<(FileKey, Arc<Pfx>), Outcome> {
        let key = key_of(file);
        let _opening = self.opening.lock().await;
        if let Some(opened) = self.opened.get(&key) {
            return Ok((key, opened));
        }
        let file = file.clone();
        let opened =
            tokio::task::spawn_blocking(move || Pfx::open(file.pfx.expose(), file.password.expose()));
        let opened = opened.await.unwrap_or(Err(PfxRefusal::NotAFile)).map_err(unusable)?;
        let opened = Arc::new(opened);
        self.opened.insert(key, Arc::clone(&opened));
        Ok((key, opened))
    }

    /// Returns the key with which an application signs assertions.
    pub(super) async fn signing_key(&self, file: &PfxFile) -> Result<SigningKey, Outcome> {
        let (_, opened) = self.open(file).await?;
        opened.signing_key().map_err(|error| {
            tracing::debug!(%error, "a certificate cannot sign assertions");
            failed("The authentication certificate has no RSA key. Microsoft Entra ID takes assertions that one signed.")
        })
    }

    /// Returns a client that sends the certificate. `authority` (PEM) issued the certificates of
    /// services of this installation.
    pub(super) async fn client(
        &self,
        file: &PfxFile,
        is_own: bool,
        authority: Option<&str>,
    ) -> Result<HttpClient, Outcome> {
        let (key, opened) = self.open(file).await?;
        if let Some(client) = self.clients.get(&(key, is_own)) {
            return Ok(client);
        }
        let client = HttpClient::with_certificate(&opened.to_pem(), authority.filter(|_| is_own), is_own);
        let client = client.map_err(|error| {
            tracing::debug!(%error, "a client certificate cannot be used");
            failed("The authentication certificate cannot be used: its key does not belong to its certificate, or has an unknown form.")
        })?;
        self.clients.insert((key, is_own), client.clone());
        Ok(client)
    }
}

/// The failure of an action whose file does not open, in the texts of Logic Apps
/// (azure-docs#51402, azure-docs#36125).
fn unusable(refusal: PfxRefusal) -> Outcome {
    failed(match refusal {
        PfxRefusal::NoKey => {
            "The provided authentication certificate is missing the private key. The private key is required to sign the \
             request."
        }
        PfxRefusal::NoCertificate => {
            "The provided authentication certificate has a private key but no certificate."
        }
        PfxRefusal::Password | PfxRefusal::NotAFile => {
            "Could not load the certificate private key. Please check the authentication certificate password is correct \
             and try again."
        }
    })
}

fn failed(message: &str) -> Outcome {
    Outcome { status: None, outputs: None, failure: Some(Failure::new("BadRequest", message.to_owned())) }
}
