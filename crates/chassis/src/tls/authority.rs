//! The certificate authority of this installation.

use std::io;
use std::path::{Path, PathBuf};

use outlive_clock::{Instant, Span, wall_now};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::valid;
use crate::StartError;
use crate::kept_once::kept_once;

/// Who signs, as certificate stores list it.
const SUBJECT: &str = "Outlive local certificate authority";
/// How long people's trust in it lasts, in wall time.
const VALIDITY: Span = Span::from_days(10 * 365);
/// Certificates begin this much before they are made: clocks of machines differ.
pub(super) const BACKDATED: Span = Span::from_hours(1);

/// A certificate authority that is kept in the data directory: `ca.pem`, which people trust, and `ca.key`, which only its
/// owner can read. Whoever has the key can pretend to be any site to those who trust the certificate.
pub struct LocalAuthority {
    path: PathBuf,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for LocalAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalAuthority").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LocalAuthority {
    /// The authority that `data_dir` keeps; the first time, a new one.
    ///
    /// # Errors
    /// When the directory cannot be used, or what it keeps is no key or no certificate. A kept file is never replaced.
    pub fn open(data_dir: &Path) -> Result<Self, StartError> {
        let (path, key_path) = (data_dir.join("ca.pem"), data_dir.join("ca.key"));
        let unusable = |path: &Path, why: &dyn std::fmt::Display| {
            StartError::new(
                format!("cannot use the certificate authority's {}", path.display()),
                why,
                "give --data a directory that can be written; if the file is broken, restore it, or delete ca.pem and \
                 ca.key together: then a new authority is made, which clients must be told to trust again",
            )
        };
        std::fs::create_dir_all(data_dir).map_err(|error| unusable(data_dir, &error))?;
        let key = kept_once(&key_path, true, || {
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
                .map(|key| key.serialize_pem())
                .map_err(io::Error::other)
        })
        .map_err(|error| unusable(&key_path, &error))?;
        let key = KeyPair::from_pem(&key).map_err(|error| unusable(&key_path, &error))?;
        let params = params(wall_now());
        let certificate =
            kept_once(&path, false, || Ok(params.self_signed(&key).map_err(io::Error::other)?.pem()))
                .map_err(|error| unusable(&path, &error))?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())
            .map_err(|error| unusable(&path, &error))?;
        Ok(Self { path, certificate, issuer: Issuer::new(params, key) })
    }

    /// Where the certificate is that clients have to trust, in PEM.
    #[must_use]
    pub fn certificate_path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

fn params(now: Instant) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, SUBJECT);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, now - BACKDATED, now + VALIDITY);
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let first = LocalAuthority::open(directory.path()).unwrap();
        let again = LocalAuthority::open(directory.path()).unwrap();
        assert_eq!(first.certificate(), again.certificate());
        let other = tempfile::tempdir().unwrap();
        assert_ne!(first.certificate(), LocalAuthority::open(other.path()).unwrap().certificate());
    }

    #[test]
    fn a_broken_file_is_named_and_stays_as_it_is() {
        for name in ["ca.key", "ca.pem"] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(name), "broken").unwrap();
            let error = LocalAuthority::open(directory.path()).unwrap_err();
            assert!(error.what.contains(name), "{error}");
            assert_eq!(std::fs::read_to_string(directory.path().join(name)).unwrap(), "broken");
        }
    }
}
