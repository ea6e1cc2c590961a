//! The lab API over HTTP, with stand-ins for the four services.

#[path = "lab_api/access.rs"]
mod access;
#[path = "lab_api/changing_clock.rs"]
mod changing_clock;
#[path = "lab_api/fakes.rs"]
mod fakes;
#[path = "lab_api/lost_data.rs"]
mod lost_data;
#[path = "lab_api/replicas.rs"]
mod replicas;
#[path = "lab_api/snapshots.rs"]
mod snapshots;
#[path = "lab_api/taken_over.rs"]
mod taken_over;

use std::path::Path as FilePath;
use std::sync::Arc;

use outlive_chassis::{Chassis, ChassisConfig, LabKey, Origins as Allowed, Trace};
use outlive_lab::api::{LabService, router};
use outlive_lab::http::Http;
use outlive_lab::seed::Seed;
use outlive_lab::services::{LabSurface, Origin, Origins};
use outlive_lab::tenants::{MIGRATIONS, Tenants, TenantsConfig};
use outlive_store::DatabaseUrl;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::fakes::{Fake, LAB_AUTHORIZATION, fake};

/// A lab over four stand-ins.
struct Lab {
    origin: String,
    origins: Origins,
    fakes: [Fake; 4],
    data: tempfile::TempDir,
    client: reqwest::Client,
}

impl Lab {
    fn set_down(&self, fake: usize, down: bool) {
        self.fakes[fake].lock().expect("no test panicked").down = down;
    }

    /// Waits for what the lab does without a request.
    async fn until(&self, is_done: impl Fn(&Self) -> bool) {
        let done = async {
            let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
            while !is_done(self) {
                looks.tick().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), done).await.expect("it is done in time");
    }

    /// The embedded database belongs to one process; a copy of its directory is what a restart
    /// would find.
    fn copied_data(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().expect("a temporary directory");
        for name in ["lab.db", "lab.db-wal", "lab.key"] {
            std::fs::copy(self.data.path().join(name), copy.path().join(name)).expect("copied");
        }
        copy
    }

    async fn start() -> Self {
        let (idp, idp_at) = fake("idp").await;
        let (hub, hub_at) = fake("hub").await;
        let (resource, resource_at) = fake("resource").await;
        let (flow, flow_at) = fake("flow").await;
        let origins = Origins {
            idp: Origin::same(&idp_at),
            idp_tls: Some("https://localhost:8743".to_owned()),
            resource_tls: Some("https://localhost:8744".to_owned()),
            hub: Origin::same(&hub_at),
            resource: Origin::same(&resource_at),
            flow: Origin::same(&flow_at),
        };
        let data = tempfile::tempdir().expect("a temporary directory");
        let (origin, client) = lab_on(data.path(), &origins).await;
        Self { origin, origins, fakes: [idp, hub, resource, flow], data, client }
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}/lab/tenants{path}", self.origin));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("it answers");
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.expect("a body")).unwrap_or(Value::Null))
    }

    async fn bare_tenant(&self) -> Value {
        let body = json!({"bare": true, "clock": {"now": "2026-01-05T09:00:00.5Z", "speed": 0}});
        let (status, credentials) = self.call(reqwest::Method::POST, "", Some(body)).await;
        assert_eq!(status, 201, "{credentials}");
        credentials
    }

    fn calls(&self, fake: usize) -> Vec<String> {
        self.fakes[fake].lock().expect("no test panicked").calls.clone()
    }
}

async fn lab_on(data: &FilePath, origins: &Origins) -> (String, reqwest::Client) {
    replica_on(data, origins, "lab", DatabaseUrl::Sqlite(data.join("lab.db")), None).await
}

