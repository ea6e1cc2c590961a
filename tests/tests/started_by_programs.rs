//! `outlive up` for programs that start it: free ports, addresses as JSON, and an end with theirs.

#![cfg(unix)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use outlive_tests::{outlive, outlive_with_pipes, pause, program};
use reqwest::{Certificate, Client};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

/// The longest, in wall time, that a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
const UP: [&str; 7] = ["up", "--temporary", "--port-base", "0", "--format", "json", "--stop-at-eof"];

/// A system that was started through pipes, and what it printed.
struct Started {
    process: Child,
    output: BufReader<ChildStdout>,
    ready: Value,
}

impl Started {
    async fn start(arguments: &[&str]) -> Self {
        let mut process = outlive_with_pipes(arguments);
        let mut output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let mut line = String::new();
        timeout(PATIENCE, output.read_line(&mut line)).await.expect("it starts").expect("it prints");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        Self { process, output, ready }
    }

    fn url(&self, service: &str) -> &str {
        self.ready["urls"][service].as_str().unwrap_or_else(|| panic!("no {service} in {}", self.ready))
    }

    fn authority(&self) -> PathBuf {
        self.ready["ca"].as_str().expect("it is a path").into()
    }

    /// Closes its standard input, and returns how it ended and what else it printed.
    async fn close(mut self) -> (ExitStatus, String) {
        drop(self.process.stdin.take());
        let status = timeout(PATIENCE, self.process.wait()).await.expect("it ends").expect("it is a child");
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).await.expect("it is text");
        (status, rest)
    }
}

/// A client that trusts only this authority.
fn client(authority: &Path) -> Client {
    let pem = std::fs::read(authority).expect("the authority is there");
    let authority = Certificate::from_pem(&pem).expect("it is a certificate");
    Client::builder().no_proxy().tls_certs_only([authority]).build().expect("it is enough")
}

#[tokio::test]
async fn one_line_of_json_has_all_addresses_and_the_end_of_input_stops_the_system() {
    let (one, other) = tokio::join!(Started::start(&UP), Started::start(&UP));
    for system in [&one, &other] {
        let http = client(&system.authority());
        for service in ["console", "idp", "idp_tls", "hub", "resource", "resource_tls", "flow"] {
            let health = http.get(format!("{}/healthz", system.url(service))).send().await;
            assert_eq!(health.expect("it answers").status(), 200, "{service}");
        }
        let tenant = system.ready["tenant_id"].as_str().expect("it is an id");
        let url = format!("{}/lab/tenants/{tenant}", system.url("console"));
        let found: Value = http.get(url).send().await.expect("it answers").json().await.expect("in JSON");
        assert_eq!(found["domain"], system.ready["domain"]);
        assert_eq!(found["urls"]["idp_tls"], system.ready["urls"]["idp_tls"]);
    }
    for system in [one, other] {
        let data = system.authority().parent().expect("it is in a directory").to_owned();
        let (status, rest) = system.close().await;
        assert!(status.success(), "{status}");
        assert_eq!(rest, "", "there is no second line");
        assert!(!data.exists(), "temporary data is deleted");
    }
}

/// A shell starts the system and is killed, without a chance to stop it.
#[tokio::test]
async fn it_ends_with_a_parent_that_is_killed() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let script = format!(
        "mkfifo input && \"$0\" {} < input > output & while ! test -p input; do :; done; exec 3> input; wait",
        UP.join(" ")
    );
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(program()).current_dir(home.path()).stdin(Stdio::null());
    let mut parent = shell.spawn().expect("there is a shell");
    let ready: Value = timeout(PATIENCE, async {
        loop {
            let output = std::fs::read_to_string(home.path().join("output")).unwrap_or_default();
            if output.ends_with('\n') {
                return serde_json::from_str(&output).expect("it is JSON");
            }
            pause(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("it starts");
    let authority = PathBuf::from(ready["ca"].as_str().expect("it is a path"));
    let health = format!("{}/healthz", ready["urls"]["console"].as_str().expect("it is an address"));
    let http = client(&authority);
    assert!(http.get(&health).send().await.is_ok(), "it runs");
    parent.kill().expect("it is ours");
    parent.wait().expect("it was killed");
    timeout(PATIENCE, async {
        while authority.exists() || http.get(&health).send().await.is_ok() {
            pause(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the system ends with its parent");
}

#[tokio::test]
async fn input_that_has_ended_already_stops_the_start() {
    let ended = outlive(UP).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[tokio::test]
async fn data_that_was_given_is_kept_on_other_ports() {
    let home = tempfile::tempdir().expect("the temporary directory is writable");
    let data = home.path().join("data");
    let up = [
        "up",
        "--data",
        data.to_str().expect("UTF-8"),
        "--port-base",
        "0",
        "--format",
        "json",
        "--stop-at-eof",
    ];
    let first = Started::start(&up).await;
    let (idp, tenant) = (first.url("idp").to_owned(), first.ready["tenant_id"].clone());
    first.close().await;
    let _taken = TcpListener::bind(idp.trim_start_matches("http://")).expect("its port is free again");
    let second = Started::start(&up).await;
    assert_ne!(second.url("idp"), idp);
    assert_eq!(second.ready["tenant_id"], tenant);
    assert_eq!(second.authority(), data.join("ca.pem"));
    assert!(second.close().await.0.success());
}
