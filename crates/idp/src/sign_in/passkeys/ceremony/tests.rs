//! Responses in which one byte differs from what was signed or created.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use outlive_clock::Randomness;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

const NOW: Instant = Instant::from_seconds(1_767_603_600);
const ORIGIN: &str = "https://login.example:8443";

struct Made {
    pair: EcdsaKeyPair,
    passkey: Passkey,
    challenge: Challenge,
}

fn made() -> Made {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let start: &[u8] = &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    let key = [start, &point[1..33], &[0x22, 0x58, 0x20], &point[33..]].concat();
    let random = Randomness::from_seed(1);
    let passkey = Passkey {
        credential: URL_SAFE_NO_PAD.encode([7; 32]),
        user_id: UserId::from_uuid(uuid::Uuid::from_u128(1)),
        rp_id: "login.example".to_owned(),
        name: String::new(),
        public_key: URL_SAFE_NO_PAD.encode(key),
        aaguid: String::new(),
        counter: 0,
        created_at: NOW,
        used_at: None,
    };
    Made { pair, passkey, challenge: Challenge::generate(&mut random.stream("challenge"), NOW) }
}

fn client_data(kind: &str, challenge: &Challenge) -> Vec<u8> {
    json!({"type": kind, "challenge": challenge.text, "origin": ORIGIN}).to_string().into_bytes()
}

fn authenticator_data(flags: u8) -> Vec<u8> {
    [Sha256::digest("login.example").as_slice(), &[flags, 0, 0, 0, 1]].concat()
}

/// The three parts of an assertion: client data, authenticator data, signature.
fn assertion(made: &Made) -> [Vec<u8>; 3] {
    let (client_data, data) = (client_data("webauthn.get", &made.challenge), authenticator_data(5));
    let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
    let signature = made.pair.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec();
    [client_data, data, signature]
}

fn verify_assertion(made: &Made, [client_data, data, signature]: &[Vec<u8>; 3]) -> Result<u32, Reason> {
    let response = Assertion {
        client_data: URL_SAFE_NO_PAD.encode(client_data),
        authenticator_data: URL_SAFE_NO_PAD.encode(data),
        signature: URL_SAFE_NO_PAD.encode(signature),
        user_handle: None,
    };
    let answer = Answer { id: made.passkey.credential.clone(), response };
    RelyingParty::of_origin(ORIGIN).unwrap().verify_assertion(&made.challenge, &made.passkey, answer, NOW)
}

#[test]
fn a_name_is_what_passkeys_belong_to() {
    let id = |origin: &str| RelyingParty::of_origin(origin).map(|here| (here.id, here.origin));
    assert_eq!(id("https://Login.Example"), Some(("login.example".into(), "https://login.example".into())));
    assert_eq!(id("http://localhost:8701"), Some(("localhost".into(), "http://localhost:8701".into())));
    for origin in ["http://[::1]:8701", "data:text", "nothing", ""] {
        assert_eq!(id(origin), None, "{origin}");
    }
}

#[test]
fn an_assertion_counts_as_it_was_signed() {
    let made = made();
    assert_eq!(verify_assertion(&made, &assertion(&made)), Ok(1));
}

proptest! {
    #[test]
    fn and_with_no_byte_changed_nor_left_out(part in 0_usize..3, at: prop::sample::Index, change in 1_u8..) {
        let made = made();
        let good = assertion(&made);
        let (mut changed, mut shorter) = (good.clone(), good);
        let at = at.index(changed[part].len());
        changed[part][at] ^= change;
        prop_assert!(verify_assertion(&made, &changed).is_err());
        shorter[part].truncate(at);
        prop_assert!(verify_assertion(&made, &shorter).is_err());
    }

    /// An attacker can choose the bytes that precede the signature.
    #[test]
    fn whatever_claims_to_be_a_new_key_is_read_or_refused(mut object: Vec<u8>, at: prop::sample::Index, byte: u8) {
        let made = made();
        let key = URL_SAFE_NO_PAD.decode(&made.passkey.public_key).unwrap();
        let data = [authenticator_data(0x45).as_slice(), &[0; 16], &[0, 32], &[7; 32], &key].concat();
        let length = u8::try_from(data.len()).unwrap();
        let good = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        let mut changed = good.clone();
        changed[at.index(good.len())] = byte;
        let cut = good[..at.index(good.len())].to_vec();
        object.truncate(200);
        let here = RelyingParty::of_origin(ORIGIN).unwrap();
        let register = |object: Vec<u8>| {
            let response = Attestation {
                client_data: URL_SAFE_NO_PAD.encode(client_data("webauthn.create", &made.challenge)),
                attestation_object: URL_SAFE_NO_PAD.encode(object),
            };
            let answer = Answer { id: made.passkey.credential.clone(), response };
            here.verify_registration(&made.challenge, made.passkey.user_id, answer, NOW)
        };
        prop_assert!(register(good).is_ok());
        prop_assert!(register(cut).is_err());
        prop_assert!(register(object).is_err());
        let _ = register(changed);
    }
}
