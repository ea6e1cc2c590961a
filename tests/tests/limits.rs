//! What a system does when a resource of the machine runs out.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use outlive_tests::{Service, System, free_base, program};
use tokio::time::{interval, timeout};

/// The wall time within which a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The soft and hard limits on descriptors of a process: `Max open files SOFT HARD files` (Linux).
fn limits(pid: u32) -> (String, String) {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("Linux lists limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("with descriptors");
    let mut fields = line.split_whitespace().skip(3).map(str::to_owned);
    (fields.next().expect("a soft limit"), fields.next().expect("a hard limit"))
}

fn limit_descriptors(pid: u32, soft_and_hard: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &pid.to_string(), &format!("--nofile={soft_and_hard}")]);
    assert!(prlimit.status().is_ok_and(|status| status.success()), "{prlimit:?} failed");
}

#[tokio::test]
async fn descriptors_that_run_out_are_logged_once_and_connections_are_accepted_again_afterwards() {
    let system = System::start().await;
    let pid = system.pid().expect("it runs");
    let used = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("Linux lists descriptors").count();
    // More connections than descriptors, fewer than the service would serve.
    limit_descriptors(pid, &format!("{0}:{0}", used + 20));
    let address = system.url(Service::Idp).trim_start_matches("http://").to_owned();
    let hoard: Vec<_> =
        (0..60).map(|_| TcpStream::connect(&address).expect("the system queues it")).collect();
    let message = "connections cannot be accepted";
    timeout(PATIENCE, async {
        let mut looks = interval(Duration::from_millis(100));
        while !system.log().contains(message) {
            looks.tick().await;
        }
        // Twenty more attempts fail meanwhile.
        for _ in 0..20 {
            looks.tick().await;
        }
    })
    .await
    .expect("exhaustion is logged");
    let log = system.log();
    assert_eq!(log.lines().filter(|line| line.contains(message)).count(), 1, "{log}");
    assert!(log.contains("ulimit -n"), "{log}");
    drop(hoard);
    let health = format!("{}/healthz", system.url(Service::Idp));
    timeout(PATIENCE, async {
        let mut looks = interval(Duration::from_millis(100));
        while !system.http().get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
            looks.tick().await;
        }
    })
    .await
    .expect("it answers again");
    system.stop().await;
}

/// All services in one process share its descriptors: as many clients as one listener serves do not
/// use up what the others need, and the process never runs out.
#[tokio::test]
async fn clients_of_one_service_leave_room_for_those_of_the_others() {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    let base = free_base();
    let mut up = Command::new("prlimit");
    // The hard limit too, because the program raises the soft one to it.
    up.arg("--nofile=320:320").arg(program()).args(["up", "--port-base", &base.to_string(), "--data"]);
    let log = data.path().join("log");
    let written = std::fs::File::create(&log).expect("is created");
    up.arg(data.path().join("data")).stdout(Stdio::null()).stderr(written);
    let mut up = up.spawn().expect("prlimit is there");
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client");
    let answers = |offset: u16, path: &str| {
        let request = client.get(format!("http://127.0.0.1:{}{path}", base + offset));
        async move { request.send().await.is_ok_and(|answer| answer.status().is_success()) }
    };
    timeout(PATIENCE, async {
        let mut looks = interval(Duration::from_millis(100));
        let first = "/lab/tenants/c0470500-0000-4000-8000-000000000001";
        while !answers(0, first).await {
            looks.tick().await;
        }
    })
    .await
    .expect("it starts");
    // More than the service's places and the shared ones; the system queues the rest.
    let hoard: Vec<_> = (0..150)
        .map(|_| TcpStream::connect(("127.0.0.1", base + 1)).expect("the system queues it"))
        .collect();
    timeout(PATIENCE, async {
        let mut looks = interval(Duration::from_millis(100));
        while !std::fs::read_to_string(&log).expect("is read").contains("the limit on open connections") {
            looks.tick().await;
        }
        for offset in [0, 2, 3, 4] {
            assert!(answers(offset, "/healthz").await, "the service on port +{offset} answers");
        }
        assert!(answers(0, "/lab/tenants").await, "the lab answers");
    })
    .await
    .expect("the other services answer");
    drop(hoard);
    timeout(PATIENCE, async {
        let mut looks = interval(Duration::from_millis(100));
        while !answers(1, "/healthz").await {
            looks.tick().await;
        }
    })
    .await
    .expect("the service answers again");
    up.kill().expect("it runs");
    up.wait().expect("it ends");
    let log = std::fs::read_to_string(&log).expect("is read");
    assert_eq!(log.matches("the limit on open connections is reached").count(), 1, "{log}");
    assert!(log.contains("ulimit -n") && !log.contains("cannot be accepted"), "{log}");
}

#[tokio::test]
async fn the_soft_limit_on_descriptors_is_raised_to_the_hard_one_at_start() {
    let shell = std::process::id();
    let (before, hard) = limits(shell);
    limit_descriptors(shell, "1024:");
    let system = System::start().await;
    let (raised, _) = limits(system.pid().expect("it runs"));
    limit_descriptors(shell, &format!("{before}:"));
    assert_eq!(raised, hard);
    system.stop().await;
}
