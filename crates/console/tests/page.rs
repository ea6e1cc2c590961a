//! The pages of the console with a fake lab: contents, forms, security.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use outlive_chassis::HttpClient;
use outlive_clock::Randomness;
use outlive_console::ConsoleConfig;
use outlive_wire::events::{ConnectionBroken, RunFinished, SessionRefused};
use outlive_wire::{EventPayload, JournalEvent};
use scraper::{Html, Selector};
use serde_json::{Value, json};
use tower::ServiceExt;

const TENANT: &str = "c0470500-0000-4000-8000-000000000001";
const FLOW: &str = "c0470500-0000-4000-8006-000000000001";
const NASTY: &str = "<script>alert('x')</script>\"&";

/// A fake lab that records the requests of forms.
#[derive(Clone, Default)]
struct FakeLab {
    requests: Arc<Mutex<Vec<Value>>>,
    journal_reads: Arc<Mutex<Vec<String>>>,
    refuse: Option<&'static str>,
    two_tenants: bool,
    without_hub: bool,
}

impl FakeLab {
    fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("not poisoned").clone()
    }

    async fn serve(&self) -> String {
        let app = Router::new()
            .route("/lab/tenants", get(tenants))
            .route("/lab/tenants/{tenant}", get(tenant))
            .route("/lab/tenants/{tenant}/clock", get(clock).post(act))
            .route("/lab/tenants/{tenant}/events", post(act))
            .route("/lab/tenants/{tenant}/journal", get(journal))
            .route("/lab/tenants/{tenant}/runs", get(runs))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}

async fn tenants(State(lab): State<FakeLab>) -> Json<Value> {
    let mut tenants = vec![json!({"tenant_id": TENANT, "domain": "contoso.example"})];
    if lab.two_tenants {
        let id = "c0470500-0000-4000-8000-000000000002";
        tenants.push(json!({"tenant_id": id, "domain": id}));
    }
    Json(json!({ "tenants": tenants }))
}

async fn tenant(Path(tenant): Path<String>) -> Response {
    if tenant != TENANT {
        return (StatusCode::NOT_FOUND, Json(json!({"error": {"code": "TenantNotFound", "message": "no"}})))
            .into_response();
    }
    Json(json!({
        "tenant_id": TENANT, "domain": "contoso.example", "name": "Contoso", "rules": "2025-11",
        "users": [
            {"role": "colleague", "upn": "colleague@contoso.example", "id": "2", "password": "Colleague-1"},
            {"role": "owner", "upn": "owner@contoso.example", "id": "1", "password": NASTY},
        ],
        "applications": [{"name": "Orders Desktop", "client_id": "c0470500-0000-4000-8002-000000000004", "kind": "public", "redirect_uris": ["http://localhost"]}],
        "maker_portal": "c0470500-0000-4000-8002-000000000007",
        "connectors": [{"name": NASTY}],
        "connections": [{"name": NASTY, "connector": "shared_contoso-orders", "owner": "owner"}],
        "flows": [{"id": FLOW, "name": NASTY, "owner": "owner", "connection": NASTY}],
        "urls": {
            "idp": "http://127.0.0.1:8701", "graph": "http://127.0.0.1:8701/v1.0", "hub": "http://127.0.0.1:8702",
            "resource": "http://127.0.0.1:8703", "flow": "http://127.0.0.1:8704",
        },
    }))
    .into_response()
}

async fn clock(State(lab): State<FakeLab>) -> Json<Value> {
    let mut clock = json!({"now": "2026-01-05T12:00:00Z", "speed": 1440, "next_due": "2026-01-05T13:00:00Z"});
    if lab.without_hub {
        clock["missing"] = json!(["hub"]);
        clock["operation"] = json!({"kind": "advance", "started": "2026-11-23T12:00:00Z", "target": "2026-01-09T12:00:00Z", "done": 17, "failed": 0});
    }
    Json(clock)
}

