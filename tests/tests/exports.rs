//! A tenant is taken to another installation, or put aside in a file and brought back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_tests::{Service, System, Tenant, pause};
use reqwest::Method;
use serde_json::{Value, json};

const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

/// Creates a tenant at half past, whose time stands still.
async fn frozen_tenant(system: &System) -> Tenant {
    system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:30:00Z", "speed": 0}})).await
}

async fn export(system: &System, tenant: &Tenant) -> String {
    let url = format!("{}/lab/tenants/{}/export", system.url(Service::Console), tenant.id());
    let answer = system.http().get(url).send().await.expect("the lab answers");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().await.expect("text")
}

async fn import(system: &System, document: &str, query: &str) -> (u16, Value) {
    let url = format!("{}/lab/tenants?import{query}", system.url(Service::Console));
    let request = system.http().post(url).header("content-type", "application/json");
    let answer = request.body(document.to_owned()).send().await.expect("the lab answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn sign_in(tenant: &Tenant, user: &str) -> Value {
    let request = json!({"user": user, "app": "Orders Desktop", "scope": SCOPE, "redeem": true});
    tenant.call(Method::POST, "/sign_in", Some(request)).await
}

async fn token(system: &System, tenant: &Tenant, form: &[(&str, &str)]) -> Value {
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(form).send().await.expect("the issuer answers");
    answer.json().await.expect("JSON")
}

async fn refresh(system: &System, tenant: &Tenant, of: &Value) -> Value {
    let client = tenant.application("Orders Desktop")["client_id"].as_str().expect("an id");
    let refresh_token = of["refresh_token"].as_str().expect("a refresh token");
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", refresh_token)];
    token(system, tenant, &form).await
}

/// Requests a token of the daemon with a secret.
async fn client_credentials(system: &System, tenant: &Tenant, secret: &str) -> Value {
    let job = tenant.application("Nightly Job");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", job["client_id"].as_str().expect("an id")),
        ("client_secret", secret),
        ("scope", "api://contoso-orders/.default"),
    ];
    token(system, tenant, &form).await
}

fn claim(token: &Value, name: &str) -> Value {
    let text = token["access_token"].as_str().unwrap_or_else(|| panic!("no token in {token}"));
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1).expect("a payload")).expect("base64url");
    serde_json::from_slice::<Value>(&payload).expect("JSON")[name].clone()
}

/// All rows of a tenant in all services, by table, without an order; without what belongs to an
/// installation: its signing keys, the access tokens that they signed, its generations of grants,
/// and its addresses.
async fn rows(system: &System, tenant: &Tenant) -> Vec<(String, Vec<Value>)> {
    let mut all = Vec::new();
    for service in SERVICES {
        let url = format!("{}/_lab/tenants/{}/copy", system.url(service), tenant.id());
        let answer = system.lab_surface(Method::GET, &url).send().await.expect("it answers");
        let text = answer.text().await.expect("text");
        let text = SERVICES.iter().fold(text, |text, service| text.replace(&system.url(*service), "at home"));
        let copy = serde_json::from_str::<Value>(&text).expect("JSON")["copy"].take();
        for table in copy["tables"].as_array().expect("tables") {
            let name = table["name"].as_str().expect("a name");
            if name == "signing_key_turns" {
                continue;
            }
            let left_out = |column: &Value| {
                let column = column.as_str().expect("a name");
                column.starts_with("generation")
                    || matches!(
                        (name, column),
                        ("tenants", "signing_key")
                            | ("credentials", "expires_us")
                            | ("applications", "revision")
                    )
            };
            let columns = table["columns"].as_array().expect("columns");
            let places: Vec<_> = (0..columns.len()).filter(|place| !left_out(&columns[*place])).collect();
            let mut rows: Vec<_> = table["rows"]
                .as_array()
                .expect("rows")
                .iter()
                .map(|row| places.iter().map(|place| row[*place].clone()).collect::<Value>())
                .collect();
            rows.sort_by_key(Value::to_string);
            all.push((format!("{service:?} {name}"), rows));
        }
        all.push((format!("{service:?} journal"), copy["journal"].as_array().expect("lines").clone()));
    }
    all
}

/// A change of addresses is recorded in the journal, after its lines of before.
fn expect_same(found: &[(String, Vec<Value>)], expected: &[(String, Vec<Value>)]) {
    assert_eq!(found.len(), expected.len());
    for ((table, found), (_, expected)) in found.iter().zip(expected) {
        let is_journal = table.ends_with("journal");
        assert!(found.len() == expected.len() || is_journal && found.len() > expected.len(), "{table}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found, expected, "{table}");
        }
    }
}

