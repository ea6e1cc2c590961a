//! An issuer's signing keys.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{self as rsa_keys, KeySize};
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_clock::{Instant, Stream};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::rand_core::{CryptoRng, Error as RandError, RngCore};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey};
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::Sealer;

const KEY_BITS: usize = 2048;
/// The subject of Entra's signing certificates.
const SUBJECT: &str = "accounts.accesscontrol.windows.net";
const PURPOSE: &str = "signing-key";

/// A key could not be generated or loaded.
#[derive(Debug, thiserror::Error)]
#[error("a signing key could not be {doing}: {why}")]
pub struct KeyError {
    doing: &'static str,
    why: String,
}

impl KeyError {
    pub(crate) fn new(doing: &'static str, why: impl std::fmt::Display) -> Self {
        Self { doing, why: why.to_string() }
    }
}

/// A 2048-bit RSA key with its self-signed certificate and everything that can be precomputed for
/// signing.
pub struct SigningKey {
    kid: String,
    modulus: String,
    exponent: String,
    certificate: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    pair: RsaKeyPair,
}

impl SigningKey {
    /// The purpose for which keys are sealed.
    pub const SEALED_FOR: &'static str = PURPOSE;

    /// Generates a key whose certificate is valid from `not_before` to `not_after` (virtual time of
    /// the tenant).
    ///
    /// The same seeded stream yields the same key, serial number and certificate. That takes tens
    /// to hundreds of milliseconds of CPU time: async callers use a blocking thread. Without a
    /// seed, AWS-LC generates the key in a fraction of the time, with its own randomness.
    ///
    /// The `rsa` crate only generates and reads keys. It never signs or decrypts, so its timing
    /// side channel (RUSTSEC-2023-0071) is not exposed.
    ///
    /// # Errors
    /// When a library rejects the generated key: a defect, independent of input.
    pub fn generate(stream: &mut Stream, not_before: Instant, not_after: Instant) -> Result<Self, KeyError> {
        Self::generate_for(SUBJECT, stream, not_before, not_after)
    }

    /// Generates a key as [`generate`](Self::generate), with a certificate for `subject` (its
    /// common name).
    ///
    /// # Errors
    /// When a library rejects the generated key: a defect, independent of input.
    pub fn generate_for(
        subject: &str,
        stream: &mut Stream,
        not_before: Instant,
        not_after: Instant,
    ) -> Result<Self, KeyError> {
        let serial: [u8; 16] = stream.bytes();
        let pkcs8 = if stream.is_seeded() { generate_from(stream)? } else { generate_from_system()? };
        let certificate = certificate(&pkcs8, subject, serial, not_before, not_after)
            .map_err(|e| KeyError::new("certified", e))?;
        Self::from_der(&pkcs8, &certificate)
    }

