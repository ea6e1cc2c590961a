//! What the services sent each other in a run, from real journals; pairs that ship, and a run
//! again with one fact changed, on this same system.

use std::time::Duration;

use outlive_tests::{Service, System, Tenant, pause};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn after_a_password_change(system: &System) -> Tenant {
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT2H").await;
    tenant.change_password("owner", "a new password, 2 words").await;
    tenant.advance("PT3H").await;
    tenant
}

/// The latest run of the flow of this name.
async fn latest_run(tenant: &Tenant, flow: &str) -> String {
    let story = tenant.call(Method::GET, "/story", None).await;
    let flows = story["flows"].as_array().expect("flows");
    let found = flows.iter().find(|known| known["display_name"] == flow).expect("a flow");
    found["runs"][0]["name"].as_str().expect("a run").to_owned()
}

/// Each step in one line.
fn shown(steps: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let steps = steps["steps"].as_array().expect("steps").iter();
    let line = |step: &Value| {
        let status = step["status"].as_u64().map_or_else(String::new, |status| format!(" {status}"));
        format!(
            "{} {}>{} {}{status}",
            text(&step["kind"]),
            text(&step["from"]),
            text(&step["to"]),
            text(&step["carries"])
        )
    };
    steps.map(line).collect()
}

async fn twins(system: &System, what: &Value) -> (StatusCode, Value) {
    let url = format!("{}/lab/twins", system.url(Service::Console));
    let answer = system.http().post(url).json(what).send().await.expect("the lab answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn tenants(system: &System) -> usize {
    let url = format!("{}/lab/tenants", system.url(Service::Console));
    let list: Value = system.http().get(url).send().await.expect("answers").json().await.expect("JSON");
    list["tenants"].as_array().expect("a list").len()
}

#[tokio::test]
async fn the_steps_of_runs_are_what_the_services_recorded() {
    let system = System::start().await;
    let tenant = after_a_password_change(&system).await;
    for (flow, status, expected) in [
        (
            "Hourly orders",
            "Succeeded",
            &[
                "request flow>hub caller_token",
                "note hub>hub -",
                "request hub>idp refresh_token",
                "note idp>idp -",
                "response idp>hub access_token 200",
                "request hub>resource access_token",
                "response resource>hub - 200",
                "response hub>flow - 200",
            ][..],
        ),
        (
            "Hourly, public",
            "Failed",
            &[
                "request flow>hub caller_token",
                "note hub>hub -",
                "request hub>idp refresh_token",
                "note idp>idp -",
                "response idp>hub - 400",
                "response hub>flow - 401",
            ],
        ),
        (
            "Hourly, basic",
            "Failed",
            &[
                "request flow>hub caller_token",
                "request hub>resource password",
                "request resource>idp password",
                "response idp>resource - 400",
                "response resource>hub - 401",
                "response hub>flow - 401",
            ],
        ),
    ] {
        let run = latest_run(&tenant, flow).await;
        let mut steps = tenant.call(Method::GET, &format!("/runs/{run}/steps"), None).await;
        // The first run after the change may use an access token that is still valid.
        if flow == "Hourly orders" && steps["steps"].as_array().map(Vec::len) == Some(4) {
            let before = steps["previous"]["name"].as_str().expect("a run").to_owned();
            steps = tenant.call(Method::GET, &format!("/runs/{before}/steps"), None).await;
        }
        assert_eq!((&steps["status"], &steps["flow_name"]), (&json!(status), &json!(flow)), "{steps:#}");
        assert_eq!(shown(&steps), expected, "{steps:#}");
        assert_eq!(steps["repair"].is_null(), status == "Succeeded", "{steps:#}");
        assert_eq!(steps["missing"], json!([]));
        // The credential of a step is known by its name.
        for name in
            steps["steps"].as_array().expect("steps").iter().filter_map(|step| step["credential"].as_str())
        {
            let why = tenant.call(Method::GET, &format!("/why/{name}"), None).await;
            assert!(
                ["refresh_token", "access_token"].contains(&why["kind"].as_str().expect("a kind")),
                "{why}"
            );
        }
        let page = format!("{}/runs/{run}?tenant={}", system.url(Service::Console), tenant.id());
        let page = system.http().get(page).send().await.expect("answers").text().await.expect("text");
        assert!(page.contains("class=\"draw sq\"") && page.contains("Step by step"), "{page}");
    }
    system.stop().await;
}

/// The identity provider records that it refused, the hub that it will try again: both are one
/// request of the hub.
#[tokio::test]
async fn a_refresh_during_an_outage_is_a_request_of_the_hub() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT2H").await;
    let outage = json!({"type": "token_endpoint_down", "lasts": "PT6H"});
    tenant.call(Method::POST, "/events", Some(outage)).await;
    tenant.advance("PT3H").await;
    let mut run = latest_run(&tenant, "Hourly orders").await;
    let mut steps = tenant.call(Method::GET, &format!("/runs/{run}/steps"), None).await;
    // The latest run may wait to try again.
    if steps["status"] == "Waiting" {
        run = steps["previous"]["name"].as_str().expect("a run").to_owned();
        steps = tenant.call(Method::GET, &format!("/runs/{run}/steps"), None).await;
    }
    let shown = shown(&steps);
    assert!(shown.iter().all(|step| !step.contains("flow>idp")), "{shown:#?}");
    assert_eq!(
        shown[..6],
        [
            "request flow>hub caller_token",
            "note hub>hub -",
            "request hub>idp refresh_token",
            "response idp>hub - 503",
            "note hub>hub -",
            "response hub>flow - 502"
        ],
        "{steps:#}"
    );
    for kind in ["connection.refresh_postponed", "connection.refreshed"] {
        let recorded = system.journal(Service::Hub, &tenant, kind).await;
        assert!(recorded.iter().all(|event| event["data"]["correlation"].is_string()), "{recorded:?}");
        assert!(!recorded.is_empty(), "{kind}");
    }
    let page = format!("{}/runs/{run}?tenant={}", system.url(Service::Console), tenant.id());
    let page = system.http().get(page).send().await.expect("answers").text().await.expect("text");
    assert!(page.contains("because the identity provider refused the hub new tokens"), "{page}");
    system.stop().await;
}