#[tokio::test]
async fn a_tenant_goes_on_in_another_installation() {
    let (home, away) = tokio::join!(System::start(), System::start());
    let tenant = frozen_tenant(&home).await;
    let signed_in = sign_in(&tenant, "owner").await;
    let job = tenant.application("Nightly Job");
    let secret = job["secret"].as_str().expect("a secret").to_owned();
    let daemon = job["client_id"].as_str().expect("an id").to_owned();
    // One of which the lab does not know the secret any more is a hash, too.
    tenant.happen(json!({"type": "rotate_secret", "app": daemon, "overlap": "P1D"})).await;
    tenant.happen(json!({"type": "rotate_signing_key"})).await;
    tenant.advance("PT2H").await;
    let fault = json!({"service": "resource", "do": {"status": 503}, "from": "2026-02-01T00:00:00Z"});
    tenant.call(Method::POST, "/faults", Some(fault)).await;
    let subject = claim(&refresh(&home, &tenant, &signed_in).await, "sub");
    let before = rows(&home, &tenant).await;
    let credentials = tenant.look().await;

    let shown = tenant.clock().await;
    let document = export(&home, &tenant).await;
    let later = sign_in(&tenant, "colleague").await;
    let (status, imported) = import(&away, &document, "").await;
    assert_eq!(status, 201, "{imported}");
    expect_same(&rows(&away, &tenant).await, &before);
    for member in ["tenant_id", "domain", "users", "flows", "connections", "api_keys"] {
        assert_eq!(imported[member], credentials[member], "{member}");
    }
    assert_eq!(imported["urls"]["idp"], json!(away.url(Service::Idp)));
    let there = away.tenant_of(imported);
    let clock = there.clock().await;
    assert_eq!((&clock["now"], &clock["speed"]), (&shown["now"], &json!(0)), "{clock}");

    // What clients, users and services hold is still valid; what was minted later is unknown.
    let refreshed = refresh(&away, &there, &signed_in).await;
    assert_eq!(claim(&refreshed, "sub"), subject, "the same user is the same subject");
    assert_eq!(refresh(&away, &there, &later).await["error"], "invalid_grant");
    let rotated = there.application("Nightly Job")["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(rotated, secret);
    for secret in [&secret, &rotated] {
        let answer = client_credentials(&away, &there, secret).await;
        assert!(answer["access_token"].is_string(), "{answer}");
    }
    assert!(sign_in(&there, "colleague").await["refresh_token"].is_string());
    let moved = there.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    there.happen(json!({"type": "rotate_signing_key"})).await;
    there.change_password("owner", "Another-password-1!").await;
    assert_eq!(refresh(&away, &there, &signed_in).await["error"], "invalid_grant");

    // At home, nothing has changed.
    assert!(refresh(&home, &tenant, &signed_in).await["access_token"].is_string());
    let moved = tenant.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");

    // Both can be put aside again, and reset: each with the passwords and secrets of the creation.
    let at_home = tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    let reset = there.call(Method::POST, "/reset", Some(json!({}))).await;
    for member in ["domain", "users", "api_keys"] {
        assert_eq!(reset[member], at_home[member], "{member}");
    }
    assert_eq!(reset["users"], credentials["users"]);
    let secrets = |tenant: &Value| -> Vec<Value> {
        let applications = tenant["applications"].as_array().expect("a list");
        applications.iter().map(|application| application["secret"].clone()).collect()
    };
    assert_eq!(secrets(&reset), secrets(&at_home));
    assert!(secrets(&reset).contains(&json!(secret)), "the secret before the rotation");
    let moved = there.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    tokio::join!(home.stop(), away.stop());
}

#[tokio::test]
async fn a_deleted_tenant_comes_back_and_one_that_exists_is_left_alone() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let signed_in = sign_in(&tenant, "owner").await;
    let document = export(&system, &tenant).await;
    tenant.advance("PT2H").await;
    let before = rows(&system, &tenant).await;
    let (status, refusal) = import(&system, &document, "").await;
    assert_eq!((status, &refusal["error"]["code"]), (409, &json!("TenantExists")), "{refusal}");
    expect_same(&rows(&system, &tenant).await, &before);
    let same = tenant.clone();
    tenant.delete().await;
    for lifetime in ["", "&lifetime=PT2S"] {
        let (status, imported) = import(&system, &document, lifetime).await;
        assert_eq!(status, 201, "{imported}");
        assert!(refresh(&system, &same, &signed_in).await["access_token"].is_string());
        let moved = same.advance("PT3H").await;
        assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
        if lifetime.is_empty() {
            same.clone().delete().await;
        }
    }
    let url = format!("{}/lab/tenants/{}", system.url(Service::Console), same.id());
    for look in 0.. {
        if system.http().get(&url).send().await.expect("it answers").status() == 404 {
            break;
        }
        assert!(look < 300, "the tenant is deleted after its lifetime");
        pause(Duration::from_millis(100)).await;
    }
    system.stop().await;
}

