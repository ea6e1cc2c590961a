//! The state of a tenant is put aside and brought back: in all services, with its time, its tokens
//! and its journal.

use std::time::Duration;

use outlive_clock::wall_now;
use outlive_tests::{Service, System, Tenant, pause};
use reqwest::Method;
use serde_json::{Value, json};

const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

/// Creates a tenant at half past, whose time stands still.
async fn frozen_tenant(system: &System) -> Tenant {
    system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:30:00Z", "speed": 0}})).await
}

/// Calls the lab below a tenant, whatever it answers.
async fn ask(system: &System, tenant: &Tenant, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/lab/tenants/{}{path}", system.url(Service::Console), tenant.id());
    let mut request = system.http().request(method, url);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("the lab answers");
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

async fn snapshot(tenant: &Tenant, name: &str) -> String {
    let taken = tenant.call(Method::POST, "/snapshots", Some(json!({"name": name}))).await;
    taken["id"].as_str().expect("an id").to_owned()
}

async fn restore(tenant: &Tenant, named: &str) -> Value {
    tenant.call(Method::POST, &format!("/snapshots/{named}/restore"), Some(json!({}))).await
}

/// All data of a tenant in all services, without an order of rows.
async fn data(system: &System, tenant: &Tenant) -> Vec<Value> {
    let mut all = Vec::new();
    for service in SERVICES {
        let url = format!("{}/_lab/tenants/{}/copy", system.url(service), tenant.id());
        let answer = system.lab_surface(Method::GET, &url).send().await.expect("it answers");
        let mut copy = answer.json::<Value>().await.expect("JSON")["copy"].take();
        for table in copy["tables"].as_array_mut().expect("tables") {
            // Each snapshot and each restore begins a generation of grants.
            let columns = table["columns"].as_array().expect("columns").iter();
            let generations: Vec<_> = columns
                .enumerate()
                .filter_map(|(place, name)| name.as_str()?.starts_with("generation").then_some(place))
                .collect();
            let rows = table["rows"].as_array_mut().expect("rows");
            for row in rows.iter_mut() {
                generations.iter().for_each(|place| row[*place] = Value::Null);
            }
            rows.sort_by_key(Value::to_string);
        }
        all.push(copy);
    }
    all
}

/// Names the first difference, which is shorter than both.
fn expect_same(found: &[Value], expected: &[Value], what: &str) {
    for (found, expected) in found.iter().zip(expected) {
        for (found, expected) in found["tables"]
            .as_array()
            .into_iter()
            .flatten()
            .zip(expected["tables"].as_array().into_iter().flatten())
        {
            assert_eq!(found, expected, "{what}: {}", expected["name"]);
        }
        assert_eq!(found, expected, "{what}");
    }
}

async fn sign_in(tenant: &Tenant, user: &str) -> String {
    let request = json!({"user": user, "app": "Orders Desktop", "scope": SCOPE, "redeem": true});
    let answer = tenant.call(Method::POST, "/sign_in", Some(request)).await;
    answer["refresh_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}")).to_owned()
}