/// A lab on a database that others may share; on PostgreSQL its schema is `service`.
async fn replica_on(
    data: &FilePath,
    origins: &Origins,
    service: &'static str,
    database: DatabaseUrl,
    sealing_key: Option<String>,
) -> (String, reqwest::Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("bound"));
    let config = ChassisConfig {
        service,
        database,
        data_dir: data.to_owned(),
        sealing_key: sealing_key.map(Into::into),
        lab_key: LabKey::new(&LAB_AUTHORIZATION[4..]).expect("a key"),
        seed: Some(1),
        origins: Allowed::new([origin.clone()]),
    };
    let lab_key = config.lab_key.clone();
    let chassis = Chassis::start(config, &MIGRATIONS).await.expect("starts");
    let client = chassis.http.inner().clone();
    let http = Http::new(chassis.http.clone(), Trace::begin(&chassis.random));
    let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let config = TenantsConfig { seeds: vec![seed], rules: "2025-11".to_owned(), own_url: origin.clone() };
    let tenants = Tenants::new(chassis.clone(), LabSurface::new(http, origins.clone(), lab_key), config);
    tokio::spawn(tenants.clone().recover());
    let app = outlive_chassis::app(chassis, Arc::new(LabService), router(tenants));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (origin, client)
}

#[tokio::test]
async fn creating_a_tenant_creates_it_in_every_service_at_one_instant() {
    let lab = Lab::start().await;
    let credentials = lab.bare_tenant().await;
    for fake in &lab.fakes {
        let service = fake.lock().expect("no test panicked");
        assert_eq!(service.now, "2026-01-05T09:00:00.5Z", "{}", service.name);
    }
    let id = credentials["tenant_id"].as_str().expect("an id");
    assert_eq!(lab.call(reqwest::Method::GET, &format!("/{id}"), None).await, (200, credentials.clone()));
    assert_eq!(credentials["connections"], json!([]));
    assert_eq!(credentials["users"][0]["role"], "owner");
}

