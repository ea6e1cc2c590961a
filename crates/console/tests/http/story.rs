//! The story: the verdict, a sentence for each credential, the drawing.

use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

#[tokio::test]
async fn before_anything_happened_the_page_asks() {
    let lab = FakeLab::default();
    let page = Browser::at(&lab.serve().await).get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("h1"), ["You change your password. What still works?"]);
    assert!(page.texts(".headline p")[0].starts_with("Two hourly flows read orders for the owner"));
    assert_eq!(page.texts(".lever.is-next h2"), ["Change the owner’s password"]);
    assert_eq!(page.texts("#clock"), ["5 Jan 2026 12:00:00"]);
    assert_eq!(page.texts(".rate"), ["UTC · 1,440×"]);
    let badges = page.texts(".creds .badge");
    assert_eq!(badges, ["Alive", "Alive", "Alive", "Alive to 13:05"]);
    assert!(page.texts(".says").iter().any(|says| says.contains("Expires after 90 days without use")));
}

#[tokio::test]
async fn after_a_password_change_the_title_says_what_works_and_why() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/").await;
    assert_eq!(
        page.texts("h1"),
        ["One of two flows still runs: its token belongs to a confidential client."]
    );
    let below = page.texts(".headline p");
    let row = "Changed at 09:01, row Password changed by user , edition 2025-11";
    assert!(below[0].starts_with(row), "{below:?}");
    assert_eq!(page.texts(".creds .badge"), ["Alive", "Wrong since 09:01", "Alive", "Alive to 13:05"]);
    let says = page.texts(".says");
    assert!(
        says[0].starts_with("Survived: here the hub is a confidential client with a secret of its own"),
        "{says:?}"
    );
    assert!(says[1].contains("Rejected with 401 since the run of 10:00."), "{says:?}");
    assert!(says.iter().all(|says| says.ends_with('.')), "{says:?}");
    assert_eq!(page.texts(".lever.is-next h2"), ["Fix a connection"]);
    assert!(
        page.texts("tbody td")
            .iter()
            .any(|text| text == "Hourly, basic: 401, the API refuses what it stores")
    );
    assert!(!page.body.contains("ActionFailed"));
}

#[tokio::test]
async fn the_drawing_says_what_the_text_says() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/").await;
    assert_eq!(page.texts("svg.draw").len(), 2, "one for wide and one for narrow pages");
    for drawing in page.texts("svg.draw") {
        for words in
            ["Refresh token", "confidential client", "old one: 401", "Fails", "Succeeds", "3 of 3", "0 of 3"]
        {
            assert!(drawing.contains(words), "{words} is missing in {drawing}");
        }
    }
}

#[tokio::test]
async fn programs_get_the_story_as_data() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let answer = browser.get_as("/", "application/json").await;
    let story: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(story["latest"]["event"], "password_changed_by_user");
    let page = browser.get_as("/", "text/html,application/json;q=0.5").await;
    assert!(page.headers[CONTENT_TYPE].to_str().expect("text").starts_with("text/html"));
}

#[tokio::test]
async fn markup_in_names_is_text_and_nothing_is_inline() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/").await;
    assert!(!page.body.contains("<script>"), "{}", page.body);
    assert!(page.body.contains("&#60;script&#62;") && page.body.contains("&lt;script&gt;"));
    assert!(page.texts(".holder").iter().any(|holder| holder.contains(NASTY)));
    assert!(page.attributes("[style]", "style").is_empty());
    assert!(page.attributes("[onclick], [onsubmit], [onload]", "id").is_empty());
    let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().expect("text");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let files = [
        ("/console/style.css", "text/css"),
        ("/console/live.js", "text/javascript"),
        ("/console/icon.svg", "image/svg+xml"),
    ];
    for (path, kind) in files {
        let file = browser.get(path).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.headers[CONTENT_TYPE].to_str().expect("text").starts_with(kind));
    }
}

#[tokio::test]
async fn every_control_has_a_label_and_every_icon_exists() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/").await;
    let labelled = page.attributes("label", "for");
    for id in page.attributes("input:not([type=hidden]), select", "id") {
        assert!(labelled.contains(&id), "{id} has no label");
    }
    assert_eq!(page.texts("table").len(), page.texts("table > caption").len());
    let ids = page.attributes("[id]", "id");
    let wanted = page.attributes("[aria-labelledby]", "aria-labelledby").into_iter();
    let wanted = wanted.flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let icons =
        page.attributes("use", "href").into_iter().map(|href| href.trim_start_matches('#').to_owned());
    let popovers = page.attributes("[popovertarget]", "popovertarget");
    for wanted in wanted.chain(icons).chain(popovers) {
        assert_eq!(ids.iter().filter(|id| **id == wanted).count(), 1, "{wanted}");
    }
    assert_eq!(page.texts("h1").len(), 1);
    assert_eq!(page.attributes("html", "lang"), ["en"]);
}

#[tokio::test]
async fn a_page_reads_only_the_newest_events() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    assert_eq!(browser.get("/").await.attributes("main", "data-cursor"), ["100000-1-1-1"]);
    let mut reads = std::mem::take(&mut *lab.journal_reads.lock().expect("not poisoned"));
    reads.sort();
    assert_eq!(reads, ["kind=tenant.created&limit=1", "limit=60&newest=true&notable=true"]);
}

#[tokio::test]
async fn a_missing_service_is_listed_and_the_rest_of_the_page_appears() {
    let lab = FakeLab { without_hub: true, ..FakeLab::default() };
    let page = Browser::at(&lab.serve().await).get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("#story p.toast strong"), ["hub"]);
    let progress = page.texts("#progress label");
    assert_eq!(progress, ["Moving the clock: 1,204 of 2,136 runs, now 24 Feb 2026"]);
    assert_eq!(page.texts("h2#h-what"), ["What happened"]);
    assert!(page.body.contains(&format!("/console/{TENANT}/speed")));
}