/// Returns the error of a refresh; empty if it succeeds.
async fn refresh(system: &System, tenant: &Tenant, token: &str) -> String {
    let client = tenant.application("Orders Desktop")["client_id"].as_str().expect("an id").to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", token)];
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let answer = system.http().post(url).form(&form).send().await.expect("the issuer answers");
    let body: Value = answer.json().await.expect("JSON");
    body["error"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_restored_tenant_is_as_it_was() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let first = sign_in(&tenant, "owner").await;
    tenant.advance("PT2H").await;
    tenant
        .call(
            Method::POST,
            "/faults",
            Some(json!({"service": "resource", "do": {"status": 503}, "from": "2026-02-01T00:00:00Z"})),
        )
        .await;
    let credentials = tenant.look().await;
    let before = data(&system, &tenant).await;
    let id = snapshot(&tenant, "clean").await;

    for round in ["once", "twice"] {
        let second = sign_in(&tenant, "owner").await;
        let late = sign_in(&tenant, "colleague").await;
        tenant.change_password("owner", "Another-password-1!").await;
        tenant.revoke_sessions("owner").await;
        tenant.call(Method::DELETE, "/faults", None).await;
        tenant.advance("P2D").await;
        tenant.happen(json!({"type": "delete_user", "user": "colleague"})).await;
        for revoked in [&first, &second, &late] {
            assert_eq!(refresh(&system, &tenant, revoked).await, "invalid_grant", "{round}");
        }
        let restored = restore(&tenant, if round == "once" { &id } else { "clean" }).await;
        expect_same(&data(&system, &tenant).await, &before, round);
        assert_eq!(restored, credentials, "{round}: the passwords are those of then");
        assert_eq!(tenant.look().await, credentials, "{round}");
        let clock = tenant.clock().await;
        assert_eq!((&clock["now"], &clock["speed"]), (&json!("2026-01-05T11:30:00Z"), &json!(0)), "{clock}");
        assert_eq!(clock["operation"], Value::Null);
        assert_eq!(refresh(&system, &tenant, &first).await, "", "{round}: a revoked token is valid again");
        for later in [&second, &late] {
            assert_eq!(
                refresh(&system, &tenant, later).await,
                "invalid_grant",
                "{round}: one of later is not"
            );
        }
    }
    // Flows go on from the snapshot.
    let moved = tenant.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    // The same sign-in again is one of the same user.
    sign_in(&tenant, "owner").await;

    // Snapshots outlive a reset, and can be restored after it.
    tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    restore(&tenant, "clean").await;
    expect_same(&data(&system, &tenant).await, &before, "after a reset");
    let listed = tenant.call(Method::GET, "/snapshots", None).await;
    assert_eq!(listed["snapshots"][0]["id"], json!(id), "{listed}");

    let mut fastest = u128::MAX;
    for _ in 0..10 {
        let begun = wall_now();
        restore(&tenant, "clean").await;
        fastest = fastest.min((wall_now() - begun).to_std().as_millis());
    }
    eprintln!("the fastest restore of a seeded tenant out of 10 took {fastest} ms");
    system.stop().await;
}

#[tokio::test]
async fn a_reset_takes_nothing_from_the_snapshots_of_before() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let before = sign_in(&tenant, "owner").await;
    let first = snapshot(&tenant, "first").await;
    tenant.call(Method::POST, "/reset", Some(json!({}))).await;
    // Ids are not drawn again, and what was minted after the reset is not in the snapshot.
    let after = sign_in(&tenant, "owner").await;
    let second = snapshot(&tenant, "second").await;
    assert_ne!(first, second);
    for (named, known, unknown) in
        [("first", &before, &after), ("second", &after, &before), ("first", &before, &after)]
    {
        restore(&tenant, named).await;
        assert_eq!(refresh(&system, &tenant, known).await, "", "{named}");
        assert_eq!(refresh(&system, &tenant, unknown).await, "invalid_grant", "{named}");
    }
}

#[tokio::test]
async fn a_snapshot_that_is_being_restored_is_not_deleted() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    for round in 0..20 {
        snapshot(&tenant, "a").await;
        let restored = ask(&system, &tenant, Method::POST, "/snapshots/a/restore", json!({}));
        let deleted = async {
            pause(Duration::from_millis(round)).await;
            ask(&system, &tenant, Method::DELETE, "/snapshots/a", Value::Null).await
        };
        let (restored, deleted) = tokio::join!(restored, deleted);
        assert!(matches!(restored.0, 200 | 404), "{restored:?}");
        assert!(matches!(deleted.0, 204 | 409), "{deleted:?}");
        assert!(restored.0 == 200 || deleted.0 == 204, "{restored:?} {deleted:?}");
        let clock = tenant.call(Method::GET, "/clock", None).await;
        assert!(clock["operation"].is_null(), "it is stuck: {clock}");
        if deleted.0 == 409 {
            tenant.call(Method::DELETE, "/snapshots/a", None).await;
        }
    }
}

#[tokio::test]
async fn a_restore_during_a_reset_is_refused_with_what_is_in_progress() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    snapshot(&tenant, "a").await;
    let mut refused = 0;
    for round in 0..15 {
        let reset = ask(&system, &tenant, Method::POST, "/reset", json!({}));
        let restored = async {
            pause(Duration::from_millis(round * 10)).await;
            ask(&system, &tenant, Method::POST, "/snapshots/a/restore", json!({})).await
        };
        let (reset, restored) = tokio::join!(reset, restored);
        assert_eq!(reset.0, 200, "{round}: {reset:?}");
        if restored.0 == 200 {
            continue;
        }
        let (code, message) = (&restored.1["error"]["code"], &restored.1["error"]["message"]);
        assert_eq!((restored.0, code), (409, &json!("OperationInProgress")), "{round}: {restored:?}");
        let message = message.as_str().expect("a message");
        assert!(message.starts_with("The reset of the tenant is in progress"), "{message}");
        assert!(message.contains("Repeat the request when it has ended"), "{message}");
        refused += 1;
    }
    assert!(refused > 0, "no restore came during a reset");
    restore(&tenant, "a").await;
    system.stop().await;
}

