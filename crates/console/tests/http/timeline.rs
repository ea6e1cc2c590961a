//! The timeline.

use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

#[tokio::test]
async fn a_timeline_shows_what_ended_each_credential_and_the_failed_runs() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/timeline").await;
    assert_eq!(page.texts("h1"), ["The password change ended one of two credentials."]);
    assert_eq!(page.texts(".nav [aria-current]"), ["Timeline"]);
    assert_eq!(page.texts("nav[aria-label=Range] [aria-current]"), ["Day"]);
    // Every mark is a link to its explanation; what an event left alive is explained at first.
    let marks = page.attributes("svg.tl a", "href");
    assert_eq!(marks.len(), 8, "{marks:?}");
    assert!(marks.iter().all(|mark| mark.starts_with(&format!("/timeline?tenant={TENANT}&range=day&mark="))));
    let row = "Password changed by user";
    assert_eq!(page.texts(".verdict h2"), [format!("{row}: the refresh token stays alive")]);
    assert_eq!(page.texts(".verdict .would b"), ["Admin revokes"]);
    // The revocation, by its link.
    let labels = page.attributes("svg.tl a", "aria-label");
    let revoked = format!("09:01: {NASTY}: {row}: the refresh token is revoked");
    let at = labels.iter().position(|label| *label == revoked).expect("the revocation");
    let page = browser.get(&marks[at]).await;
    assert_eq!(page.texts(".verdict h2"), [format!("{row}: the refresh token is revoked")]);
    assert!(
        page.texts(".verdict .says")[0].contains("Refused: revoked at 09:01"),
        "{:?}",
        page.texts(".says")
    );
    assert_eq!(page.texts(".verdict .rule"), [row]);
    assert_eq!(page.texts("svg.tl a.is-chosen title").len(), 1);
    assert_eq!(page.texts("td a[aria-current]"), [format!("{row}: the refresh token is revoked")]);
    // A failed run leads to its own page.
    let at = labels.iter().position(|label| label.contains("failed")).expect("a failed run");
    let page = browser.get(&marks[at]).await;
    assert_eq!(page.texts(".verdict h2"), ["Run of 11:00: failed (ActionFailed)"]);
    assert_eq!(page.attributes(".verdict p a", "href"), [format!("/runs/run-11?tenant={TENANT}")]);
}

#[tokio::test]
async fn a_year_is_counted_and_small_and_leads_to_the_first_failed_run() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/timeline?range=year&until=2026-01-05T12:00:00Z").await;
    assert_eq!(page.texts("h1"), ["The password change ended one of two credentials."]);
    assert!(page.body.len() < 100_000, "{} bytes", page.body.len());
    // One path for each stretch, with a bar for each span.
    let bars = page.attributes("svg.tl a path.t-bins", "d");
    assert_eq!(bars.iter().map(|path| path.matches('M').count()).collect::<Vec<_>>(), [250, 50, 65]);
    let failed = page.attributes("svg.tl a", "aria-label");
    let failed =
        failed.iter().position(|label| label.contains("First of 1,200 failed runs")).expect("failures");
    let page = browser.get(&page.attributes("svg.tl a", "href")[failed]).await;
    assert_eq!(page.attributes(".verdict p a", "href"), [format!("/runs/first-failed?tenant={TENANT}")]);
    let earlier = page.attributes("nav[aria-label=Range] > a", "href");
    assert_eq!(earlier, [format!("/timeline?tenant={TENANT}&range=year&until=2025-01-05T12:00:00Z")]);
}

#[tokio::test]
async fn a_timeline_is_exported_as_svg_mermaid_and_json() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/timeline?range=week").await;
    let exports = page.attributes("p.small > a", "href");
    let svg = browser.get(&exports[0]).await;
    assert_eq!(svg.headers[CONTENT_TYPE], "image/svg+xml");
    assert!(svg.headers[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("sandbox"));
    assert!(
        svg.body.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && !svg.body.contains("<script")
    );
    assert!(!svg.body.contains("<a href"), "an image leads nowhere");
    let chart = browser.get(&exports[1]).await;
    assert_eq!(chart.headers[CONTENT_TYPE], "text/plain; charset=utf-8");
    assert!(chart.body.starts_with("gantt\n") && chart.body.contains("  section Hourly\n"), "{}", chart.body);
    assert_eq!(exports[2], format!("/lab/tenants/{TENANT}/timeline?length=P7D"));
    let data = browser.get_as("/timeline", "application/json").await;
    assert!(data.body.contains("\"first_name\"") || data.body.contains("run-11"));
}

#[tokio::test]
async fn odd_addresses_of_a_timeline_are_read_leniently() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    for query in
        ["range=eon", "until=tomorrow", "mark=%22%3E%3Cscript%3E", "range=hour&until=9999-12-31T00:00:00Z"]
    {
        let page = browser.get(&format!("/timeline?{query}")).await;
        assert_eq!(page.status, StatusCode::OK, "{query}");
        assert!(!page.body.contains("\"><script>"), "{query}");
    }
}
