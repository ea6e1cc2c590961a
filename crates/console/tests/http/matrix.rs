//! The revocation table.

use http::StatusCode;
use http::header::LOCATION;
use serde_json::json;

use crate::browser::Browser;
use crate::fake_lab::{FakeLab, NASTY, TENANT};

#[tokio::test]
async fn the_published_table_is_shown_before_it_was_executed() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    for (rules, rows, revoked) in [("2018", 7, 18), ("2025-11", 9, 26)] {
        let page = browser.get(&format!("/matrix/credentials?rules={rules}")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.texts("tbody tr").len(), rows, "{rules}");
        assert_eq!(page.texts(".cell").len(), rows * 5);
        assert_eq!(page.texts(".cell.is-revoked").len(), revoked, "{rules}");
        assert!(page.body.contains("Not executed on this system"));
        assert_eq!(page.texts("main .joined [aria-current=true]"), [rules]);
    }
    let unknown = browser.get("/matrix/credentials?rules=1999").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get_as("/matrix/credentials", "application/json").await.status, StatusCode::NOT_FOUND);
    assert!(lab.requests().is_empty(), "a page executes nothing");
}

#[tokio::test]
async fn an_executed_table_shows_what_differs_and_each_cell_why() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/matrix/credentials").await;
    let token = page.attributes("form[action='/matrix/credentials'] input[name=token]", "value").remove(0);
    let fields = [("token", token.as_str()), ("tenant", TENANT), ("rules", "2025-11")];
    let done = browser.post("/matrix/credentials", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let location = done.headers[LOCATION].to_str().expect("text").to_owned();
    assert_eq!(location, format!("/matrix/credentials?tenant={TENANT}&rules=2025-11"));
    let page = browser.get(&location).await;
    assert!(page.body.contains("1 of 2 agree with the published table"));
    assert_eq!(page.texts(".cell.is-differs"), ["Confidential client token revoked 50173"]);
    let cell = page.attributes(".cell.is-differs", "href").remove(0);
    let open = browser.get(cell.trim_end_matches("#cell")).await;
    assert_eq!(open.texts(".cell[aria-current]"), ["Confidential client token revoked 50173"]);
    let says = open.texts(".verdict .says");
    assert_eq!(says, ["Executed: on the change page".to_owned(), format!("Because of {NASTY}.")]);
    assert_eq!(lab.requests(), [json!({"matrix": {"rules": "2025-11"}})]);
    let data = browser.get_as("/matrix/credentials", "application/json").await;
    assert!(data.body.contains("password_changed_by_user"));
    let foreign = browser.post("/matrix/credentials", &[("token", "0"), fields[1], fields[2]]).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_matrix_of_connections_shows_outcomes_and_repairs() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get("/matrix/connections").await;
    assert_eq!(page.texts("h1"), ["What breaks a connection, and what repairs it?"]);
    assert!(lab.requests().is_empty(), "a page executes nothing");
    let token = page.attributes("form[action='/matrix/connections'] input[name=token]", "value").remove(0);
    let foreign = browser.post("/matrix/connections", &[("token", "0"), ("tenant", TENANT)]).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    let done = browser.post("/matrix/connections", &[("token", &token), ("tenant", TENANT)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    let page = browser.get("/matrix/connections").await;
    assert_eq!(page.texts("h1"), ["One events break a confidential connection; a changed password does not"]);
    assert!(
        page.body.contains("4 of 4 as expected (2 by our own choice)")
            && page.body.contains("2 repaired as stated, in 9 seconds")
    );
    assert_eq!(
        page.texts(".cell"),
        ["Kind entra works", "Kind basic at once 401", "Kind entra refresh 50173", "Kind basic works"]
    );
    assert_eq!(page.texts(".m-band"), ["Password"]);
    let cell = page.attributes(".cell", "href").remove(2);
    let open = browser.get(cell.trim_end_matches("#cell")).await;
    assert_eq!(
        open.texts(".verdict h2"),
        ["Kind entra: breaks at the next refresh when this happens: Title of revoked."]
    );
    assert_eq!(open.texts(".verdict ul li"), [format!("Sign in again {NASTY}.")]);
    assert!(browser.get_as("/matrix/connections", "application/json").await.body.contains("breaks_at_once"));
}
