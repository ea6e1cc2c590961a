//! The teacher's overview of a class, and the page where a seat is taken.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

fn class_of(code: &str) -> Value {
    let wall = "2026-01-05T12:00:00Z";
    let progress = |step: u16, expects: Option<&str>| json!({"lesson": 2, "step": step, "steps": 9, "expects": expects, "last": "password changed", "at": wall});
    json!({
        "code": code, "lesson": 2, "opened": wall, "revealed": 1,
        "seats": [
            {"seat": 1, "tenant_id": TENANT, "domain": "a.example", "name": NASTY, "joined": wall, "progress": progress(5, Some("both"))},
            {"seat": 2, "tenant_id": TENANT, "domain": "b.example", "joined": wall, "progress": progress(4, None)},
            {"seat": 3, "tenant_id": TENANT, "domain": "c.example"},
        ],
    })
}

async fn show(Path(code): Path<String>) -> Response {
    if code != "harbor-7421" {
        let message = format!("There is no class '{code}'. Did you mean harbor-7421?");
        return (
            StatusCode::NOT_FOUND,
            Json(json!({"error": {"code": "ClassNotFound", "message": message}})),
        )
            .into_response();
    }
    Json(class_of(&code)).into_response()
}

async fn change(
    State(lab): State<FakeLab>,
    Path(code): Path<String>,
    Json(change): Json<Value>,
) -> Json<Value> {
    let failed = if change["clock"].is_object() {
        json!([{"seat": 2, "message": "it is being moved"}])
    } else {
        json!([])
    };
    lab.requests.lock().expect("not poisoned").push(change);
    Json(json!({"class": class_of(&code), "done": 1, "failed": failed}))
}

async fn join(State(lab): State<FakeLab>, Path(code): Path<String>, Json(wanted): Json<Value>) -> Response {
    lab.requests.lock().expect("not poisoned").push(json!({"join": code, "as": wanted}));
    match code.as_str() {
        "harbor-7421" => Json(class_of(&code)["seats"][1].clone()).into_response(),
        _ => show(Path(code)).await,
    }
}

async fn browser_of(lab: &FakeLab) -> Browser {
    let routes = Router::new()
        .route("/lab/classes", get(async || Json(json!({"classes": [{"code": "harbor-7421", "seats": 3, "taken": 2, "opened": "2026-01-05T12:00:00Z"}]}))).post(async || (StatusCode::CREATED, Json(class_of("harbor-7421")))))
        .route("/lab/classes/{code}", get(show).patch(change).delete(async || StatusCode::NO_CONTENT))
        .route("/lab/classes/{code}/join", post(join));
    Browser::at(&lab.serve_with(routes).await)
}

#[tokio::test]
async fn the_overview_counts_and_lists_every_seat() {
    let mut browser = browser_of(&FakeLab::default()).await;
    let page = browser.get("/class/harbor-7421").await;
    assert_eq!(
        page.texts("h1"),
        ["One of three has predicted; one still reads the question, one is not here"]
    );
    assert_eq!(page.texts(".joincode"), ["harbor-7421 at http://127.0.0.1:8700/join"]);
    assert_eq!(page.texts(".tally li"), ["both 1 1"]);
    assert_eq!(page.texts("tbody td:nth-of-type(1)"), ["step 5 of 9", "step 4 of 9", "not joined"]);
    assert!(!page.body.contains(NASTY), "a name is escaped");
    assert_eq!(page.attributes("tbody button[name=reset]", "value"), ["1", "2"], "only seats that are taken");
    let slips = browser.get("/class/harbor-7421?slips=1").await;
    assert_eq!(slips.texts("section li").len(), 1 + 3);
    let table = browser.get("/class/harbor-7421/results.csv").await;
    assert!(table.body.starts_with("seat,name,"), "{}", table.body);
    assert_eq!(table.body.lines().count(), 4);
    assert!(browser.get_as("/class/harbor-7421", "application/json").await.body.starts_with('{'));
}

