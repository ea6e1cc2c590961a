//! Starting, stopping and failing to start.

use std::net::TcpListener;
use std::time::Duration;

use outlive_tests::{Deployment, Layout, Service, Signal, System, free_base, outlive, pause};
use serde_json::Value;

#[tokio::test]
async fn every_service_names_itself_and_all_end_with_the_signal() {
    let system = System::start().await;
    for (service, name) in [
        (Service::Idp, "idp"),
        (Service::Hub, "hub"),
        (Service::Resource, "resource"),
        (Service::Flow, "flow"),
    ] {
        let url = format!("{}/healthz", system.url(service));
        let answer = system.http().get(&url).send().await.expect("it answers");
        let body: Value = answer.json().await.expect("in JSON");
        assert_eq!(body, serde_json::json!({"service": name, "status": "ok"}));
        let health = outlive(["health", &url]).await;
        assert_eq!(health.code, Some(0), "{health:?}");
    }
    let gone = system.url(Service::Idp);
    system.stop().await;
    let health = outlive(["health", &format!("{gone}/healthz")]).await;
    assert_ne!(health.code, Some(0), "{health:?}");
}

#[tokio::test]
async fn normal_use_logs_no_warning() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(serde_json::json!({"clock": {"speed": 60}})).await;
    for _ in 0..5 {
        tenant.advance("PT1H").await;
    }
    tenant.freeze().await;
    let log = system.log();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    system.stop().await;
}

#[tokio::test]
async fn a_tenant_outlives_the_death_of_the_process() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    tenant.advance("PT1H").await;
    let (facts, clock) = (tenant.look().await, tenant.clock().await);
    system.kill();
    system.restart().await;
    assert_eq!(tenant.look().await, facts);
    assert_eq!(
        tenant.clock().await["now"],
        clock["now"],
        "the clock stood still at the instant it was left at"
    );
    system.stop().await;
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_for_good() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    let url = format!("{}/lab/tenants/{}", system.url(Service::Console), tenant.id());
    tenant.delete().await;
    assert_eq!(system.http().get(&url).send().await.expect("it answers").status(), 404);
    system.kill();
    system.restart().await;
    assert_eq!(system.http().get(&url).send().await.expect("it answers").status(), 404);
    system.stop().await;
}

#[tokio::test]
async fn a_missing_database_is_named_and_nothing_starts() {
    let mut system = System::start().await;
    if system.content_of("idp").is_empty() || !system.data().join("idp.db").exists() {
        // On PostgreSQL the databases are not files.
        return system.stop().await;
    }
    let tenant = system.new_tenant().await;
    system.terminate().await;
    let data = system.data();
    for file in ["idp.db", "lab.db"] {
        let kept = data.join("kept");
        std::fs::rename(data.join(file), &kept).expect("is moved");
        let base = free_base().to_string();
        let ended = outlive(["up", "--data", data.to_str().expect("UTF-8"), "--port-base", &base]).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(&format!("{file} is missing")), "{}", ended.stderr);
        assert!(ended.stderr.contains("backup"), "{}", ended.stderr);
        assert!(!data.join(file).exists(), "nothing was created in its place");
        std::fs::rename(&kept, data.join(file)).expect("is moved back");
    }
    system.restart().await;
    tenant.look().await;
    system.stop().await;
}

/// Each service has data of its own: the lab notices that one of them lost its data.
#[tokio::test]
async fn a_service_that_lost_its_database_is_named_and_the_lab_does_not_start() {
    let mut deployment = Deployment::start(Layout::Separate).await;
    let (Some(flow), lab) = (deployment.file("flow.db"), deployment.lab_process()) else {
        // On PostgreSQL the databases are not files.
        return;
    };
    let tenant = "/c0470500-0000-4000-8000-000000000001";
    while deployment.lab(tenant).await.is_none() {
        pause(Duration::from_millis(50)).await;
    }
    let place = Service::ALL.iter().position(|service| *service == Service::Flow).expect("it is one");
    deployment.end(&[lab, place], Signal::Interrupt).await;
    let kept = flow.with_extension("kept");
    std::fs::rename(&flow, &kept).expect("is moved");
    let failed = deployment.start_missing().await.expect_err("the lab does not start");
    assert!(failed.contains("exit status: 2"), "{failed}");
    for part in ["the flow service has none of the tenants", "contoso.example", "backup"] {
        assert!(failed.contains(part), "{part} is not in: {failed}");
    }
    deployment.end_remaining().await;
    for file in ["flow.db", "flow.db-wal", "flow.db-shm"] {
        let _ = std::fs::remove_file(flow.with_file_name(file));
    }
    std::fs::rename(&kept, &flow).expect("is moved back");
    deployment.start_missing().await.expect("it starts");
    assert!(deployment.consistent_tenants().await.expect("consistent").contains_key(&tenant[1..]));
}

