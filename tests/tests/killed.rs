//! The process is killed repeatedly under load: nothing that was answered is lost, and nothing
//! happens twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use outlive_tests::{Service, System};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

/// How often it is killed.
const DEATHS: u32 = 20;
/// How many write at the same time.
const WRITERS: u32 = 4;

/// Revokes the colleague's sessions until the process is killed, and counts the responses.
async fn keep_revoking(request: reqwest::RequestBuilder, user: String, answered: Arc<AtomicU32>) {
    let event = json!({"type": "revoke_sessions", "user": user});
    let post = || request.try_clone().expect("it has no body yet").json(&event);
    while let Ok(answer) = post().send().await {
        let status = answer.status();
        // An incomplete response does not count.
        let Ok(body) = answer.text().await else { return };
        match status.as_u16() {
            200 => answered.fetch_add(1, Ordering::SeqCst),
            // A concurrent request succeeded: nothing happened, and the request is repeated.
            409 => continue,
            _ => panic!("{status}: {body}"),
        };
    }
}

#[tokio::test]
async fn nothing_that_was_answered_is_lost() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let user = tenant.user("colleague")["id"].as_str().expect("an id is text").to_owned();
    let url = format!("{}/_lab/tenants/{}/events", system.url(Service::Idp), tenant.id());
    let (mut kept, mut hours) = (0, 0);
    for death in 1..=DEATHS {
        let answered = Arc::new(AtomicU32::new(0));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let request = system.lab_surface(Method::POST, &url);
            writers.spawn(keep_revoking(request, user.clone(), Arc::clone(&answered)));
        }
        // Meanwhile flow, hub and resource work: an hour passes, and another does until the kill.
        let before = tenant.clock().await["now"].clone();
        tenant.advance("PT1H").await;
        let now = tenant.clock().await["now"].clone();
        assert_ne!(now, before);
        hours += 1;
        while answered.load(Ordering::SeqCst) < WRITERS {
            tokio::task::yield_now().await;
        }
        system.kill();
        while let Some(writer) = writers.join_next().await {
            writer.expect("a writer only ends when the system does not answer");
        }
        system.restart().await;

        let answered = answered.load(Ordering::SeqCst);
        let lines = system.journal(Service::Idp, &tenant, "sessions.revoked").await.len();
        let new = lines - kept;
        assert!(new >= answered as usize, "death {death}: {answered} were answered, {new} are remembered");
        // Each writer may have had one under way that was done and could not be answered any more.
        assert!(new <= (answered + WRITERS) as usize, "death {death}: {answered} answered, {new} remembered");
        kept = lines;
        assert_eq!(tenant.clock().await["now"], now, "death {death}: time stands where it stood");
    }
    let mut runs: BTreeMap<String, u32> = BTreeMap::new();
    for line in system.journal(Service::Flow, &tenant, "run.finished").await {
        assert_eq!(line["data"]["status"], "Succeeded", "{line}");
        *runs.entry(line["data"]["due"].to_string()).or_default() += 1;
    }
    assert!(runs.len() >= hours, "{} runs in {hours} hours", runs.len());
    assert!(runs.values().all(|times| *times == 1), "an occurrence was run twice: {runs:?}");
    system.stop().await;
}
