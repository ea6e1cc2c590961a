//! Ctrl-C during a command on a temporary system deletes all its data, including keys.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use outlive_tests::program;
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
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends").expect("it can be waited for");
    assert_eq!(ended.code(), Some(130), "{arguments:?}");
    let left: Vec<_> = std::fs::read_dir(home.path()).expect("it is there").collect();
    assert!(left.is_empty(), "{arguments:?} leaves {left:?}");
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
