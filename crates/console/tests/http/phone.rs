//! The phone of a user.

use http::StatusCode;
use http::header::LOCATION;
use serde_json::json;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

#[tokio::test]
async fn a_phone_shows_codes_with_their_validity() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/phone").await;
    assert_eq!(page.texts("h1"), ["A page waits for a passkey of this phone"]);
    assert_eq!(page.texts(".digits"), ["4829 1773", "1111 2222", "731 046"]);
    let validity = page.texts(".mail .quiet");
    assert!(validity[0].starts_with("Valid until 12:10:12, for one reset."), "{validity:?}");
    assert!(validity[1].starts_with("Not valid any more"), "{validity:?}");
    assert_eq!(page.attributes("progress.left-bar", "value"), ["18"]);
    assert!(page.texts(".accounts")[0].contains("18 seconds left, until 12:00:30"));
    assert!(!page.body.contains(NASTY));
    assert_eq!(page.attributes("select option[selected]", "selected").len(), 1);
    let data = browser.get_as("/phone", "application/json").await;
    assert!(data.body.contains("\"code\":\"48291773\""));
    // Another user's, and one whom the tenant does not have: the owner's.
    let colleague = browser.get("/phone?user=colleague@contoso.example").await;
    assert_eq!(colleague.texts("h1"), ["Nothing waits on this phone"]);
    assert_eq!(
        browser.get("/phone?user=unknown").await.texts("h1"),
        ["A page waits for a passkey of this phone"]
    );
}

#[tokio::test]
async fn an_account_is_added_and_removed_with_a_form_token() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let token =
        browser.get("/phone").await.attributes("form[action='/phone'] input[name=token]", "value").remove(0);
    let user = "owner@contoso.example";
    let mut send = async |token: &str, what: &str| {
        let fields =
            [("token", token), ("tenant", TENANT), ("user", user), ("do", what), ("secret", "GEZD GNBV")];
        let answer = browser.post("/phone", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let to = answer.headers[LOCATION].to_str().expect("text").to_owned();
        assert_eq!(to, format!("/phone?tenant={TENANT}&user=owner%40contoso.example"));
        browser.get(&to).await.texts(".toast").remove(0)
    };
    assert!(send(&token, "add").await.starts_with("The account is in the authenticator app."));
    assert!(send(&token, "remove").await.starts_with("The account is removed"));
    assert!(send("wrong", "add").await.starts_with("The page was out of date"));
    let added = json!({"add": user, "with": {"secret": "GEZD GNBV"}});
    assert_eq!(lab.requests(), [added, json!({ "remove": user })]);
}

#[tokio::test]
async fn a_rejected_secret_is_reported() {
    let lab = FakeLab { refuse: Some("that is no secret"), ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let token =
        browser.get("/phone").await.attributes("form[action='/phone'] input[name=token]", "value").remove(0);
    let user = "owner@contoso.example";
    let fields =
        [("token", token.as_str()), ("tenant", TENANT), ("user", user), ("do", "add"), ("secret", "x")];
    assert_eq!(browser.post("/phone", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/phone").await.texts(".toast"), ["That is no secret."]);
}

#[tokio::test]
async fn a_page_that_waits_for_a_passkey_is_answered_with_its_number_or_declined() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/phone").await;
    let questions =
        ["Sign in with the passkey?", "A sign-in page asks for a passkey", "Add a passkey to this phone?"];
    assert_eq!(page.texts("[aria-labelledby=p-key] h3"), questions);
    // Without a passkey for it, it can only be declined.
    assert_eq!(
        page.texts("[aria-labelledby=p-key] button[value=use]"),
        ["Use the passkey", "Add the passkey"]
    );
    assert_eq!(page.texts("[aria-labelledby=p-key] button[value=decline]").len(), 3);
    assert!(page.texts("[aria-labelledby=p-key] li")[0].starts_with("localhost made 09:12"));
    assert_eq!(page.attributes("[aria-labelledby=p-key] input[name=passkey]", "value"), ["key-1", "key-2"]);
    let token = page.attributes("form[action='/phone'] input[name=token]", "value").remove(0);
    let user = "owner@contoso.example";
    let mut send = async |what: &str, number: &str| {
        let fields = [
            ("token", token.as_str()),
            ("tenant", TENANT),
            ("user", user),
            ("do", what),
            ("request", "get-1"),
            ("number", number),
            ("passkey", "key-2"),
        ];
        let answer = browser.post("/phone", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        browser.get(answer.headers[LOCATION].to_str().expect("text")).await.texts(".toast").remove(0)
    };
    assert!(send("use", " 42 ").await.starts_with("The phone responded."));
    assert!(send("use", "forty-two").await.starts_with("The phone responded."));
    assert!(send("decline", "").await.starts_with("It was declined."));
    assert!(send("forget", "").await.starts_with("The passkey is removed from the phone."));
    assert!(send("lose", "").await.starts_with("The phone has no passkey any more."));
    let answered = |with| json!({"passkey": "get-1", "of": user, "with": with});
    let sent = [
        answered(json!({"number": 42, "declined": false})),
        // The lab refuses it: it is no number.
        answered(json!({"declined": false})),
        answered(json!({"declined": true})),
        json!({"forget": "key-2", "of": user}),
        json!({ "lose": user }),
    ];
    assert_eq!(lab.requests(), sent);
}
