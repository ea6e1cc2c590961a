//! Faults through the whole system: an hour in which the token endpoint fails, with the documented
//! retries, statuses and recovery; wrong tokens; and the same journal for the same seed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::{Instant, Span};
use outlive_tests::{Service, System, Tenant, free_base};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The retries of an action without a policy of its own, in a flow whose owner has no known plan.
const RETRIES: usize = 4;

fn instant(value: &Value) -> Instant {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no instant: {value}"))
}

/// Creates a tenant at half past, with a flow that runs at each full hour.
async fn frozen_tenant(system: &System) -> Tenant {
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    tenant.advance("PT30M").await;
    tenant
}

/// Moves time to half an hour before a run that needs a new token.
async fn before_a_refresh(tenant: &Tenant) {
    // A token that lives three minutes longer than to the next run is new after it: one in ten.
    for _ in 0..24 {
        let listed = tenant.call(Method::GET, "/connections", None).await;
        let expires = listed["connections"]
            .as_array()
            .and_then(|connections| connections.iter().find(|one| one["access_token_expires"].is_string()))
            .map(|one| instant(&one["access_token_expires"]));
        let next_run = instant(&tenant.clock().await["now"]) + Span::from_minutes(30);
        if expires.is_some_and(|expires| expires <= next_run) {
            return;
        }
        tenant.advance("PT1H").await;
    }
    panic!("no run needs a new token");
}

/// The journal of all services, without what differs in wall time.
async fn journals(system: &System, tenant: &Tenant) -> Vec<Value> {
    let mut all = Vec::new();
    for service in [Service::Idp, Service::Hub, Service::Resource, Service::Flow] {
        for mut line in system.journal(service, tenant, "").await {
            let fields = line.as_object_mut().expect("an object");
            fields.remove("wall");
            // Numbered across the tenants of the installation.
            fields.remove("seq");
            all.push(line);
        }
    }
    all
}

/// What an hour with a fault at the token endpoint did.
struct Hour {
    fault: Value,
    /// `[status, …]` of the calls that the hub refused in it.
    refused: Vec<u64>,
    /// The instants of the token requests that met the fault.
    hits: Vec<Instant>,
    failed: u64,
    refreshes_postponed: usize,
    status_within: Value,
    journal: Vec<Value>,
}

async fn hour(system: &System, effect: &Value) -> Hour {
    let tenant = frozen_tenant(system).await;
    before_a_refresh(&tenant).await;
    let fault = json!({"service": "idp", "endpoint": "token", "do": effect, "for": "PT1H"});
    let added = tenant.call(Method::POST, "/faults", Some(fault)).await;
    let moved = tenant.advance("PT1H").await;
    let status_within =
        tenant.call(Method::GET, "/connections", None).await["connections"][0]["status"].clone();
    // The fault has ended, by its time alone.
    let after = tenant.advance("PT1H").await;
    assert_eq!((after["done"].as_u64(), after["failed"].as_u64()), (Some(1), Some(0)), "{after}");
    let id = added["id"].as_str().expect("an id");
    let fault = tenant.call(Method::GET, &format!("/faults/{id}"), None).await;
    let refused = system.journal(Service::Hub, &tenant, "runtime.refused").await;
    let hits = system.journal(Service::Idp, &tenant, "fault.hit").await;
    assert!(hits.iter().all(|hit| hit["data"]["fault"] == fault["id"]), "{hits:?}");
    Hour {
        fault,
        refused: refused.iter().filter_map(|line| line["data"]["status"].as_u64()).collect(),
        hits: hits.iter().map(|line| instant(&line["at"])).collect(),
        failed: moved["failed"].as_u64().expect("a number"),
        refreshes_postponed: system
            .journal(Service::Hub, &tenant, "connection.refresh_postponed")
            .await
            .len(),
        status_within,
        journal: journals(system, &tenant).await,
    }
}

