//! The timeline of a tenant: what a password change ended, and the failed runs at their places; a
//! year is counted, and stays small.

use outlive_tests::{Service, System};
use reqwest::Method;
use serde_json::Value;

const ROW: &str = "Password changed by user";

fn lane<'a>(timeline: &'a Value, name: &str) -> &'a Value {
    let lanes = timeline["lanes"].as_array().expect("lanes");
    let named = |lane: &&Value| lane["holder"]["display_name"] == name || lane["holder"]["name"] == name;
    lanes.iter().find(named).unwrap_or_else(|| panic!("no lane {name}: {timeline:#}"))
}

fn kinds(lane: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let marks = lane["marks"].as_array().expect("marks").iter();
    marks.map(|mark| (text(&mark["kind"]), text(&mark["row"]))).collect()
}

fn flow<'a>(timeline: &'a Value, name: &str) -> &'a Value {
    let flows = timeline["flows"].as_array().expect("flows");
    flows.iter().find(|flow| flow["display_name"] == name).expect("a flow")
}

#[tokio::test]
async fn the_timeline_shows_what_ended_and_which_runs_failed() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT2H").await;
    tenant.change_password("owner", "a new password, 2 words").await;
    tenant.advance("PT5H").await;
    let day = tenant.call(Method::GET, "/timeline?length=P1D", None).await;
    assert_eq!(day["missing"], Value::Array(Vec::new()));
    let event = &day["events"].as_array().expect("events").iter().find(|event| event["row"] == ROW);
    let changed = event.expect("the change")["at"].as_str().expect("an instant").to_owned();
    let expect = |kind: &str| ("obtained".to_owned(), "-".to_owned(), kind.to_owned());
    for (name, (first, none, then)) in [
        ("Orders", expect("survived")),
        ("Orders, public", expect("revoked")),
        ("Orders, basic", expect("revoked")),
        ("Orders Desktop", expect("revoked")),
    ] {
        let lane = lane(&day, name);
        assert_eq!(kinds(lane), [(first, none), (then.clone(), ROW.to_owned())], "{name}");
        let until = lane["grants"][0]["until"].as_str().expect("an instant");
        assert_eq!(until == changed, then == "revoked", "{name}: {until}");
    }
    // The session of the browser was ended, too.
    assert!(day["lanes"][0]["marks"].as_array().expect("marks").iter().any(|mark| mark["kind"] == "revoked"));
    // Runs failed from the first refresh after the change on; the stored password at once.
    for (name, is_confidential) in
        [("Hourly orders", true), ("Hourly, public", false), ("Hourly, basic", false)]
    {
        let runs = flow(&day, name)["runs"].as_array().expect("runs").clone();
        assert_eq!(runs.len(), 8, "{name}: {runs:?}");
        let failed: Vec<_> = runs.iter().filter(|run| run["status"] == "Failed").collect();
        assert_eq!(failed.is_empty(), is_confidential, "{name}");
        assert!(failed.iter().all(|run| run["started"].as_str() > Some(changed.as_str())), "{name}");
        assert_eq!(runs.last().expect("a run")["status"] == "Failed", !is_confidential, "{name}");
    }
    // A run is explained by the token that it used, as it was then.
    let runs = flow(&day, "Hourly, public")["runs"].as_array().expect("runs");
    for (run, outcome, code) in
        [(&runs[1], "accepted", Value::Null), (&runs[7], "refused", "AADSTS50173".into())]
    {
        let path = format!("/why/run:{}", run["name"].as_str().expect("a name"));
        let why = tenant.call(Method::GET, &path, None).await;
        assert_eq!(
            (&why["verdict"]["outcome"], &why["verdict"]["code"]),
            (&outcome.into(), &code),
            "{why:#}"
        );
        assert!(why["what"].as_str().expect("words").contains("The token that it used: "), "{why:#}");
    }
    // What an event would do is asked without causing it.
    let token = lane(&day, "Orders")["grants"][0]["name"].as_str().expect("a name");
    for (event, outcome) in [("password_changed_by_user", "accepted"), ("admin_revokes", "refused")] {
        let why = tenant.call(Method::GET, &format!("/why/{token}?after={event}"), None).await;
        assert_eq!(why["verdict"]["outcome"], "accepted", "{why:#}");
        assert_eq!(why["after"]["verdict"]["outcome"], outcome, "{why:#}");
    }
    // A range before the change shows none of it.
    let before = tenant
        .call(
            Method::GET,
            &format!("/timeline?length=PT1H&until={}", day["from"].as_str().expect("from")),
            None,
        )
        .await;
    assert_eq!(before["events"], Value::Array(Vec::new()));
    let page = reqwest::get(format!("{}/timeline?tenant={}", system.url(Service::Console), tenant.id()))
        .await
        .expect("answers");
    let page = page.text().await.expect("text");
    assert!(page.contains("The password change ended"), "{page}");
    system.stop().await;
}