#[tokio::test]
async fn a_tenant_can_start_in_the_past_but_not_in_the_future() {
    let lab = Lab::start().await;
    let create = |body: Value| lab.call(reqwest::Method::POST, "", Some(body));
    let before = outlive_clock::wall_now();
    let (status, body) = create(json!({"bare": true, "starts": "-P90D"})).await;
    assert_eq!(status, 201, "{body}");
    let started: outlive_clock::Instant =
        lab.fakes[0].lock().expect("no test panicked").now.parse().expect("an instant");
    let moved = started + outlive_clock::Span::from_days(90);
    assert!((before..=outlive_clock::wall_now()).contains(&moved), "{started}");
    let (status, body) = create(json!({"bare": true, "starts": "2020-02-29T12:00:00Z"})).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(lab.fakes[3].lock().expect("no test panicked").now, "2020-02-29T12:00:00Z");
    for (body, why) in [
        (json!({"starts": "2999-01-01T00:00:00Z"}), "in the future"),
        (json!({"starts": "1969-12-31T23:59:59Z"}), "1970"),
        (json!({"starts": "-P40000D"}), "1970"),
        (json!({"starts": "P90D"}), "not in the past"),
        (json!({"starts": "soon"}), "neither an instant"),
        (json!({"starts": "-P90D", "clock": {"now": "2026-01-05T09:00:00Z"}}), "not both"),
    ] {
        let (status, refused) = create(body.clone()).await;
        let message = refused["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(why), "{body}: {status} {refused}");
    }
}

#[tokio::test]
async fn tenant_credentials_survive_a_restart_and_are_sealed_at_rest() {
    let lab = Lab::start().await;
    let credentials = lab.bare_tenant().await;
    let secret = credentials["users"][0]["password"].as_str().expect("a password");
    for file in std::fs::read_dir(lab.data.path()).expect("readable") {
        let bytes = std::fs::read(file.expect("readable").path()).expect("readable");
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    let copy = lab.copied_data();
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    let url = format!("{origin}/lab/tenants/{}", credentials["tenant_id"].as_str().expect("an id"));
    let again: Value = client.get(url).send().await.expect("it answers").json().await.expect("JSON");
    assert_eq!(again, credentials);
}

#[tokio::test]
async fn a_tenant_that_one_service_rejects_is_deleted_from_all() {
    let lab = Lab::start().await;
    lab.fakes[3].lock().expect("no test panicked").refuses = true;
    let (status, body) = lab.call(reqwest::Method::POST, "", Some(json!({"bare": true}))).await;
    assert_eq!(status, 400, "{body}");
    assert!(body["error"]["message"].as_str().expect("a message").contains("not like this"), "{body}");
    for fake in 0..4 {
        assert_eq!(lab.calls(fake), ["create", "delete"], "service {fake}");
    }
    assert_eq!(lab.call(reqwest::Method::GET, "", None).await.1["tenants"], json!([]));
}

#[tokio::test]
async fn deleting_a_tenant_deletes_it_from_every_service() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    assert_eq!(lab.call(reqwest::Method::DELETE, &format!("/{id}"), None).await.0, 204);
    assert!((0..4).all(|fake| lab.calls(fake).last().is_some_and(|call| call == "delete")));
    assert_eq!(lab.call(reqwest::Method::GET, &format!("/{id}"), None).await.0, 404);
    assert_eq!(lab.call(reqwest::Method::DELETE, &format!("/{id}"), None).await.0, 404);
}

#[tokio::test]
async fn the_password_of_an_event_is_in_the_tenant_credentials() {
    let lab = Lab::start().await;
    let credentials = lab.bare_tenant().await;
    let id = credentials["tenant_id"].as_str().expect("an id");
    let event = json!({"type": "password_change", "user": "owner"});
    let (status, raised) = lab.call(reqwest::Method::POST, &format!("/{id}/events"), Some(event)).await;
    assert_eq!((status, &raised["at"]), (200, &json!("2026-01-05T09:00:01Z")));
    let after = lab.call(reqwest::Method::GET, &format!("/{id}"), None).await.1;
    let (old, new) = (&credentials["users"][0]["password"], &after["users"][0]["password"]);
    assert_ne!(old, new);
    let event: Value = serde_json::from_str(lab.calls(0).last().expect("the event")).expect("JSON");
    assert_eq!((&event["new_password"], &event["user"]), (new, &credentials["users"][0]["id"]));
}

/// A request that is repeated, also after the lab was killed: its event happens once.
#[tokio::test]
async fn an_event_with_an_id_is_raised_once() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let path = format!("/{id}/events");
    let event = json!({"type": "password_change", "user": "owner", "id": "2026-01-05T09:00:00.5Z-1"});
    let raise = |event: &Value| lab.call(reqwest::Method::POST, &path, Some(event.clone()));
    let first = raise(&event).await;
    assert_eq!(first.0, 200, "{}", first.1);
    let raised = lab.calls(0);
    assert_eq!(raise(&event).await, first);
    assert_eq!(lab.calls(0), raised);
    // Without an answer it is not known whether it happened.
    let other = json!({"type": "sign_out", "user": "owner", "id": "2"});
    lab.fakes[0].lock().expect("no test panicked").fails_events = true;
    assert_eq!(raise(&other).await.0, 502);
    lab.fakes[0].lock().expect("no test panicked").fails_events = false;
    let (status, undecided) = raise(&other).await;
    assert_eq!((status, &undecided["error"]["code"]), (409, &json!("EventUndecided")), "{undecided}");
    let copy = lab.copied_data();
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    let url = format!("{origin}/lab/tenants{path}");
    for (event, status) in [(&event, 200), (&other, 409)] {
        let again = client.post(&url).json(event).send().await.expect("answers");
        assert_eq!(again.status().as_u16(), status);
    }
    assert_eq!(lab.calls(0), raised);
    // The tenant that is started over knows nothing of them.
    let (status, _) = lab.call(reqwest::Method::POST, &format!("/{id}/reset"), Some(json!({}))).await;
    assert_eq!(status, 200);
    assert_eq!(raise(&event).await.0, 200);
    for wrong in ["", "a b", &"x".repeat(81)] {
        assert_eq!(raise(&json!({"type": "sign_out", "id": wrong})).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_journal_merges_all_services() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let (status, page) = lab.call(reqwest::Method::GET, &format!("/{id}/journal"), None).await;
    let services: Vec<_> = page["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["service"].as_str().unwrap_or("none"))
        .collect();
    assert_eq!((status, services), (200, vec!["idp", "hub", "resource", "flow"]));
    assert_eq!(page["next"], "1-1-1-1");
}

#[tokio::test]
async fn the_outbox_has_the_mails_of_the_identity_provider_and_of_the_flow_service() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let (status, outbox) = lab.call(reqwest::Method::GET, &format!("/{id}/outbox"), None).await;
    let mail = |from: &str, at: &str| json!({"from": from, "at": at, "code": "12345678"});
    let newest_first = [mail("flow", "2026-01-05T11:00:00Z"), mail("idp", "2026-01-05T10:00:00Z")];
    assert_eq!((status, outbox), (200, json!({ "messages": newest_first })));
    let unknown = "/00000000-0000-4000-8000-000000000000/outbox";
    assert_eq!(lab.call(reqwest::Method::GET, unknown, None).await.0, 404);
}

#[tokio::test]
async fn invalid_requests_are_rejected_and_change_nothing() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (path, body, status) in [
        (String::new(), json!({"seed": "nothing"}), 400),
        (String::new(), json!({"name": "n".repeat(201)}), 400),
        (String::new(), json!({"unknown": 1}), 422),
        (format!("/{id}/clock"), json!({}), 400),
        (format!("/{id}/clock"), json!({"advance": "PT1H", "run": 1}), 400),
        (format!("/{id}/clock"), json!({"advance": "-PT1H"}), 400),
        (format!("/{id}/clock"), json!({"advance": "soon"}), 422),
        (format!("/{id}/clock"), json!({"set": "2020-01-01T00:00:00Z"}), 409),
        (format!("/{id}/clock"), json!({"run": 86_401}), 400),
        (format!("/{id}/clock"), json!({"run": 4_294_967_295_u32}), 400),
        (String::new(), json!({"clock": {"speed": 86_401}}), 400),
        (format!("/{unknown}/clock"), json!({"advance": "PT1H"}), 404),
        (format!("/{unknown}/events"), json!({"type": "sign_out"}), 404),
        ("/x/clock".to_owned(), json!({"advance": "PT1H"}), 404),
    ] {
        let (actual, answer) = lab.call(reqwest::Method::POST, &path, Some(body.clone())).await;
        assert_eq!(actual, status, "{path} {body}: {answer}");
        assert!(answer["error"]["message"].is_string(), "{path} {body}: {answer}");
    }
    for path in ["/lab/tenants/%ff", "/lab/tenants/%ff/why/x", "/lab/nowhere", "/lab/%ff"] {
        let answer = lab.client.get(format!("{}{path}", lab.origin)).send().await.expect("it answers");
        assert!([400, 404].contains(&answer.status().as_u16()), "{path}: {answer:?}");
        let body: Value = answer.json().await.expect("JSON");
        assert!(body["error"]["message"].is_string(), "{path}: {body}");
    }
    let form =
        lab.client.post(format!("{}/lab/tenants", lab.origin)).body("{}").send().await.expect("it answers");
    assert_eq!(form.status().as_u16(), 415);
    let after = lab.call(reqwest::Method::GET, &format!("/{id}/journal?after=nonsense"), None).await;
    assert_eq!(after.0, 400);
    assert_eq!(
        lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await.1["now"],
        "2026-01-05T09:00:00.5Z"
    );
    assert_eq!(lab.call(reqwest::Method::GET, "", None).await.1["tenants"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_listed_as_missing() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    lab.set_down(1, true);
    let (status, page) = lab.call(reqwest::Method::GET, &format!("/{id}/journal"), None).await;
    assert_eq!((status, &page["missing"], &page["next"]), (200, &json!(["hub"]), &json!("1-0-1-1")));
    assert_eq!(page["lines"].as_array().map(Vec::len), Some(3));
    let (status, clock) = lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await;
    assert_eq!((status, &clock["missing"]), (200, &json!(["hub"])), "{clock}");
    assert_eq!(clock["now"], "2026-01-05T09:00:00.5Z");
    // A change does not start, and the error names the service.
    let advance = json!({"advance": "PT1H"});
    let (status, refused) = lab.call(reqwest::Method::POST, &format!("/{id}/clock"), Some(advance)).await;
    assert_eq!(status, 502);
    let message = refused["error"]["message"].as_str().expect("a message");
    assert!(message.contains("The hub service") && !message.contains("http://"), "{message}");
    let after = lab.call(reqwest::Method::GET, &format!("/{id}/clock"), None).await.1;
    assert!(after["operation"].is_null(), "{after}");
    lab.set_down(1, false);
    let later = lab.call(reqwest::Method::GET, &format!("/{id}/journal?after=1-0-1-1"), None).await.1;
    assert!(later["missing"].is_null() && later["lines"].as_array().map(Vec::len) == Some(4), "{later}");
}

#[tokio::test]
async fn a_deletion_completes_when_the_missing_service_answers() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    lab.set_down(3, true);
    let (status, accepted) = lab.call(reqwest::Method::DELETE, &format!("/{id}"), None).await;
    assert_eq!((status, &accepted["missing"]), (202, &json!(["flow"])), "{accepted}");
    let list = lab.call(reqwest::Method::GET, "", None).await.1;
    assert_eq!((&list["tenants"], &list["deleting"]), (&json!([]), &json!([id])));
    assert_eq!(lab.call(reqwest::Method::GET, &format!("/{id}"), None).await.0, 404);
    lab.set_down(3, false);
    lab.until(|lab| lab.fakes[3].lock().expect("no test panicked").spec.is_none()).await;
}

#[tokio::test]
async fn a_failed_creation_reports_its_cause_and_is_rolled_back_later() {
    let lab = Lab::start().await;
    lab.fakes[0].lock().expect("no test panicked").refuses = true;
    lab.set_down(3, true);
    let (status, body) = lab.call(reqwest::Method::POST, "", Some(json!({"bare": true}))).await;
    assert_eq!(status, 400, "{body}");
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.contains("not like this") && message.contains("idp"), "{message}");
    lab.set_down(3, false);
    lab.until(|lab| lab.calls(3).contains(&"delete".to_owned())).await;
    assert_eq!(lab.call(reqwest::Method::GET, "", None).await.1, json!({"tenants": []}));
}

/// The recovery and a repeated request find the deletion that another one has begun.
#[tokio::test]
async fn a_deletion_that_is_requested_twice_is_executed_once() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let hold = |holds| lab.fakes[2].lock().expect("no test panicked").holds_deletions = holds;
    hold(true);
    let delete = || {
        let url = format!("{}/lab/tenants/{id}", lab.origin);
        tokio::spawn(lab.client.delete(url).send())
    };
    let first = delete();
    lab.until(|lab| lab.calls(2) == ["create", "delete"]).await;
    let second = delete();
    outlive_chassis::pause(std::time::Duration::from_millis(100)).await;
    hold(false);
    for deleted in [first, second] {
        assert_eq!(deleted.await.expect("it ran").expect("an answer").status(), 204);
    }
    assert!((0..4).all(|fake| lab.calls(fake) == ["create", "delete"]));
}