#[tokio::test]
async fn a_tenant_whose_time_runs_goes_on_from_the_snapshot() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"starts": "-P90D"})).await;
    let taken = tenant.call(Method::POST, "/snapshots", Some(json!({}))).await;
    assert_eq!((&taken["speed"], &taken["name"]), (&json!(1), &Value::Null), "{taken}");
    tenant.advance("P10D").await;
    restore(&tenant, taken["id"].as_str().expect("an id")).await;
    let clock = tenant.clock().await;
    assert_eq!(clock["speed"], json!(1), "{clock}");
    let instant = |value: &Value| {
        value.as_str().and_then(|text| text.parse::<outlive_clock::Instant>().ok()).expect("an instant")
    };
    let passed = (instant(&clock["now"]) - instant(&taken["now"])).as_seconds();
    assert!((0..60).contains(&passed), "{passed} s have passed since the snapshot");
    // Changes of another tenant stay.
    let other = frozen_tenant(&system).await;
    let id = snapshot(&tenant, "another").await;
    other.advance("P1D").await;
    restore(&tenant, &id).await;
    assert_eq!(other.clock().await["now"], json!("2026-01-06T09:30:00Z"));
    system.stop().await;
}

#[tokio::test]
async fn requests_that_cannot_be_are_refused() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    let id = snapshot(&tenant, "one").await;
    let before = data(&system, &tenant).await;
    let long = "x".repeat(101);
    for (method, path, body, status, code, says) in [
        (Method::POST, "/snapshots", json!({"name": "one"}), 409, "SnapshotNameTaken", "'one'"),
        (Method::POST, "/snapshots", json!({"name": ""}), 400, "BadRequest", "'name'"),
        (Method::POST, "/snapshots", json!({"name": long}), 400, "BadRequest", "100 characters"),
        (Method::POST, "/snapshots", json!({"name": id}), 400, "BadRequest", "no UUID"),
        (Method::POST, "/snapshots", json!({"nam": "x"}), 422, "BadRequest", "nam"),
        (Method::POST, "/snapshots", Value::Null, 415, "BadRequest", "Content-Type"),
        (Method::POST, "/snapshots/two/restore", json!({}), 404, "SnapshotNotFound", "GET …/snapshots"),
        (Method::POST, "/snapshots/one/restore", json!({"x": 1}), 422, "BadRequest", "x"),
        (Method::DELETE, "/snapshots/two", Value::Null, 404, "SnapshotNotFound", "GET …/snapshots"),
    ] {
        let (answered, refusal) = ask(&system, &tenant, method.clone(), path, body).await;
        assert_eq!(
            (answered, &refusal["error"]["code"]),
            (status, &json!(code)),
            "{method} {path}: {refusal}"
        );
        assert!(refusal["error"]["message"].as_str().is_some_and(|text| text.contains(says)), "{refusal}");
    }
    expect_same(&data(&system, &tenant).await, &before, "after refusals");
    for number in 1..20 {
        tenant.call(Method::POST, "/snapshots", Some(json!({"name": format!("number {number}")}))).await;
    }
    let (status, refusal) = ask(&system, &tenant, Method::POST, "/snapshots", json!({})).await;
    assert_eq!((status, &refusal["error"]["code"]), (409, &json!("TooManySnapshots")), "{refusal}");
    tenant.call(Method::DELETE, "/snapshots/number%207", None).await;
    tenant.call(Method::POST, "/snapshots", Some(json!({}))).await;

    // Another tenant does not have them, and a deleted one has none.
    let other = frozen_tenant(&system).await;
    let path = format!("/snapshots/{id}/restore");
    assert_eq!(ask(&system, &other, Method::POST, &path, json!({})).await.0, 404);
    let gone = tenant.clone();
    tenant.delete().await;
    assert_eq!(
        ask(&system, &gone, Method::POST, &path, json!({})).await.1["error"]["code"],
        json!("TenantNotFound")
    );
    assert_eq!(ask(&system, &gone, Method::GET, "/snapshots", Value::Null).await.0, 404);
    system.stop().await;
}

/// A snapshot contains what is sealed opened.
#[tokio::test]
async fn a_snapshot_survives_a_replacement_of_the_sealing_keys() {
    let system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    snapshot(&tenant, "clean").await;
    for service in [Service::Hub, Service::Flow] {
        // Twice: the previous key still opens.
        for _ in 0..2 {
            let url = format!("{}/_lab/sealing-key", system.url(service));
            let answer = system.lab_surface(Method::POST, &url).send().await.expect("it answers");
            assert_eq!(answer.status().as_u16(), 200);
        }
    }
    restore(&tenant, "clean").await;
    let moved = tenant.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    system.stop().await;
}

