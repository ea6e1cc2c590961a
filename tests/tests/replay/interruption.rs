//! Ctrl-C during a replay.

use std::process::{Command, Stdio};
use std::time::Duration;

use outlive_tests::{Service, System, program};
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::recorder::har;
use crate::{tenants, write};

const PATIENCE: Duration = Duration::from_secs(60);

/// So many requests that the replay takes longer than the test.
const REQUESTS: usize = 15_000;

#[tokio::test]
async fn an_interrupted_replay_deletes_its_tenant_and_prints_no_result() {
    let system = System::start().await;
    let lab = system.url(Service::Console);
    // It is created in the background.
    system.seed_tenant().await;
    let before = tenants(&system).await;
    let entry = json!({
        "startedDateTime": "2026-03-02T08:00:00Z",
        "request": {"method": "GET", "url": "https://login.microsoftonline.com/common/discovery/keys"},
        "response": {"status": 200, "content": {}},
    });
    let home = tempfile::tempdir().expect("a directory");
    let file = write(&home, "long.har", &har(&vec![entry; REQUESTS]));
    let mut command = tokio::process::Command::new(program());
    command.args(["replay", &file, "--against", &lab]).stdin(Stdio::null()).kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("it starts");
    let pid = child.id().expect("it runs").to_string();
    timeout(PATIENCE, tenant_appears(&system, &before)).await.expect("the replay has a tenant");
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    let ended = timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").expect("an output");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{errors}");
    assert!(ended.stdout.is_empty(), "{}", String::from_utf8_lossy(&ended.stdout));
    assert_eq!(tenants(&system).await, before, "the tenant of the replay is left");
    system.stop().await;
}

async fn tenant_appears(system: &System, before: &Value) {
    let mut looks = interval(Duration::from_millis(20));
    while tenants(system).await == *before {
        looks.tick().await;
    }
}
