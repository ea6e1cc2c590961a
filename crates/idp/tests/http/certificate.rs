//! Client assertions with certificate credentials.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use outlive_clock::{Instant, Randomness, Span, wall_now};
use outlive_tokens::{Certificate, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::App;
use crate::graph::call;
use crate::tenant::{Answer, BEGIN, ORDERS, READ, SECRET, Tenant};
use crate::tokens::Tokens;

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Keys with certificates: a registered one, an unregistered one, and an expired one.
static REGISTERED: LazyLock<SigningKey> = LazyLock::new(|| key(1, BEGIN + Span::from_days(3_000)));
static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| key(2, BEGIN + Span::from_days(3_000)));
static EXPIRED: LazyLock<SigningKey> = LazyLock::new(|| key(3, BEGIN - Span::from_days(1)));

fn key(seed: u64, until: Instant) -> SigningKey {
    let mut stream = Randomness::from_seed(seed).stream("certificate");
    SigningKey::generate(&mut stream, BEGIN - Span::from_days(400), until).expect("a key")
}

fn pem(key: &SigningKey) -> String {
    let body = STANDARD.encode(key.certificate_der());
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

fn certificate(key: &SigningKey) -> Certificate {
    Certificate::from_der(key.certificate_der()).expect("a certificate")
}

/// A tenant with an application that has certificates and a secret.
async fn tenant() -> Tenant {
    Tenant::with_applications(|tenant| {
        let more = json!({
            "redirect_uris": [{"uri": "https://vault.example/cb", "type": "web"}],
            "certificates": [pem(&REGISTERED), pem(&EXPIRED)],
            "secrets": [SECRET],
            "required": [{"resource": tenant.id_of(10), "scopes": ["Orders.Read"], "roles": ["Orders.Read.All"]}],
            "admin_consented": true,
        });
        vec![tenant.application(30, "confidential", &more)]
    })
    .await
}

fn vault(tenant: &Tenant) -> App {
    tenant.app(30, None, "https://vault.example/cb")
}

/// An assertion in MSAL's format with changes; null removes a claim.
fn claims(app: &App, now: Instant, changes: &Value) -> Value {
    let mut claims = json!({
        "aud": app.endpoint("token"), "iss": app.client_id, "sub": app.client_id, "jti": "one",
        "nbf": now.as_seconds(), "iat": now.as_seconds(), "exp": now.as_seconds() + 600,
    });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

fn header_for(key: &SigningKey, algorithm: Algorithm) -> Header {
    let mut header = Header::new(algorithm);
    header.x5t_s256 = Some(certificate(key).x5t_s256());
    header
}

fn sign(header: &Header, claims: &Value, key: &SigningKey) -> String {
    let body = STANDARD.encode(key.pkcs8_der());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    encode(header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")).expect("signed")
}

async fn send_assertion(app: &App, assertion: &str) -> Answer {
    let scope = format!("{ORDERS}/.default");
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", &scope),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    app.ask(&form, &[]).await
}

#[tokio::test]
async fn a_registered_certificate_authenticates_by_any_thumbprint_header() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let registered = certificate(&REGISTERED);
    let bare = || Header::new(Algorithm::RS256);
    let mut headers =
        vec![header_for(&REGISTERED, Algorithm::PS256), header_for(&REGISTERED, Algorithm::RS256)];
    headers.push(Header { x5t: Some(registered.x5t()), ..bare() });
    headers.push(Header { x5c: Some(vec![STANDARD.encode(registered.der())]), ..bare() });
    headers.push(Header { kid: Some(registered.x5t()), ..bare() });
    for header in headers {
        let tokens = Tokens::of(
            send_assertion(&app, &sign(&header, &claims(&app, BEGIN, &json!({})), &REGISTERED)).await,
        );
        assert_eq!(tokens.claims()["azpacr"], "2", "{header:?}");
        assert_eq!(tokens.claims()["roles"], json!(["Orders.Read.All"]));
    }
    let url = &tenant.installation.url;
    let (id, domain) = (tenant.id(), &tenant.domain);
    for audience in [
        json!(format!("{url}/{id}/oauth2/token")),
        json!(format!("{url}/{id}/v2.0")),
        json!(format!("{url}/{id}/")),
        json!(format!("{url}/{domain}/oauth2/v2.0/token")),
        json!(format!("{}/{id}/oauth2/v2.0/token", crate::installation::OTHER_ORIGIN)),
        json!(["elsewhere", format!("{url}/{id}/v2.0")]),
    ] {
        let claims = claims(&app, BEGIN, &json!({ "aud": audience }));
        Tokens::of(
            send_assertion(&app, &sign(&header_for(&REGISTERED, Algorithm::PS256), &claims, &REGISTERED))
                .await,
        );
    }
}

#[tokio::test]
async fn unregistered_keys_do_not_authenticate() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let good = claims(&app, BEGIN, &json!({}));
    let header = header_for(&REGISTERED, Algorithm::PS256);
    let refused = async |assertion: String, reason: &str| {
        let body = send_assertion(&app, &assertion).await.refused(401, "invalid_client", "AADSTS700027");
        assert!(body["error_description"].as_str().expect("a text").contains(reason), "{body}");
    };
    refused(sign(&header_for(&STRANGER, Algorithm::PS256), &good, &STRANGER), "not found").await;
    refused(sign(&Header::new(Algorithm::PS256), &good, &REGISTERED), "not found").await;
    refused(sign(&header, &good, &STRANGER), "does not fit").await;
    refused(sign(&header_for(&REGISTERED, Algorithm::RS512), &good, &REGISTERED), "does not fit").await;
    refused(sign(&header_for(&EXPIRED, Algorithm::PS256), &good, &EXPIRED), "expired").await;
    let signed = sign(&header, &good, &REGISTERED);
    let altered = sign(&header, &claims(&app, BEGIN, &json!({"jti": "two"})), &REGISTERED);
    let (head, rest) = signed.split_once('.').expect("parts");
    let (_, signature) = rest.split_once('.').expect("parts");
    let body = altered.split('.').nth(1).expect("parts");
    refused(format!("{head}.{body}.{signature}"), "does not fit").await;
}

#[tokio::test]
async fn assertions_need_issuer_subject_audience_and_expiry() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let other = tenant.id_of(12);
    let seconds = |at: Instant| at.as_seconds();
    for (changes, status, error, code) in [
        (json!({"aud": "https://login.example/token"}), 401, "invalid_client", "AADSTS50012"),
        (
            json!({"aud": format!("{}/{other}/oauth2/v2.0/token", tenant.installation.url)}),
            401,
            "invalid_client",
            "AADSTS50012",
        ),
        (json!({"sub": other}), 401, "invalid_client", "AADSTS50048"),
        (json!({"iss": other}), 401, "invalid_client", "AADSTS50048"),
        (json!({"iss": other, "sub": other}), 401, "invalid_client", "AADSTS700021"),
        (json!({"exp": seconds(BEGIN)}), 401, "invalid_client", "AADSTS700024"),
        (
            json!({"nbf": seconds(wall_now() + Span::from_days(2)), "exp": seconds(wall_now() + Span::from_days(3))}),
            401,
            "invalid_client",
            "AADSTS700024",
        ),
        (json!({"exp": null}), 400, "invalid_request", "AADSTS50027"),
        (json!({"aud": null}), 400, "invalid_request", "AADSTS50027"),
        (json!({"iss": null}), 400, "invalid_request", "AADSTS50027"),
    ] {
        let assertion =
            sign(&header_for(&REGISTERED, Algorithm::PS256), &claims(&app, BEGIN, &changes), &REGISTERED);
        send_assertion(&app, &assertion).await.refused(status, error, code);
    }
    for garbage in ["x", "x.y.z", "..", "é.é.é"] {
        send_assertion(&app, garbage).await.refused(400, "invalid_request", "AADSTS50027");
    }
}

