//! The hub's sealing key is replaced while connections are used: no call fails, and what is stored
//! opens after the old key is gone.

use outlive_tests::{Service, System};
use reqwest::Method;
use serde_json::Value;

async fn rotate(system: &System, service: Service) -> (u16, Value) {
    let url = format!("{}/_lab/sealing-key", system.url(service));
    let answer = system.lab_surface(Method::POST, &url).send().await.expect("it answers");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_hubs_sealing_key_is_replaced_under_load_without_a_failed_run() {
    let mut system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let file = system.data().join("hub.key");
    let keys =
        || std::fs::read_to_string(&file).expect("a file").lines().map(str::to_owned).collect::<Vec<_>>();
    let first = keys();
    assert_eq!(first.len(), 1);

    let (advanced, replaced) = tokio::join!(tenant.advance("P2D"), async {
        let mut resealed = Vec::new();
        for _ in 0..4 {
            let (status, answer) = rotate(&system, Service::Hub).await;
            assert_eq!(status, 200, "{answer}");
            resealed.push(answer["resealed"].as_u64().expect("a number"));
        }
        resealed
    });
    assert_eq!((&advanced["failed"], advanced["done"].as_u64() >= Some(48)), (&0.into(), true), "{advanced}");
    // The connection's key and tokens, and the secrets of confidential connectors, of two tenants.
    assert!(replaced.iter().all(|resealed| *resealed >= 4), "{replaced:?}");
    let last = keys();
    assert_eq!(last.len(), 2, "the last key is kept, too");
    assert!(!last.contains(&first[0]), "the first key is gone");

    // What is stored opens without the first key.
    system.kill();
    system.restart().await;
    let after = tenant.advance("PT5H").await;
    assert_eq!((&after["failed"], &after["done"]), (&0.into(), &5.into()), "{after}");
    system.stop().await;
}

#[tokio::test]
async fn a_service_whose_clients_hold_sealed_tokens_keeps_its_key() {
    let system = System::start().await;
    let (status, answer) = rotate(&system, Service::Idp).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &"SealingKeyInUse".into()), "{answer}");
    system.stop().await;
}