    /// Loads a key from its PKCS#8 and certificate, both DER.
    ///
    /// # Errors
    /// When the private key is not an RSA signing key.
    pub fn from_der(pkcs8: &[u8], certificate: &[u8]) -> Result<Self, KeyError> {
        let key = RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|e| KeyError::new("read", e))?;
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|e| KeyError::new("read", e))?;
        let number = |n: &BigUint| URL_SAFE_NO_PAD.encode(n.to_bytes_be());
        Ok(Self {
            kid: URL_SAFE_NO_PAD.encode(Sha1::digest(certificate)),
            modulus: number(key.n()),
            exponent: number(key.e()),
            certificate: certificate.to_vec(),
            pkcs8: Zeroizing::new(pkcs8.to_vec()),
            pair,
        })
    }

    /// Seals key and certificate as one string, for storage.
    #[must_use]
    pub fn sealed(&self, sealer: &Sealer, stream: &mut Stream) -> String {
        let stored = Stored {
            pkcs8: Zeroizing::new(STANDARD.encode(&self.pkcs8)),
            certificate: STANDARD.encode(&self.certificate),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&stored).expect("a struct of two texts"));
        sealer.seal(PURPOSE, &plain, stream)
    }

    /// Seals a sealed key again, with the sealing key of now. `None` if it does not open.
    #[must_use]
    pub fn resealed(sealer: &Sealer, text: &str, stream: &mut Stream) -> Option<String> {
        sealer.reseal(PURPOSE, text, stream)
    }

    /// Opens a key sealed by [`sealed`](Self::sealed).
    ///
    /// # Errors
    /// When the text was sealed with another key or is damaged.
    pub fn unsealed(sealer: &Sealer, text: &str) -> Result<Self, KeyError> {
        let plain = sealer
            .open(PURPOSE, text)
            .map(Zeroizing::new)
            .ok_or_else(|| KeyError::new("opened", "it was sealed by another sealing key, or is damaged"))?;
        let stored: Stored = serde_json::from_slice(&plain).map_err(|e| KeyError::new("read", e))?;
        let bytes = |text: &str| STANDARD.decode(text).map_err(|e| KeyError::new("read", e));
        Self::from_der(&Zeroizing::new(bytes(&stored.pkcs8)?), &bytes(&stored.certificate)?)
    }

    /// The `kid` and `x5t`: the base64url SHA-1 thumbprint of the certificate, 27 characters.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The modulus, base64url (`n`).
    #[must_use]
    pub fn modulus(&self) -> &str {
        &self.modulus
    }

    /// The public exponent, base64url (`e`): always `AQAB`.
    #[must_use]
    pub fn exponent(&self) -> &str {
        &self.exponent
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The private key, PKCS#8 DER. Seal it before storing it.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        &self.pkcs8
    }

    pub(crate) const fn pair(&self) -> &RsaKeyPair {
        &self.pair
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// The keys of an issuer. All are published; only the active one signs.
///
/// `next` is published before it signs, so that a resource that polls daily never sees an unknown
/// key; `retired` keys are published until the last token that they signed has expired.
#[derive(Clone, Debug)]
pub struct KeyRing {
    /// The key that signs.
    pub active: Arc<SigningKey>,
    /// The key that will sign after the next rotation.
    pub next: Option<Arc<SigningKey>>,
    /// Previous signing keys, the latest first.
    pub retired: Vec<Arc<SigningKey>>,
}

impl KeyRing {
    /// A ring with one key.
    #[must_use]
    pub fn new(active: Arc<SigningKey>) -> Self {
        Self { active, next: None, retired: Vec::new() }
    }

    /// The ring after a rotation: `next` becomes active, the active key is retired, and `fresh` is
    /// the new `next`. Without a `next`, `fresh` becomes active.
    #[must_use]
    pub fn rotated(&self, fresh: Arc<SigningKey>) -> Self {
        let retired = std::iter::once(&self.active).chain(&self.retired).cloned().collect();
        match &self.next {
            Some(next) => Self { active: Arc::clone(next), next: Some(fresh), retired },
            None => Self { active: fresh, next: None, retired },
        }
    }

    /// All keys to publish: active, next, then the retired.
    pub fn published(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.active).chain(&self.next).chain(&self.retired).map(|key| &**key)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    pkcs8: Zeroizing<String>,
    certificate: String,
}

/// Generates the key that this stream determines, as PKCS#8.
fn generate_from(stream: &mut Stream) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let key = RsaPrivateKey::new(&mut Draws(stream), KEY_BITS).map_err(|e| KeyError::new("generated", e))?;
    let pkcs8 = key.to_pkcs8_der().map_err(|e| KeyError::new("encoded", e))?;
    Ok(pkcs8.to_bytes())
}

/// Generates a key as PKCS#8.
fn generate_from_system() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let key = rsa_keys::KeyPair::generate(KeySize::Rsa2048).map_err(|e| KeyError::new("generated", e))?;
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(|e| KeyError::new("encoded", e))?;
    Ok(Zeroizing::new(pkcs8.as_ref().to_vec()))
}

fn certificate(
    pkcs8: &[u8],
    subject: &str,
    serial: [u8; 16],
    from: Instant,
    to: Instant,
) -> Result<Vec<u8>, rcgen::Error> {
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256)?;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let date = |at: Instant| epoch + (at.whole_second() - Instant::EPOCH).to_std();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.serial_number = Some(SerialNumber::from_slice(&positive(serial)));
    params.not_before = date(from);
    params.not_after = date(to.max(from));
    Ok(params.self_signed(&pair)?.der().to_vec())
}

/// A serial number is a positive integer without leading zeros (RFC 5280 §4.1.2.2).
fn positive(mut serial: [u8; 16]) -> [u8; 16] {
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}

/// Adapts a stream to the `rsa` crate's random number generator trait.
struct Draws<'a>(&'a mut Stream);

impl RngCore for Draws<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        self.0.fill(buffer);
    }
    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), RandError> {
        self.0.fill(buffer);
        Ok(())
    }
}

