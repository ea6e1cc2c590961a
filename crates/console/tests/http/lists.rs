//! The lists of connections and flows.

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn connections_show_their_status_and_what_can_be_fixed() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/connections").await;
    assert_eq!(page.texts("h1"), ["2 connections have to be fixed."]);
    assert_eq!(page.texts("tbody .badge"), ["Connected", "Needs sign-in", "Connected", "Needs sign-in"]);
    assert!(page.body.contains("Failed to refresh (AADSTS50173)."));
    // One that nothing is wrong with, one that the lab did not make: neither.
    assert_eq!(page.attributes("tbody button", "value"), ["public", "basic"]);
    assert_eq!(
        page.attributes("tbody th a", "href")[0],
        format!("/connections/id-of-orders?tenant={TENANT}")
    );
    let data = browser.get_as("/connections", "application/json").await;
    assert!(data.body.contains("id-of-orders"));
}

#[tokio::test]
async fn flows_show_their_latest_runs() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/flows").await;
    assert_eq!(page.texts("h1"), ["One flow fails."]);
    let badges = page.texts("tbody .badge");
    assert_eq!(badges[..4], ["Succeeds", "Succeeded at 12:00", "Succeeded at 11:00", "Succeeded at 10:00"]);
    assert_eq!(page.attributes("tbody a.badge", "href")[0], format!("/runs/run-12?tenant={TENANT}"));
    assert!(browser.get_as("/flows", "application/json").await.body.contains("Hourly, basic"));
}