async fn act(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Response {
    if let Some(message) = lab.refuse {
        return (StatusCode::CONFLICT, Json(json!({"error": {"code": "Conflict", "message": message}})))
            .into_response();
    }
    lab.requests.lock().expect("not poisoned").push(what);
    let moved = json!({
        "now": "2026-01-06T12:00:00Z", "speed": 0, "next_due": null,
        "from": "2026-01-05T12:00:00Z", "steps": 24, "done": 24, "failed": 1,
    });
    Json(moved).into_response()
}

async fn runs() -> Json<Value> {
    Json(json!({"Succeeded": 1, "Failed": 1, "Running": 3}))
}

/// The payload of the example of an event.
fn payload<E: EventPayload>() -> Value {
    serde_json::to_value(E::example()).expect("JSON")
}

/// The newest lines of a journal that has a hundred thousand, as the lab selects them.
async fn journal(
    State(lab): State<FakeLab>,
    Query(query): Query<std::collections::HashMap<String, String>>,
) -> Json<Value> {
    let mut read: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    read.sort_unstable();
    lab.journal_reads.lock().expect("not poisoned").push(read.join("&"));
    let line = |seq: u32, service: &str, kind: &str, subject: String, data: Value| {
        json!({"seq": seq, "service": service, "tenant": TENANT, "at": "2026-01-05T11:00:00Z", "wall": "2026-01-05T11:00:00Z",
               "kind": kind, "subject": subject, "trace": "0", "data": data})
    };
    let mut failed = payload::<RunFinished>();
    failed["flow"] = json!(FLOW);
    failed["status"] = json!("Failed");
    failed["code"] = json!(format!("Failed to refresh {NASTY}"));
    let mut succeeded = payload::<RunFinished>();
    succeeded["flow"] = json!(FLOW);
    let mut lines = vec![
        line(5, "hub", ConnectionBroken::KIND, "connection:7".to_owned(), payload::<ConnectionBroken>()),
        line(4, "idp", SessionRefused::KIND, format!("user:{NASTY}"), payload::<SessionRefused>()),
        line(3, "flow", RunFinished::KIND, "run:two".to_owned(), failed),
        line(2, "resource", "order.read", format!("user:{NASTY}"), json!({"note": "routine"})),
        line(1, "flow", RunFinished::KIND, "run:one".to_owned(), succeeded),
    ];
    assert_eq!(query.get("newest").map(String::as_str), Some("true"));
    if query.contains_key("notable") {
        let kind = |line: &Value| line["kind"].as_str().unwrap_or_default().to_owned();
        lines.retain(|line| {
            JournalEvent::read(&kind(line), &line["data"]).is_ok_and(|event| event.is_notable())
        });
    }
    if let Some(service) = query.get("service") {
        lines.retain(|line| line["service"] == **service);
    }
    Json(json!({"lines": lines, "next": "100000-1-1-1"}))
}

/// A browser at the console: it keeps its cookies.
struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn texts(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .map(|element| {
                element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let selector = Selector::parse(selector).expect("a selector");
        Html::parse_document(&self.body)
            .select(&selector)
            .filter_map(|element| element.value().attr(name).map(str::to_owned))
            .collect()
    }
}

impl Browser {
    fn at(lab_url: &str) -> Self {
        let app = outlive_console::router(ConsoleConfig {
            lab_url: lab_url.parse().expect("an address"),
            tenant_hint: None,
            http: HttpClient::new().expect("a client"),
            random: Randomness::from_seed(1),
        });
        Self { app, cookies: Vec::new() }
    }

    async fn send(&mut self, request: http::request::Builder, body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).body(Body::from(body)).expect("a request");
        let response = self.app.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(SET_COOKIE) {
            let (pair, attributes) = set.to_str().expect("text").split_once(';').expect("attributes");
            assert!(
                attributes.contains("HttpOnly") && attributes.contains("SameSite=Strict"),
                "{attributes}"
            );
            let (name, value) = pair.split_once('=').expect("a pair");
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut url = url::Url::parse("http://form").expect("an address");
        url.query_pairs_mut().extend_pairs(fields);
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, url.query().unwrap_or_default().to_owned()).await
    }

    /// Loads the page, sends the form of `action` with these fields, and follows where it leads.
    async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/").await;
        let path = format!("/console/{TENANT}/{action}");
        let token = page.attributes(&format!("form[action='{path}'] input[name=token]"), "value").remove(0);
        let mut all = vec![("token", token.as_str())];
        all.extend_from_slice(fields);
        let answer = self.post(&path, &all).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let to = answer.headers[LOCATION].to_str().expect("text").to_owned();
        assert_eq!(to, format!("/?tenant={TENANT}"));
        self.get(&to).await
    }
}