/// Numbers that repeat with their seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Does something to a tenant. A refusal is right, too: the user may be deleted.
async fn act(system: &System, tenant: &Tenant, draw: &mut Draw) {
    let user = ["owner", "colleague", "admin"][draw.below(3) as usize];
    let (path, body) = match draw.below(9) {
        0 => ("/clock", json!({"advance": format!("PT{}H", 1 + draw.below(9))})),
        1 => ("/events", json!({"type": "password_change", "user": user})),
        2 => ("/events", json!({"type": "revoke_sessions", "by": "admin", "user": user})),
        3 => ("/events", json!({"type": "disable_user", "user": user})),
        4 => ("/events", json!({"type": "rotate_signing_key"})),
        5 => ("/faults", json!({"service": "hub", "do": {"status": 500}, "count": 1 + draw.below(3)})),
        6 => ("/events", json!({"type": "require_mfa"})),
        7 => ("/connections/orders-of-the-owner/share", json!({"with": "colleague"})),
        _ => ("/sign_in", json!({"user": user, "app": "Orders Desktop", "scope": SCOPE, "redeem": true})),
    };
    let (status, answer) = ask(system, tenant, Method::POST, path, body.clone()).await;
    assert!(status < 500 || status == 502, "{path} {body}: {status} {answer}");
}

#[tokio::test]
async fn whatever_happens_after_a_snapshot_is_undone() {
    let system = System::start().await;
    let seed = std::env::var("OUTLIVE_TEST_SNAPSHOT_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| wall_now().as_micros().unsigned_abs());
    eprintln!("OUTLIVE_TEST_SNAPSHOT_SEED={seed}");
    let mut draw = Draw(seed);
    let tenant = frozen_tenant(&system).await;
    let mut known: Vec<(String, Vec<Value>, Value)> = Vec::new();
    for round in 0..6 {
        for _ in 0..draw.below(5) {
            act(&system, &tenant, &mut draw).await;
        }
        let state = data(&system, &tenant).await;
        let credentials = tenant.look().await;
        known.push((snapshot(&tenant, &format!("round {round}")).await, state, credentials));
        for _ in 0..=draw.below(4) {
            act(&system, &tenant, &mut draw).await;
        }
        // Any of them, also one that was taken after another one was restored.
        let (id, state, credentials) = &known[draw.below(known.len() as u64) as usize];
        assert_eq!(&restore(&tenant, id).await, credentials, "seed {seed}, round {round}");
        expect_same(&data(&system, &tenant).await, state, &format!("seed {seed}, round {round}"));
    }
    system.stop().await;
}

#[tokio::test]
async fn a_restore_that_was_killed_is_completed_or_did_not_begin() {
    let mut system = System::start().await;
    let tenant = frozen_tenant(&system).await;
    tenant.advance("PT2H").await;
    let clean = data(&system, &tenant).await;
    snapshot(&tenant, "clean").await;
    let mut completed = 0;
    for milliseconds in [0, 5, 10, 20, 30, 50, 80, 160, 320, 1_280] {
        tenant.change_password("owner", &format!("Another-password-{milliseconds}!")).await;
        tenant.advance("PT1H").await;
        let changed = data(&system, &tenant).await;
        let url =
            format!("{}/lab/tenants/{}/snapshots/clean/restore", system.url(Service::Console), tenant.id());
        let request = system.http().post(url).json(&json!({})).send();
        let restoring = tokio::spawn(request);
        pause(Duration::from_millis(milliseconds)).await;
        system.kill();
        drop(restoring.await);
        system.restart().await;
        let mut looks = 0;
        while tenant.clock().await["operation"].is_object() {
            looks += 1;
            assert!(looks < 600, "the restore is completed within a minute");
            pause(Duration::from_millis(100)).await;
        }
        let found = data(&system, &tenant).await;
        if found[0]["now"] == clean[0]["now"] {
            completed += 1;
            expect_same(&found, &clean, &format!("killed after {milliseconds} ms"));
        } else {
            expect_same(&found, &changed, &format!("killed after {milliseconds} ms, before it began"));
            restore(&tenant, "clean").await;
        }
    }
    eprintln!("{completed} of 10 restores were completed");
    assert!(completed > 0, "no restore had begun");
    let moved = tenant.advance("PT3H").await;
    assert!(moved["done"].as_u64() >= Some(3) && moved["failed"] == 0, "{moved}");
    system.stop().await;
}