#[tokio::test]
async fn weeks_of_hourly_runs_are_counted_and_small() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("P28D").await;
    tenant.change_password("owner", "a new password, 2 words").await;
    tenant.advance("P6D").await;
    let year = tenant.call(Method::GET, "/timeline?length=P365D", None).await;
    let totals: Vec<_> =
        year["flows"].as_array().expect("flows").iter().map(|flow| flow["total"].as_u64()).collect();
    assert_eq!(totals, [Some(34 * 24 + 1); 3]);
    let bins = flow(&year, "Hourly orders")["bins"].as_array().expect("weeks").len();
    assert!((5..=7).contains(&bins), "{bins}");
    // These are in the history; the first days were pruned from it.
    let failed: u64 = flow(&year, "Hourly, public")["bins"]
        .as_array()
        .expect("weeks")
        .iter()
        .filter_map(|bin| bin["failed"].as_u64())
        .sum();
    assert!((142..=144).contains(&failed), "{failed}");
    for range in ["month", "quarter", "year"] {
        let url = format!("{}/timeline?range={range}&tenant={}", system.url(Service::Console), tenant.id());
        let page = reqwest::get(url).await.expect("answers").text().await.expect("text");
        assert!(page.len() < 100_000 && page.contains("failed runs"), "{range}: {} bytes", page.len());
    }
    system.stop().await;
}

#[tokio::test]
async fn an_advance_counts_its_runs_and_knows_how_many_there_will_be() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    let page = format!("{}/flows?tenant={}", system.url(Service::Console), tenant.id());
    let mut shown = std::collections::BTreeSet::new();
    let mut expected = Value::Null;
    {
        let mut moving = std::pin::pin!(tenant.advance("P30D"));
        loop {
            tokio::select! {
                moved = &mut moving => {
                    assert_eq!(moved["failed"], 0, "{moved}");
                    break;
                }
                clock = tenant.clock() => {
                    let operation = &clock["operation"];
                    if operation["expected"].is_object() {
                        expected = operation["expected"].clone();
                        assert!(operation["runs"].as_u64() <= expected["runs"].as_u64(), "{operation}");
                        let page = reqwest::get(&page).await.expect("answers").text().await.expect("text");
                        let bar = page.split("<label for=\"pg\">").nth(1).and_then(|rest| rest.split('<').next());
                        shown.extend(bar.map(str::to_owned));
                    }
                }
            }
        }
    }
    // Three flows run every hour; their first runs may still be due when the clock stops.
    let hours = 30 * 24;
    let runs = expected["runs"].as_u64().expect("a number");
    assert!([3 * hours, 3 * (hours + 1)].contains(&runs), "{expected}");
    // A flow that fails for 14 days is turned off, and no one knows whether these will.
    assert_eq!(expected["is_exact"], false, "{expected}");
    let of = format!(" of about 2,{} runs, now ", runs - 2_000);
    assert!(shown.iter().any(|words| words.contains(&of)), "{of}: {shown:?}");
    assert!(shown.len() >= 10, "{shown:?}");
    let runs = system.journal(Service::Flow, &tenant, "run.finished").await.len();
    assert!(runs >= 1_000, "{runs}");
    system.stop().await;
}

#[tokio::test]
async fn a_policy_counts_from_when_it_was_created_and_a_password_that_is_given_again_is_a_mark() {
    let system = System::start().await;
    let tenant = system.seed_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT2H").await;
    let password = "a new password, 2 words";
    tenant.change_password("owner", password).await;
    tenant.advance("PT3H").await;
    let secret = Some(serde_json::json!({"secret": password}));
    tenant.call(Method::POST, "/connections/orders-of-the-owner-basic/fix", secret).await;
    tenant.advance("PT1H").await;
    // From now on, each refresh needs a sign-in of the last minute.
    let policy = serde_json::json!({"type": "require_mfa", "user": "owner"});
    tenant.happen(policy).await;
    tenant.advance("PT3H").await;
    let day = tenant.call(Method::GET, "/timeline?length=P1D", None).await;
    let words = |lane: &Value| -> Vec<(String, String)> {
        let marks = lane["marks"].as_array().expect("marks").iter();
        marks
            .map(|mark| {
                (
                    mark["kind"].as_str().expect("kind").to_owned(),
                    mark["explanation"].as_str().expect("words").to_owned(),
                )
            })
            .collect()
    };
    // The connection survived the change, when no MFA was required, though it is refused now.
    let orders = words(lane(&day, "Orders"));
    assert!(
        orders.iter().any(|(kind, words)| kind == "survived" && words.starts_with("Accepted")),
        "{orders:?}"
    );
    let name = lane(&day, "Orders")["grants"][0]["name"].as_str().expect("a name").to_owned();
    let why = tenant.call(Method::GET, &format!("/why/{name}"), None).await;
    assert_eq!(why["verdict"]["outcome"], "refused", "{why:#}");
    let basic: Vec<_> = words(lane(&day, "Orders, basic")).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(basic, ["obtained", "revoked", "obtained"]);
    // A run from before it without a token request of its own is judged as it was then.
    let runs = flow(&day, "Hourly orders")["runs"].as_array().expect("runs").clone();
    for run in &runs[..3] {
        let path = format!("/why/run:{}", run["name"].as_str().expect("a name"));
        let why = tenant.call(Method::GET, &path, None).await;
        assert_eq!(why["verdict"]["outcome"], "accepted", "{why:#}");
    }
    system.stop().await;
}