#[tokio::test]
async fn the_teacher_changes_all_seats_or_one() {
    let lab = FakeLab::default();
    let mut browser = browser_of(&lab).await;
    for (field, value, expected, shown) in [
        (
            "all",
            "PT3H",
            json!({"clock": {"advance": "PT3H"}}),
            "Time moved for one seat. It failed for 1: seat 2: it is being moved",
        ),
        (
            "do",
            "freeze",
            json!({"clock": {"run": 0}}),
            "The clocks of one seat are frozen. It failed for 1: seat 2: it is being moved",
        ),
        ("do", "reveal", json!({"reveal": 5}), "The answers up to step 5 are revealed."),
        ("do", "reset", json!({"reset": "taken"}), "Started over: one seat."),
        ("reset", "2", json!({"reset": {"seat": 2}}), "Started over: one seat."),
        ("do", "seat", json!({"add_seats": 1}), "Added: one seat."),
    ] {
        let token =
            browser.get("/class/harbor-7421").await.attributes("input[name=token]", "value").remove(0);
        let answer =
            browser.post("/class/harbor-7421", &[("token", &token), ("step", "5"), (field, value)]).await;
        assert_eq!(answer.headers[LOCATION], "/class/harbor-7421", "{field}={value}");
        assert_eq!(lab.requests().pop(), Some(without_nulls(expected)), "{field}={value}");
        let page = browser.get("/class/harbor-7421").await;
        assert_eq!(page.texts("#notices .toast"), [shown]);
    }
    let token = browser.get("/class/harbor-7421").await.attributes("input[name=token]", "value").remove(0);
    let ended = browser.post("/class/harbor-7421", &[("token", &token), ("do", "end")]).await;
    assert_eq!(ended.headers[LOCATION], "/class");
    let done = lab.requests().len();
    for fields in
        [&[("do", "reset")][..], &[("token", "forged"), ("do", "end")], &[("token", &token), ("do", "x")]]
    {
        assert_eq!(browser.post("/class/harbor-7421", fields).await.status, StatusCode::SEE_OTHER);
        assert!(!browser.get("/class/harbor-7421").await.texts("#notices .toast.is-revoked").is_empty());
    }
    assert_eq!(lab.requests().len(), done, "none of them did anything");
}

/// The members that are given.
fn without_nulls(mut value: Value) -> Value {
    if let Some(clock) = value.get_mut("clock").and_then(Value::as_object_mut) {
        clock.retain(|_, member| !member.is_null());
    }
    value
}

#[tokio::test]
async fn a_seat_is_taken_with_the_code() {
    let lab = FakeLab::default();
    let mut browser = browser_of(&lab).await;
    let page = browser.get("/join?code=harbour-7421&name=colleague").await;
    assert_eq!(page.attributes("#code", "value"), ["harbour-7421"]);
    let token = page.attributes("input[name=token]", "value").remove(0);
    let refused =
        browser.post("/join", &[("token", &token), ("code", "harbour-7421"), ("name", NASTY)]).await;
    assert_eq!(refused.texts("#codeerr"), ["There is no class 'harbour-7421'. Did you mean harbor-7421?"]);
    assert!(!refused.body.contains(NASTY));
    let joined = browser.post("/join", &[("token", &token), ("code", "harbor-7421"), ("name", " ")]).await;
    assert_eq!(joined.headers[LOCATION], "/lessons/2");
    assert!(browser.cookies.contains(&("outlive_seat".to_owned(), "harbor-7421.2".to_owned())));
    assert_eq!(lab.requests().pop(), Some(json!({"join": "harbor-7421", "as": {}})));
    let before = lab.requests().len();
    assert_eq!(
        browser.post("/join", &[("token", "x"), ("code", "harbor-7421")]).await.status,
        StatusCode::OK
    );
    assert_eq!(browser.post("/join", &[("token", &token), ("code", " ")]).await.status, StatusCode::OK);
    assert_eq!(lab.requests().len(), before);
}

#[tokio::test]
async fn classes_are_listed_and_opened_and_unknown_ones_have_a_page() {
    let mut browser = browser_of(&FakeLab::default()).await;
    let page = browser.get("/class").await;
    assert_eq!(page.texts("h1"), ["One class is open"]);
    assert!(
        page.texts("tbody tr")[0].starts_with("harbor-7421 2 of 3 5 Jan"),
        "{:?}",
        page.texts("tbody tr")
    );
    let token = page.attributes("form[action='/class'] input[name=token]", "value").remove(0);
    for (seats, to) in [("12", "/class/harbor-7421"), ("many", "/class")] {
        let opened = browser.post("/class", &[("token", &token), ("seats", seats), ("lesson", "")]).await;
        assert_eq!(opened.headers[LOCATION], to);
    }
    let unknown = browser.get("/class/harbour-7421").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(unknown.body.contains("Did you mean harbor-7421?"));
}
