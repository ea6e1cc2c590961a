//! Tenants follow a start with other ports.
//!
//! `scripts/test` runs it on SQLite only: its subject is addresses, not how they are stored.

use std::time::Duration;

use outlive_tests::{Service, System, free_base, pause};
use reqwest::Method;
use serde_json::{Value, json};

/// The new address of one service can be the former one of another.
#[tokio::test]
async fn addresses_follow_a_start_with_other_ports() {
    // Two blocks of ports beside each other.
    let base = free_base();
    let mut system = System::start_at(base, &[]).await;
    let tenant = system.new_tenant().await;
    system.terminate().await;
    let data = system.data();
    let system = System::start_on(&data, base + 1, &[]).await;
    let hub = system.url(Service::Hub);
    let mut looks = 0;
    let tenant = system.tenant_of(tenant.facts);
    while tenant.look().await["urls"]["hub"] != json!(hub) {
        looks += 1;
        assert!(looks < 300, "the tenant follows the addresses");
        pause(Duration::from_millis(100)).await;
    }
    let credentials = tenant.look().await;
    let connector = credentials["applications"].as_array().expect("applications").iter();
    let uris: Vec<_> = connector
        .filter(|application| {
            application["name"].as_str().is_some_and(|name| name.ends_with("Orders Connector"))
        })
        .map(|application| application["redirect_uris"][0].clone())
        .collect();
    assert_eq!(uris, [json!(format!("{hub}/redirect"))]);
    let resource = system.url(Service::Resource);
    let url = format!("{}/_lab/tenants/{}/copy", system.url(Service::Idp), tenant.id());
    let copy = system.lab_surface(Method::GET, &url).send().await.expect("it answers");
    let copy: Value = copy.json().await.expect("JSON");
    let of = |name: &str| {
        let mut tables = copy["copy"]["tables"].as_array().expect("tables").iter();
        tables.find(|table| table["name"] == name).map(ToString::to_string).unwrap_or_default()
    };
    assert!(of("event_streams").contains(&format!("{resource}/security-events")), "{}", of("event_streams"));
    assert!(!of("applications").contains(&format!("{resource}/redirect")), "{}", of("applications"));
    system.stop().await;
}
