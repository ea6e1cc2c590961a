//! The values that other crates read and write, from outside.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outlive_clock::{ClientId, Instant, Span, TenantId, UserId};
use outlive_tokens::claims::{IdTokenClaims, IdTokenInput, OptionalClaims, UserClaims, UserFacts};
use outlive_tokens::{
    Certificate, CertificateRefusal, Challenge, ClientAssertion, MalformedAssertion, PairwiseKey, Sealer,
    Secret, SecurityEventKind, SigningKey, TOKEN_CHARS_MAX, TokenVersion, TraceContext, peek_tenant,
    sign_hs256, sign_rs256, verify_hs256,
};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use uuid::Uuid;

use crate::signing_key;

fn key() -> Arc<SigningKey> {
    signing_key::key(1)
}

#[test]
fn a_certificate_is_named_by_each_of_its_thumbprints() {
    let key = key();
    let read = Certificate::from_der(key.certificate_der()).expect("its own");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let (sha1, sha256) = (Sha1::digest(read.der()), Sha256::digest(read.der()));
    assert_eq!(read.thumbprint(), STANDARD.encode(sha1));
    assert_eq!(read.x5t_s256(), URL_SAFE_NO_PAD.encode(sha256));
    assert_eq!(read.subject(), "CN=accounts.accesscontrol.windows.net");
    for name in
        [read.x5t(), read.x5t_s256(), format!("{}=", read.x5t()), hex(&sha1), hex(&sha256).to_lowercase()]
    {
        assert!(read.is_called(&name), "{name}");
    }
    assert!(format!("{read:?}").contains(&read.x5t()));
    assert!(read.term().0 == Instant::EPOCH && read.term().1 > Instant::EPOCH + Span::from_days(900));

    let body = STANDARD.encode(key.certificate_der());
    let padded = |length: usize| {
        let body = format!("{body}{}", " ".repeat(length - body.len()));
        Certificate::from_pem(&format!("-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----")).err()
    };
    assert_eq!(padded(64 * 1024), None);
    assert_eq!(padded(64 * 1024 + 1), Some(CertificateRefusal::NotACertificate));
}

#[test]
fn a_challenge_is_read_with_all_its_parameters() {
    let sent = Challenge::new("t", "http://idp/t").with_client_id("api").with_scope(r"a\b").with_claims("{}");
    let read = Challenge::parse(sent.to_header_value().to_str().expect("printable")).expect("bearer");
    assert_eq!(
        (read.realm(), read.authorization_uri(), read.client_id(), read.scope(), read.claims().as_deref()),
        (Some("t"), Some("http://idp/t"), Some("api"), Some("a/b"), Some("{}"))
    );
    assert_eq!((read.error(), read.error_description()), (None, None));
    let padded = |length: usize| Challenge::parse(&format!("{:length$}", "Bearer realm=t,"));
    assert_eq!(padded(16 * 1024).expect("bearer").realm(), Some("t"));
    assert_eq!(padded(16 * 1024 + 1), None);
    let empty = Challenge::parse("Bearer").expect("bearer");
    assert_eq!((empty.realm(), empty.client_id(), empty.scope(), empty.claims()), (None, None, None, None));
    assert_eq!(Challenge::parse("Digest realm=\"t\""), None);
}

#[test]
fn a_token_of_the_longest_length_is_read_and_a_longer_one_is_not() {
    let tenant = TenantId::from_uuid(Uuid::from_u128(7));
    let claims = json!({"tid": tenant, "iss": "c", "sub": "c", "aud": "a", "exp": 1});
    let token = sign_hs256(b"k", &claims);
    let of_length = |length: usize| format!("{token}{}", "A".repeat(length - token.len()));
    assert_eq!(TOKEN_CHARS_MAX, 16_384);
    let (longest, longer) = (of_length(TOKEN_CHARS_MAX), of_length(TOKEN_CHARS_MAX + 1));
    assert_eq!((peek_tenant(&longest), peek_tenant(&longer)), (Some(tenant), None));
    assert!(ClientAssertion::read(&longest).is_ok());
    assert_eq!(ClientAssertion::read(&longer).err(), Some(MalformedAssertion::Form));
    // The padding of a claim changes the length by one or two characters.
    let padded = |pad: usize| sign_hs256(b"k", &json!({"x": "x".repeat(pad)}));
    let exact = (11_900..12_400).map(padded).find(|token| token.len() == TOKEN_CHARS_MAX).expect("a length");
    assert!(verify_hs256::<Value>(b"k", &exact).is_ok());
}

