//! Forms: what they cause, what they refuse, and that only the console's own pages can send them.

use http::StatusCode;
use serde_json::json;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn forms_call_the_lab_and_show_the_result_once() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.submit("advance", &[("by", "P89D")]).await;
    // In the color of the worst result: one run failed.
    assert_eq!(page.attributes("#notices .toast", "class"), ["toast is-revoked"]);
    assert!(page.texts("#notices .toast")[0].starts_with("Time moved 89 days."));
    assert!(browser.get("/").await.texts("#notices .toast").is_empty(), "a message is shown once");
    browser.submit("advance", &[("by", " 1h 30m ")]).await;
    browser.submit("advance", &[("by", "P3653D")]).await;
    browser.submit("advance", &[("by", "next")]).await;
    let page = browser.submit("password", &[("new_password", "Correct-Horse-2")]).await;
    assert!(page.texts("#notices .toast.is-alive")[0].contains("owner@contoso.example changed the password"));
    assert!(!page.body.contains("Correct-Horse-2"));
    browser.submit("revoke", &[("by", "admin")]).await;
    browser.submit("speed", &[("run", "60")]).await;
    browser.submit("tenant", &[("do", "reset")]).await;
    browser.submit("tenant", &[("do", "new")]).await;
    assert_eq!(
        lab.requests(),
        [
            json!({"advance": "P89D"}),
            json!({"advance": "PT1H30M"}),
            json!({"advance": "P3653D"}),
            json!({"set": "2026-01-05T13:00:00Z"}),
            json!({"type": "password_change", "user": "owner@contoso.example", "new_password": "Correct-Horse-2"}),
            json!({"type": "revoke_sessions", "user": "owner@contoso.example", "by": "admin"}),
            json!({"run": 60}),
            json!({}),
            json!({"create": {"name": null, "seed": null, "rules": null, "starts": null, "clock": {"now": null, "speed": null}, "bare": false, "complete": false}}),
        ]
    );
}

#[tokio::test]
async fn invalid_forms_show_a_message_and_change_nothing() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    for (action, fields, words) in [
        ("advance", [("by", "soon")], "'soon' is not a duration"),
        ("advance", [("by", "-PT1H")], "only moves forward"),
        ("advance", [("by", "P3653DT1S")], "too far"),
        ("advance", [("x", "")], "not a duration"),
        ("password", [("new_password", "short")], "8 to 256 characters"),
        ("password", [("x", "")], "out of date"),
        ("speed", [("run", "fast")], "A speed is a number"),
        ("tenant", [("x", "")], "out of date"),
    ] {
        let page = browser.submit(action, &fields).await;
        let messages = page.texts("#notices .toast.is-revoked");
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert!(message.contains(words), "{message}");
    }
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    browser.get("/").await;
    let path = format!("/console/{TENANT}/revoke");
    for token in ["", "0", &"0".repeat(64)] {
        let fields = [("token", token), ("by", "admin")];
        assert_eq!(browser.post(&path, &fields).await.status, StatusCode::SEE_OTHER);
        assert!(browser.get("/").await.texts("#notices .is-revoked")[0].contains("out of date"));
    }
    assert!(lab.requests().is_empty());
    assert_eq!(browser.get(&path).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_rejection_by_the_lab_is_shown_as_a_message() {
    let lab = FakeLab { refuse: Some("time cannot go <b>back</b>"), ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.submit("advance", &[("by", "PT1H")]).await;
    assert_eq!(page.texts("#notices .toast.is-revoked"), ["Time cannot go <b>back</b>."]);
}
