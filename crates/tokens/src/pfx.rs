//! PKCS#12 files (RFC 7292): a private key with its certificate, as clients store them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Instant;
use p12_keystore::error::Error;
use p12_keystore::{
    Certificate as StoredCertificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};
use zeroize::Zeroizing;

use crate::{Certificate, CertificateRefusal, KeyError, SigningKey};

/// The longest accepted file, in bytes. A key with a chain of certificates has less than ten
/// thousand.
const BYTES_MAX: usize = 64 * 1024;
/// The object identifier of scrypt, in DER: its memory is a choice of the file's author.
const SCRYPT: [u8; 11] = [0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];

/// A private key with its certificate. `Debug` shows neither.
pub struct Pfx {
    pkcs8: Zeroizing<Vec<u8>>,
    /// The certificate of the key, then those of its issuers, DER.
    chain: Vec<Vec<u8>>,
}

/// Why a file was rejected. Without its source: the parsers describe their own grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PfxRefusal {
    /// Not a PKCS#12 file in base64.
    #[error("it is not a PKCS#12 file in base64")]
    NotAFile,
    /// Another password opens it.
    #[error("its password is wrong")]
    Password,
    /// It contains certificates only.
    #[error("it has no private key")]
    NoKey,
    /// It contains keys only.
    #[error("it has no certificate for its private key")]
    NoCertificate,
}

impl Pfx {
    /// Opens a file in base64. The key is derived from the password as often as the file says, a
    /// million times at most: async callers use a blocking thread.
    ///
    /// # Errors
    /// [`PfxRefusal`].
    pub fn open(text: &str, password: &str) -> Result<Self, PfxRefusal> {
        if text.len() > BYTES_MAX * 2 {
            return Err(PfxRefusal::NotAFile);
        }
        // Lines may have any length, and tools break them.
        let text: String = text.split_ascii_whitespace().collect();
        let bytes = STANDARD.decode(text).ok().ok_or(PfxRefusal::NotAFile)?;
        if bytes.len() > BYTES_MAX || bytes.windows(SCRYPT.len()).any(|window| window == SCRYPT) {
            return Err(PfxRefusal::NotAFile);
        }
        let archive = Pkcs12Archive::from_pkcs12(&bytes, password).map_err(|error| match error {
            Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => PfxRefusal::Password,
            _ => PfxRefusal::NotAFile,
        })?;
        let key = archive.keys.first().ok_or(PfxRefusal::NoKey)?;
        let id = key.local_key_id.as_ref().map(AsRef::<[u8]>::as_ref);
        let own = archive.certs.iter().position(|bag| id.is_some() && bag.local_key_id.as_deref() == id);
        let own =
            own.or_else(|| (!archive.certs.is_empty()).then_some(0)).ok_or(PfxRefusal::NoCertificate)?;
        let issuers = archive.certs.iter().enumerate().filter(|(index, _)| *index != own).map(|(_, bag)| bag);
        let chain = archive.certs.get(own).into_iter().chain(issuers);
        Ok(Self {
            pkcs8: Zeroizing::new(key.key.as_der().to_vec()),
            chain: chain.map(|bag| bag.cert.as_der().to_vec()).collect(),
        })
    }

    /// Writes a file in base64 with the key and its certificate.
    ///
    /// # Errors
    /// When a library rejects the key or the certificate: a defect, independent of input.
    pub fn write(key: &SigningKey, password: &str) -> Result<String, KeyError> {
        let failed = |error: Error| KeyError::new("written", error);
        let certificate = StoredCertificate::from_der(key.certificate_der()).map_err(failed)?;
        let private = PrivateKey::from_der(key.pkcs8_der()).map_err(failed)?;
        let mut store = KeyStore::new();
        let chain = PrivateKeyChain::new(key.kid().as_bytes(), private, [certificate]);
        store.add_entry("outlive", KeyStoreEntry::PrivateKeyChain(chain));
        Ok(STANDARD.encode(store.writer(password).write().map_err(failed)?))
    }

    /// The key with which clients sign assertions.
    ///
    /// # Errors
    /// When it is not an RSA key.
    pub fn signing_key(&self) -> Result<SigningKey, KeyError> {
        SigningKey::from_der(&self.pkcs8, self.chain.first().map_or(&[], Vec::as_slice))
    }

