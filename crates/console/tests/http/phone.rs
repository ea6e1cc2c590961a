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
    assert_eq!(page.texts("h1"), ["A code waits in the mail"]);
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
    assert_eq!(browser.get("/phone?user=unknown").await.texts("h1"), ["A code waits in the mail"]);
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
