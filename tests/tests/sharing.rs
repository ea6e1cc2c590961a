//! `outlive up --share`: others in the network use the lab at an address of this machine.

use std::time::Duration;

use outlive_clock::{Span, wall_now};
use outlive_tests::{Service, System, free_base, pause};
use serde_json::{Value, json};

/// Another address of this machine that is no loopback address, if it has one.
fn address() -> Option<std::net::IpAddr> {
    // No packet is sent: the system only selects the address it would send from.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_loopback() && !address.is_unspecified())
}

const SEED_TENANT: &str = "c0470500-0000-4000-8000-000000000001";

/// The owner signs in to a connection again: the hub redeems the code at its own redirect URI, and
/// the application has to have registered it.
async fn expect_consent(system: &System, hub: &str) {
    let lab = format!("{}/lab/tenants/{SEED_TENANT}", system.url(Service::Console));
    let deadline = wall_now() + Span::from_seconds(30);
    loop {
        let read = system.http().get(&lab).send().await.expect("it answers");
        let tenant: Value = read.json().await.expect("JSON");
        if tenant["urls"]["hub"] == hub {
            let redirects: Vec<_> = tenant["applications"]
                .as_array()
                .expect("applications")
                .iter()
                .flat_map(|application| application["redirect_uris"].as_array().cloned().unwrap_or_default())
                .filter(|uri| uri.as_str().is_some_and(|uri| uri.contains("/redirect")))
                .collect();
            assert!(!redirects.is_empty(), "{tenant}");
            assert!(
                redirects.iter().all(|uri| uri.as_str().is_some_and(|uri| uri.starts_with(hub))),
                "{redirects:?}"
            );
            break;
        }
        assert!(wall_now() < deadline, "the tenant does not follow: {}", tenant["urls"]);
        pause(Duration::from_millis(50)).await;
    }
    let revoke = json!({"type": "revoke_sessions", "user": "owner", "by": "admin"});
    let revoked = system.http().post(format!("{lab}/events")).json(&revoke).send().await.expect("answers");
    assert_eq!(revoked.status().as_u16(), 200);
    let fix = json!({"sign_in": true});
    let fix = system.http().post(format!("{lab}/connections/orders-of-the-owner/fix")).json(&fix);
    let fixed = fix.send().await.expect("it answers");
    assert_eq!(fixed.status().as_u16(), 200, "{:?}", fixed.text().await);
}

/// Existing data is shared at another address, and then no more.
#[tokio::test]
async fn consents_follow_the_address_of_existing_data() {
    let base = free_base();
    let kept = tempfile::tempdir().expect("a directory");
    let data = kept.path().join("data");
    let at = |address: &str| format!("http://{address}:{}", base + 2);
    let mut start = true;
    for (extra, address) in
        [(&[][..], "127.0.0.1"), (&["--share", "127.0.0.2"], "127.0.0.2"), (&[], "127.0.0.1")]
    {
        let mut system = match std::mem::take(&mut start) {
            true => System::start_at(base, extra).await,
            false => System::start_on(&data, base, extra).await,
        };
        expect_consent(&system, &at(address)).await;
        system.terminate().await;
        std::fs::rename(system.data(), &data).expect("the data can be moved");
    }
}

#[tokio::test]
async fn links_lead_others_to_the_shared_address_and_consents_return_there() {
    // On a machine without a network, another loopback address: only the return is not tested.
    let address = address().unwrap_or_else(|| "127.0.0.2".parse().expect("an address"));
    let base = free_base();
    let system = System::start_at(base, &["--share", &address.to_string()]).await;
    let at = |offset: u16, path: &str| format!("http://{address}:{}{path}", base + offset);
    let get = async |url: String| {
        let answer = system.http().get(&url).send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    for offset in 0..5 {
        assert_eq!(get(at(offset, "/healthz")).await.0, 200, "{offset}");
    }
    assert_eq!(get(system.url(Service::Console)).await.0, 200, "loopback as well");
    let (_, document) = get(at(1, "/common/v2.0/.well-known/openid-configuration")).await;
    assert!(document.contains(&at(1, "/common/oauth2/v2.0/authorize")), "{document}");

    let tenant = system.new_tenant().await;
    assert_eq!(tenant.look().await["urls"]["hub"], json!(at(2, "")));
    tenant.revoke_sessions("owner").await;
    let path = format!("/lab/tenants/{}/connections/orders-of-the-owner/fix", tenant.id());
    let fix = json!({"return_url": at(0, "/console/done")});
    let answer = system.http().post(at(0, &path)).json(&fix).send().await.expect("it answers");
    let fixed: Value = answer.json().await.expect("JSON");
    let link = fixed["link"].as_str().unwrap_or_else(|| panic!("{fixed}"));
    assert!(link.starts_with(&at(2, "/")), "{link}");
    let elsewhere = json!({"return_url": format!("http://{address}:1/")});
    if !address.is_loopback() {
        let refused = system.http().post(at(0, &path)).json(&elsewhere).send().await.expect("it answers");
        assert_eq!(refused.status().as_u16(), 400);
    }
    system.stop().await;
}
