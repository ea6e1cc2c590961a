//! Tokens, runs and connections, explained.

use http::StatusCode;

use crate::browser::{Answer, Browser};
use crate::fake_lab::{FakeLab, NASTY, TENANT};

async fn paste(browser: &mut Browser, text: &str) -> Answer {
    let page = browser.get("/tokens").await;
    let token = page.attributes("form[action='/tokens'] input[name=token]", "value").remove(0);
    browser.post("/tokens", &[("token", &token), ("tenant", TENANT), ("of", text)]).await
}

#[tokio::test]
async fn a_credential_of_the_story_leads_to_its_explanation() {
    let lab = FakeLab { changed: true, ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let link = browser.get("/").await.attributes(".creds a.badge", "href").remove(0);
    assert_eq!(link, format!("/tokens?tenant={TENANT}&of=n"));
    let page = browser.get(&link).await;
    assert_eq!(page.texts("h1"), ["This refresh token is refused: an event revoked it."]);
    assert_eq!(page.texts(".headline p"), [format!("A refresh token of {NASTY}.")]);
    assert_eq!(page.texts(".verdict .badge"), ["Refused"]);
    assert_eq!(page.texts(".verdict .says"), ["Refused: the password was changed."]);
    assert_eq!(page.texts("[aria-labelledby=wi] li"), ["if the client had authenticated"]);
    assert!(page.texts(".lineage li")[0].starts_with("The owner signed in."));
    assert_eq!(page.attributes("tbody a", "href"), [format!("/journal?tenant={TENANT}&trace=7f")]);
}

#[tokio::test]
async fn a_run_and_a_connection_have_pages_and_an_unknown_name_has_none() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let run = browser.get("/").await.attributes("tbody td a", "href").remove(0);
    assert_eq!(run, format!("/runs/run-12?tenant={TENANT}"));
    let page = browser.get(&run).await;
    assert_eq!(page.texts("h1"), ["The token that this run used was refused then: an event revoked it."]);
    for path in ["/runs/nothing", "/connections/nothing", "/tokens?of=nothing"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(page.texts("h1"), ["Nothing of that name is known in this tenant."]);
        assert_eq!(browser.get_as(path, "application/json").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_pasted_token_is_decoded_and_is_in_no_url() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let empty = browser.get("/tokens").await;
    assert_eq!(
        (empty.status, empty.texts("h1")),
        (StatusCode::OK, vec!["Which token do you want to understand?".to_owned()])
    );
    let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let header = part(r#"{"alg":"RS256","kid":"n2"}"#);
    let token = format!("{header}.{}.c2ln", part(r#"{"azpacr":"0","upn":"<b>owner</b>"}"#));
    let page = paste(&mut browser, &format!(" {token} ")).await;
    assert_eq!(page.status, StatusCode::OK);
    let rows = page.texts(".claims tbody tr");
    assert_eq!(rows[0], "azpacr 0 The client did not authenticate: a public client.");
    assert!(rows[1].starts_with("upn <b>owner</b>"));
    assert!(!page.body.contains(&token), "the token itself is not repeated");
    assert_eq!(lab.requests().last().expect("a request")["why"], token.as_str());
    // Of another tenant or issuer: only its claims.
    let foreign = format!("{}.{}.c2ln", part(r#"{ "alg":"RS256"}"#), part("{}"));
    let page = paste(&mut browser, &foreign).await;
    assert_eq!(page.texts("h1"), ["This token is not of this tenant."]);
}

#[tokio::test]
async fn a_token_from_a_form_of_elsewhere_is_not_looked_at() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    browser.get("/tokens").await;
    let page = browser.post("/tokens", &[("token", "0"), ("of", "n")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(lab.requests().is_empty());
}

#[tokio::test]
async fn the_verdict_after_a_picked_event_has_an_address() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/tokens?of=n").await;
    assert_eq!(page.attributes("form[action='/tokens#after'] input[name=of]", "value"), ["n"]);
    assert_eq!(page.attributes("input[name=event][checked]", "value"), [""]);
    assert!(page.texts("#after").is_empty());
    for (event, sentence) in [
        ("admin_revokes", "It would be refused at its next use."),
        ("password_changed_by_user", "It would go on working."),
    ] {
        let page = browser.get(&format!("/tokens?of=n&event={event}")).await;
        assert_eq!(page.texts("#after h2"), [sentence]);
        assert_eq!(page.texts("#after .says"), [format!("Because {NASTY}.")]);
        assert_eq!(page.attributes("input[name=event][checked]", "value"), [event]);
        assert_eq!(
            page.texts("h1"),
            ["This refresh token is refused: an event revoked it."],
            "the state now"
        );
    }
    let page = browser.get("/tokens?of=n&event=rain").await;
    assert_eq!((page.status, page.texts("#after").len()), (StatusCode::OK, 0));
}