/// Expects that a start fails with a cause and a remedy, and without a panic.
async fn expect_failure(arguments: &[&str], cause: &str, remedy: &str) {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    let data = data.path().to_str().expect("its path is UTF-8");
    let base = free_base().to_string();
    // Of an option that is given twice, the last one is used, so the defaults come first.
    let mut line = vec!["up"];
    for (flag, value) in [("--data", data), ("--port-base", base.as_str())] {
        if !arguments.contains(&flag) {
            line.extend([flag, value]);
        }
    }
    line.extend(arguments);
    let ended = outlive(&line).await;
    assert_eq!(ended.code, Some(2), "{line:?}: {ended:?}");
    for expected in [cause, remedy] {
        assert!(ended.stderr.contains(expected), "{line:?} does not say '{expected}': {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let base = free_base();
    let _taken = TcpListener::bind(("127.0.0.1", base + 2)).expect("it was free");
    expect_failure(&["--port-base", &base.to_string()], &(base + 2).to_string(), "--port-base").await;
}

#[tokio::test]
async fn a_port_base_without_room_is_refused() {
    expect_failure(&["--port-base", "65533"], "65533", "--port-base").await;
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_is_named() {
    let directory = tempfile::tempdir().expect("the temporary directory is writable");
    let file = directory.path().join("a-file");
    std::fs::write(&file, "").expect("it is writable");
    let inside = file.join("data");
    let inside = inside.to_str().expect("its path is UTF-8");
    expect_failure(&["--data", inside], inside, "--data").await;
}

#[tokio::test]
async fn an_invalid_database_url_is_an_error() {
    for url in ["mysql://somewhere/x", "postgres://127.0.0.1:1", "not a url"] {
        expect_failure(&["--database-url", url], "database URL", "postgres://").await;
    }
    expect_failure(
        &["--database-url", "postgres://unknown:hidden@127.0.0.1:1/none"],
        "cannot open the database",
        "URL",
    )
    .await;
}

#[tokio::test]
async fn the_password_of_a_database_is_never_printed() {
    let data = tempfile::tempdir().expect("the temporary directory is writable");
    let data = data.path().to_str().expect("its path is UTF-8");
    let url = "postgres://unknown:do-not-print-me@127.0.0.1:1/none";
    let ended =
        outlive(["up", "--data", data, "--port-base", &free_base().to_string(), "--database-url", url]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(!format!("{ended:?}").contains("do-not-print-me"), "{ended:?}");
}

#[tokio::test]
async fn a_broken_seed_is_shown_with_its_place() {
    let directory = tempfile::tempdir().expect("the temporary directory is writable");
    let seed = directory.path().join("broken.yaml");
    std::fs::write(&seed, "seed: broken\ntenant: {id: 7, domain: \n").expect("it is writable");
    let seed = seed.to_str().expect("its path is UTF-8");
    expect_failure(&["--seed", seed], "broken.yaml:", "seed file").await;
    expect_failure(&["--seed", "/there/is/none.yaml"], "/there/is/none.yaml", "seed file").await;
}

#[tokio::test]
async fn unknown_rules_are_refused_with_the_known_ones() {
    expect_failure(&["--rules", "1999"], "1999", "2025-11").await;
}

#[tokio::test]
async fn two_systems_cannot_share_their_data() {
    let system = System::start().await;
    // PostgreSQL is made to be shared; embedded data belongs to one process.
    if std::env::var("OUTLIVE_TEST_DATABASE").as_deref() != Ok("postgres") {
        let data = system.data();
        expect_failure(
            &["--data", data.to_str().expect("its path is UTF-8")],
            "another Outlive process",
            "--data",
        )
        .await;
    }
    system.stop().await;
}

/// The page of the first tenant and what it is made from, through the services' own keys and ports.
#[tokio::test]
async fn the_page_of_a_new_system_answers() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.advance("PT2H").await;
    let console = system.url(Service::Console);
    for path in [format!("/?tenant={}", tenant.id()), format!("/lab/tenants/{}/runs", tenant.id())] {
        let answer = system.http().get(format!("{console}{path}")).send().await.expect("it answers");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("in UTF-8"));
        assert_eq!(status, 200, "{path}: {text}");
        assert!(text.contains("Succeeded") || text.contains("succeeded"), "{path}: {text}");
    }
    system.stop().await;
}
