//! Who may use a connection, on the page of connections.

use serde_json::json;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, TENANT};

#[tokio::test]
async fn a_connection_is_shared_and_no_longer_shared() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/connections").await;
    assert!(page.texts("tbody th").iter().any(|cell| cell.contains("shared with colleague@contoso.example")));
    let address = format!("/connections?tenant={TENANT}&share=public");
    assert!(page.attributes("tbody a.is-quiet", "href").contains(&format!("{address}#share")));
    let page = browser.get(&address).await;
    assert_eq!(page.texts("#share li .small"), ["owner", "may use it in flows"]);
    assert_eq!(page.attributes("#share button", "value"), ["stop"], "all users have it");
    let page = browser.get(&format!("/connections?tenant={TENANT}&share=orders")).await;
    assert_eq!(page.texts("#share option"), ["colleague@contoso.example"]);
    let token = page.attributes("#share input[name=token]", "value")[0].clone();
    let path = format!("/console/{TENANT}/connection");
    for (what, request) in [
        ("share", json!({"share": "orders", "with": {"with": "2"}})),
        ("stop", json!({"share": "orders", "with": {"with": "2", "stop": true}})),
    ] {
        let form = [("token", token.as_str()), ("connection", "orders"), ("do", what), ("with", "2")];
        let answer = browser.post(&path, &form).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.headers["location"], format!("/connections?tenant={TENANT}&share=orders#share"));
        assert_eq!(lab.requests().last(), Some(&request));
        assert_eq!(browser.get("/connections").await.texts("#notices .is-alive").len(), 1);
    }
    let done = lab.requests().len();
    let form = [("token", "x"), ("connection", "orders"), ("do", "share"), ("with", "2")];
    assert_eq!((browser.post(&path, &form).await.status.as_u16(), lab.requests().len()), (303, done));
    assert_eq!(browser.get("/connections?share=foreign").await.status, 404, "one that the lab did not make");
}

#[tokio::test]
async fn a_password_that_the_lab_does_not_know_is_asked_for() {
    let lab = FakeLab { password_unknown: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/connections?share=orders").await;
    let token = page.attributes("#share input[name=token]", "value")[0].clone();
    let path = format!("/console/{TENANT}/connection");
    let form = [("token", token.as_str()), ("connection", "orders"), ("do", "share"), ("with", "2")];
    let asked = browser.post(&path, &form).await;
    assert_eq!(asked.texts("h1"), ["What is the owner’s password now?"]);
    let form: Vec<_> = form.into_iter().chain([("password", "New-1")]).collect();
    assert_eq!(browser.post(&path, &form).await.status, 303);
    assert_eq!(
        lab.requests().last(),
        Some(&json!({"share": "orders", "with": {"with": "2", "password": "New-1"}}))
    );
}
