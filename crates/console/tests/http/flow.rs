//! The page of one flow.

use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::fake_lab::{FLOW, FakeLab, NASTY, TENANT};

#[tokio::test]
async fn a_flow_has_its_history_and_its_users() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get(&format!("/flows/{FLOW}")).await;
    assert_eq!(page.texts("h1"), [format!("{NASTY} is on; its latest run failed")]);
    assert_eq!(page.texts("tbody .badge"), ["Failed", "Succeeded"]);
    assert_eq!(page.texts("tbody .code"), ["ActionFailed"]);
    let first = format!("/flows/{FLOW}?tenant={TENANT}");
    assert_eq!(page.attributes("tbody th a", "href")[0], format!("{first}&run=run-12#run"));
    let pages = "nav[aria-label='Pages of the run history'] a";
    assert_eq!(page.attributes(pages, "href"), [format!("{first}&before=7")]);
    assert_eq!(page.attributes("main form.buttons button", "value"), ["run", "stop"]);
    assert_eq!(page.texts("#with option"), ["colleague@contoso.example"]);
    let older = browser.get(&format!("{first}&before=7&status=Failed")).await;
    assert_eq!(older.texts("h1"), [format!("{NASTY} is on")], "not the latest run");
    assert_eq!(older.attributes(pages, "href"), [format!("{first}&status=Failed")]);
    assert_eq!(older.attributes("option[selected]", "value"), ["Failed"]);
    assert_eq!(browser.get("/flows/other").await.status, 404);
    let data = browser.get_as(&format!("/flows/{FLOW}"), "application/json").await;
    assert!(data.body.contains("ActionFailed"));
}

#[tokio::test]
async fn an_opened_run_shows_inputs_and_outputs_of_its_actions() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get(&format!("/flows/{FLOW}?run=run-12")).await;
    assert_eq!(page.texts("#run h2"), ["The run of 11:00: Failed"]);
    assert_eq!(page.texts("#run li b"), ["Hourly", "Get", "Secret"]);
    assert_eq!(page.texts("#run details[open] b"), ["Get"], "what failed is open");
    let values = page.texts("#run li:nth-child(2) pre");
    assert!(values[0].contains("/orders") && values[1].contains("<script>alert"), "{values:?}");
    assert_eq!(page.texts("#run summary .small"), ["trigger", "2 retries", "secured values are not shown"]);
    assert_eq!(page.attributes("tbody a[aria-current]", "href").len(), 1);
    // One that is no longer there is not opened.
    let page = browser.get(&format!("/flows/{FLOW}?run=gone")).await;
    assert_eq!((page.status.as_u16(), page.texts("#run").len()), (200, 0));
}

async fn send(browser: &mut Browser, path: &str, form: &str) -> Answer {
    let fields: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(path, &fields).await
}

#[tokio::test]
async fn the_owner_acts_by_forms_that_come_from_the_page() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/flows/{FLOW}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    let path = format!("/console/{TENANT}/flow");
    for (form, location, request) in [
        ("do=stop", "", json!({"flow": "stop", "with": {}})),
        ("do=start", "", json!({"flow": "start", "with": {}})),
        ("do=run", "&run=run-12", json!({"flow": "run", "with": {}})),
        (
            "do=share&with=colleague%40contoso.example&role=CanView",
            "",
            json!({"flow": "share", "with": {"with": "colleague@contoso.example", "role": "CanView"}}),
        ),
    ] {
        let answer = send(&mut browser, &path, &format!("token={token}&flow={FLOW}&{form}")).await;
        assert_eq!(answer.status, 303, "{form}");
        assert_eq!(answer.headers["location"], format!("/flows/{FLOW}?tenant={TENANT}{location}"), "{form}");
        assert_eq!(lab.requests().last(), Some(&request));
    }
    let done = lab.requests().len();
    for form in [
        "do=stop",
        "token=x&do=stop",
        &format!("token={token}&do=delete"),
        &format!("token={token}&do=share&role=Owner"),
    ] {
        let answer = send(&mut browser, &path, &format!("flow={FLOW}&{form}")).await;
        assert_eq!((answer.status.as_u16(), lab.requests().len()), (303, done), "{form}");
    }
}

/// Refused for another reason with the same status.
#[tokio::test]
async fn a_conflict_is_shown_and_no_password_is_asked_for() {
    let lab = FakeLab { refuse: Some("Another change is in progress."), ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/flows/{FLOW}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    for (path, form) in [("flow", format!("flow={FLOW}&do=stop")), ("fix", "connection=orders".to_owned())] {
        let answer =
            send(&mut browser, &format!("/console/{TENANT}/{path}"), &format!("token={token}&{form}")).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.body);
    }
    let shown = browser.get(&format!("/flows/{FLOW}")).await;
    assert!(shown.body.contains("Another change is in progress."), "{}", shown.body);
}

#[tokio::test]
async fn a_password_that_the_lab_does_not_know_is_asked_for_and_sent() {
    let lab = FakeLab { password_unknown: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/flows/{FLOW}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    let path = format!("/console/{TENANT}/flow");
    let form = format!("token={token}&flow={FLOW}&do=stop");
    let asked = send(&mut browser, &path, &form).await;
    assert_eq!(asked.texts("h1"), ["What is the owner’s password now?"]);
    assert_eq!(asked.attributes("input[name=do]", "value"), ["stop"]);
    assert_eq!(send(&mut browser, &path, &format!("{form}&password=New-1")).await.status, 303);
    assert_eq!(lab.requests().last(), Some(&json!({"flow": "stop", "with": {"password": "New-1"}})));
}
