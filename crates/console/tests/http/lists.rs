//! The lists of connections and flows.

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn connections_show_their_status_and_what_can_be_fixed() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/connections").await;
    assert_eq!(page.texts("h1"), ["Two of four connections need their owner."]);
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
async fn connections_show_how_long_they_last_and_what_needs_them() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/connections").await;
    assert_eq!(page.texts("h1"), ["Three of four connections need their owner."]);
    assert_eq!(page.texts("tbody .badge")[2], "Wrong password");
    let refreshed = page.texts("td[data-label='Last refresh']");
    assert_eq!(refreshed, ["08:00", "not known", "no token to refresh", "not known"]);
    let expires = page.texts("td[data-label=Expires]");
    assert_eq!(expires, ["5 Apr 12:00 if not used", "not known", "with the password", "not known"]);
    let flows = page.attributes("td[data-label='Used by'] a", "href");
    assert_eq!(flows.len(), 2, "{flows:?}");
    assert_eq!(flows[1], format!("/flows/f2?tenant={TENANT}"));
    assert_eq!(
        page.attributes("td[data-label='Used by'] .runs", "aria-label"),
        ["latest runs: 3 succeeded, 0 failed", "latest runs: 0 succeeded, 3 failed"]
    );
    let reasons = page.texts("tbody td .sub");
    assert!(
        reasons.contains(&"It still sends the old password: Password changed by user at 09:01.".to_owned()),
        "{reasons:?}"
    );
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