#[tokio::test]
async fn a_run_of_long_ago_is_not_the_latest_and_has_neighbors() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT70H").await;
    let story = tenant.call(Method::GET, "/story", None).await;
    let flow = story["flows"][0]["id"].as_str().expect("an id");
    let flow = tenant.call(Method::GET, &format!("/flows/{flow}?limit=250"), None).await;
    let runs = flow["runs"].as_array().expect("runs");
    assert!(runs.len() > 60, "{}", runs.len());
    let name = |place: usize| runs[place]["name"].clone();
    for place in [0, 1, 30, 60] {
        let path = format!("/runs/{}/steps", runs[place]["name"].as_str().expect("a name"));
        let steps = tenant.call(Method::GET, &path, None).await;
        let next = place.checked_sub(1).map_or(Value::Null, name);
        assert_eq!(
            (&steps["is_latest"], &steps["next"]["name"], &steps["previous"]["name"]),
            (&json!(place == 0), &next, &name(place + 1)),
            "{place}"
        );
    }
    system.stop().await;
}

#[tokio::test]
async fn pairs_and_replays_run_in_temporary_tenants() {
    let system = System::start().await;
    let tenant = after_a_password_change(&system).await;
    let before = tenants(&system).await;
    let url = format!("{}/lab/twins", system.url(Service::Console));
    let list: Value = system.http().get(&url).send().await.expect("answers").json().await.expect("JSON");
    let pairs = list["pairs"].as_array().expect("pairs");
    assert_eq!(pairs.len(), 4);
    for pair in pairs {
        let (status, result) = twins(&system, &json!({"scenario": pair["name"]})).await;
        assert_eq!((status, &result["shown"]), (StatusCode::OK, &pair["values"]), "{result:#}");
        let last = result["results"][0]["steps"].as_array().expect("steps").len() - 1;
        assert_eq!(result["diverged_at"], json!(last), "{result:#}");
    }
    // The run again: what decided makes the difference, and what did not decide makes none.
    let run = latest_run(&tenant, "Hourly, public").await;
    let replays = tenant.call(Method::GET, &format!("/runs/{run}/replays"), None).await;
    let facts: Vec<_> =
        replays["changes"].as_array().expect("changes").iter().map(|one| one["fact"].clone()).collect();
    assert_eq!(facts, ["client", "way_in", "event", "whose", "edition"]);
    for (fact, differs) in
        [("client", true), ("way_in", true), ("event", false), ("whose", true), ("edition", false)]
    {
        let wanted = json!({"replay": {"tenant": tenant.id(), "run": run, "fact": fact}});
        let (status, result) = twins(&system, &wanted).await;
        assert_eq!(status, StatusCode::OK, "{result:#}");
        let [written, other] =
            [0, 1].map(|side| result["results"][side]["status"].as_str().expect("a status"));
        assert_eq!(
            (written, other),
            ("passed", if differs { "failed" } else { "passed" }),
            "{fact}: {result:#}"
        );
        assert_eq!(result["diverged_at"].is_null(), !differs, "{fact}: {result:#}");
    }
    for (wanted, refused) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({"scenario": "Nothing"}), StatusCode::NOT_FOUND),
        (
            json!({"replay": {"tenant": tenant.id(), "run": "nothing", "fact": "client"}}),
            StatusCode::NOT_FOUND,
        ),
        (
            json!({"replay": {"tenant": tenant.id(), "run": run, "fact": "weather"}}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let (status, problem) = twins(&system, &wanted).await;
        assert_eq!(status, refused, "{wanted}: {problem}");
        assert!(problem["error"]["message"].is_string(), "{problem}");
    }
    assert_eq!(tenants(&system).await, before, "temporary tenants are deleted");
    // A caller who hangs up leaves nothing behind.
    let calling = system.http().post(&url).json(&json!({"scenario": pairs[0]["name"]})).send();
    let hung_up = tokio::time::timeout(Duration::from_millis(40), calling).await;
    assert!(hung_up.is_err(), "the call was to be canceled");
    let mut left = usize::MAX;
    for _ in 0..100 {
        pause(Duration::from_millis(100)).await;
        left = tenants(&system).await;
        if left == before {
            break;
        }
    }
    assert_eq!(left, before);
    // Nor does he free his place before his tenants are deleted: two places are four tenants.
    let mut most = 0;
    for attempt in 1..16 {
        let calling = system.http().post(&url).json(&json!({"scenario": pairs[0]["name"]})).send();
        let calling = tokio::spawn(calling);
        let watching = async {
            loop {
                most = most.max(tenants(&system).await);
                pause(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(30 * attempt), watching).await;
        calling.abort();
    }
    assert!(most > before && most <= before + 4, "{most} tenants at once, and {before} before");
    system.stop().await;
}
