//! Authenticated encryption of tokens and stored secrets.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Stream;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The longest accepted sealed text, in characters.
const SEALED_CHARS_MAX: usize = 2 * 1024 * 1024;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Seals and opens byte strings with AES-256-GCM-SIV.
///
/// This mode tolerates a repeated nonce, which occurs when a seeded run is restarted. The text is
/// base64url of `key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The purpose is authenticated
/// data: text sealed for one purpose does not open for another. Cheap to clone; clones share their
/// keys.
#[derive(Clone)]
pub struct Sealer {
    /// The first one seals.
    keys: Arc<RwLock<Arc<[SealingKey]>>>,
}

struct SealingKey {
    id: [u8; KEY_ID_BYTES],
    cipher: LessSafeKey,
}

impl SealingKey {
    fn new(key: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"outlive/sealing-key-id/");
        hash.update(key);
        let digest: [u8; 32] = hash.finalize().into();
        let unbound =
            UnboundKey::new(&AES_256_GCM_SIV, key).expect("32 bytes are the length of an AES-256 key");
        Self { id: [digest[0], digest[1], digest[2], digest[3]], cipher: LessSafeKey::new(unbound) }
    }
}

impl Sealer {
    /// Creates a sealer with one key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self::with_previous(key, &[])
    }

    /// Creates a sealer that seals with `key` and also opens texts sealed with the `previous` keys.
    #[must_use]
    pub fn with_previous(key: &[u8; 32], previous: &[[u8; 32]]) -> Self {
        Self { keys: Arc::new(RwLock::new(keys_of(key, previous))) }
    }

    /// Replaces the keys, also of all clones.
    pub fn replace_keys(&self, key: &[u8; 32], previous: &[[u8; 32]]) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys_of(key, previous);
    }

    /// Whether a text was sealed with the key that seals now.
    #[must_use]
    pub fn is_current(&self, text: &str) -> bool {
        let id = URL_SAFE_NO_PAD.decode(text.get(..8).unwrap_or_default()).unwrap_or_default();
        id.starts_with(&self.keys()[0].id)
    }

    /// Opens a text and seals its content with the key that seals now. `None` if it does not open.
    #[must_use]
    pub fn reseal(&self, purpose: &str, text: &str, stream: &mut Stream) -> Option<String> {
        Some(self.seal(purpose, &Zeroizing::new(self.open(purpose, text)?), stream))
    }

    fn keys(&self) -> Arc<[SealingKey]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Seals `plain` for `purpose`. Only [`open`](Self::open) with the same purpose and key returns
    /// it.
    #[must_use]
    pub fn seal(&self, purpose: &str, plain: &[u8], stream: &mut Stream) -> String {
        let keys = self.keys();
        let key = &keys[0];
        let nonce: [u8; NONCE_BYTES] = stream.bytes();
        let mut body = Vec::with_capacity(plain.len() + TAG_BYTES);
        body.extend_from_slice(plain);
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(purpose), &mut body)
            .expect("the cipher refuses only inputs beyond 2^36 bytes, more than memory holds here");
        let mut sealed = Vec::with_capacity(KEY_ID_BYTES + NONCE_BYTES + body.len());
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens a text sealed for `purpose`. Returns `None` for anything else: text that is garbled,
    /// truncated, modified, or sealed for another purpose or with an unknown key.
    #[must_use]
    pub fn open(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        if text.len() > SEALED_CHARS_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = sealed.split_first_chunk::<KEY_ID_BYTES>()?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == *id)?;
        let mut body = body.to_vec();
        let plain = key
            .cipher
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad(purpose), &mut body)
            .ok()?
            .len();
        body.truncate(plain);
        Some(body)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer([redacted])")
    }
}

fn keys_of(key: &[u8; 32], previous: &[[u8; 32]]) -> Arc<[SealingKey]> {
    std::iter::once(key).chain(previous).map(SealingKey::new).collect()
}

fn aad(purpose: &str) -> Aad<String> {
    Aad::from(format!("outlive/sealed/1/{purpose}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Randomness;
    use proptest::prelude::*;

    fn stream() -> Stream {
        Randomness::from_seed(1).stream("seal")
    }

    fn sealer() -> Sealer {
        Sealer::new(&[7; 32])
    }

    #[test]
    fn a_rotated_key_still_opens() {
        let old = Sealer::new(&[1; 32]).seal("p", b"kept", &mut stream());
        let sealer = Sealer::with_previous(&[2; 32], &[[1; 32]]);
        assert_eq!(sealer.open("p", &old).as_deref(), Some(&b"kept"[..]));
        let new = sealer.seal("p", b"kept", &mut stream());
        assert_eq!(Sealer::new(&[1; 32]).open("p", &new), None);
        assert_eq!(Sealer::new(&[2; 32]).open("p", &new).as_deref(), Some(&b"kept"[..]));
    }

    #[test]
    fn keys_are_replaced_for_all_clones_and_texts_sealed_again() {
        let (sealer, mut stream) = (Sealer::new(&[1; 32]), stream());
        let old = sealer.seal("p", b"kept", &mut stream);
        assert!(sealer.is_current(&old));
        sealer.clone().replace_keys(&[2; 32], &[[1; 32]]);
        assert!(!sealer.is_current(&old));
        let new = sealer.reseal("p", &old, &mut stream).expect("it opens");
        assert!(sealer.is_current(&new));
        assert_eq!(Sealer::new(&[2; 32]).open("p", &new).as_deref(), Some(&b"kept"[..]));
        assert_eq!(sealer.reseal("q", &old, &mut stream), None);
        for garbled in ["", "short", "ä=ü=ö=ß="] {
            assert!(!sealer.is_current(garbled), "{garbled}");
        }
    }

    #[test]
    fn an_overlong_text_is_not_looked_at() {
        for (bytes, opens) in [(1_572_832, true), (1_572_833, false)] {
            let sealed = sealer().seal("p", &vec![7; bytes], &mut stream());
            assert_eq!((sealed.len() > 2_097_152, sealer().open("p", &sealed).is_some()), (!opens, opens));
        }
    }

    proptest! {
        #[test]
        fn opens_what_it_sealed_and_only_for_its_purpose(
            plain in proptest::collection::vec(any::<u8>(), 0..600), purpose in "[a-z-]{1,12}", other in "[a-z-]{1,12}",
        ) {
            let text = sealer().seal(&purpose, &plain, &mut stream());
            prop_assert_eq!(sealer().open(&purpose, &text), Some(plain));
            if other != purpose {
                prop_assert_eq!(sealer().open(&other, &text), None);
            }
        }

        #[test]
        fn a_flipped_bit_or_a_cut_does_not_open(
            plain in proptest::collection::vec(any::<u8>(), 0..100), bit in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
        ) {
            let text = sealer().seal("p", &plain, &mut stream());
            let mut sealed = URL_SAFE_NO_PAD.decode(&text).expect("base64url");
            prop_assert_eq!(sealer().open("p", &text[..cut.index(text.len())]), None);
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer().open("p", &URL_SAFE_NO_PAD.encode(&sealed)), None);
        }

        #[test]
        fn garbage_does_not_open(text in ".{0,200}") {
            prop_assert_eq!(sealer().open("p", &text), None);
        }
    }
}
