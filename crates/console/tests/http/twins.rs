//! Twins: a paired scenario, and a run again with one fact changed.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser};
use crate::fake_lab::{FakeLab, NASTY, TENANT};

async fn served(lab: &FakeLab) -> String {
    let routes = Router::new()
        .route("/lab/twins", get(pairs).post(run))
        .route("/lab/tenants/{tenant}/runs/{run}/replays", get(replays));
    lab.serve_with(routes).await
}

async fn pairs() -> Json<Value> {
    let pair = |name: &str| json!({"name": name, "about": "About it.", "fact": "client", "values": ["Orders Desktop", NASTY]});
    Json(json!({"pairs": [pair("One"), pair(NASTY)]}))
}

async fn replays() -> Json<Value> {
    let change = |fact: &str| json!({"fact": fact, "title": "the client", "values": ["a", "b"]});
    Json(json!({"changes": [change("client"), change("way_in")], "limits": ["Not repeated: the flow."]}))
}

async fn run(State(lab): State<FakeLab>, Json(what): Json<Value>) -> Response {
    if let Some(message) = lab.refuse {
        let problem = json!({"error": {"code": "TwinsBusy", "message": message}});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(problem)).into_response();
    }
    lab.requests.lock().expect("not poisoned").push(json!({ "twins": what }));
    let step = |title: &str, verb: &str, status: &str, why: &str| {
        json!({"chapter": "C", "title": title, "verb": verb, "status": status, "at": "2026-01-05T10:00:01Z", "narration": [format!("X: {NASTY}")],
               "why": [why], "checks": []})
    };
    let side = |status: &str, why: &str| {
        let steps = [
            step("It begins", "sign_in", "passed", ""),
            step("It changes", "event", "passed", ""),
            step("It ends", "refresh", status, why),
        ];
        json!({"name": "One", "about": "About it.", "status": status, "wall_ms": 1, "steps": steps})
    };
    let refused =
        "Refused: the grant is old. By the row \"R\" (edition 1), this revokes it. Error code: 1. Source: S.";
    let results = [side("passed", refused), side("failed", "Accepted: granted. Source: S.")];
    Json(json!({
        "fact": {"fact": "client", "values": ["Orders Desktop", NASTY]}, "shown": ["Orders Desktop", NASTY], "results": results,
        "diverged_at": 2, "limits": [], "scenario": what.get("replay").map(|_| "scenarios: []"),
    }))
    .into_response()
}

async fn press(browser: &mut Browser, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let token = page.attributes("form[action='/twins'] input[name=token]", "value").remove(0);
    let mut form = vec![("token", token.as_str()), ("tenant", TENANT)];
    form.extend(more);
    let answer = browser.post("/twins", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let location = answer.headers["location"].to_str().expect("an address").to_owned();
    browser.get(&location).await
}

#[tokio::test]
async fn a_pair_is_run_and_shown_up_to_where_the_two_part() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&served(&lab).await);
    let page = browser.get("/twins").await;
    assert_eq!(page.texts(".nav [aria-current]"), ["Twins"]);
    assert_eq!(page.texts("h1"), ["One: where do the two part?"]);
    assert_eq!(page.texts("#pair option"), ["One", NASTY]);
    assert_eq!(page.texts(".twin-head h2"), ["Orders Desktop", NASTY]);
    assert!(page.texts(".spine li").is_empty(), "nothing is shown that was not run");
    let page = press(&mut browser, &page, &[("story", "One")]).await;
    assert_eq!(lab.requests().last(), Some(&json!({"twins": {"scenario": "One"}})));
    assert_eq!(page.texts("h1"), ["One: one fact differs, and they part at step 3 of 3"]);
    assert_eq!(page.texts(".spine li"), ["10:00:01 It begins", "10:00:01 It changes"]);
    assert_eq!(page.texts(".spine .is-cause strong"), ["It changes"]);
    assert_eq!(page.texts(".twin-fork .badge"), ["Rejected", "New tokens"]);
    assert_eq!(page.texts(".twin-fork h2"), ["The event revokes it.", "Accepted: granted."]);
    assert_eq!(page.texts(".twin-fork .says")[0], "Row R");
    assert_eq!(page.texts(".twin-head .mid"), ["public client: keeps no secret"]);
    // The result stays at its address, and is exported.
    let exports = page.attributes("p.small.not-print a", "href");
    let text = browser.get(&exports[0]).await;
    assert!(text.headers["content-type"].to_str().expect("text").starts_with("text/markdown"));
    assert!(
        text.body.contains("The outcomes differ at step 3 of 3.")
            && text.body.contains("| Orders Desktop | Rejected |")
    );
    let data: Value = serde_json::from_str(&browser.get(&exports[1]).await.body).expect("JSON");
    assert_eq!(
        (&data["diverged_at"], &data["results"][0]["steps"][0]["verb"]),
        (&json!(2), &json!("sign_in"))
    );
    // The other one was not run.
    let other = browser.get("/twins.md?story=%3Cscript%3Ealert%28%27x%27%29%3C%2Fscript%3E%22%26").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_run_is_replayed_with_a_fact_changed() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&served(&lab).await);
    let page = browser.get("/twins?run=run-12").await;
    assert_eq!(page.texts("h1"), ["Which fact should differ when this run is replayed?"]);
    assert_eq!(page.attributes("#fact option", "value"), ["client", "way_in"]);
    assert_eq!(page.texts("[aria-labelledby=limits] li"), ["Not repeated: the flow."], "what it is not");
    let page = press(&mut browser, &page, &[("run", "run-12"), ("fact", "way_in")]).await;
    let wanted = json!({"replay": {"tenant": TENANT, "run": "run-12", "fact": "way_in"}});
    assert_eq!(lab.requests().last(), Some(&json!({ "twins": wanted })));
    assert_eq!(page.attributes("#fact option[selected]", "value"), ["way_in"]);
    assert_eq!(page.texts("details pre"), ["scenarios: []"]);
    // The result belongs to its run and fact.
    let page = browser.get("/twins?run=run-12&fact=client").await;
    assert!(page.texts(".spine li").is_empty());
}

#[tokio::test]
async fn a_refusal_is_a_message_and_odd_addresses_are_read_leniently() {
    let lab = FakeLab { refuse: Some("2 callers run paired scenarios already."), ..FakeLab::default() };
    let mut browser = Browser::at(&served(&lab).await);
    let page = browser.get("/twins").await;
    let page = press(&mut browser, &page, &[("story", "One")]).await;
    assert_eq!(page.texts(".toast"), ["2 callers run paired scenarios already."]);
    for query in ["story=nothing", "story=%22%3E%3Cscript%3E", "run=&fact=x", "run=r&fact=%22%3E%3Cscript%3E"]
    {
        let page = browser.get(&format!("/twins?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(!page.body.contains("\"><script>"), "{query}");
    }
    // A form from elsewhere runs nothing.
    let answer = browser.post("/twins", &[("token", "0"), ("tenant", TENANT), ("story", "One")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn a_run_without_a_refresh_token_cannot_be_replayed() {
    let routes = Router::new().route("/lab/twins", get(pairs));
    let mut browser = Browser::at(&FakeLab::default().serve_with(routes).await);
    let page = browser.get("/twins?run=run-12").await;
    assert_eq!(
        (page.status, page.texts("h1")),
        (StatusCode::NOT_FOUND, vec!["This run cannot be replayed".to_owned()])
    );
}
