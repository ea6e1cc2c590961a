//! Assertions of an external issuer, whose keys are found through its configuration.

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use outlive_clock::Instant;
use outlive_tokens::{
    ClientAssertion, ForeignIssuers, ForeignRefusal, JwkSet, KeyRing, TokenVersion, sign_hs256, sign_rs256,
};
use serde_json::{Value, json};

use crate::signing_key::key;

const NOW: Instant = Instant::from_seconds(1_767_603_600);

fn claims() -> Value {
    json!({"iss": "c", "sub": "c", "aud": "a", "exp": 2_000_000_000})
}

/// The key set, filled up to `length` bytes with an ignored member.
fn document(length: usize) -> String {
    let good = serde_json::to_value(JwkSet::v1(&KeyRing::new(key(1)))).expect("JSON");
    let with = |name: &str, value: &str, kid: &str| {
        let mut key = good["keys"][0].clone();
        key[name] = json!(value);
        key["kid"] = json!(kid);
        key
    };
    let keys = [
        good["keys"][0].clone(),
        with("kty", "EC", "elliptic"),
        with("use", "enc", "encrypting"),
        with("use", "sig", ""),
    ];
    let mut document = json!({"keys": keys, "pad": ""});
    let rest = length.saturating_sub(document.to_string().len());
    document["pad"] = json!("x".repeat(rest));
    document.to_string()
}

/// Serves configurations below `/LENGTH`, whose key set has this many bytes, and below `/another`
/// one of another issuer.
async fn serve() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let base = url.clone();
    let configuration = move |Path(name): Path<String>| async move {
        let issuer =
            if name == "another" { "http://evil.example".to_owned() } else { format!("{base}/{name}") };
        Json(json!({"issuer": issuer, "jwks_uri": format!("{base}/{name}/keys")}))
    };
    let keys = |Path(name): Path<String>| async move { document(name.parse().unwrap_or_default()) };
    let app = Router::new()
        .route("/{name}/.well-known/openid-configuration", get(configuration))
        .route("/{name}/keys", get(keys));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn verify(issuer: &str, token: &str) -> Result<(), ForeignRefusal> {
    let issuers = ForeignIssuers::new(reqwest::Client::new());
    let assertion = ClientAssertion::read(token).expect("an assertion");
    issuers.verify(issuer, &assertion, NOW, &()).await
}

#[tokio::test]
async fn an_assertion_is_accepted_from_the_issuer_that_published_its_key() {
    let url = serve().await;
    let issuer = format!("{url}/0");
    let good = sign_rs256(&key(1), TokenVersion::V2, &claims());
    assert_eq!(verify(&issuer, &good).await, Ok(()));
    let (head, signature) = good.rsplit_once('.').expect("dots");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{flipped}{}", &signature[1..]);
    assert_eq!(verify(&issuer, &forged).await, Err(ForeignRefusal::Signature));
    let unknown = sign_rs256(&key(2), TokenVersion::V2, &claims());
    assert_eq!(verify(&issuer, &unknown).await, Err(ForeignRefusal::UnknownKey));
    let unnamed = sign_hs256(b"k", &claims());
    assert_eq!(verify(&issuer, &unnamed).await, Err(ForeignRefusal::UnknownKey));
    for absent in [format!("{url}/another"), format!("{url}/0/0"), "ftp://issuer.example".to_owned()] {
        assert_eq!(verify(&absent, &good).await, Err(ForeignRefusal::KeysUnavailable), "{absent}");
    }
    assert_eq!(format!("{:?}", ForeignIssuers::new(reqwest::Client::new())), "ForeignIssuers");
}

#[tokio::test]
async fn only_named_rsa_keys_for_signatures_are_used() {
    let issuer = format!("{}/0", serve().await);
    for kid in ["elliptic", "encrypting", ""] {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(kid.to_owned());
        // PKCS#8 has a header of 26 bytes before the RSA key.
        let signing = EncodingKey::from_rsa_der(&key(1).pkcs8_der()[26..]);
        let token = jsonwebtoken::encode(&header, &claims(), &signing).expect("signed");
        assert_eq!(verify(&issuer, &token).await, Err(ForeignRefusal::UnknownKey), "{kid}");
    }
}

#[tokio::test]
async fn a_key_set_has_at_most_half_a_mebibyte() {
    let url = serve().await;
    let good = sign_rs256(&key(1), TokenVersion::V2, &claims());
    for (length, answer) in
        [(200_000, Ok(())), (512 * 1024, Ok(())), (512 * 1024 + 1, Err(ForeignRefusal::KeysUnavailable))]
    {
        assert_eq!(verify(&format!("{url}/{length}"), &good).await, answer, "{length}");
    }
}
