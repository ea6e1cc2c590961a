//! Server certificates, issued at each start and kept in memory only.

use std::sync::Arc;

use outlive_clock::{Instant, Span, wall_now};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{RootCertStore, ServerConfig};

use super::authority::LocalAuthority;
use super::client_certificates::AnyCertificate;
use super::server_names::server_names;
use super::validity::{BACKDATED, valid};
use crate::StartError;

/// The validity of a server certificate, in wall time: some clients reject longer ones.
const VALIDITY: Span = Span::from_days(397);
/// A server certificate with its key. Cheap to clone.
#[derive(Clone)]
pub struct TlsIdentity(Arc<ServerConfig>);

impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsIdentity")
    }
}

impl TlsIdentity {
    /// Issues a certificate for `names` (DNS names and IP addresses), signed by `authority`.
    ///
    /// # Errors
    /// When a name is not valid in a certificate, or clients would not trust the result because the
    /// authority's certificate has expired or does not match its key.
    pub fn issue(authority: &LocalAuthority, names: &[String]) -> Result<Self, StartError> {
        let names = server_names(names)?;
        let broken = |why: &dyn std::fmt::Display| {
            StartError::new(
                format!(
                    "cannot sign with the certificate authority {}",
                    authority.certificate_path().display()
                ),
                why,
                "delete ca.pem and ca.key together: then a new authority is created, which clients must trust again",
            )
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let now = wall_now();
        let (certificate, key) = sign(authority, &names, now).map_err(|error| broken(&error))?;
        check(authority, &certificate, &names, &provider, now).map_err(|error| broken(&error))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| broken(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .map_err(|error| broken(&error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Asks clients for a certificate: requests with one have the extension
    /// [`PeerCertificate`](crate::PeerCertificate).
    #[must_use]
    pub fn with_client_certificates(self) -> Self {
        let mut config = (*self.0).clone();
        let provider = Arc::clone(config.crypto_provider());
        // The verifier of a finished configuration cannot be replaced: this builds another.
        let resolver = Arc::clone(&config.cert_resolver);
        let protocols = std::mem::take(&mut config.alpn_protocols);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider was accepted before");
        config = builder
            .with_client_cert_verifier(Arc::new(AnyCertificate(provider)))
            .with_cert_resolver(resolver);
        config.alpn_protocols = protocols;
        Self(Arc::new(config))
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0)
    }
}

fn sign(
    authority: &LocalAuthority,
    names: &[ServerName<'_>],
    now: Instant,
) -> Result<(CertificateDer<'static>, PrivatePkcs8KeyDer<'static>), rcgen::Error> {
    let names: Vec<String> = names.iter().map(|name| name.to_str().into_owned()).collect();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Outlive");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, now - BACKDATED, now + VALIDITY);
    let certificate = params.signed_by(&key, authority.issuer())?;
    Ok((certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// Verifies the certificate like a client that trusts only the authority.
fn check(
    authority: &LocalAuthority,
    certificate: &CertificateDer<'_>,
    names: &[ServerName<'_>],
    provider: &Arc<CryptoProvider>,
    now: Instant,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone())?;
    let client =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()?;
    let now = UnixTime::since_unix_epoch((now - Instant::EPOCH).to_std());
    for name in names {
        client.verify_server_cert(certificate, &[], name, &[], now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::server_names::NAMES_MAX;
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_and_addresses_are_certified_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let good = names(&["localhost", "127.0.0.1", "::1", "login.microsoftonline.com"]);
        let authority = LocalAuthority::open(directory.path(), &good).unwrap();
        assert!(TlsIdentity::issue(&authority, &good).is_ok());
        for bad in ["", "a b", "*.example", "https://a.example", "a.example:443", "ä.example", "a..example"]
        {
            let error = TlsIdentity::issue(&authority, &names(&[bad])).unwrap_err();
            assert!(error.what.contains(&format!("'{bad}'")), "{error}");
        }
        let many: Vec<String> = (0..=NAMES_MAX).map(|number| format!("h{number}.example")).collect();
        assert!(TlsIdentity::issue(&authority, &many).is_err());
    }

    #[test]
    fn a_certificate_that_is_not_the_keys_is_found_at_the_start() {
        let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        LocalAuthority::open(directory.path(), &[]).unwrap();
        LocalAuthority::open(other.path(), &[]).unwrap();
        std::fs::copy(other.path().join("ca.pem"), directory.path().join("ca.pem")).unwrap();
        let authority = LocalAuthority::open(directory.path(), &[]).unwrap();
        assert!(TlsIdentity::issue(&authority, &names(&["localhost"])).is_err());
    }

    #[test]
    fn a_certificate_is_refused_under_another_name_or_after_its_time() {
        let directory = tempfile::tempdir().unwrap();
        let authority = LocalAuthority::open(directory.path(), &[]).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let now = wall_now();
        let own = server_names(&names(&["localhost"])).unwrap();
        let (certificate, _) = sign(&authority, &own, now).unwrap();
        let check =
            |names: &[ServerName<'_>], at| check(&authority, &certificate, names, &provider, at).is_ok();
        assert!(check(&own, now));
        assert!(!check(&server_names(&names(&["other.example"])).unwrap(), now));
        assert!(!check(&own, now + VALIDITY + Span::from_days(1)));
        assert!(!check(&own, now - Span::from_days(1)));
    }

    /// RFC 5280, section 4.2.1.10: the key cannot issue an accepted certificate for another site.
    #[test]
    fn a_certificate_for_a_name_that_was_not_configured_is_refused_by_clients() {
        let directory = tempfile::tempdir().unwrap();
        let configured = names(&["login.microsoftonline.com", "192.0.2.7"]);
        let authority = LocalAuthority::open(directory.path(), &configured).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let now = wall_now();
        for (name, accepted) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.3.2.1", true),
            ("::1", true),
            ("login.microsoftonline.com", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::2", false),
            ("microsoftonline.com", false),
            ("bank.example", false),
            ("localhost.example", false),
        ] {
            let name = server_names(&names(&[name])).unwrap();
            let (certificate, _) = sign(&authority, &name, now).unwrap();
            assert_eq!(check(&authority, &certificate, &name, &provider, now).is_ok(), accepted, "{name:?}");
        }
    }
}
