//! `outlive why`: explanations of tokens, cookies, connections and runs.

use outlive_tests::{Service, System, Tenant, outlive};
use serde_json::{Value, json};

async fn why(system: &System, tenant: &Tenant, of: &str) -> Value {
    let url = format!("{}/lab/tenants/{}/why", system.url(Service::Console), tenant.id());
    let answer =
        reqwest::Client::new().post(url).json(&json!({"of": of})).send().await.expect("the lab answers");
    assert_eq!(answer.status(), 200, "{of}");
    answer.json().await.expect("JSON")
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

fn summaries(moments: &Value) -> String {
    let moments = moments.as_array().expect("a list").iter();
    moments.map(|moment| moment["words"].as_str().expect("words")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_token_that_outlives_the_password_says_so_and_what_would_end_it() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    tenant.advance("PT5H").await;
    tenant.change_password("owner", "Quiet-Harbour-77").await;
    let refreshed = system.journal(Service::Hub, &tenant, "connection.refreshed").await;
    let newest = &refreshed.last().expect("a refresh")["data"];
    let token = newest["refresh_token"].as_str().expect("a fingerprint").to_owned();

    let of_token = why(&system, &tenant, &token).await;
    assert_eq!(of_token["kind"], "refresh_token");
    assert_eq!(of_token["verdict"]["outcome"], "accepted");
    assert!(words(&of_token["would_not_end_it"]).contains(&"the user changed the password"));
    assert!(
        words(&of_token["would_end_it"])
            .contains(&"an administrator revoked the user's sessions and refresh tokens")
    );
    let lineage = summaries(&of_token["lineage"]);
    for step in [
        "signed in with a password",
        "authorization code was issued",
        "as a confidential client",
        "refreshed",
    ] {
        assert!(lineage.contains(step), "{lineage}");
    }
    // The access token, by fingerprint: only its expiry ends it.
    let access = why(&system, &tenant, newest["access_token"].as_str().expect("a fingerprint")).await;
    assert_eq!(access["kind"], "access_token");
    assert!(words(&access["would_end_it"]).is_empty());
    assert!(summaries(&access["decisions"]).contains("GET /orders was answered with 200."));
    // The browser session is no longer valid.
    let signed_in = system.journal(Service::Idp, &tenant, "sign_in.succeeded").await;
    let session = signed_in[0]["data"]["session"].as_str().expect("an id");
    let session = why(&system, &tenant, session).await;
    assert_eq!((&session["kind"], &session["verdict"]["outcome"]), (&"cookie".into(), &"refused".into()));
    let changes = session["what_if"].as_array().expect("a list").iter();
    let changes: Vec<_> = changes.filter_map(|found| found["words"].as_str()).collect();
    assert_eq!(
        changes,
        [
            "Had the user signed in without a password, with a passkey for example, it would have been accepted.",
            "Had the user not changed the password, it would have been accepted."
        ]
    );
    system.stop().await;
}

#[tokio::test]
async fn a_failed_run_leads_to_the_rule_that_failed_it() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    tenant.advance("PT2H").await;
    tenant.revoke_sessions("owner").await;
    tenant.advance("PT3H").await;
    let runs = system.journal(Service::Flow, &tenant, "run.finished").await;
    let run = runs.last().expect("a run");
    assert_eq!(run["data"]["status"], "Failed");
    let subject = run["subject"].as_str().expect("a subject");
    let of_run = why(&system, &tenant, subject).await;
    assert_eq!((&of_run["kind"], &of_run["verdict"]["code"]), (&"run".into(), &json!("AADSTS50173")));
    let decisions = summaries(&of_run["decisions"]);
    for part in [
        "an administrator revoked",
        "The connection is broken",
        "The hub refused GET /orders",
        "The run ended: Failed",
    ] {
        assert!(decisions.contains(part), "{decisions}");
    }
    let broken = system.journal(Service::Hub, &tenant, "connection.broken").await;
    let connection = broken[0]["subject"].as_str().expect("a subject").to_owned();

    // The command prints the same.
    let lab = system.url(Service::Console);
    let ended = outlive(["why", &connection, "--against", &lab, "--tenant", tenant.id()]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "it is broken",
        "Where it came from",
        "By the row \"Admin revokes all refresh tokens for a user\"",
        "Had no administrator revoked the user's sessions, it would have been accepted.",
    ] {
        assert!(ended.stdout.contains(part), "{}", ended.stdout);
    }
    let unknown = outlive(["why", "unknown", "--against", &lab, "--tenant", tenant.id()]).await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("The journal names them"), "{}", unknown.stderr);
    system.stop().await;
}

#[tokio::test]
async fn a_rejected_order_is_among_the_decisions_with_its_reason() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    let connector = tenant.application("Contoso Orders Connector");
    let owner = tenant.user("owner");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let form = [
        ("grant_type", "password".to_owned()),
        ("client_id", text(&connector["client_id"])),
        ("client_secret", text(&connector["secret"])),
        ("username", text(&owner["upn"])),
        ("password", text(&owner["password"])),
        ("scope", "api://contoso-orders/Orders.Read".to_owned()),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let tokens = system.http().post(url).form(&form).send().await.expect("it answers");
    let tokens: Value = tokens.json().await.expect("JSON");
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    tenant.advance("PT3H").await;
    let orders = format!("{}/orders", system.url(Service::Resource));
    let answer = system.http().get(orders).bearer_auth(&token).send().await.expect("it answers");
    assert_eq!(answer.status(), 401);

    let explained = why(&system, &tenant, &token).await;
    let decisions = explained["decisions"].as_array().expect("a list");
    let rejected = decisions.iter().find(|moment| moment["kind"] == "request.refused");
    let rejected = rejected.unwrap_or_else(|| panic!("{explained}"));
    assert_eq!(rejected["service"], "resource");
    let summary = rejected["words"].as_str().expect("a sentence");
    assert!(summary.starts_with("GET /orders was rejected with 401: "), "{summary}");
    assert!(summary.contains("expired"), "{summary}");
    system.stop().await;
}