#[tokio::test]
async fn the_page_shows_the_tenant_its_time_its_people_its_runs_and_why() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("h1"), ["contoso.example"]);
    assert_eq!(page.texts(".clock time"), ["2026-01-05 12:00:00"]);
    assert!(page.body.contains("a day in a minute"));
    assert_eq!(page.texts("[aria-labelledby=runs] tbody tr").len(), 2);
    assert_eq!(
        page.texts("[aria-labelledby=runs] tbody tr")[0],
        format!("2026-01-05 11:00:00 {NASTY} two Failed Failed to refresh {NASTY}")
    );
    assert!(page.body.contains("1 succeeded and 1 failed in total"));
    assert_eq!(page.texts("[aria-labelledby=flows] .status"), ["Failed"]);
    assert!(
        page.texts("details ol.lines li")
            .iter()
            .any(|line| line.contains(&format!("order read (user:{NASTY}).")))
    );
    assert_eq!(page.attributes("option[selected]", "value")[0], "owner@contoso.example");
    let links = page.attributes("main a", "href");
    assert!(links.contains(&format!("http://127.0.0.1:8701/{TENANT}/changepassword")), "{links:?}");
    assert!(links.iter().any(|link| link.contains("/oauth2/v2.0/authorize?client_id=c0470500")), "{links:?}");
}

#[tokio::test]
async fn the_list_of_changes_shows_a_broken_connection() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/").await;
    let notable = page.texts("#live > section > ol.lines li");
    assert_eq!(notable.len(), 2, "{notable:?}");
    let broken = "The connection is broken: the issuer rejected its refresh token.";
    assert!(notable[0].contains("hub") && notable[0].contains(broken), "{}", notable[0]);
    assert!(notable[1].contains("idp · refused"), "{}", notable[1]);
}

#[tokio::test]
async fn markup_in_names_is_text_and_nothing_is_inline() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    for path in ["/".to_owned(), format!("/console/{TENANT}/live")] {
        let page = browser.get(&path).await;
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(page.body.contains("&#60;script&#62;"), "{path}");
        assert!(page.attributes("[style]", "style").is_empty());
        assert!(page.attributes("[onclick], [onsubmit], [onload]", "id").is_empty());
        let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    for (path, kind) in [("/console/style.css", "text/css"), ("/console/live.js", "text/javascript")] {
        let file = browser.get(path).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.headers[CONTENT_TYPE].to_str().expect("text").starts_with(kind));
    }
}

#[tokio::test]
async fn every_control_has_a_label() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/").await;
    let labelled = page.attributes("label", "for");
    for id in page.attributes("input:not([type=hidden]), select", "id") {
        assert!(labelled.contains(&id), "{id} has no label");
    }
    assert_eq!(page.texts("table").len(), page.texts("table > caption").len());
    let ids = page.attributes("[id]", "id");
    for wanted in page.attributes("[aria-labelledby]", "aria-labelledby") {
        assert_eq!(ids.iter().filter(|id| **id == wanted).count(), 1, "{wanted}");
    }
    assert_eq!(page.texts("h1").len(), 1);
    assert_eq!(page.attributes("html", "lang"), ["en"]);
}

#[tokio::test]
async fn forms_call_the_lab_and_show_the_result_once() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.submit("advance", &[("by", "PT3H"), ("step", "P89D")]).await;
    assert_eq!(
        page.texts(".message"),
        [
            "Done. Time moved by P89D. It is now 2026-01-06T12:00:00Z. 24 due work items were done; 1 of them failed."
        ]
    );
    assert!(browser.get("/").await.texts(".message").is_empty(), "a message is shown once");
    browser.submit("advance", &[("by", " 1h 30m ")]).await;
    let longest = browser.submit("advance", &[("by", "P3653D")]).await;
    assert!(longest.texts(".message")[0].starts_with("Done."), "ten years are permitted");
    let page = browser
        .submit("password", &[("user", "owner@contoso.example"), ("new_password", "Correct-Horse-2")])
        .await;
    assert!(page.texts(".message.good")[0].contains("owner@contoso.example changed the password"));
    assert!(!page.body.contains("Correct-Horse-2"));
    browser.submit("revoke", &[("user", "owner@contoso.example"), ("by", "admin")]).await;
    assert_eq!(
        lab.requests(),
        [
            json!({"advance": "P89D"}),
            json!({"advance": "PT1H30M"}),
            json!({"advance": "P3653D"}),
            json!({"type": "password_change", "user": "owner@contoso.example", "new_password": "Correct-Horse-2"}),
            json!({"type": "revoke_sessions", "user": "owner@contoso.example", "by": "admin"}),
        ]
    );
}

