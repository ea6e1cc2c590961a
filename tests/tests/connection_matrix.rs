//! The matrix of connections, executed by the real program: flows, events, repairs.
//!
//! `scripts/test` runs it on SQLite only: its subject is the rules, not what is stored.

use std::collections::BTreeSet;

use outlive_tests::{Service, System, outlive_on_database};
use serde_json::{Value, json};

async fn execute(system: &System, request: &Value) -> (u16, Value) {
    let url = format!("{}/lab/matrix/connections", system.url(Service::Console));
    let answer = system.http().post(url).json(request).send().await.expect("the lab answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// Every cell: event, connection, the cell.
fn cells(matrix: &Value) -> Vec<(String, String, Value)> {
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    let rows = matrix["rows"].as_array().expect("rows").iter();
    rows.flat_map(|row| {
        let cells = row["cells"].as_array().expect("cells").iter();
        cells.map(|cell| (text(&row["event"]), text(&cell["connection"]), cell.clone())).collect::<Vec<_>>()
    })
    .collect()
}

#[tokio::test]
async fn every_cell_is_as_expected_and_every_repair_works() {
    let system = System::start().await;
    let (status, matrix) = execute(&system, &json!({})).await;
    assert_eq!(status, 200, "{matrix}");
    let all = cells(&matrix);
    let columns = matrix["columns"].as_array().expect("columns").len();
    assert_eq!((columns, all.len()), (13, 27 * 13));
    let differing: Vec<_> = all.iter().filter(|(.., cell)| cell["agrees"] != true).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    let mut answers = 0;
    for (event, connection, cell) in &all {
        let at = format!("{event} {connection}: {cell}");
        let breaks = cell["observed"].as_str().expect("an outcome").starts_with("breaks");
        let repair = &cell["repair"];
        assert_eq!(repair.is_object(), breaks, "{at}");
        if breaks {
            assert_eq!(repair["executed"], repair["works"], "{at}");
            assert!(!repair["steps"].as_array().expect("steps").is_empty(), "{at}");
            assert!(cell["noticed"].is_string() && cell["text"].is_string(), "{at}");
        }
        assert!(!cell["source"].as_str().expect("a source").is_empty(), "{at}");
        let public = cell["source"].as_str().expect("a source").starts_with("https://");
        let works = cell["observed"] == "keeps_working";
        assert!(!public || cell["own_choice"] == false, "{at}");
        assert!(public || works || cell["own_choice"] == true, "only what works is independent: {at}");
        let text = cell["text"].as_str().unwrap_or_default();
        if let Some(start) = text.find("{\"error\"") {
            let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
            let answer = values.next().expect("an answer").expect("the whole answer of the token endpoint");
            assert!(answer["error_codes"].is_array() && answer["correlation_id"].is_string(), "{at}");
            answers += 1;
        }
        if let Some(steps) = repair["steps"].as_array()
            && ["user_deleted", "owner_leaves"].contains(&event.as_str())
        {
            assert_eq!(steps[0], "An admin makes a colleague a co-owner of the flow.", "{at}");
        }
    }
    assert!(answers > 50, "texts with an answer of the token endpoint: {answers}");
    let not_repaired: Vec<_> = all
        .iter()
        .filter(|(.., cell)| cell["repair"]["executed"] == false)
        .map(|(event, ..)| event)
        .collect();
    assert_eq!(not_repaired, ["mfa_required"], "only a stored password has no repair");
    let observed: BTreeSet<_> = all.iter().map(|(.., cell)| cell["observed"].to_string()).collect();
    assert_eq!(observed.len(), 4, "{observed:?}");
    system.stop().await;
}

#[tokio::test]
async fn a_broken_rule_shows_in_exactly_its_cells() {
    let system = System::start().await;
    let request = json!({
        "rules": "2025-11+password_changed_by_user.confidential_token=revoked",
        "events": ["password_changed_by_user", "sspr"],
        "connections": ["confidential", "on_behalf_of", "generic", "public", "service_principal", "basic"],
    });
    let (status, matrix) = execute(&system, &request).await;
    assert_eq!(status, 200, "{matrix}");
    let differing: Vec<_> = cells(&matrix)
        .into_iter()
        .filter(|(.., cell)| cell["agrees"] != true)
        .map(|(event, connection, cell)| format!("{event} {connection} {}", cell["observed"]))
        .collect();
    assert_eq!(
        differing,
        [
            "password_changed_by_user confidential \"breaks_at_next_refresh\"",
            "password_changed_by_user on_behalf_of \"breaks_at_once\"",
            "password_changed_by_user generic \"breaks_at_next_refresh\"",
        ]
    );
    for (wrong, named) in [
        (json!({"rules": "2021"}), "2025-11"),
        (json!({"events": ["dance"]}), "password_changed_by_user"),
        (json!({"connections": ["x"]}), "api_key"),
        (json!({"more": 1}), "more"),
    ] {
        let (status, problem) = execute(&system, &wrong).await;
        assert!(
            matches!(status, 400 | 422) && problem.to_string().contains(named),
            "{wrong}: {status} {problem}"
        );
    }
    system.stop().await;
}

/// The JSON of two cells, apart from what is different in every tenant.
#[tokio::test]
async fn a_cell_tells_what_happened_and_what_repairs_it() {
    let system = System::start().await;
    let request = json!({"events": ["password_changed_by_user"], "connections": ["confidential", "basic"]});
    let (_, matrix) = execute(&system, &request).await;
    let row = &matrix["rows"][0];
    assert_eq!(
        (&row["title"], &row["band"], &row["way"]),
        (
            &json!("Password changed by the user"),
            &json!("Password"),
            &json!("the lab's event password_change")
        )
    );
    let mut basic = row["cells"][1].clone();
    let text = basic["text"].take();
    assert!(text.as_str().is_some_and(|text| text.contains("AADSTS50126")), "{text}");
    let story = basic["story"].take();
    let story: Vec<_> = story.as_array().expect("a story").iter().filter_map(Value::as_str).collect();
    assert_eq!(story.last(), Some(&"The next run succeeded."), "{story:?}");
    assert_eq!(
        basic,
        json!({
            "connection": "basic", "expected": "breaks_at_once", "expected_code": "AADSTS50126",
            "observed": "breaks_at_once", "code": "AADSTS50126", "agrees": true, "text": null,
            "noticed": basic["noticed"],
            "repair": {
                "steps": ["The owner enters the new password into the connection."],
                "executed": true, "works": true,
            },
            "source": "Published is a rejection by the back end (401), without a code. The orders API answers 401 with \
                       the code that the directory gives it for the password.",
            "own_choice": true, "story": null,
        })
    );
    let confidential = &row["cells"][0];
    assert_eq!(
        (&confidential["observed"], &confidential["repair"], &confidential["noticed"]),
        (&json!("keeps_working"), &Value::Null, &Value::Null)
    );
    system.stop().await;
}

#[tokio::test]
async fn the_command_prints_every_format() {
    let rules = "2025-11+sspr.confidential_token=revoked";
    let unknown = outlive_on_database(["matrix", "connections", "--rules", "2018"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("2025-11"), "{}", unknown.stderr);
    let matrix = |format: &'static str| {
        outlive_on_database([
            "matrix",
            "connections",
            "--events",
            "sspr,access_removed",
            "--connections",
            "confidential,certificate,generic,basic",
            "--rules",
            rules,
            "--format",
            format,
        ])
    };
    let markdown = matrix("markdown").await;
    assert_eq!(markdown.code, Some(1), "{markdown:?}");
    let lines: Vec<_> = markdown.stdout.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "| Event | Entra OAuth, secret | Entra OAuth, certificate | Generic, offline access | Basic | Repair |",
            "|---|---|---|---|---|---|",
            "| Self-service reset | **next 50173** (expected: works) | **next 50173** (expected: works) \
             | **next 50173** (expected: works) | now 50126 | The owner signs in to the connection again. \
             Basic: The owner enters the new password into the connection. |",
            "| Access to the connection removed | now 403 | now 403 | now 403 | now 403 \
             | The owner turns the flow off and on, which grants it access again. |",
        ]
    );
    let unselected = outlive_on_database(["matrix", "connections", "--events", "dance"]).await;
    assert_eq!(unselected.code, Some(2), "{unselected:?}");
    assert!(unselected.stderr.contains("outlive matrix --help"), "{unselected:?}");
    let help = outlive_on_database(["matrix", "--help"]).await;
    for name in [
        "password_changed_by_user",
        "owner_leaves",
        "on_behalf_of",
        "generic_without_offline_access",
        "api_key",
    ] {
        assert!(help.stdout.contains(name), "{name}: {}", help.stdout);
    }
    let of_credentials = outlive_on_database(["matrix", "credentials", "--events", "sspr"]).await;
    assert_eq!(of_credentials.code, Some(2), "{of_credentials:?}");
    let differs = matrix("html").await;
    assert_eq!(differs.code, Some(1), "{differs:?}");
    let page = &differs.stdout;
    assert!(page.starts_with("<!doctype html>") && page.contains("is-differs"), "{page}");
    assert_eq!(page.matches(" is-differs\"").count(), 3, "a secret, a certificate, and generic OAuth2");
    assert!(page.contains("Edition 2025-11") && page.contains(" minutes after the event"), "{page}");
    assert!(!page.contains("PT"), "spans are in words");
    for repair in
        ["signs in to the connection again. Basic: The owner enters", "The owner turns the flow off"]
    {
        assert!(page.contains(repair), "the same repairs as in Markdown: {repair}");
    }
    for loaded in ["src=", "url(", "<script", "<link", "style=", "onclick"] {
        assert!(!page.contains(loaded), "it needs no network and no script: {loaded}");
    }
    for tag in ["main", "table", "article", "section", "tbody", "ul", "div"] {
        let open = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(open, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    for anchor in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(anchor.is_empty() || page.contains(&format!("id=\"{anchor}\"")), "{anchor} leads nowhere");
    }
}
