//! Ctrl-C during a command on a temporary system deletes all its data, including keys; on a running
//! system, the tenants of the command. Reports have what was run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use outlive_tests::{Service, System, pause, program};
use serde_json::Value;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

async fn expect_cleanup(arguments: &[&str]) {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let mut command = tokio::process::Command::new(program());
    command.args(arguments).env("TMPDIR", home.path()).stdin(Stdio::null()).kill_on_drop(true);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let pid = child.id().expect("it runs").to_string();
    timeout(PATIENCE, appears(home.path())).await.expect("the private system has a directory");
    interrupt(&pid);
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    assert_eq!(ended.code(), Some(130), "{arguments:?}");
    let left: Vec<_> = std::fs::read_dir(home.path()).expect("it is there").collect();
    assert!(left.is_empty(), "{arguments:?} leaves {left:?}");
}

fn interrupt(pid: &str) {
    let sent = Command::new("kill").args(["-INT", pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
}

/// Waits until databases are in the temporary system's directory.
async fn appears(home: &Path) {
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        looks.tick().await;
        let mut all = std::fs::read_dir(home).expect("it is there").flatten();
        if all.any(|entry| entry.path().join("idp.db").is_file()) {
            return;
        }
    }
}

#[tokio::test]
async fn an_interrupted_command_leaves_no_data() {
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    expect_cleanup(&["matrix"]).await;
    expect_cleanup(&["run", &format!("{scenarios}/flow-outlives-password.yaml")]).await;
    expect_cleanup(&["twins", &format!("{scenarios}/twins.yaml")]).await;
}

/// A flow that runs each minute for eight years, after a scenario that passes.
const LONG: &str = "scenarios:
  - name: Short
    chapters: [{title: One, steps: [{client_credentials: {app: Nightly Job, scope: api://contoso-orders/.default}}]}]
  - name: Long
    chapters:
      - title: One
        steps:
          - create_connection: {name: orders, connector: shared_contoso-orders, owner: owner}
          - create_flow: {name: often, owner: owner, connection: orders, every: PT1M}
          - advance: {by: P3000D}
  - name: Never
    chapters: [{title: One, steps: [{client_credentials: {app: Nightly Job, scope: api://contoso-orders/.default}}]}]
";

#[tokio::test]
async fn an_interrupted_run_deletes_its_tenants_and_writes_its_reports() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let (file, report) = (home.path().join("long.yaml"), home.path().join("report.json"));
    std::fs::write(&file, LONG).expect("it is writable");
    let system = System::start().await;
    let lab = system.url(Service::Console);
    let tenants = async || -> Vec<Value> {
        let answer = system.http().get(format!("{lab}/lab/tenants")).send().await.expect("the lab answers");
        let listed: Value = answer.json().await.expect("JSON");
        listed["tenants"].as_array().cloned().unwrap_or_default()
    };
    while tenants().await.is_empty() {
        pause(Duration::from_millis(20)).await;
    }
    let mut command = tokio::process::Command::new(program());
    command.arg("run").arg(&file).args(["--against", &lab, "--json"]).arg(&report);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().expect("it starts");
    let advances = async || {
        for tenant in tenants().await {
            let url = format!("{lab}/lab/tenants/{}/clock", tenant["tenant_id"].as_str().unwrap_or_default());
            let Ok(answer) = system.http().get(url).send().await else { continue };
            let clock: Value = answer.json().await.unwrap_or_default();
            if clock["operation"].is_object() {
                return true;
            }
        }
        false
    };
    while !advances().await {
        pause(Duration::from_millis(20)).await;
    }
    interrupt(&child.id().expect("it runs").to_string());
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    assert_eq!(ended.code(), Some(130));
    assert_eq!(tenants().await.len(), 1, "only the first tenant of the system is left");
    let report: Value =
        serde_json::from_slice(&std::fs::read(&report).expect("a report")).expect("it is complete");
    let statuses: Vec<_> =
        report["files"][0]["scenarios"].as_array().expect("a list").iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["passed", "error", "skipped"]);
    assert!(report.to_string().contains("the run was interrupted"), "{report}");
    system.stop().await;
}