#[tokio::test]
async fn what_is_no_export_creates_nothing() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let document = export(&system, &tenant).await;
    let id = tenant.id().to_owned();
    tenant.delete().await;
    let cut = &document[..document.len() / 2];
    let changed = document.replacen("Contoso", "Fabrikam", 1);
    let other = document.replace("outlive-tenant/1", "outlive-tenant/2");
    for (body, query, status, code, says) in [
        ("", "", 400, "NotAnExport", "GET /lab/tenants/{tenant}/export"),
        ("{}", "", 400, "NotAnExport", "missing field"),
        (cut, "", 400, "NotAnExport", "EOF"),
        (&changed, "", 400, "ExportChanged", "SHA-256"),
        (&other, "", 400, "NotAnExport", "outlive-tenant/2"),
        (&document, "=yes", 400, "BadRequest", "no value"),
        (&document, "&lifetime=PT0S", 400, "BadRequest", "PT1S"),
        (&document, "&lifetime=soon", 400, "BadRequest", "lifetime"),
        (&document, "&seed=x", 400, "BadRequest", "seed"),
    ] {
        let (answered, refusal) = import(&system, body, query).await;
        assert_eq!((answered, &refusal["error"]["code"]), (status, &json!(code)), "{query}: {refusal}");
        assert!(
            refusal["error"]["message"].as_str().is_some_and(|text| text.contains(says)),
            "{says}: {refusal}"
        );
    }
    let url = format!("{}/lab/tenants?import", system.url(Service::Console));
    let answer = system.http().post(&url).body(document.clone()).send().await.expect("it answers");
    assert_eq!(answer.status(), 415, "a form of another page cannot send it");
    let url = format!("{}/lab/tenants?lifetime=PT1H", system.url(Service::Console));
    let answer = system.http().post(&url).json(&json!({})).send().await.expect("it answers");
    assert_eq!(answer.status(), 400, "it is a member of the body");

    // One that is too large is rejected before it is read.
    let address = system.url(Service::Console).trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).expect("it listens");
    let head = format!(
        "POST /lab/tenants?import HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        (32 << 20) + 1
    );
    connection.write_all(head.as_bytes()).expect("it is sent");
    let mut answer = [0; 512];
    let length = connection.read(&mut answer).expect("it answers");
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");

    let known = system.http().get(format!("{}/lab/tenants", system.url(Service::Console))).send().await;
    let known: Value = known.expect("it answers").json().await.expect("JSON");
    assert!(!known.to_string().contains(&id), "{known}");
    assert_eq!(import(&system, &document, "").await.0, 201, "the export itself is a good one");
    system.stop().await;
}

#[tokio::test]
async fn an_import_that_was_killed_is_complete_or_can_be_repeated() {
    let mut system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let signed_in = sign_in(&tenant, "owner").await;
    let document = export(&system, &tenant).await;
    for milliseconds in [0, 3, 6, 10, 20, 40, 80, 640] {
        tenant.clone().delete().await;
        let url = format!("{}/lab/tenants?import", system.url(Service::Console));
        let request = system.http().post(url).header("content-type", "application/json");
        let importing = tokio::spawn(request.body(document.clone()).send());
        pause(Duration::from_millis(milliseconds)).await;
        system.kill();
        drop(importing.await);
        system.restart().await;
        let mut looks = 0;
        let (status, answer) = loop {
            let (status, answer) = import(&system, &document, "").await;
            if status != 409 || answer["error"]["code"] == "TenantExists" {
                break (status, answer);
            }
            looks += 1;
            assert!(looks < 600, "what was begun is rolled back within a minute: {answer}");
            pause(Duration::from_millis(100)).await;
        };
        assert!(matches!(status, 201 | 409), "killed after {milliseconds} ms: {answer}");
        assert!(refresh(&system, &tenant, &signed_in).await["access_token"].is_string());
        let moved = tenant.advance("PT3H").await;
        assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    }
    system.stop().await;
}