/// An hour of failures costs one run, with all its retries; the connection stays connected, and the
/// next run works. (Reference §4.4: transient failures of the token endpoint are 502 or 504, which
/// the engine retries: by default 4 times, after 5 to 45 s.)
#[tokio::test]
async fn an_hour_of_failures_at_the_token_endpoint_has_the_documented_retries_and_recovery() {
    let system = System::start().await;
    for (effect, status) in [
        (json!({"status": 503}), 502),
        (json!({"status": 429, "retry_after": 30}), 502),
        (json!({"delay": "PT2M"}), 504),
        (json!({"delay": "PT1H"}), 504),
        (json!({"drop": "request"}), 502),
        (json!({"malform": true}), 502),
    ] {
        let hour = hour(&system, &effect).await;
        assert_eq!(hour.refused, vec![status; RETRIES + 1], "{effect}");
        assert_eq!(hour.hits.len(), RETRIES + 1, "{effect}");
        assert_eq!(
            (&hour.fault["hits"], &hour.fault["state"]),
            (&json!(RETRIES + 1), &json!("ended")),
            "{effect}"
        );
        assert_eq!(hour.failed, 1, "{effect}");
        assert_eq!(hour.refreshes_postponed, RETRIES + 1, "{effect}");
        assert_eq!(hour.status_within, "Connected", "{effect}");
        // (0, i), (i, 2i), (2i, 4i), (4i, 8i) with i = 7.5 s, between 5 and 45 s.
        let ranges = [(5_000, 7_500), (7_500, 15_000), (15_000, 30_000), (30_000, 45_000)];
        for (pair, (low, high)) in hour.hits.windows(2).zip(ranges) {
            let wait = (pair[1] - pair[0]).as_millis();
            assert!((low..=high).contains(&wait), "{effect}: {wait} ms");
        }
    }
    system.stop().await;
}

#[tokio::test]
async fn the_same_seed_yields_the_same_journal() {
    async fn run(port_base: u16) -> Hour {
        let system = System::start_at(port_base, &["--seed", "11"]).await;
        let hour = hour(&system, &json!({"status": 503})).await;
        system.stop().await;
        hour
    }
    let port_base = free_base();
    let (first, second) = (run(port_base).await, run(port_base).await);
    assert!(first.journal.len() > 30, "{}", first.journal.len());
    for (one, other) in first.journal.iter().zip(&second.journal) {
        assert_eq!(one, other);
    }
    assert_eq!(first.journal.len(), second.journal.len());
    assert_eq!(first.fault, second.fault);
}

/// Requests a token of the seed's daemon, and calls the API with it.
async fn token_and_call(system: &System, tenant: &Tenant) -> (Value, Value, StatusCode) {
    let job = tenant.application("Nightly Job");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", job["client_id"].as_str().expect("an id")),
        ("client_secret", job["secret"].as_str().expect("a secret")),
        ("scope", "api://contoso-orders/.default"),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("it answers");
    let answer: Value = answer.json().await.expect("JSON");
    let token = answer["access_token"].as_str().unwrap_or_default();
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|claims| serde_json::from_slice(&claims).ok()).unwrap_or_default();
    let orders = format!("{}/orders", system.url(Service::Resource));
    let called = system.http().get(orders).bearer_auth(token).send().await.expect("it answers");
    (answer, claims, called.status())
}

#[tokio::test]
async fn an_api_rejects_wrong_tokens_and_accepts_the_next() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let (_, right, status) = token_and_call(&system, &tenant).await;
    assert_eq!(status, StatusCode::OK);
    let now = instant(&tenant.clock().await["now"]).as_seconds();
    for (effect, claim, expected) in [
        (json!({"wrong_key": "unknown"}), "aud", right["aud"].clone()),
        (json!({"wrong_key": "signature"}), "aud", right["aud"].clone()),
        (json!({"wrong_audience": "api://other"}), "aud", json!("api://other")),
        (json!({"wrong_issuer": "https://other.example/"}), "iss", json!("https://other.example/")),
        (json!({"expired": true}), "exp", json!(now - 3_600)),
        (json!({"skew": "PT2H"}), "iat", json!(right["iat"].as_i64().expect("a number") + 7_200)),
    ] {
        let fault =
            json!({"service": "idp", "endpoint": "token", "client": "Nightly Job", "do": effect, "count": 1});
        tenant.call(Method::POST, "/faults", Some(fault)).await;
        let (answer, claims, status) = token_and_call(&system, &tenant).await;
        assert!(answer["expires_in"].as_i64() > Some(0), "{effect}: {answer}");
        assert_eq!((&claims[claim], status), (&expected, StatusCode::UNAUTHORIZED), "{effect}");
        assert_eq!(token_and_call(&system, &tenant).await.2, StatusCode::OK, "{effect}");
    }
    // Any error of the catalogue, for one client.
    let effect = json!({"aadsts": 50_173});
    let fault = json!({"service": "idp", "client": "Nightly Job", "do": effect, "count": 1});
    tenant.call(Method::POST, "/faults", Some(fault)).await;
    let (answer, ..) = token_and_call(&system, &tenant).await;
    assert_eq!((&answer["error"], &answer["error_codes"]), (&json!("invalid_grant"), &json!([50_173])));
    let text = answer["error_description"].as_str().unwrap_or_default();
    assert!(text.starts_with("AADSTS50173: ") && text.contains("Timestamp: 2026-01-05"), "{text}");
    // A reset clears faults.
    tenant.call(Method::POST, "/faults", Some(json!({"service": "hub", "do": {"status": 503}}))).await;
    tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    assert_eq!(tenant.call(Method::GET, "/faults", None).await, json!({"faults": []}));
    system.stop().await;
}

