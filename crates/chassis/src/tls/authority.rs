//! The certificate authority of the installation.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use outlive_clock::{Instant, Span, wall_now};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::server_names::server_names;
use super::validity::{BACKDATED, valid};
use crate::StartError;
use crate::kept_once::read_or_create;
use crate::private_files::create_data_dir;

/// The name of the issuer in certificate stores.
const SUBJECT: &str = "Outlive local certificate authority";
/// The validity of its certificate, in wall time.
const VALIDITY: Span = Span::from_days(10 * 365);
/// The names that are always permitted.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.0/8", "::1"];

/// A certificate authority in the data directory: `ca.pem`, which clients trust, and `ca.key`,
/// which only its owner can read. Name constraints restrict it to this machine and the configured
/// names (RFC 5280, section 4.2.1.10), so that a stolen key cannot impersonate other sites.
/// `ca.names` lists the names.
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
    /// Loads the authority from `data_dir`, or creates it. It is constrained to this machine and
    /// `names` (DNS names and IP addresses). A certificate that lacks some of them, or has no
    /// constraints, is reissued with the same key; clients must trust it again for the new names.
    ///
    /// # Errors
    /// When a name is not valid, the directory cannot be used, or a file is not a key or
    /// certificate: such a file is never replaced.
    pub fn open(data_dir: &Path, names: &[String]) -> Result<Self, StartError> {
        server_names(names)?;
        let (path, key_path) = (data_dir.join("ca.pem"), data_dir.join("ca.key"));
        let unusable = |path: &Path, why: &dyn std::fmt::Display| {
            StartError::new(
                format!("cannot use the certificate authority's {}", path.display()),
                why,
                "give --data a directory that can be written; if the file is broken, restore it, or delete ca.pem and \
                 ca.key together: then a new authority is created, which clients must trust again",
            )
        };
        create_data_dir(data_dir).map_err(|error| unusable(data_dir, &error))?;
        let key = read_or_create(&key_path, true, || {
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
                .map(|key| key.serialize_pem())
                .map_err(io::Error::other)
        })
        .map_err(|error| unusable(&key_path, &error))?;
        let key = KeyPair::from_pem(&key).map_err(|error| unusable(&key_path, &error))?;
        let names_path = data_dir.join("ca.names");
        let recorded = read_if_present(&names_path).map_err(|error| unusable(&names_path, &error))?;
        let mut permitted: BTreeSet<String> =
            recorded.as_deref().unwrap_or_default().lines().map(str::to_owned).collect();
        let before = permitted.len();
        permitted.extend(OWN_NAMES.into_iter().map(str::to_owned));
        permitted
            .extend(names.iter().filter(|name| !is_loopback(name)).map(|name| name.to_ascii_lowercase()));
        let params = params(wall_now(), &permitted);
        let present = read_if_present(&path).map_err(|error| unusable(&path, &error))?;
        if let Some(present) = &present {
            CertificateDer::from_pem_slice(present.as_bytes()).map_err(|error| unusable(&path, &error))?;
        }
        let text = match present {
            Some(present) if recorded.is_some() && permitted.len() == before => present,
            present => {
                let signed = params.self_signed(&key).map_err(|error| unusable(&path, &error))?.pem();
                replace(&path, &signed).map_err(|error| unusable(&path, &error))?;
                let lines = permitted.into_iter().collect::<Vec<_>>().join("\n");
                replace(&names_path, &lines).map_err(|error| unusable(&names_path, &error))?;
                if present.is_some() {
                    tracing::warn!(path = %path.display(), "the certificate of the local authority was replaced: it is now limited to the configured names");
                }
                signed
            }
        };
        let certificate =
            CertificateDer::from_pem_slice(text.as_bytes()).map_err(|error| unusable(&path, &error))?;
        Ok(Self { path, certificate, issuer: Issuer::new(params, key) })
    }

    /// The path of the certificate that clients must trust, in PEM.
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

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn read_if_present(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// Replaces a file atomically.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let permissions: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    #[cfg(unix)]
    builder.permissions(permissions);
    let mut file = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn params(now: Instant, permitted: &BTreeSet<String>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, SUBJECT);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted.iter().map(|name| subtree(name)).collect(),
        excluded_subtrees: Vec::new(),
    });
    valid(&mut params, now - BACKDATED, now + VALIDITY);
    params
}

/// A name constraint: an IP address with or without prefix length, or a DNS name.
fn subtree(name: &str) -> GeneralSubtree {
    let (address, prefix) = name.split_once('/').unwrap_or((name, ""));
    match address.parse::<IpAddr>() {
        Ok(address) => {
            let whole = if address.is_ipv4() { 32 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix.parse().unwrap_or(whole)))
        }
        Err(_) => GeneralSubtree::DnsName(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let first = LocalAuthority::open(directory.path(), &[]).unwrap();
        let again = LocalAuthority::open(directory.path(), &[]).unwrap();
        assert_eq!(first.certificate(), again.certificate());
        let other = tempfile::tempdir().unwrap();
        assert_ne!(first.certificate(), LocalAuthority::open(other.path(), &[]).unwrap().certificate());
    }

    #[test]
    fn the_certificate_is_constrained_to_the_names_it_serves() {
        let directory = tempfile::tempdir().unwrap();
        let authority = LocalAuthority::open(directory.path(), &["login.example".to_owned()]).unwrap();
        let has = |bytes: &[u8]| authority.certificate().windows(bytes.len()).any(|part| part == bytes);
        // Name constraints (2.5.29.30), critical.
        assert!(has(&[0x06, 0x03, 0x55, 0x1d, 0x1e, 0x01, 0x01, 0xff]));
        assert!(has(b"login.example") && has(b"localhost") && !has(b"login.microsoftonline.com"));
    }

    #[test]
    fn a_broken_file_is_named_and_stays_as_it_is() {
        for name in ["ca.key", "ca.pem"] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(name), "broken").unwrap();
            let error = LocalAuthority::open(directory.path(), &[]).unwrap_err();
            assert!(error.what.contains(name), "{error}");
            assert_eq!(std::fs::read_to_string(directory.path().join(name)).unwrap(), "broken");
        }
    }

    #[test]
    fn the_certificate_is_replaced_for_a_new_name_and_kept_for_a_known_one() {
        let directory = tempfile::tempdir().unwrap();
        let open = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            LocalAuthority::open(directory.path(), &names).unwrap()
        };
        let first = open(&["localhost", "127.0.0.1", "::1"]);
        let key = std::fs::read_to_string(directory.path().join("ca.key")).unwrap();
        let second = open(&["login.microsoftonline.com"]);
        assert_ne!(first.certificate(), second.certificate());
        for names in [&[][..], &["LOGIN.microsoftonline.com"], &["127.0.0.2"]] {
            assert_eq!(open(names).certificate(), second.certificate(), "{names:?}");
        }
        assert_eq!(std::fs::read_to_string(directory.path().join("ca.key")).unwrap(), key);
        // Authorities of earlier versions had no constraints.
        std::fs::remove_file(directory.path().join("ca.names")).unwrap();
        assert_ne!(open(&[]).certificate(), second.certificate());
        assert!(LocalAuthority::open(directory.path(), &["a b".to_owned()]).is_err());
    }
}
