//! A flow at the lab API of a system that runs: its history, one of its runs, and its owner's
//! actions.

use outlive_tests::{Service, System};
use reqwest::Method;
use serde_json::{Value, json};

struct Tenant {
    http: reqwest::Client,
    url: String,
    flow: String,
    colleague: String,
}

impl Tenant {
    async fn create(system: &System) -> Self {
        let tenants = format!("{}/lab/tenants", system.url(Service::Console));
        let http = system.http().clone();
        let created = http.post(&tenants).json(&json!({})).send().await.expect("answers");
        let created: Value = created.json().await.expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let users = created["users"].as_array().expect("users");
        let colleague = users.iter().find(|user| user["role"] == "colleague").expect("a colleague");
        let tenant = Self {
            url: format!("{tenants}/{}", text(&created["tenant_id"])),
            flow: text(&created["flows"][0]["id"]),
            colleague: text(&colleague["upn"]),
            http,
        };
        tenant.call(Method::POST, "/clock", json!({"run": 0})).await;
        tenant
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.request(method.clone(), format!("{}{path}", self.url));
        let request = if method == Method::GET { request } else { request.json(&body) };
        let response = request.send().await.expect("answers");
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.expect("a body")).unwrap_or_default())
    }

    async fn flow(&self, query: &str) -> Value {
        let (status, flow) =
            self.call(Method::GET, &format!("/flows/{}{query}", self.flow), Value::Null).await;
        assert_eq!(status, 200, "{flow}");
        flow
    }

    async fn act(&self, what: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, &format!("/flows/{}/{what}", self.flow), body).await
    }
}

#[tokio::test]
async fn the_history_has_pages_and_a_run_its_inputs_and_outputs() {
    let system = System::start().await;
    let tenant = Tenant::create(&system).await;
    tenant.call(Method::POST, "/clock", json!({"advance": "PT9H"})).await;
    let all = tenant.flow("").await;
    let (mut names, mut before) = (Vec::new(), String::new());
    loop {
        let page = tenant.flow(&format!("?limit=4{before}")).await;
        names.extend(page["runs"].as_array().expect("runs").iter().map(|run| run["name"].clone()));
        match page["older"].as_str() {
            Some(older) => before = format!("&before={older}"),
            None => break,
        }
    }
    let expected: Vec<_> =
        all["runs"].as_array().expect("runs").iter().map(|run| run["name"].clone()).collect();
    assert_eq!((names.len(), &names), (10, &expected));
    assert!(tenant.flow("?status=Failed").await["runs"].as_array().expect("runs").is_empty());
    let path = format!("/flows/{}/runs/{}", tenant.flow, names[0].as_str().expect("a name"));
    let (status, run) = tenant.call(Method::GET, &path, Value::Null).await;
    assert_eq!((status, &run["run"]["properties"]["status"]), (200, &json!("Succeeded")));
    let action = &run["actions"][0]["properties"];
    assert_eq!(action["outputs"]["statusCode"], 200, "{run}");
    assert!(action["inputs"].is_object(), "{run}");
    for (path, status) in [
        (format!("/flows/{}/runs/nothing", tenant.flow), 404),
        ("/flows/nothing".to_owned(), 404),
        ("/flows/c0470500-0000-4000-8006-00000000ffff".to_owned(), 404),
        (format!("/flows/{}?status=Lost", tenant.flow), 400),
        (format!("/flows/{}?before=x", tenant.flow), 400),
        (format!("/flows/{}?limit=-1", tenant.flow), 400),
    ] {
        let (found, body) = tenant.call(Method::GET, &path, Value::Null).await;
        assert_eq!(found, status, "{path}: {body}");
    }
}

#[tokio::test]
async fn the_owner_turns_it_off_and_on_runs_it_and_shares_it() {
    let system = System::start().await;
    let tenant = Tenant::create(&system).await;
    let runs = async || tenant.flow("").await["runs"].as_array().expect("runs").len();
    let before = runs().await;
    assert_eq!(tenant.act("run", json!({})).await.0, 204);
    assert_eq!(runs().await, before + 1);
    assert_eq!(tenant.act("stop", json!({})).await.0, 204);
    let off = tenant.flow("").await;
    assert_eq!((&off["state"], &off["next_due"]), (&json!("Stopped"), &Value::Null));
    let (status, refusal) = tenant.act("run", json!({})).await;
    assert!((400..500).contains(&status), "it is off: {status} {refusal}");
    assert_eq!(tenant.act("start", json!({})).await.0, 204);
    assert_eq!(tenant.flow("").await["state"], "Started");
    let roles = async || -> Vec<String> {
        let flow = tenant.flow("").await;
        let users = flow["users"].as_array().expect("users").iter();
        users.map(|user| user["role"].as_str().expect("a role").to_owned()).collect()
    };
    assert_eq!(roles().await, ["Owner"]);
    for (role, expected) in [
        ("CanEdit", vec!["Owner", "CanEdit"]),
        ("None", vec!["Owner"]),
        ("CanView", vec!["Owner", "CanView"]),
    ] {
        let (status, body) = tenant.act("share", json!({"with": tenant.colleague, "role": role})).await;
        assert_eq!(status, 204, "{role}: {body}");
        assert_eq!(roles().await, expected, "{role}");
    }
    for body in [
        json!({"with": "unknown@contoso.example", "role": "CanEdit"}),
        json!({"with": tenant.colleague, "role": "Owner"}),
        json!({}),
    ] {
        let (status, answer) = tenant.act("share", body.clone()).await;
        assert!(matches!(status, 400 | 422), "{body}: {status} {answer}");
    }
}

#[tokio::test]
async fn a_password_that_the_lab_does_not_know_is_asked_for() {
    let system = System::start().await;
    let tenant = Tenant::create(&system).await;
    let (status, answer) = tenant.act("stop", json!({"password": "Another-1234!"})).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("OwnerCannotSignIn")), "{answer}");
    assert_eq!(tenant.flow("").await["state"], "Started");
    assert!(!answer.to_string().contains("Another-1234"));
}