#[test]
fn an_assertion_names_its_key_and_when_it_begins() {
    let read = |claims: &Value| {
        let text = sign_rs256(&key(), TokenVersion::V2, claims);
        ClientAssertion::read(&text).expect("an assertion")
    };
    let plain = read(&json!({"iss": "c", "sub": "c", "aud": "a", "exp": 2}));
    assert_eq!((plain.kid(), plain.claims().nbf), (Some(key().kid()), None));
    assert_eq!(plain.claims().aud, ["a"]);
    let certificate = Certificate::from_der(key().certificate_der()).expect("its own");
    assert!(plain.names(&certificate), "by the kid");
    let later = read(&json!({"iss": "c", "sub": "c", "aud": "a", "exp": 2, "nbf": 1}));
    assert_eq!(later.claims().nbf, Some(Instant::from_seconds(1)));
    let unnamed = sign_hs256(b"k", &json!({"iss": "c", "sub": "c", "aud": "a", "exp": 2}));
    assert_eq!(ClientAssertion::read(&unnamed).expect("an assertion").kid(), None);
}

#[test]
fn secrets_are_made_of_texts_and_nothing_secret_is_printed() {
    assert_eq!(Secret::from("a").expose(), "a");
    assert_eq!(Secret::from("b".to_owned()).expose(), "b");
    assert_eq!(format!("{:?}", Sealer::new(&[1; 32])), "Sealer([redacted])");
    assert_eq!(format!("{:?}", PairwiseKey::new(&[1; 32])), "PairwiseKey([redacted])");
    assert_eq!(().traceparent(), None);
    for kind in [SecurityEventKind::SessionRevoked, SecurityEventKind::CredentialChange] {
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
    }
}

#[test]
fn an_id_token_includes_what_its_client_configured() {
    let at = Instant::from_seconds(1_767_603_600);
    let user = UserFacts {
        id: UserId::from_uuid(Uuid::from_u128(4)),
        name: "Owner".into(),
        upn: "owner@contoso.example".into(),
        given_name: Some("O".into()),
        family_name: Some("Wner".into()),
        email: Some("owner@mail.example".into()),
    };
    let names = |version, optional: &[&str], email| {
        let claims = IdTokenClaims::build(&IdTokenInput {
            version,
            origin: "http://idp.example",
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            client: ClientId::from_uuid(Uuid::from_u128(3)),
            user: &user,
            profile: false,
            email,
            amr: &["pwd".to_owned()],
            roles: &[],
            nonce: None,
            session: None,
            auth_time: None,
            login_hint: None,
            c_hash: None,
            at_hash: None,
            issued_at: at,
            expires_at: at,
            uti: [0; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            user_claims: UserClaims {
                optional: OptionalClaims::new(optional.iter().copied(), false),
                ..UserClaims::default()
            },
        });
        let written = serde_json::to_value(claims).expect("JSON");
        let mut names: Vec<_> = written.as_object().expect("an object").keys().cloned().collect();
        names.sort_unstable();
        names.join(" ")
    };
    let every = ["email", "family_name", "given_name", "upn"];
    assert_eq!(names(TokenVersion::V2, &[], false), "aud exp iat iss nbf sub tid uti ver");
    assert_eq!(names(TokenVersion::V2, &[], true), "aud email exp iat iss nbf sub tid uti ver");
    assert_eq!(
        names(TokenVersion::V2, &every, false),
        "aud email exp family_name given_name iat iss nbf sub tid upn uti ver"
    );
    assert_eq!(
        names(TokenVersion::V1, &[], false),
        "amr aud exp family_name given_name iat iss name nbf oid sub tid unique_name upn uti ver"
    );
}