impl CryptoRng for Draws<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::{Randomness, Span};
    use x509_cert::der::Decode as _;

    fn key(seed: u64) -> SigningKey {
        let from = Instant::from_seconds(1_767_603_600);
        let mut stream = Randomness::from_seed(seed).stream("signing-key");
        SigningKey::generate(&mut stream, from, from + Span::from_days(1_800)).expect("a key")
    }

    #[test]
    fn a_seed_determines_key_and_certificate() {
        let (one, two, other) = (key(1), key(1), key(2));
        assert_eq!((one.kid(), one.pkcs8_der()), (two.kid(), two.pkcs8_der()));
        assert_eq!(one.certificate_der(), two.certificate_der());
        assert_ne!(one.kid(), other.kid());
        assert_ne!(one.modulus(), other.modulus());
        assert_eq!((one.kid().len(), one.exponent()), (27, "AQAB"));
        assert!(format!("{one:?}").contains(one.kid()) && !format!("{one:?}").contains("pkcs8"));
    }

    #[test]
    fn without_a_seed_every_key_differs() {
        let [one, two] = [1, 2].map(|_| {
            let mut stream = Randomness::from_system().stream("signing-key");
            SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key")
        });
        assert_ne!(one.modulus(), two.modulus());
        assert_eq!((one.exponent(), one.kid().len(), one.modulus().len()), ("AQAB", 27, 342));
        let certificate = crate::Certificate::from_der(one.certificate_der());
        assert_eq!(certificate.expect("a certificate").subject(), format!("CN={SUBJECT}"));
    }

    #[test]
    fn a_certificate_can_be_valid_until_the_end_of_time() {
        let mut stream = Randomness::from_seed(1).stream("signing-key");
        let from = Instant::MAX - Span::from_days(1);
        let key = SigningKey::generate(&mut stream, from, from + Span::from_days(1_800)).expect("a key");
        let read = x509_cert::Certificate::from_der(key.certificate_der()).expect("a certificate");
        let validity = read.tbs_certificate.validity;
        let seconds = [validity.not_before, validity.not_after].map(|date| date.to_unix_duration().as_secs());
        assert_eq!(seconds.map(|at| at as i64), [from, Instant::MAX].map(Instant::as_seconds));
    }

    #[test]
    fn a_serial_number_is_positive_and_has_no_leading_zeros() {
        assert_eq!(
            [positive([0; 16])[0], positive([0xff; 16])[0], positive([0x85; 16])[0]],
            [0x40, 0x7f, 0x45]
        );
        assert_eq!(positive([7; 16])[1..], [7; 15]);
    }

    #[test]
    fn a_key_is_drawn_from_its_stream() {
        let [mut of_key, mut stream] = [1, 1].map(|seed| Randomness::from_seed(seed).stream("signing-key"));
        let mut draws = Draws(&mut of_key);
        assert_eq!((draws.next_u32(), draws.next_u64()), (stream.next_u32(), stream.next_u64()));
        let [mut drawn, mut also_drawn, mut expected] = [[0; 9]; 3];
        draws.fill_bytes(&mut drawn);
        stream.fill(&mut expected);
        assert_eq!(drawn, expected);
        draws.try_fill_bytes(&mut also_drawn).expect("a stream never ends");
        stream.fill(&mut expected);
        assert_eq!(also_drawn, expected);
    }

    #[test]
    fn a_sealed_key_opens_only_with_its_sealing_key() {
        let key = key(1);
        let sealer = Sealer::new(&[5; 32]);
        let text = key.sealed(&sealer, &mut Randomness::from_seed(1).stream("seal"));
        let back = SigningKey::unsealed(&sealer, &text).expect("its own");
        assert_eq!((back.kid(), back.pkcs8_der()), (key.kid(), key.pkcs8_der()));
        assert!(SigningKey::unsealed(&Sealer::new(&[6; 32]), &text).is_err());
        assert!(SigningKey::from_der(b"no key", key.certificate_der()).is_err());
    }

    #[test]
    fn rotation_activates_next_and_retires_the_active_key() {
        let [a, b, c] = [1, 2, 3].map(|seed| Arc::new(key(seed)));
        let ring = KeyRing { active: Arc::clone(&a), next: Some(Arc::clone(&b)), retired: vec![] };
        let turned = ring.rotated(Arc::clone(&c));
        let kids: Vec<_> = turned.published().map(SigningKey::kid).collect();
        assert_eq!(kids, [b.kid(), c.kid(), a.kid()]);
        let turned = KeyRing::new(Arc::clone(&a)).rotated(Arc::clone(&b));
        assert_eq!(turned.published().map(SigningKey::kid).collect::<Vec<_>>(), [b.kid(), a.kid()]);
    }
}
