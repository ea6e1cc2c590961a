//! The verifier against an issuer that publishes its keys over HTTP.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use outlive_clock::{Instant, Span, TenantId};
use outlive_tokens::{
    AccessClaims, BearerExpectations, BearerRefusal, InitiatingEntity, JwkSet, KeyRing, SECURITY_EVENT_TYP,
    SecurityEvent, SecurityEventKind, SigningKey, TOKEN_CHARS_MAX, TokenVersion, Verifier, VerifierConfig,
    issuer, sign_hs256, sign_rs256,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::signing_key::key;

const NOW: Instant = Instant::from_seconds(1_767_603_600);
const AUDIENCE: &str = "api://contoso-orders";
const ORIGIN: &str = "http://idp.example";

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

#[derive(Clone)]
struct Published {
    ring: Arc<Mutex<KeyRing>>,
    fetches: Arc<AtomicUsize>,
    broken: Arc<AtomicBool>,
    /// How many requests fail before the next one succeeds.
    failures: Arc<AtomicUsize>,
}

struct Issuer {
    published: Published,
    verifier: Verifier,
}

impl Issuer {
    async fn start() -> Self {
        let published = Published {
            ring: Arc::new(Mutex::new(KeyRing::new(key(1)))),
            fetches: Arc::default(),
            broken: Arc::default(),
            failures: Arc::default(),
        };
        let app =
            Router::new().route("/{tenant}/discovery/v2.0/keys", get(keys)).with_state(published.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let idp_url = format!("http://{}/", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let config = VerifierConfig {
            idp_url,
            issuer_origins: vec![format!("{ORIGIN}/"), "https://other.example".into()],
        };
        Self { published, verifier: Verifier::new(config, reqwest::Client::new()) }
    }

    fn ring(&self) -> KeyRing {
        self.published.ring.lock().expect("not poisoned").clone()
    }

    fn publish(&self, ring: KeyRing) {
        *self.published.ring.lock().expect("not poisoned") = ring;
    }

    fn fetches(&self) -> usize {
        self.published.fetches.load(SeqCst)
    }

    async fn verify_at(&self, token: &str, now: Instant) -> Result<AccessClaims, BearerRefusal> {
        let expected = BearerExpectations { tenant: tenant(), audiences: &[AUDIENCE, "other"], now };
        self.verifier.verify(&expected, token, &()).await
    }

    async fn verify(&self, token: &str) -> Result<AccessClaims, BearerRefusal> {
        self.verify_at(token, NOW).await
    }

    fn sign(&self, claims: &Value) -> String {
        sign_rs256(&self.ring().active, TokenVersion::V2, claims)
    }
}

async fn keys(
    Path(asked): Path<TenantId>,
    State(published): State<Published>,
) -> Result<Json<JwkSet>, StatusCode> {
    published.fetches.fetch_add(1, SeqCst);
    let fails = published.failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
    if fails || published.broken.load(SeqCst) || asked != tenant() {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(Json(JwkSet::v2(&published.ring.lock().expect("not poisoned"), "any")))
}

fn claims() -> Value {
    json!({
        "aud": AUDIENCE, "iss": issuer(ORIGIN, tenant(), TokenVersion::V2), "tid": tenant(),
        "iat": NOW.as_seconds() - 300, "nbf": NOW.as_seconds() - 300, "exp": NOW.as_seconds() + 3600,
        "oid": Uuid::from_u128(4), "sub": "pairwise", "azp": Uuid::from_u128(3), "azpacr": "1",
        "scp": "Orders.Read Orders.ReadWrite", "uti": "u", "ver": "2.0", "preferred_username": "owner@contoso.example",
    })
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

#[tokio::test]
async fn accepts_a_valid_token() {
    let issuer = Issuer::start().await;
    let read = issuer.verify(&issuer.sign(&claims())).await.expect("good");
    assert_eq!(read.scp, ["Orders.Read", "Orders.ReadWrite"]);
    assert!(read.has_scope("Orders.ReadWrite") && !read.has_scope("Orders") && !read.has_role("Orders.Read"));
    assert_eq!((read.appid.uuid(), read.azpacr.as_str()), (Uuid::from_u128(3), "1"));
    assert_eq!((read.upn.as_deref(), read.is_app_only()), (Some("owner@contoso.example"), false));
    assert_eq!(read.user().map(|user| user.uuid()), Some(Uuid::from_u128(4)));
}

#[tokio::test]
async fn accepts_both_versions_and_all_origins() {
    let issuer_ = Issuer::start().await;
    for origin in [ORIGIN, "https://other.example"] {
        for version in [TokenVersion::V1, TokenVersion::V2] {
            let token = issuer_.sign(&claims_with("iss", json!(issuer(origin, tenant(), version))));
            assert!(issuer_.verify(&token).await.is_ok(), "{origin} {version:?}");
        }
    }
    let v1 = json!({
        "aud": AUDIENCE, "iss": issuer(ORIGIN, tenant(), TokenVersion::V1), "tid": tenant(), "iat": 0, "nbf": 0,
        "exp": NOW.as_seconds() + 1, "oid": Uuid::from_u128(5), "sub": Uuid::from_u128(5), "appid": Uuid::from_u128(3),
        "appidacr": "2", "roles": ["Orders.Read.All"], "ver": "1.0",
    });
    let read = issuer_.verify(&issuer_.sign(&v1)).await.expect("app-only of version 1");
    assert!(read.is_app_only() && read.has_role("Orders.Read.All") && read.user().is_none());
    assert!(!read.has_role("Orders.Read") && !read.has_scope("Orders.Read.All"));
    for (idtyp, scp, sub, app_only) in [
        (Some("app"), "", "pairwise", true),
        (Some("user"), "", &*read.sub, false),
        (None, "", "pairwise", false),
        (None, "Orders.Read", &*read.sub, false),
    ] {
        let mut of = read.clone();
        of.idtyp = idtyp.map(str::to_owned);
        of.scp = scp.split_ascii_whitespace().map(str::to_owned).collect();
        of.sub = sub.to_owned();
        assert_eq!(of.is_app_only(), app_only, "{idtyp:?} {scp} {sub}");
        assert_eq!(of.user().is_none(), app_only);
    }
}

#[tokio::test]
async fn each_wrong_claim_is_rejected_with_its_reason() {
    let issuer_ = Issuer::start().await;
    let other = TenantId::from_uuid(Uuid::from_u128(2));
    let mut of_another_tenant = claims_with("tid", json!(other));
    of_another_tenant["iss"] = json!(issuer(ORIGIN, other, TokenVersion::V2));
    let mut without_client = claims();
    without_client.as_object_mut().expect("an object").remove("azp");
    for (claims, code) in [
        (claims_with("aud", json!("https://graph.microsoft.com")), "audience"),
        (claims_with("aud", json!(["a", AUDIENCE])), "malformed"),
        (claims_with("iss", json!("https://evil.example/")), "issuer"),
        (claims_with("tid", json!(other)), "issuer"),
        (of_another_tenant, "tenant"),
        (claims_with("exp", json!(NOW.as_seconds())), "expired"),
        (claims_with("nbf", json!(NOW.as_seconds())), "none"),
        (claims_with("nbf", json!(NOW.as_seconds() + 1)), "not_yet_valid"),
        (claims_with("exp", json!("soon")), "malformed"),
        (claims_with("exp", json!(i64::MAX)), "none"),
        (claims_with("exp", json!(i64::MIN)), "expired"),
        (without_client, "malformed"),
        (json!([]), "malformed"),
    ] {
        let refusal = issuer_.verify(&issuer_.sign(&claims)).await.err();
        assert_eq!(refusal.map_or("none", |r| r.code()), code, "{claims}");
    }
}

#[tokio::test]
async fn accepts_only_rs256_with_a_published_key() {
    use base64::Engine as _;
    let b64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let issuer = Issuer::start().await;
    let ring = issuer.ring();
    let kid = ring.active.kid();
    let good = issuer.sign(&claims());
    let rest = good.split_once('.').expect("dots").1;
    let body = b64(&claims().to_string());
    let confused = {
        // Signed with the public modulus as an HMAC key (algorithm confusion).
        let token = sign_hs256(ring.active.modulus().as_bytes(), &claims());
        let tail = token.split_once('.').expect("dots").1.to_owned();
        format!("{}.{tail}", b64(&format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#)))
    };
    let (head, signature) = good.rsplit_once('.').expect("dots");
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for (token, code) in [
        (String::new(), "missing"),
        ("garbage".into(), "malformed"),
        ("a.b.c".into(), "malformed"),
        (format!("{good}x"), "malformed"),
        (format!("{good}.x"), "malformed"),
        ("a".repeat(20_000), "malformed"),
        (format!("{}.{body}.", b64(r#"{"alg":"none"}"#)), "algorithm"),
        (format!("{}.{body}.", b64(&format!(r#"{{"alg":"None","kid":"{kid}"}}"#))), "algorithm"),
        (confused, "algorithm"),
        (format!("{}.{rest}", b64(&format!(r#"{{"alg":"RS512","kid":"{kid}"}}"#))), "algorithm"),
        (format!("{}.{rest}", b64(r#"{"alg":"RS256"}"#)), "unknown_key"),
        (format!("{}.{rest}", b64(&format!(r#"{{"alg":"RS256","kid":"{kid}","crit":["x"]}}"#))), "malformed"),
        (format!("{head}.{flipped}{}", &signature[1..]), "signature"),
        (format!("{head}."), "signature"),
        (sign_rs256(&key(9), TokenVersion::V2, &claims()), "unknown_key"),
    ] {
        let refusal = issuer.verify(&token).await.err();
        assert_eq!(refusal.map_or("none", |r| r.code()), code, "{token:.80}");
    }
}

#[tokio::test]
async fn a_token_has_a_longest_length() {
    let issuer = Issuer::start().await;
    let sized = |sign: &dyn Fn(usize) -> String, length: usize| {
        let pads: Vec<_> = (11_000..11_900).collect();
        sign(pads[pads.partition_point(|pad| sign(*pad).len() < length)])
    };
    let access = |pad: usize| issuer.sign(&claims_with("pad", json!("x".repeat(pad))));
    let of_type = |typ: &str, cty: &str, mut claims: Value, pad: usize| {
        claims["pad"] = json!("x".repeat(pad));
        sign_typed(&issuer.ring().active, typ, cty, &claims)
    };
    let event = |pad: usize| of_type(SECURITY_EVENT_TYP, "", security_event(), pad);
    let expected = BearerExpectations { tenant: tenant(), audiences: &[AUDIENCE], now: NOW };
    for (length, longest) in [(TOKEN_CHARS_MAX - 2, true), (TOKEN_CHARS_MAX + 1, false)] {
        let access = sized(&access, length);
        assert_eq!(issuer.verify(&access).await.is_ok(), longest, "{}", access.len());
        let event = sized(&event, length);
        let received = issuer.verifier.verify_security_event(&expected, &event, &()).await;
        assert_eq!(received.is_ok(), longest, "{}", event.len());
    }
    // With a header of some length, a token can have exactly the longest length.
    let longest = |typ: &str, claims: &Value| {
        let of_content = |cty| sized(&|pad| of_type(typ, cty, claims.clone(), pad), TOKEN_CHARS_MAX);
        let token = ["", "a", "aa", "aaa"].map(of_content).into_iter().find(|it| it.len() == TOKEN_CHARS_MAX);
        token.expect("a token of exactly this length")
    };
    assert!(issuer.verify(&longest("JWT", &claims())).await.is_ok());
    let longest_event = longest(SECURITY_EVENT_TYP, &security_event());
    assert!(issuer.verifier.verify_security_event(&expected, &longest_event, &()).await.is_ok());
    assert!(format!("{:?}", issuer.verifier).contains(ORIGIN));
}

#[tokio::test]
async fn a_cached_token_skips_only_the_signature_check() {
    let issuer = Issuer::start().await;
    let token = issuer.sign(&claims());
    assert!(issuer.verify(&token).await.is_ok());
    let exp = NOW + Span::from_hours(1);
    assert!(issuer.verify_at(&token, exp - Span::from_micros(1)).await.is_ok());
    assert_eq!(issuer.verify_at(&token, exp).await, Err(BearerRefusal::Expired { exp, now: exp }));
    let elsewhere = BearerExpectations { tenant: tenant(), audiences: &["elsewhere"], now: NOW };
    assert_eq!(issuer.verifier.verify(&elsewhere, &token, &()).await, Err(BearerRefusal::Audience));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn throttles_fetching_an_unknown_key() {
    let issuer = Issuer::start().await;
    assert!(issuer.verify(&issuer.sign(&claims())).await.is_ok());
    issuer.publish(issuer.ring().rotated(key(2)));
    assert!(issuer.verify(&issuer.sign(&claims())).await.is_ok(), "the new key is found");
    assert_eq!(issuer.fetches(), 2);

    let forged = sign_rs256(&key(9), TokenVersion::V2, &claims());
    for _ in 0..20 {
        assert_eq!(issuer.verify(&forged).await, Err(BearerRefusal::UnknownKey));
    }
    assert_eq!(issuer.fetches(), 3, "fruitless fetches pause");
    assert!(issuer.verify(&issuer.sign(&claims())).await.is_ok(), "known keys are not paused");
    let later = NOW + Span::from_minutes(5);
    assert_eq!(issuer.verify_at(&forged, later).await, Err(BearerRefusal::UnknownKey));
    assert_eq!(issuer.fetches(), 4, "virtual time ends the pause");
}

#[tokio::test]
async fn concurrent_requests_share_one_fetch() {
    let issuer = Arc::new(Issuer::start().await);
    let token = issuer.sign(&claims());
    let all: Vec<_> = (0..40)
        .map(|_| {
            let (issuer, token) = (Arc::clone(&issuer), token.clone());
            tokio::spawn(async move { issuer.verify(&token).await.is_ok() })
        })
        .collect();
    for one in all {
        assert!(one.await.expect("no panic"));
    }
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn refreshes_keys_daily_and_rejects_withdrawn_keys() {
    let issuer = Issuer::start().await;
    let long = issuer.sign(&claims_with("exp", json!((NOW + Span::from_days(9)).as_seconds())));
    assert!(issuer.verify(&long).await.is_ok());
    issuer.publish(KeyRing::new(key(2)));
    let tomorrow = NOW + Span::from_hours(24);
    assert!(
        issuer.verify_at(&long, tomorrow - Span::from_seconds(1)).await.is_ok(),
        "the keys are still fresh"
    );
    assert_eq!(issuer.verify_at(&long, tomorrow).await, Err(BearerRefusal::UnknownKey));
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn old_keys_are_kept_while_the_issuer_fails_and_it_is_not_asked_each_time() {
    let issuer = Issuer::start().await;
    let long = issuer.sign(&claims_with("exp", json!((NOW + Span::from_days(9)).as_seconds())));
    assert!(issuer.verify(&long).await.is_ok());
    issuer.published.broken.store(true, SeqCst);
    let tomorrow = NOW + Span::from_hours(24);
    assert!(issuer.verify_at(&long, tomorrow).await.is_ok());
    let fetches = issuer.fetches();
    assert!(fetches > 1);
    for _ in 0..5 {
        assert!(issuer.verify_at(&long, tomorrow).await.is_ok());
    }
    assert_eq!(issuer.fetches(), fetches);
}

/// Those who wait share the fetch that began after they came.
#[tokio::test]
async fn concurrent_requests_to_an_issuer_that_fails_share_two_fetches() {
    let issuer = Arc::new(Issuer::start().await);
    let token = issuer.sign(&claims());
    issuer.published.broken.store(true, SeqCst);
    assert_eq!(issuer.verify(&token).await, Err(BearerRefusal::KeysUnavailable));
    let of_one = issuer.fetches();
    let all = (0..10).map(|_| {
        let (issuer, token) = (Arc::clone(&issuer), token.clone());
        tokio::spawn(async move { issuer.verify(&token).await })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.expect("no panic"), Err(BearerRefusal::KeysUnavailable));
    }
    assert_eq!(issuer.fetches(), of_one * 3);
}

#[tokio::test]
async fn forgetting_a_tenant_drops_its_keys() {
    let issuer = Issuer::start().await;
    let token = issuer.sign(&claims());
    assert!(issuer.verify(&token).await.is_ok());
    issuer.publish(KeyRing::new(key(2)));
    issuer.verifier.forget(tenant());
    assert_eq!(issuer.verify(&token).await, Err(BearerRefusal::UnknownKey));
}

#[tokio::test]
async fn retries_a_failed_key_fetch() {
    let issuer = Issuer::start().await;
    let token = issuer.sign(&claims());
    issuer.published.failures.store(1, SeqCst);
    assert!(issuer.verify(&token).await.is_ok());
    assert_eq!(issuer.fetches(), 2);
    issuer.verifier.forget(tenant());
    issuer.published.failures.store(2, SeqCst);
    assert_eq!(issuer.verify(&token).await, Err(BearerRefusal::KeysUnavailable));
    assert_eq!(issuer.fetches(), 4, "two attempts, and no more");
}

#[tokio::test]
async fn an_unreachable_issuer_is_reported_as_unavailable() {
    let issuer = Issuer::start().await;
    let token = issuer.sign(&claims());
    issuer.published.broken.store(true, SeqCst);
    assert_eq!(issuer.verify(&token).await, Err(BearerRefusal::KeysUnavailable));
    issuer.published.broken.store(false, SeqCst);
    assert!(issuer.verify(&token).await.is_ok(), "and it recovers at the next request");
    issuer.published.broken.store(true, SeqCst);
    let long = issuer.sign(&claims_with("exp", json!((NOW + Span::from_days(9)).as_seconds())));
    let next_day = NOW + Span::from_days(2);
    assert!(
        issuer.verify_at(&long, next_day).await.is_ok(),
        "yesterday's keys go on while the issuer is away"
    );
}

fn security_event() -> Value {
    let event = json!({"event_timestamp": NOW.as_seconds(), "initiating_entity": "user"});
    json!({
        "iss": issuer(ORIGIN, tenant(), TokenVersion::V2), "aud": AUDIENCE, "iat": NOW.as_seconds(), "jti": "one",
        "txn": "story", "sub_id": {"format": "opaque", "id": Uuid::from_u128(4)},
        "events": {"https://schemas.openid.net/secevent/caep/event-type/session-revoked": event},
    })
}

#[tokio::test]
async fn a_security_event_needs_the_right_issuer_and_audience() {
    let issuer = Issuer::start().await;
    let event_token = |kind, happened_at| {
        SecurityEvent {
            issuer: &format!("{ORIGIN}/{}/v2.0", tenant()),
            audience: AUDIENCE,
            jti: "one",
            txn: "story",
            user: outlive_clock::UserId::from_uuid(Uuid::from_u128(4)),
            kind,
            happened_at,
            by: InitiatingEntity::User,
            reason: "The user changed the password.",
            issued_at: NOW,
        }
        .sign(&issuer.ring().active)
    };
    let expected = BearerExpectations { tenant: tenant(), audiences: &[AUDIENCE], now: NOW };
    let verify = async |token: &str| issuer.verifier.verify_security_event(&expected, token, &()).await;
    let good = event_token(SecurityEventKind::CredentialChange, NOW);
    let received = verify(&good).await.expect("ours");
    assert_eq!((received.jti.as_str(), received.issued_at), ("one", NOW));
    assert_eq!(received.happened, [(SecurityEventKind::CredentialChange, NOW)]);

    let (head, rest) = good.split_once('.').expect("parts");
    let altered = good.replacen(&rest[10..14], "AAAA", 1);
    let with = |name: &str, value: Value| {
        let mut claims = security_event();
        claims[name] = value;
        typed(&issuer, &claims)
    };
    assert!(verify(&typed(&issuer, &security_event())).await.is_ok());
    for (token, refusal) in [
        (issuer.sign(&security_event()), BearerRefusal::Malformed),
        (issuer.sign(&claims()), BearerRefusal::Malformed),
        (altered, BearerRefusal::Signature),
        (format!("{head}.{}", "a.b"), BearerRefusal::Malformed),
        (with("iss", json!("http://evil.example/t/v2.0")), BearerRefusal::Issuer),
        (with("aud", json!("another")), BearerRefusal::Audience),
        (with("events", json!({})), BearerRefusal::Malformed),
        (String::new(), BearerRefusal::Malformed),
    ] {
        assert_eq!(verify(&token).await, Err(refusal), "{token}");
    }
    let foreign = sign_typed(&key(9), SECURITY_EVENT_TYP, "", &security_event());
    assert_eq!(verify(&foreign).await, Err(BearerRefusal::UnknownKey));
    assert_eq!(issuer.verify(&good).await, Err(BearerRefusal::Malformed), "it is no access token");
}

/// Signs the claims as a security event token.
fn typed(issuer: &Issuer, claims: &Value) -> String {
    sign_typed(&issuer.ring().active, SECURITY_EVENT_TYP, "", claims)
}

/// Signs any claims as a token of any type; the product signs only well-formed ones.
fn sign_typed(key: &SigningKey, typ: &str, cty: &str, claims: &Value) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let mut header = Header::new(Algorithm::RS256);
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid().to_owned());
    header.cty = Some(cty.to_owned());
    let pkcs1 = pkcs1(key.pkcs8_der());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_der(&pkcs1)).expect("signed")
}

/// The RSA key in a PKCS#8 document, after its header of 26 bytes.
fn pkcs1(pkcs8: &[u8]) -> Vec<u8> {
    pkcs8[26..].to_vec()
}
