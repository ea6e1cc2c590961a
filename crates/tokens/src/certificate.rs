//! Certificates that applications register as credentials.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use jsonwebtoken::DecodingKey;
use outlive_clock::Instant;
use rsa::RsaPublicKey;
use rsa::traits::PublicKeyParts;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_cert::der::Decode;
use x509_cert::der::referenced::OwnedToRef;

/// The longest accepted certificate, in bytes of PEM text.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// A certificate with an RSA key. No certificate authority is checked: the registration is the
/// proof of trust.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    not_before: Instant,
    not_after: Instant,
    key: DecodingKey,
}

/// Why a certificate was rejected. Without its source: the parsers describe their own grammar,
/// which explains nothing to the owner of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateRefusal {
    /// Not an X.509 certificate in PEM or DER.
    #[error("it is not an X.509 certificate")]
    NotACertificate,
    /// The key is not an RSA key.
    #[error("its key is not an RSA key")]
    NotRsa,
}

impl Certificate {
    /// Parses the first certificate of a PEM text; anything before it, such as a private key, is
    /// ignored.
    ///
    /// # Errors
    /// [`CertificateRefusal`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateRefusal> {
        let refused = CertificateRefusal::NotACertificate;
        let begun = text.split_once("-----BEGIN CERTIFICATE-----").ok_or(refused)?.1;
        let (body, _) = begun.split_once("-----END CERTIFICATE-----").ok_or(refused)?;
        if body.len() > TEXT_BYTES_MAX {
            return Err(refused);
        }
        // Lines may have any length: the text is often extracted from another file format.
        let body: String = body.split_ascii_whitespace().collect();
        Self::from_der(&STANDARD.decode(body).ok().ok_or(refused)?)
    }

    /// Parses a certificate in DER.
    ///
    /// # Errors
    /// [`CertificateRefusal`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateRefusal> {
        let read = x509_cert::Certificate::from_der(der).ok().ok_or(CertificateRefusal::NotACertificate)?;
        let named = read.tbs_certificate;
        let spki = named.subject_public_key_info.owned_to_ref();
        let key = RsaPublicKey::try_from(spki).ok().ok_or(CertificateRefusal::NotRsa)?;
        let number = |n: &rsa::BigUint| URL_SAFE_NO_PAD.encode(n.to_bytes_be());
        let key = DecodingKey::from_rsa_components(&number(key.n()), &number(key.e()))
            .ok()
            .ok_or(CertificateRefusal::NotRsa)?;
        let at = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).map_or(Instant::MAX, Instant::from_seconds)
        };
        Ok(Self {
            der: der.to_vec(),
            subject: named.subject.to_string(),
            not_before: at(named.validity.not_before),
            not_after: at(named.validity.not_after),
            key,
        })
    }

    /// The certificate, DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject's distinguished name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The validity period, in the system time of the machine that created the certificate.
    #[must_use]
    pub const fn term(&self) -> (Instant, Instant) {
        (self.not_before, self.not_after)
    }

    /// The SHA-1 thumbprint in base64, as in Microsoft Graph.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        STANDARD.encode(Sha1::digest(&self.der))
    }

    /// The SHA-1 thumbprint, base64url: the `x5t` header.
    #[must_use]
    pub fn x5t(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha1::digest(&self.der))
    }

    /// The SHA-256 thumbprint, base64url: the `x5t#S256` header.
    #[must_use]
    pub fn x5t_s256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.der))
    }

    /// Whether `name` is a thumbprint of this certificate: in base64url or, as older libraries
    /// write it, in hexadecimal.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.trim_end_matches('=');
        name == self.x5t()
            || name == self.x5t_s256()
            || name.eq_ignore_ascii_case(&HEXLOWER.encode(&Sha1::digest(&self.der)))
            || name.eq_ignore_ascii_case(&HEXLOWER.encode(&Sha256::digest(&self.der)))
    }

    /// Whether this is the certificate in an `x5c` header (base64 DER).
    #[must_use]
    pub fn is_brought(&self, x5c: &str) -> bool {
        STANDARD.decode(x5c).is_ok_and(|der| der == self.der)
    }

    pub(crate) const fn key(&self) -> &DecodingKey {
        &self.key
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("x5t", &self.x5t()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use outlive_clock::{Randomness, Span};

    use super::*;
    use crate::SigningKey;

    #[test]
    fn certificates_are_parsed_and_matched_by_thumbprint() {
        let from = Instant::from_seconds(1_767_603_600);
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        let made = SigningKey::generate(&mut stream, from, from + Span::from_days(9)).expect("a key");
        let read = Certificate::from_der(made.certificate_der()).expect("its own");
        assert_eq!((read.x5t().as_str(), read.term()), (made.kid(), (from, from + Span::from_days(9))));
        let pem = format!(
            "a private key\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD
                .encode(made.certificate_der())
                .as_bytes()
                .chunks(64)
                .map(|line| String::from_utf8_lossy(line))
                .collect::<Vec<_>>()
                .join("\n")
        );
        let same = Certificate::from_pem(&pem).expect("the same");
        assert_eq!(same.der(), read.der());
        assert!(same.is_called(&read.x5t()) && same.is_called(&read.x5t_s256()));
        assert!(same.is_brought(&STANDARD.encode(read.der())) && !same.is_brought("AAAA"));
        assert!(!same.is_called("") && !same.is_called("x"));
        for bad in ["", "-----BEGIN CERTIFICATE-----", &pem.replace("MII", "AAA"), &pem.replace("END", "and")]
        {
            assert_eq!(Certificate::from_pem(bad).err(), Some(CertificateRefusal::NotACertificate));
        }
    }
}