/// What the lab and the journal know of the faults at the resource.
async fn known(system: &System, tenant: &Tenant) -> (Value, Vec<Value>) {
    let faults = tenant.call(Method::GET, "/faults", None).await;
    (faults, system.journal(Service::Resource, tenant, "fault.hit").await)
}

#[tokio::test]
async fn a_kill_while_requests_wait_loses_neither_a_fault_nor_its_hits() {
    let mut system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let (answer, ..) = token_and_call(&system, &tenant).await;
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    // One that ends with its count, and one that a request meets only once.
    let late = json!({"delay": "PT2M", "status": 503});
    for (effect, count) in [(json!({"delay": "PT1H"}), 1), (late, 3)] {
        let fault = json!({"service": "resource", "endpoint": "orders", "do": effect, "count": count});
        tenant.call(Method::POST, "/faults", Some(fault)).await;
    }
    let orders = format!("{}/orders", system.url(Service::Resource));
    let request = || system.http().get(&orders).bearer_auth(&token);
    let waiting: Vec<_> = (0..3).map(|_| tokio::spawn(request().send())).collect();
    while known(&system, &tenant).await.1.len() < 3 {
        outlive_tests::pause(std::time::Duration::from_millis(20)).await;
    }
    let before = known(&system, &tenant).await;
    let hits = |known: &(Value, Vec<Value>)| {
        known.0["faults"]
            .as_array()
            .expect("faults")
            .iter()
            .map(|fault| (fault["hits"].as_u64(), fault["state"].as_str().map(str::to_owned)))
            .collect::<Vec<_>>()
    };
    let of = |hits, state: &str| (Some(hits), Some(state.to_owned()));
    assert_eq!(hits(&before), [of(1, "ended"), of(2, "active")]);
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    system.kill();
    for waiting in waiting {
        assert!(waiting.await.expect("it ends").is_err(), "a killed process does not respond");
    }
    system.restart().await;
    assert_eq!(known(&system, &tenant).await, before);
    // The next request is the third that meets the fault, and the last.
    let called = async || {
        let sent = system.http().get(&orders).bearer_auth(&token).header("outlive-delay", "virtual");
        sent.send().await.expect("it answers").status().as_u16()
    };
    assert_eq!((called().await, called().await), (503, 200));
    let after = known(&system, &tenant).await;
    assert_eq!((hits(&after), after.1.len()), (vec![of(1, "ended"), of(3, "ended")], 4));
    let moved = tenant.advance("PT1H").await;
    assert_eq!((moved["done"].as_u64(), moved["failed"].as_u64()), (Some(1), Some(0)), "{moved}");
    system.stop().await;
}

#[tokio::test]
async fn a_connection_of_the_hub_or_the_flow_service_can_fail_alone() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let name = tenant.facts["connections"][0]["name"].clone();
    let fault = json!({"service": "hub", "connection": name, "do": {"status": 500}, "for": "PT1H"});
    tenant.call(Method::POST, "/faults", Some(fault)).await;
    let moved = tenant.advance("PT1H").await;
    assert_eq!(moved["failed"].as_u64(), Some(1), "{moved}");
    assert_eq!(system.journal(Service::Hub, &tenant, "fault.hit").await.len(), RETRIES + 1);
    let fault = json!({"service": "resource", "endpoint": "orders", "do": {"status": 503}, "count": 2});
    tenant.call(Method::POST, "/faults", Some(fault)).await;
    let moved = tenant.advance("PT1H").await;
    assert_eq!(moved["failed"].as_u64(), Some(0), "{moved}");
    let fault = json!({"service": "flow", "endpoint": "trigger", "do": {"status": 429, "retry_after": 5}});
    tenant.call(Method::POST, "/faults", Some(fault)).await;
    let flow = tenant.facts["flows"][0]["id"].as_str().expect("an id").replace('-', "");
    let workflow = format!("{}{flow}", tenant.id().replace('-', ""));
    let url = format!("{}/workflows/{workflow}/triggers/manual/paths/invoke", system.url(Service::Flow));
    let answer = system.http().post(url).send().await.expect("it answers");
    assert_eq!(
        (answer.status(), answer.headers()["retry-after"].as_bytes()),
        (StatusCode::TOO_MANY_REQUESTS, &b"5"[..])
    );
    system.stop().await;
}