#[tokio::test]
async fn assertions_by_the_machines_clock_are_accepted_too() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let by_the_machine = claims(&app, wall_now(), &json!({}));
    let assertion = sign(&header_for(&REGISTERED, Algorithm::PS256), &by_the_machine, &REGISTERED);
    Tokens::of(send_assertion(&app, &assertion).await);
    tenant.advance(Span::from_days(300)).await;
    Tokens::of(send_assertion(&app, &assertion).await);
    let stale =
        sign(&header_for(&REGISTERED, Algorithm::PS256), &claims(&app, BEGIN, &json!({})), &REGISTERED);
    send_assertion(&app, &stale).await.refused(401, "invalid_client", "AADSTS700024");
}

#[tokio::test]
async fn a_request_has_one_client_credential_of_a_known_type() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let assertion =
        sign(&header_for(&REGISTERED, Algorithm::PS256), &claims(&app, BEGIN, &json!({})), &REGISTERED);
    let scope = format!("{ORDERS}/.default");
    let form = [("grant_type", "client_credentials"), ("scope", &scope), ("client_assertion", &assertion)];
    app.ask(&form, &[]).await.refused(400, "invalid_request", "AADSTS900144");
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let answer = app.ask(&form, &[("client_assertion_type", saml)]).await;
    answer.refused(400, "invalid_request", "AADSTS90023");
    let with_secret = App { secret: Some(SECRET.to_owned()), ..app.clone() };
    send_assertion(&with_secret, &assertion).await.refused(401, "invalid_client", "AADSTS70002");
    let on_a_page = App { page_origin: Some("https://page.example".to_owned()), ..app.clone() };
    send_assertion(&on_a_page, &assertion).await.refused(400, "invalid_request", "AADSTS9002326");
    send_assertion(&tenant.desktop(), &assertion).await.refused(401, "invalid_client", "AADSTS700025");
    let unregistered = App { secret: None, ..tenant.connector() };
    let claims = claims(&unregistered, BEGIN, &json!({}));
    let assertion = sign(&header_for(&REGISTERED, Algorithm::PS256), &claims, &REGISTERED);
    send_assertion(&unregistered, &assertion).await.refused(401, "invalid_client", "AADSTS700027");
}

