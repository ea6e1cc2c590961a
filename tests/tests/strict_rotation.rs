//! With strict rotation of refresh tokens, no connection is lost when the process is killed.

use std::time::Duration;

use outlive_tests::{Service, System, pause};
use reqwest::StatusCode;
use serde_json::json;
use tokio::time::timeout;

/// The longest wait for the recovery of an advance, in wall time: on PostgreSQL, a lease of 20
/// seconds has to expire, on a machine that may be busy.
const RECOVERY: Duration = Duration::from_secs(90);

/// How often the process is killed. On PostgreSQL, the lease of the killed lab on its operation
/// must expire each time before the operation can be recovered.
fn kills() -> u64 {
    if std::env::var("OUTLIVE_TEST_DATABASE").as_deref() == Ok("postgres") { 3 } else { 10 }
}

/// If the hub is killed before it receives the issuer's response, the new token is lost and the old
/// one has been used. The reuse interval covers this (`docs/parity.md`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_survives_kill_nine_during_refreshes_where_rotation_is_strict() {
    let mut system = System::start().await;
    let tenant = system.new_tenant_like(json!({"rules": "2025-11+rotation=strict"})).await;
    tenant.freeze().await;
    let clock = format!("{}/lab/tenants/{}/clock", system.url(Service::Console), tenant.id());
    let http = system.http().clone();
    let advance = |by: &str| http.post(&clock).json(&json!({ "advance": by })).send();
    // Until the connection has refreshed once, and to see how long a day takes.
    tenant.advance("PT3H").await;
    for kill in 0..kills() {
        let moving = tokio::spawn(advance("P3D"));
        // Each kill comes at another moment of what is going on.
        let _ = timeout(Duration::from_millis(150 + kill * 37), moving).await;
        system.kill();
        system.restart().await;
        // The advance that was killed is recovered first; until then, the clock answers 409.
        let recovered = async {
            while advance("PT1H").await.expect("the system has restarted").status() == StatusCode::CONFLICT {
                pause(Duration::from_millis(100)).await;
            }
        };
        timeout(RECOVERY, recovered).await.expect("the killed advance is recovered");
    }
    let refreshed = system.journal(Service::Hub, &tenant, "connection.refreshed").await;
    assert!(refreshed.len() > 5, "there were refreshes: {}", refreshed.len());
    let broken = system.journal(Service::Hub, &tenant, "connection.broken").await;
    assert!(broken.is_empty(), "{broken:?}");
    let moved = tenant.advance("PT6H").await;
    assert_eq!(moved["failed"], 0, "{moved}");
    assert!(moved["done"].as_u64().is_some_and(|done| done >= 5), "{moved}");
    system.stop().await;
}
