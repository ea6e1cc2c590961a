//! The journal read backward, page by page, at a system that runs.

use std::collections::BTreeSet;

use outlive_clock::Instant;
use outlive_tests::{Service, System};
use serde_json::{Value, json};

fn names(lines: &Value) -> Vec<String> {
    let lines = lines.as_array().expect("lines");
    lines.iter().map(|line| format!("{}-{}", line["service"].as_str().unwrap_or(""), line["seq"])).collect()
}

#[tokio::test]
async fn pages_of_the_newest_lines_lead_to_the_first_without_gap_or_repetition() {
    let system = System::start().await;
    let tenants = format!("{}/lab/tenants", system.url(Service::Console));
    let http = system.http();
    let created = http.post(&tenants).json(&json!({})).send().await.expect("answers");
    let created: Value = created.json().await.expect("JSON");
    let tenant = format!("{tenants}/{}", created["tenant_id"].as_str().expect("an id"));
    let clock = http.post(format!("{tenant}/clock")).json(&json!({"advance": "PT3H"}));
    assert!(clock.send().await.expect("answers").status().is_success());
    let frozen = http.post(format!("{tenant}/clock")).json(&json!({"run": 0}));
    assert!(frozen.send().await.expect("answers").status().is_success());
    let journal = async |query: &str| -> Value {
        let response = http.get(format!("{tenant}/journal?{query}")).send().await.expect("answers");
        assert!(response.status().is_success(), "{query}: {}", response.status());
        response.json().await.expect("JSON")
    };
    let users = created["users"].as_array().expect("users").iter();
    let owner = users.filter(|user| user["role"] == "owner").find_map(|user| user["id"].as_str());
    let owner = format!("user:{}", owner.expect("an owner"));
    for criteria in [
        String::new(),
        "&kind=token.".to_owned(),
        "&kind=run.finished".to_owned(),
        format!("&subject={owner}"),
        format!("&subject={owner}&kind=token.issued"),
    ] {
        let forward = journal(&format!("limit=1000{criteria}")).await;
        let expected: BTreeSet<_> = names(&forward["lines"]).into_iter().collect();
        assert!(expected.len() > 3, "{criteria}");
        let (mut read, mut before, mut pages) = (Vec::new(), String::new(), 0);
        let mut latest = None;
        loop {
            let page = journal(&format!("limit=7&newest=true{criteria}{before}")).await;
            for line in page["lines"].as_array().expect("lines") {
                let at: Instant = line["at"].as_str().and_then(|at| at.parse().ok()).expect("an instant");
                assert!(
                    latest.is_none_or(|latest| at <= latest),
                    "{criteria}: newest first, over all pages: {at} after {latest:?}"
                );
                latest = Some(at);
            }
            read.extend(names(&page["lines"]));
            pages += 1;
            assert!(pages < 100, "{criteria}");
            match page["older"].as_str() {
                Some(older) => before = format!("&before={older}"),
                None => break,
            }
        }
        assert_eq!(read.len(), expected.len(), "{criteria}: none twice");
        assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), expected, "{criteria}");
    }
    let wrong = http.get(format!("{tenant}/journal?newest=true&before=x")).send().await.expect("answers");
    assert_eq!(wrong.status(), 400);
}