#[tokio::test]
async fn grants_with_an_assertion_are_confidential() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let code = app.code_for(&tenant, "owner", READ).await;
    let assertion =
        |at| sign(&header_for(&REGISTERED, Algorithm::RS256), &claims(&app, at, &json!({})), &REGISTERED);
    let proof = assertion(BEGIN);
    let proven = [("client_assertion_type", JWT_BEARER), ("client_assertion", proof.as_str())];
    let tokens = Tokens::of(app.try_redeem(&code, &proven).await);
    assert_eq!(tokens.claims()["azpacr"], "2");
    let change =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    Tokens::of(app.try_refresh(tokens.refresh(), &proven).await);
    app.try_refresh(tokens.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000218");
    tenant.happens_to("owner", "revoke_sessions").await;
    app.try_refresh(tokens.refresh(), &proven).await.grant_refused("AADSTS50173");
}

#[tokio::test]
async fn malformed_certificates_and_those_of_public_clients_are_errors() {
    for (kind, pem) in [("daemon", "no certificate".to_owned()), ("public", pem(&REGISTERED))] {
        let tenant = Tenant::new().await;
        let application = tenant.application(30, kind, &json!({ "certificates": [pem] }));
        let id = "99999999-0000-4000-8000-000000000001";
        let spec = json!({
            "clock": {"now": BEGIN, "speed": 0}, "domain": "certificates.example", "display_name": "C",
            "applications": [application],
        });
        let answer = tenant.lab_of(id, Method::PUT, "", &spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("ertificate"), "{answer:?}");
    }
}

