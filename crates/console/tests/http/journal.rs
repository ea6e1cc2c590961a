//! The journal in words.

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn changes_and_refusals_are_sentences_with_their_payload() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/journal").await;
    assert!(page.texts("h1")[0].starts_with("11:00: The connection is broken"), "{:?}", page.texts("h1"));
    assert_eq!(
        page.texts(".headline p"),
        [
            "Changes and refusals in every service, latest first: the latest 2 events, older ones on the next page."
        ]
    );
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
        ("trace=0", "limit=120&newest=true&trace=0", 5),
        ("trace=%3Cb%3E", "limit=120&newest=true&notable=true", 2),
        (
            "show=all&kind=token.refused&about=user:1&before=9-9-9-9",
            "before=9-9-9-9&kind=token.refused&limit=120&newest=true&subject=user:1",
            5,
        ),
        ("before=1-2&kind=%22&about=%20", "limit=120&newest=true&notable=true", 2),
    ] {
        let page = browser.get(&format!("/journal?{query}")).await;
        let mut of_page = reads(&lab);
        of_page.sort_unstable();
        // Besides the page: the end of the journals, for the script, and the set-up, to fold it.
        let mut expected = [read, "kind=tenant.created&limit=1", "limit=1&newest=true"];
        expected.sort_unstable();
        assert_eq!(of_page, expected, "{query}");
        assert_eq!(page.texts(".j-line").len(), rows, "{query}");
    }
    let page = browser.get("/journal?show=all&service=flow").await;
    assert_eq!(page.attributes("option[selected]", "value"), ["all", "flow"]);
    let links = page.attributes(".j-more a", "href");
    assert_eq!(links[0], format!("/journal?tenant={TENANT}&trace=0&open=flow-3#e-flow-3"));
    let data = browser.get_as("/journal", "application/json").await;
    assert!(data.body.starts_with('{') && data.body.contains("connection.broken"));
}

#[tokio::test]
async fn pages_follow_each_other_and_keep_their_criteria() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let links = |page: &crate::browser::Answer| {
        let selector = "nav[aria-label='Pages of the journal, above'] a";
        page.texts(selector).into_iter().zip(page.attributes(selector, "href")).collect::<Vec<_>>()
    };
    let start = format!("/journal?tenant={TENANT}&about=user%3A1");
    let first = browser.get(&start).await;
    let [(older, second)] = &links(&first)[..] else { panic!("{:?}", links(&first)) };
    assert_eq!((older.as_str(), second.as_str()), ("Older", &*format!("{start}&before=9-9-9-9")));
    assert_eq!(first.attributes("#story", "class").len(), 1, "the latest page is kept current");
    let page = browser.get(second).await;
    assert_eq!(page.attributes("#story", "class").len(), 0);
    let names: Vec<_> = links(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Latest", "Newer", "Older"]);
    assert_eq!(links(&page)[1].1, start);
    let third = browser.get(&links(&page)[2].1).await;
    let back = links(&third);
    assert_eq!(back.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Latest", "Newer"]);
    assert_eq!((&back[0].1, &back[1].1), (&start, second));
    assert_eq!(page.attributes("select[name=about] option[selected]", "value"), ["user:1"]);
}

#[tokio::test]
async fn repetitions_and_the_set_up_are_folded_and_an_event_is_opened_by_its_link() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/journal?show=all&kind=run.").await;
    assert_eq!(page.texts(".journal:not(.journal .journal) > li:not(.is-day)").len(), 4);
    assert_eq!(page.texts(".j-where:has(svg)"), ["folded", "folded"]);
    let folds = page.texts("li:has(ol) > details > summary > span:not(.j-where)");
    assert_eq!(
        folds,
        [
            "5 events like those above and below, 06:00:00 to 10:00:00",
            "Set-up of the tenant, 2 events: 2 flows"
        ]
    );
    assert_eq!(page.texts("details[open]").len(), 0);
    let page = browser.get("/journal?show=all&kind=run.&open=flow-27").await;
    assert_eq!(
        page.attributes("li:has(> details[open])", "class"),
        ["is-idle", "is-revoked"],
        "with its fold"
    );
    // A trace is shown whole.
    let page = browser.get("/journal?kind=run.&trace=5e&open=flow-22").await;
    assert_eq!(page.texts("li:has(ol)").len(), 0);
    assert_eq!(page.attributes("li:has(> details[open])", "id"), ["e-flow-22"]);
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_named() {
    let lab = FakeLab { without_hub: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/journal?service=hub").await;
    assert_eq!(page.texts("main .toast"), ["Not answering: hub . Their events are missing here."]);
}