#[tokio::test]
async fn a_tenant_deleted_while_the_services_are_listed_is_not_an_orphan() {
    let lab = Lab::start().await;
    let id = lab.bare_tenant().await["tenant_id"].as_str().expect("an id").to_owned();
    let copy = lab.copied_data();
    let lists = |lab: &Lab| lab.fakes[3].lock().expect("no test panicked").listed;
    let listed = lists(&lab);
    lab.fakes[3].lock().expect("no test panicked").holds_lists = true;
    let (origin, client) = lab_on(copy.path(), &lab.origins).await;
    lab.until(|lab| lists(lab) > listed).await;
    let url = format!("{origin}/lab/tenants/{id}");
    let deleted = client.delete(url).send().await.expect("an answer");
    assert_eq!(deleted.status(), 204);
    lab.fakes[3].lock().expect("no test panicked").holds_lists = false;
    outlive_chassis::pause(std::time::Duration::from_millis(500)).await;
    assert!((0..4).all(|fake| lab.calls(fake) == ["create", "delete"]), "{:?}", lab.calls(3));
}

#[tokio::test]
async fn sweeping_deletes_only_orphaned_tenants_of_this_lab() {
    let lab = Lab::start().await;
    let listed = |lab: &Lab| lab.fakes[3].lock().expect("no test panicked").listed;
    lab.until(|lab| listed(lab) == 1).await;
    let copy = lab.copied_data();
    lab.bare_tenant().await;
    // Another lab only compares its own tenants.
    let elsewhere = tempfile::tempdir().expect("a temporary directory");
    lab_on(elsewhere.path(), &lab.origins).await;
    lab.until(|lab| listed(lab) == 2).await;
    assert!((0..4).all(|fake| lab.calls(fake) == ["create"]));
    // The same lab without the record, as an earlier version could leave it.
    lab_on(copy.path(), &lab.origins).await;
    lab.until(|lab| (0..4).all(|fake| lab.calls(fake) == ["create", "delete"])).await;
}
