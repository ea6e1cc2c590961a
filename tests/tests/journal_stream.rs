//! The stream of all journals, as a browser's EventSource reads it.

use std::time::Duration;

use outlive_tests::{Service, System};
use serde_json::json;
use tokio::time::timeout;

/// The wall time within which events arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// The ids and data of the next `count` events.
async fn events(url: &str, last: Option<&str>, count: usize) -> Vec<(String, String)> {
    let mut request = reqwest::Client::new().get(url);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let mut response = request.send().await.expect("the lab answers");
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    timeout(PATIENCE, async {
        while text.matches("\ndata: ").count() < count || !text.ends_with("\n\n") {
            let chunk = response.chunk().await.expect("the stream goes on").expect("more");
            text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    })
    .await
    .expect("events arrive");
    let events = text.split("\n\n").filter_map(|event| event.strip_prefix("id: ")?.split_once("\ndata: "));
    events.take(count).map(|(id, data)| (id.to_owned(), data.to_owned())).collect()
}

#[tokio::test]
async fn a_client_that_connects_again_continues_behind_the_last_event_it_received() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    tenant.advance("PT12H").await;
    let url = format!("{}/lab/tenants/{}/journal/stream", system.url(Service::Console), tenant.id());
    let all = events(&url, None, 40).await;
    let (last, _) = &all[14];
    assert_eq!(events(&url, Some(last), 25).await, all[15..], "none lost, none doubled");
    // It takes precedence over the address, which says where the client began.
    assert_eq!(events(&format!("{url}?after=0"), Some(last), 25).await, all[15..]);
    let wrong =
        reqwest::Client::new().get(&url).header("last-event-id", "x").send().await.expect("an answer");
    assert_eq!(wrong.status(), 400);
    system.stop().await;
}
