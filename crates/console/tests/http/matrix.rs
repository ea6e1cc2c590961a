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
    assert_eq!(page.texts("h1"), ["One event breaks a confidential connection; a changed password does not"]);
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

#[tokio::test]
async fn two_editions_are_compared_and_only_differences_are_colored() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/matrix/editions").await;
    assert!(
        page.texts("h1")[0].ends_with("cells differ between editions 2021 and 2025-11"),
        "{:?}",
        page.texts("h1")
    );
    assert_eq!((page.texts("tbody tr").len(), page.texts("tbody td").len()), (9, 45));
    let turns = page.texts(".turn");
    assert!(
        !turns.is_empty()
            && turns.iter().all(|cell| cell.ends_with("alive revoked") || cell.ends_with("revoked alive"))
    );
    let same = page.texts(".same").len();
    assert_eq!(turns.len() + same, 45);
    assert!(page.texts(".headline p")[0].contains(&format!("{same} of 45 cells are the same")));
    // Opened is a cell of the confidential column, with what it means for a flow.
    assert!(page.attributes("a[aria-current=true]", "href")[0].contains("confidential_token"));
    assert!(page.texts("#cell .says")[0].contains("A flow on a confidential connector"));
    assert_eq!(page.texts("#hist + ol li").len(), 4);
    // The order of the editions does not matter, and an edition is the same as itself.
    let turned = browser.get("/matrix/editions?from=2025-11&to=2021&only=1").await;
    assert_eq!(turned.texts("h1"), page.texts("h1"));
    let rows = turned.texts("tbody tr").len();
    assert!((1..9).contains(&rows), "{rows}");
    let itself = browser.get("/matrix/editions?from=2018&to=2018&only=1").await;
    assert_eq!(itself.texts("h1"), ["Editions 2018 and 2018 agree in every cell"]);
    assert_eq!(itself.texts("tbody tr").len(), 0);
    assert_eq!(browser.get("/matrix/editions?from=1999").await.status, 400);
    for path in ["/matrix/credentials", "/matrix/connections"] {
        assert!(
            browser.get(path).await.texts(".subnav a").contains(&"Editions compared".to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_matrix_is_exported_with_what_was_executed() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let csv = browser.get("/matrix/export/credentials.csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(csv.body.lines().count(), 10);
    assert!(
        csv.body
            .contains("\"Password changed by user\",\"revoked\",\"revoked\",\"alive\",\"alive\",\"alive\"")
    );
    let page = browser.get("/matrix/credentials").await;
    let token = page.attributes("main form input[name=token]", "value")[0].clone();
    browser.post("/matrix/credentials", &[("token", &token), ("tenant", TENANT), ("rules", "2025-11")]).await;
    for (kind, line) in [
        (
            "csv",
            "\"Password changed by user\",\"revoked\",\"revoked AADSTS50173\",\"alive\",\"alive\",\"revoked AADSTS50173\"",
        ),
        (
            "md",
            "| Password changed by user | revoked | revoked AADSTS50173 | alive | alive | revoked AADSTS50173 |",
        ),
        ("svg", ">✕ revoked AADSTS50173</text>"),
    ] {
        let export = browser.get(&format!("/matrix/export/credentials.{kind}?rules=2025-11")).await;
        assert!(export.body.contains(line), "{kind}: {}", export.body);
        assert!(export.headers["content-disposition"].to_str().expect("text").contains(kind));
    }
    for (path, status) in [("credentials.png", 404), ("credentials.csv?rules=1999", 400)] {
        assert_eq!(browser.get(&format!("/matrix/export/{path}")).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn the_matrix_of_connections_is_filtered_by_event_kind_and_result() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let page = browser.get("/matrix/connections").await;
    assert_eq!(page.texts("form.filters").len(), 0, "nothing is executed");
    let token = page.attributes("main form input[name=token]", "value")[0].clone();
    browser.post("/matrix/connections", &[("token", &token), ("tenant", TENANT)]).await;
    for (query, rows, columns) in [
        ("", vec!["changed", "revoked"], vec!["entra", "basic"]),
        ("event=revoked", vec!["revoked"], vec!["entra", "basic"]),
        ("event=Password", vec!["changed", "revoked"], vec!["entra", "basic"]),
        ("kind=basic", vec!["changed", "revoked"], vec!["basic"]),
        ("kind=Delegated", vec!["changed", "revoked"], vec!["entra"]),
        ("kind=Delegated&only=1", vec!["revoked"], vec!["entra"]),
        ("kind=basic&event=revoked&only=1", vec![], vec!["basic"]),
        ("kind=nothing&event=%3Cb%3E&only=x", vec!["changed", "revoked"], vec!["entra", "basic"]),
    ] {
        let page = browser.get(&format!("/matrix/connections?{query}")).await;
        let titles = page.texts("tbody th[scope=row] .n + span");
        assert_eq!(titles.len(), rows.len(), "{query}: {titles:?}");
        assert!(
            titles.iter().zip(&rows).all(|(title, row)| title.starts_with(&format!("Title of {row}"))),
            "{query}: {titles:?}"
        );
        let expected = if rows.is_empty() { Vec::new() } else { columns };
        assert_eq!(page.texts("tr.m-cols th")[usize::from(!rows.is_empty())..], expected, "{query}");
    }
    // A cell is opened by its link, and the filter stays.
    let page = browser.get("/matrix/connections?kind=Delegated&only=1").await;
    let link = page.attributes("a.cell", "href").remove(0);
    assert_eq!(
        link,
        format!("/matrix/connections?tenant={TENANT}&kind=Delegated&only=1&cell=revoked.entra#cell")
    );
    let page = browser.get(link.trim_end_matches("#cell")).await;
    assert_eq!((page.texts("#cell h2").len(), page.texts("a.cell").len()), (1, 1));
    assert_eq!(page.attributes("option[selected]", "value"), ["Delegated"]);
    assert_eq!(page.attributes("input[name=only][checked]", "value"), ["1"]);
}
