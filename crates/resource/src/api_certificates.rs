//! The client certificates of the API. The client proves in the TLS handshake that it has the key;
//! the API compares the certificate with those that are registered, and its term with the tenant's
//! clock. No password change matters to them.

use data_encoding::HEXLOWER;
use outlive_chassis::PeerCertificate;
use outlive_clock::{Instant, TenantId};
use outlive_store::{Change, Store, StoreError, sql};
use outlive_tokens::Certificate;
use sha2::{Digest, Sha256};

use crate::refusal::CertificateRefusal;

/// A registered certificate.
pub(crate) struct Found {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
    not_before: Instant,
    not_after: Instant,
}

impl Found {
    /// Checks the term of the certificate.
    pub(crate) fn check(&self, now: Instant) -> Result<(), CertificateRefusal> {
        if now < self.not_before {
            return Err(CertificateRefusal::NotYetValid(self.not_before));
        }
        if now > self.not_after {
            return Err(CertificateRefusal::Expired(self.not_after));
        }
        Ok(())
    }
}

/// Registers a certificate, replacing the one of this name. Conflicts if it is registered already.
pub(crate) fn register(tenant: TenantId, name: &str, certificate: &Certificate) -> Change {
    let (not_before, not_after) = certificate.term();
    let mut change =
        Change::from(sql!("DELETE FROM api_certificates WHERE tenant = $1 AND name = $2", tenant, name));
    change.add(
        sql!(
            "INSERT INTO api_certificates (tenant, name, thumbprint, subject, not_before_us, not_after_us) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (thumbprint) DO NOTHING",
            tenant,
            name,
            thumbprint(certificate.der()),
            certificate.subject(),
            not_before,
            not_after
        )
        .expect_rows(1),
    );
    change
}

/// Finds the certificate of a connection.
pub(crate) async fn find(store: &Store, presented: &PeerCertificate) -> Result<Option<Found>, StoreError> {
    let row = store
        .row(sql!(
            "SELECT tenant, name, not_before_us, not_after_us FROM api_certificates WHERE thumbprint = $1",
            thumbprint(&presented.0)
        ))
        .await?;
    row.map(|row| {
        Ok(Found {
            tenant: row.parse("tenant")?,
            name: row.text("name")?,
            not_before: row.instant("not_before_us")?,
            not_after: row.instant("not_after_us")?,
        })
    })
    .transpose()
}

fn thumbprint(der: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(der))
}
