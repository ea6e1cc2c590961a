use outlive_clock::{Instant, Randomness};
use outlive_tokens::{
    SigningKey, TokenVersion, sign_hs256, sign_rs256, signatures, verifications, verify_hs256,
};
use serde_json::{Value, json};

#[test]
fn signatures_are_counted_and_shared_keys_are_not() {
    let mut stream = Randomness::from_seed(1).stream("signing-key");
    let key = SigningKey::generate(&mut stream, Instant::EPOCH, Instant::MAX).expect("a key");
    // Other tests of this process sign, too.
    let before = signatures();
    let _ = sign_rs256(&key, TokenVersion::V2, &json!({}));
    assert!(signatures() > before);
    let before = verifications();
    for _ in 0..1_000 {
        let token = sign_hs256(b"key", &json!({}));
        verify_hs256::<Value>(b"key", &token).expect("its own");
    }
    assert!(verifications() < before + 1_000);
}