#[tokio::test]
async fn graph_shows_registers_and_removes_certificates() {
    let tenant = tenant().await;
    let (app, stranger) = (
        vault(&tenant),
        sign(
            &header_for(&STRANGER, Algorithm::PS256),
            &claims(&vault(&tenant), BEGIN, &json!({})),
            &STRANGER,
        ),
    );
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "https://graph.microsoft.com/.default").await;
    let path = format!("/applications/{}", tenant.id_of(130));
    let shown = async || {
        let answer = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await.json();
        answer["keyCredentials"].as_array().expect("a list").clone()
    };
    let patch = async |keys: Value| {
        call(&tenant, admin.access(), Method::PATCH, &path, json!({"keyCredentials": keys})).await.status
    };
    let before = shown().await;
    assert_eq!(before.len(), 2);
    assert_eq!(before[0]["customKeyIdentifier"], certificate(&REGISTERED).thumbprint());
    assert_eq!((&before[0]["type"], &before[0]["usage"]), (&json!("AsymmetricX509Cert"), &json!("Verify")));
    assert_eq!(
        (&before[0]["key"], &before[0]["displayName"]),
        (&Value::Null, &json!(certificate(&REGISTERED).subject()))
    );
    assert!(before[0]["keyId"].is_string() && before[0]["endDateTime"].is_string(), "{before:?}");

    let new = json!({"type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(STRANGER.certificate_der())});
    for wrong in [
        json!([{"type": "AsymmetricX509Cert", "usage": "Verify"}]),
        json!([{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "no base64"}]),
        json!([{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA"}]),
        json!([{"type": "Symmetric", "usage": "Verify", "key": new["key"]}]),
        json!([before[0], before[0]]),
        json!([1]),
    ] {
        assert_eq!(patch(wrong.clone()).await, 400, "{wrong}");
    }
    send_assertion(&app, &stranger).await.refused(401, "invalid_client", "AADSTS700027");
    // A certificate with a known id stays, a new one works immediately, and one that is left out is
    // removed.
    assert_eq!(patch(json!([before[1], new])).await, 204);
    let after = shown().await;
    assert_eq!((after.len(), &after[0]), (2, &before[1]));
    Tokens::of(send_assertion(&app, &stranger).await);
    let registered =
        sign(&header_for(&REGISTERED, Algorithm::PS256), &claims(&app, BEGIN, &json!({})), &REGISTERED);
    send_assertion(&app, &registered).await.refused(401, "invalid_client", "AADSTS700027");
}

#[tokio::test]
async fn an_application_can_roll_over_its_own_certificate() {
    let tenant = tenant().await;
    let app = vault(&tenant);
    let scope = "https://graph.microsoft.com/.default";
    let assertion =
        sign(&header_for(&REGISTERED, Algorithm::PS256), &claims(&app, BEGIN, &json!({})), &REGISTERED);
    let proven = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    let own = Tokens::of(app.ask(&[&form[..], &proven].concat(), &[]).await);
    let stranger = Tokens::of(tenant.connector().client_credentials(scope).await);
    let path = format!("/applications/{}", tenant.id_of(130));
    let post = async |token: &Tokens, path: &str, what: &str, body: Value| {
        call(&tenant, token.access(), Method::POST, &format!("{path}/{what}"), body).await
    };
    let proof = |changes: &Value, key: &SigningKey| {
        let mut claims = json!({
            "aud": "00000002-0000-0000-c000-000000000000", "iss": tenant.id_of(130), "nbf": BEGIN.as_seconds(),
            "exp": BEGIN.as_seconds() + 600,
        });
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        sign(&Header::new(Algorithm::RS256), &claims, key)
    };
    let new = json!({"type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(STRANGER.certificate_der())});
    let add = |proof: String| json!({"keyCredential": new, "passwordCredential": null, "proof": proof});
    for wrong in [
        proof(&json!({}), &STRANGER),
        proof(&json!({}), &EXPIRED),
        proof(&json!({"iss": tenant.id_of(112)}), &REGISTERED),
        proof(&json!({"aud": "elsewhere"}), &REGISTERED),
        proof(&json!({"exp": BEGIN.as_seconds() + 601}), &REGISTERED),
        proof(&json!({"nbf": BEGIN.as_seconds() - 601, "exp": BEGIN.as_seconds() - 1}), &REGISTERED),
        "garbage".to_owned(),
    ] {
        let answer = post(&own, &path, "addKey", add(wrong)).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("The proof is not valid"), "{answer:?}");
    }
    let good = proof(&json!({}), &REGISTERED);
    assert_eq!(
        post(&stranger, &path, "addKey", add(good.clone())).await.status,
        403,
        "it may not change another application"
    );
    let added = post(&own, &path, "addKey", add(good.clone())).await;
    let called = certificate(&STRANGER).thumbprint();
    assert_eq!((added.status, &added.json()["customKeyIdentifier"]), (200, &json!(called)));

    // The new certificate authorizes the removal of the old one.
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scope).await;
    let shown = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await.json();
    let remove = json!({"keyId": shown["keyCredentials"][0]["keyId"], "proof": proof(&json!({}), &STRANGER)});
    let named_path = format!("/applications(appId='{}')", app.client_id);
    assert_eq!(post(&own, &named_path, "removeKey", remove.clone()).await.status, 204);
    assert_eq!(post(&own, &path, "removeKey", remove).await.status, 400, "the key does not exist");
    send_assertion(&app, &assertion).await.refused(401, "invalid_client", "AADSTS700027");
    let by_new = sign(&header_for(&STRANGER, Algorithm::PS256), &claims(&app, BEGIN, &json!({})), &STRANGER);
    Tokens::of(send_assertion(&app, &by_new).await);
    let kinds: Vec<_> =
        tenant.journal("certificate.").await.iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["certificate.added", "certificate.removed"]);
}