    /// When the certificate is valid.
    ///
    /// # Errors
    /// When it is not the certificate of an RSA key.
    pub fn term(&self) -> Result<(Instant, Instant), CertificateRefusal> {
        Ok(Certificate::from_der(self.chain.first().map_or(&[], Vec::as_slice))?.term())
    }

    /// The private key and the certificates as one PEM text, for TLS.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        let mut pem = Zeroizing::new(String::new());
        let certificates = self.chain.iter().map(|der| ("CERTIFICATE", der.as_slice()));
        for (label, der) in std::iter::once(("PRIVATE KEY", self.pkcs8.as_slice())).chain(certificates) {
            pem.push_str(&format!("-----BEGIN {label}-----\n"));
            let text = Zeroizing::new(STANDARD.encode(der));
            for line in text.as_bytes().chunks(64) {
                pem.push_str(&String::from_utf8_lossy(line));
                pem.push('\n');
            }
            pem.push_str(&format!("-----END {label}-----\n"));
        }
        pem
    }
}

impl std::fmt::Debug for Pfx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pfx").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::{Randomness, Span};
    use proptest::prelude::*;

    use super::*;

    fn key() -> SigningKey {
        let from = Instant::from_seconds(1_767_603_600);
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        SigningKey::generate_for("orders", &mut stream, from, from + Span::from_days(365)).expect("a key")
    }

    #[test]
    fn a_written_file_opens_with_its_password_only() {
        let key = key();
        let text = Pfx::write(&key, "p:ä").expect("written");
        let opened = Pfx::open(&text, "p:ä").expect("opened");
        let read = opened.signing_key().expect("an RSA key");
        assert_eq!((read.kid(), read.pkcs8_der()), (key.kid(), key.pkcs8_der()));
        assert_eq!(opened.term().expect("a certificate").0, Instant::from_seconds(1_767_603_600));
        let pem = opened.to_pem();
        let certificate = Certificate::from_pem(&pem).expect("a certificate");
        assert_eq!(certificate.der(), key.certificate_der());
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n") && !format!("{opened:?}").contains("MII"));
        for wrong in ["", "p", "P:ä"] {
            assert_eq!(Pfx::open(&text, wrong).map(drop), Err(PfxRefusal::Password), "{wrong}");
        }
        let broken: String =
            text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line) + "\r\n").collect();
        assert!(Pfx::open(&broken, "p:ä").is_ok(), "line breaks");
    }

    /// Written by OpenSSL 3: `openssl pkcs12 -export`, with and without `-legacy`, `-nokeys` and
    /// `-nocerts`. The password is `test`.
    #[test]
    fn files_of_other_tools_open() {
        for (name, text, expected) in [
            ("modern", include_str!("pfx/modern.txt"), Ok(())),
            ("legacy", include_str!("pfx/legacy.txt"), Ok(())),
            ("certificate only", include_str!("pfx/certificate.txt"), Err(PfxRefusal::NoKey)),
            ("key only", include_str!("pfx/key.txt"), Err(PfxRefusal::NoCertificate)),
        ] {
            let opened = Pfx::open(text, "test");
            assert_eq!(opened.as_ref().map(drop).map_err(|refusal| *refusal), expected, "{name}");
            if let Ok(opened) = opened {
                assert!(opened.signing_key().is_ok(), "{name}");
            }
            assert_eq!(Pfx::open(text, "wrong").map(drop), Err(PfxRefusal::Password), "{name}");
        }
    }

    #[test]
    fn what_is_no_file_is_rejected() {
        let text = Pfx::write(&key(), "").expect("written");
        assert!(Pfx::open(&text, "").is_ok());
        let long = "A".repeat(BYTES_MAX * 2 + 1);
        let scrypt = STANDARD.encode(SCRYPT);
        for bad in ["", "x", "MIIB", "-----BEGIN CERTIFICATE-----", &text[..text.len() / 2], &long, &scrypt] {
            assert_eq!(Pfx::open(bad, "").map(drop), Err(PfxRefusal::NotAFile), "{bad:.20}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..2_000, byte: u8) {
            let _ = Pfx::open(&STANDARD.encode(&bytes), "p");
            let mut changed = STANDARD.decode(include_str!("pfx/modern.txt").replace('\n', "")).expect("base64");
            let length = changed.len();
            // Not the numbers of iterations, which only take time.
            if let Some(place) = changed.get_mut(at % length) {
                *place = byte;
            }
            let _ = Pfx::open(&STANDARD.encode(&changed), "test");
        }
    }
}