#[tokio::test]
async fn invalid_forms_show_a_message_and_change_nothing() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    for (action, fields, words) in [
        ("advance", [("by", "soon"), ("x", "")], "'soon' is not a duration"),
        ("advance", [("by", "-PT1H"), ("x", "")], "only moves forward"),
        ("advance", [("by", "P3653DT1S"), ("x", "")], "too far"),
        ("advance", [("x", ""), ("y", "")], "not a duration"),
        ("password", [("user", "owner@contoso.example"), ("new_password", "short")], "8 to 256 characters"),
        ("password", [("user", "owner@contoso.example"), ("x", "")], "out of date"),
    ] {
        let page = browser.submit(action, &fields).await;
        let messages = page.texts(".message.bad");
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert!(message.starts_with("Not done.") && message.contains(words), "{message}");
    }
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    browser.get("/").await;
    let path = format!("/console/{TENANT}/revoke");
    for token in ["", "0", &"0".repeat(64)] {
        let fields = [("token", token), ("user", "owner@contoso.example"), ("by", "admin")];
        assert_eq!(browser.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
        assert!(browser.get("/").await.texts(".message.bad")[0].contains("out of date"));
    }
    assert!(lab.requests().is_empty());
    assert_eq!(browser.get(&path).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_rejection_by_the_lab_is_shown_as_a_message() {
    let lab = FakeLab { refuse: Some("time cannot go <b>back</b>"), ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.submit("advance", &[("by", "PT1H")]).await;
    assert_eq!(page.texts(".message.bad"), ["Not done. Time cannot go <b>back</b>."]);
}

#[tokio::test]
async fn a_page_reads_only_the_newest_events() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    assert_eq!(browser.get("/").await.attributes("#live", "data-cursor"), ["100000-1-1-1"]);
    let reads = || {
        let mut reads = std::mem::take(&mut *lab.journal_reads.lock().expect("not poisoned"));
        reads.sort_unstable();
        reads
    };
    let once =
        ["limit=120&newest=true&service=flow", "limit=60&newest=true", "limit=60&newest=true&notable=true"];
    assert_eq!(reads(), once);
    browser.get(&format!("/console/{TENANT}/live")).await;
    assert_eq!(reads(), once);
}

#[tokio::test]
async fn shows_a_list_of_tenants_or_an_error_page() {
    let lab = FakeLab { two_tenants: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let choice = browser.get("/").await;
    assert_eq!(choice.texts("main li a"), ["contoso.example", "c0470500-0000-4000-8000-000000000002"]);
    assert_eq!(browser.get(&format!("/?tenant={TENANT}")).await.texts("h1"), ["contoso.example"]);
    for path in
        ["/?tenant=nonsense", "/?tenant=c0470500-0000-4000-8000-000000000009", "/console/nonsense/live"]
    {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.texts("h1"), ["There is no such tenant"]);
    }
    assert_eq!(browser.post("/console/nonsense/advance", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unreachable_lab_is_an_error_page() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let unreachable = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let answer = Browser::at(&unreachable).get("/").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert_eq!(answer.texts("h1"), ["The lab does not answer"]);
    assert!(answer.body.contains(&unreachable));
}

#[tokio::test]
async fn a_missing_service_is_listed_and_the_rest_of_the_page_appears() {
    let lab = FakeLab { without_hub: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("p.message.bad strong"), ["hub"]);
    assert!(
        page.body.contains("Time is being advanced to 2026-01-09 12:00:00; 17 due work items"),
        "{}",
        page.body
    );
    assert_eq!(page.texts("h2#runs"), ["Recent runs"]);
}
