//! Lessons, worksheets and the pages for the projector.

use http::StatusCode;
use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::fake_lab::{FakeLab, NASTY, TENANT};

fn location(answer: &Answer) -> &str {
    answer.headers["location"].to_str().expect("text")
}

#[tokio::test]
async fn the_list_leads_to_nine_lessons_and_their_teachers_pages() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/lessons").await;
    let lessons = page.attributes("main h2 a", "href");
    assert_eq!(lessons.len(), 9);
    for (number, lesson) in (1..).zip(&lessons) {
        assert_eq!(*lesson, format!("/lessons/{number}"));
        let first = browser.get(lesson).await;
        assert_eq!(first.attributes("form[action$='/begin']", "action"), [format!("{lesson}/begin")]);
        let teacher = browser.get(&format!("{lesson}/teacher")).await;
        assert_eq!(
            teacher.texts("main h2"),
            ["Timing", "What students usually think", "Answers, as the rules promise them", "Discussion"]
        );
    }
}

#[tokio::test]
async fn a_lesson_acts_only_after_a_complete_prediction_and_once() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let question = format!("/lessons/2?tenant={TENANT}&step=3");
    let page = browser.get(&question).await;
    assert_eq!(
        page.texts(".lesson-steps [aria-current=step] span:last-child"),
        ["Predict: the password changes"]
    );
    assert_eq!(page.texts("form.predict fieldset").len(), 3);
    assert!(!page.body.contains("rules promise") && page.texts("[data-fact]").is_empty(), "{}", page.body);
    let hidden = |name: &str| page.attributes(&format!("form.predict input[name={name}]"), "value").remove(0);
    let (token, at) = (hidden("token"), hidden("at"));
    let fields = |at: &str, last: &str| {
        [
            ("token", token.as_str()),
            ("tenant", TENANT),
            ("step", "3"),
            ("at", at),
            ("p0", "revoked"),
            ("p1", "fading"),
            ("p2", last),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    for (at, last, leads) in [
        // A choice that does not exist is none.
        (at.as_str(), "perhaps", "step=3"),
        ("2026-01-05T11:59:59Z", "alive", "step=4"),
        ("yesterday", "alive", "step=4"),
    ] {
        let fields = fields(at, last);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post("/lessons/2/act", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(location(&answer).contains(leads), "{}", location(&answer));
        assert!(lab.requests().is_empty(), "nothing is done: {:?}", lab.requests());
    }
    let fields = fields(&at, "alive");
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = browser.post("/lessons/2/act", &fields).await;
    assert_eq!(
        location(&answer),
        format!("/lessons/2?tenant={TENANT}&step=4&until=2026-01-05T12:00:00Z&p=revoked,fading,alive")
    );
    let raised = json!({"type": "password_change", "user": "owner", "id": "2026-01-05T12:00:00Z-3-0"});
    assert_eq!(lab.requests(), [raised]);
    fields[0].1 = "0";
    assert_eq!(browser.post("/lessons/2/act", &fields).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn bad_addresses_of_lessons_are_explained() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    for (path, status) in [
        ("/lessons/0", StatusCode::NOT_FOUND),
        ("/lessons/10", StatusCode::NOT_FOUND),
        ("/lessons/x/teacher", StatusCode::NOT_FOUND),
        ("/lessons/2?tenant=x&step=3", StatusCode::NOT_FOUND),
        ("/lessons/2?step=x", StatusCode::OK),
        (&format!("/lessons/2?tenant={TENANT}&step=99999999999"), StatusCode::OK),
        (&format!("/lessons/2?tenant={TENANT}&step=4&p=%3Cscript%3E,,,,,,&until=now"), StatusCode::OK),
        ("/matrix/worksheet?edition=1999", StatusCode::BAD_REQUEST),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert_eq!(page.texts("h1").len(), 1, "{path}");
        assert!(!page.body.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn a_worksheet_has_one_row_filled_in_and_its_answers_are_another_page() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/matrix/worksheet").await;
    assert_eq!(page.texts(".sheet-table tbody tr").len(), 9);
    let filled = |page: &Answer| {
        (page.texts(".sheet-table td.is-alive").len(), page.texts(".sheet-table td.is-revoked").len())
    };
    assert_eq!(filled(&page), (5, 0), "row 1 is the example");
    assert!(page.texts(".answer").is_empty() && !page.body.contains("AADSTS"));
    let answers = browser.get("/matrix/worksheet/answers").await;
    assert_eq!(filled(&answers), (19, 26));
    assert_eq!(answers.texts(".answer").len(), 3);
    let older = browser.get("/matrix/worksheet/answers?edition=2021").await;
    assert_eq!(older.texts(".sheet-table tbody tr").len(), 7);
    assert!(older.texts(".answer")[2].contains("no reset revokes"), "{:?}", older.texts(".answer"));
}

#[tokio::test]
async fn the_story_is_presented_in_three_ideas() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/?present").await;
    assert_eq!(page.texts("html[data-present] .idea").len(), 3);
    assert_eq!(page.texts(".pager").len(), 3);
    assert_eq!(page.texts(".big-says .badge"), ["Succeeds", "Fails"]);
    assert_eq!(page.attributes("script", "src"), ["/console/live.js", "/console/present.js"]);
    assert!(!page.body.contains(NASTY), "names are escaped, in the drawing, too");
    assert!(browser.get("/console/present.js").await.body.contains("ArrowRight"));
}
