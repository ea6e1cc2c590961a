//! `outlive why`: what a token, cookie, connection or run is, where it came from, and why it is refused.

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

fn told(moments: &Value) -> String {
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
    let lineage = told(&of_token["lineage"]);
    for step in
        ["signed in with a password", "an authorization code", "as a confidential client", "refreshed"]
    {
        assert!(lineage.contains(step), "{lineage}");
    }
    // The access token beside it, by fingerprint: only time ends it.
    let access = why(&system, &tenant, newest["access_token"].as_str().expect("a fingerprint")).await;
    assert_eq!(access["kind"], "access_token");
    assert!(words(&access["would_end_it"]).is_empty());
    assert!(told(&access["decisions"]).contains("GET /orders was answered 200"));
    // The browser session it all came from is over.
    let signed_in = system.journal(Service::Idp, &tenant, "sign_in.succeeded").await;
    let session = signed_in[0]["data"]["session"].as_str().expect("an id");
    let session = why(&system, &tenant, session).await;
    assert_eq!((&session["kind"], &session["verdict"]["outcome"]), (&"cookie".into(), &"refused".into()));
    let otherwise = session["what_if"].as_array().expect("a list").iter();
    let otherwise: Vec<_> = otherwise.filter_map(|found| found["words"].as_str()).collect();
    assert_eq!(
        otherwise,
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
    let decisions = told(&of_run["decisions"]);
    for part in [
        "an administrator revoked",
        "the connection is broken",
        "the hub refused GET /orders",
        "the run ended: Failed",
    ] {
        assert!(decisions.contains(part), "{decisions}");
    }
    let broken = system.journal(Service::Hub, &tenant, "connection.broken").await;
    let connection = broken[0]["subject"].as_str().expect("a subject").to_owned();

    // The command says the same, in words.
    let lab = system.url(Service::Console);
    let ended = outlive(["why", &connection, "--against", &lab, "--tenant", tenant.id()]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "it is broken",
        "Where it came from",
        "By the row \"Admin revokes all refresh tokens for a user\"",
        "Had no administrator revoked the user's sessions, it would have been accepted.",
    ] {
        assert!(ended.said.contains(part), "{}", ended.said);
    }
    let unknown = outlive(["why", "nobody-knows", "--against", &lab, "--tenant", tenant.id()]).await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.complained.contains("The journal names them"), "{}", unknown.complained);
    system.stop().await;
}
