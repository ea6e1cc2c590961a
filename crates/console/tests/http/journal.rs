//! The journal in words.

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn changes_and_refusals_are_sentences_with_their_payload() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/journal").await;
    assert!(page.texts("h1")[0].starts_with("11:00: The connection is broken"), "{:?}", page.texts("h1"));
    assert_eq!(page.texts(".headline p"), ["Changes and refusals in every service, latest first: 2 events."]);
    assert_eq!(page.texts(".is-day"), ["5 Jan 2026"]);
    assert_eq!(page.attributes(".journal li:not(.is-day)", "class"), ["is-revoked", "is-revoked"]);
    assert_eq!(page.texts(".j-where"), ["hub", "idp"]);
    assert!(page.texts("pre.payload")[0].contains("invalid_grant"));
    assert_eq!(page.texts("details[open]").len(), 0);
}

#[tokio::test]
async fn everything_one_service_and_one_trace_can_be_chosen() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let reads = |lab: &FakeLab| std::mem::take(&mut *lab.journal_reads.lock().expect("not poisoned"));
    for (query, read, rows) in [
        ("show=all", "limit=120&newest=true", 5),
        ("show=all&service=flow", "limit=120&newest=true&service=flow", 2),
        ("service=nonsense", "limit=120&newest=true&notable=true", 2),
        ("trace=0", "limit=120&trace=0", 5),
        ("trace=%3Cb%3E", "limit=120&newest=true&notable=true", 2),
    ] {
        let page = browser.get(&format!("/journal?{query}")).await;
        assert_eq!(reads(&lab), [read], "{query}");
        assert_eq!(page.texts(".j-line").len(), rows, "{query}");
    }
    let page = browser.get("/journal?show=all&service=flow").await;
    assert_eq!(page.attributes("option[selected]", "value"), ["all", "flow"]);
    let links = page.attributes(".j-more a", "href");
    assert_eq!(links[0], format!("/journal?tenant={TENANT}&trace=0"));
    let data = browser.get_as("/journal", "application/json").await;
    assert!(data.body.starts_with('{') && data.body.contains("connection.broken"));
}
