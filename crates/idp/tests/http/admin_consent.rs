//! Admin consent and its page.

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Arrival, Browser, Page};
use crate::client::App;
use crate::graph::call;
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};

const BACK: &str = "https://robot.example/back";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// A tenant with an application that requests both kinds of permission, and one that requests many
/// permissions of Graph.
async fn tenant() -> Tenant {
    Tenant::with_applications(|tenant| {
        let redirect = json!([{"uri": BACK, "type": "web"}]);
        let orders =
            json!([{"resource": tenant.id_of(10), "scopes": ["Orders.Read"], "roles": ["Orders.Read.All"]}]);
        let graph = json!([{"resource": GRAPH, "roles": ["User.Read.All"]}]);
        let application = |n: u32, required: &Value| {
            let more = json!({"redirect_uris": redirect, "secrets": ["robot secret"], "required": required});
            tenant.application(n, "confidential", &more)
        };
        vec![application(20, &orders), application(21, &graph)]
    })
    .await
}

fn robot(tenant: &Tenant) -> App {
    tenant.app(20, Some("robot secret"), BACK)
}

fn url(app: &App, form: &str, changes: &str) -> String {
    let (client, back) = (&app.client_id, &app.redirect_uri);
    let start = format!("/{}/{form}adminconsent?client_id={client}&state=a%20state", app.segment);
    if changes.contains("redirect_uri=") {
        format!("{start}{changes}")
    } else {
        format!("{start}&redirect_uri={back}{changes}")
    }
}

/// Opens the URL and signs in.
async fn page_for(browser: &mut Browser, url: &str, upn: &str) -> Arrival {
    let page = browser.open(url).await.page();
    browser.sign_in(&page, upn, PASSWORD).await
}

async fn grants(tenant: &Tenant, path: &str) -> Vec<Value> {
    let admin = tenant.admin_tool().sign_in(tenant, "admin", "https://graph.microsoft.com/.default").await;
    let answer = call(tenant, admin.access(), Method::GET, path, Value::Null).await.json();
    answer["value"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn registered_permissions_of_both_kinds_are_granted_for_all_users() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    let page = page_for(&mut browser, &url(&app, "", ""), &tenant.upn("admin")).await.page();
    for shown in
        ["Application 20", "Contoso", "Read your orders", "Orders.Read.All", "application permission"]
    {
        assert!(page.answer.text.contains(shown), "{shown} in {page:?}");
    }
    let sent = browser.accept_permissions(&page).await.app();
    assert_eq!(sent["admin_consent"], "True");
    assert_eq!(sent["tenant"], tenant.id());
    assert_eq!(sent["state"], "a state");
    assert!(!sent.contains_key("scope") && !sent.contains_key("error"), "{sent:?}");

    // The application gets its app role, and users are not prompted.
    let own = app.client_credentials(&format!("{ORDERS}/.default")).await.json();
    let own = crate::tokens::claims(own["access_token"].as_str().expect("a token"));
    assert_eq!(own["roles"], json!(["Orders.Read.All"]));
    let mut owner = tenant.browser();
    let page = owner.open(&app.authorize_url(READ, &[])).await.page();
    owner.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();

    // Graph shows the grants, and the journal records the administrator.
    let principal = tenant.id_of(220);
    let delegated = grants(&tenant, &format!("/servicePrincipals/{principal}/oauth2PermissionGrants")).await;
    assert_eq!(delegated.len(), 1, "{delegated:?}");
    assert_eq!(delegated[0]["consentType"], "AllPrincipals");
    assert_eq!(delegated[0]["scope"], "Orders.Read");
    let own = grants(&tenant, &format!("/servicePrincipals/{principal}/appRoleAssignments")).await;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(own[0]["resourceId"], tenant.id_of(210));
    let consent = tenant.journal("consent.granted").await;
    assert_eq!(consent.len(), 1, "{consent:?}");
    assert_eq!(consent[0]["subject"], format!("user:{}", tenant.id_of(3)));
    assert_eq!(consent[0]["data"]["consent_type"], "AllPrincipals");
    assert_eq!(tenant.journal("app_role.assigned").await[0]["data"]["role"], "Orders.Read.All");
}

#[tokio::test]
async fn the_scope_parameter_adds_to_earlier_grants() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    let scope = format!("&scope={ORDERS}/Orders.ReadWrite%20openid");
    let page = page_for(&mut browser, &url(&app, "v2.0/", &scope), &tenant.upn("admin")).await.page();
    assert!(!page.answer.text.contains("Orders.Read.All"), "{page:?}");
    let sent = browser.accept_permissions(&page).await.app();
    assert_eq!(sent["scope"], format!("{ORDERS}/Orders.ReadWrite openid"));
    assert_eq!(sent["admin_consent"], "True");
    // A signed-in administrator need not sign in again; consenting twice is harmless.
    let default = format!("&scope={ORDERS}/.default");
    for _ in 0..2 {
        let page = browser.open(&url(&app, "v2.0/", &default)).await.page();
        let sent = browser.accept_permissions(&page).await.app();
        assert_eq!(sent["scope"], format!("{ORDERS}/.default"));
    }
    let principal = tenant.id_of(220);
    let delegated = grants(&tenant, &format!("/servicePrincipals/{principal}/oauth2PermissionGrants")).await;
    assert_eq!(delegated[0]["scope"], "Orders.Read Orders.ReadWrite");
    let own = grants(&tenant, &format!("/servicePrincipals/{principal}/appRoleAssignments")).await;
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(tenant.journal("app_role.assigned").await.len(), 1);
}

#[tokio::test]
async fn users_without_an_administrator_role_grant_nothing() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    let arrival = page_for(&mut browser, &url(&app, "", ""), &tenant.upn("owner")).await;
    let sent = arrival.refused("permission_denied", "AADSTS90094");
    assert_eq!(sent["state"], "a state");
    // The session of a user without the role does not suffice: the page prompts for another
    // account.
    let scope = format!("&scope={ORDERS}/.default");
    let page = browser.open(&url(&app, "v2.0/", &scope)).await.page();
    let arrival = browser.sign_in(&page, &tenant.upn("colleague"), PASSWORD).await;
    arrival.refused("access_denied", "AADSTS90094");
    assert!(tenant.journal("consent.").await.is_empty());
    assert!(tenant.journal("app_role.").await.is_empty());
}

#[tokio::test]
async fn an_administrator_may_decline() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    let page = page_for(&mut browser, &url(&app, "", ""), &tenant.upn("admin")).await.page();
    let cancel = [("consent", "cancel")];
    browser.submit(&page, &cancel).await.refused("permission_denied", "AADSTS65004");
    let scope = format!("&scope={ORDERS}/.default");
    let page = browser.open(&url(&app, "v2.0/", &scope)).await.page();
    browser.submit(&page, &cancel).await.refused("access_denied", "AADSTS65004");
    assert!(tenant.journal("consent.").await.is_empty());
}

#[tokio::test]
async fn application_permissions_of_graph_need_the_highest_roles() {
    let mut users = Vec::new();
    let tenant = Tenant::create(crate::installation::Installation::shared(), "2025-11", |tenant, spec| {
        for (n, role) in [
            (4, "Application Administrator"),
            (5, "Privileged Role Administrator"),
            (6, "User Administrator"),
        ] {
            let upn = tenant.upn(&format!("user{n}"));
            users.push(upn.clone());
            spec["users"].as_array_mut().expect("a list").push(json!({
                "id": tenant.id_of(n), "upn": upn, "display_name": role, "role": format!("user{n}"),
                "password": PASSWORD, "directory_roles": [role],
            }));
        }
        let redirect = json!([{"uri": BACK, "type": "web"}]);
        for (n, required) in [
            (20, json!([{"resource": tenant.id_of(10), "roles": ["Orders.Read.All"]}])),
            (21, json!([{"resource": GRAPH, "roles": ["User.Read.All"]}])),
        ] {
            let more = json!({"redirect_uris": redirect, "required": required});
            let application = tenant.application(n, "confidential", &more);
            spec["applications"].as_array_mut().expect("a list").push(application);
        }
    })
    .await;
    for (app, upn, may) in [(20, 0, true), (21, 0, false), (20, 1, true), (21, 1, true), (20, 2, false)] {
        let mut browser = tenant.browser();
        let app = tenant.app(app, None, BACK);
        let arrival = page_for(&mut browser, &url(&app, "", ""), &users[upn]).await;
        match arrival {
            Arrival::Page(page) => {
                assert!(may, "{upn}");
                assert_eq!(browser.accept_permissions(&page).await.app()["admin_consent"], "True");
            }
            refused => {
                assert!(!may, "{upn}");
                refused.refused("permission_denied", "AADSTS90094");
            }
        }
    }
}

#[tokio::test]
async fn unregistered_redirect_uris_get_no_redirect() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let page = |arrival: Arrival| -> Page { arrival.page() };
    for elsewhere in
        ["https://evil.example/back", "https://robot.example/back/../evil", "https://robot.example/backs"]
    {
        let url = url(&app, "", &format!("&redirect_uri={elsewhere}"));
        page(tenant.browser().open(&url).await).says(400, "AADSTS50011");
    }
    let unknown = App { client_id: tenant.id_of(99), ..app.clone() };
    page(tenant.browser().open(&url(&unknown, "", "")).await).says(400, "AADSTS700016");
    let nowhere = App { client_id: tenant.id_of(17), ..app.clone() };
    page(tenant.browser().open(&url(&nowhere, "", "")).await).says(400, "AADSTS500113");
    let twice = url(&app, "", "&client_id=x");
    page(tenant.browser().open(&twice).await).says(400, "AADSTS9000411");
    let posted = tenant.browser().post(&url(&app, "", ""), &[]).await;
    page(posted).says(400, "AADSTS900561");

    // A URI with more path segments than the registered one is accepted.
    let mut browser = tenant.browser();
    let longer = url(&app, "", &format!("&redirect_uri={BACK}/admin/done"));
    let asked = page_for(&mut browser, &longer, &tenant.upn("admin")).await.page();
    let Arrival::App(back) = browser.accept_permissions(&asked).await else {
        panic!("back at the application")
    };
    assert_eq!(back.path(), "/back/admin/done");
}

#[tokio::test]
async fn unknown_scopes_are_reported_to_the_application() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    for (scope, error, code) in [
        ("", "invalid_request", "AADSTS900144"),
        ("&scope=api%3A%2F%2Fnowhere%2F.default", "invalid_resource", "AADSTS500011"),
        ("&scope=api%3A%2F%2Fcontoso-orders%2FOrders.Eat", "invalid_client", "AADSTS650053"),
        ("&scope=User.Read&state=b", "invalid_request", "AADSTS9000411"),
    ] {
        browser.open(&url(&app, "v2.0/", scope)).await.refused(error, code);
    }
}

#[tokio::test]
async fn the_consent_page_is_bound_to_browser_and_session() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    let mut browser = tenant.browser();
    let page = page_for(&mut browser, &url(&app, "", ""), &tenant.upn("admin")).await.page();
    tenant.browser().accept_permissions(&page).await.page().says(400, "AADSTS165000");
    let mut without = browser.clone();
    without.cookies.remove("ESTSAUTH");
    without.accept_permissions(&page).await.page().says(400, "AADSTS165000");
    tenant.happens_to("admin", "revoke_sessions").await;
    assert_eq!(browser.accept_permissions(&page).await.page().heading, "Sign in");
    assert!(tenant.journal("consent.").await.is_empty());
}

#[tokio::test]
async fn admin_consent_prompts_for_required_mfa() {
    let tenant = tenant().await;
    let app = robot(&tenant);
    tenant.happens(json!({"type": "require_mfa"})).await;
    let page = page_for(&mut tenant.browser(), &url(&app, "", ""), &tenant.upn("admin")).await.page();
    assert_eq!(page.heading, "Enter the code");
}

#[tokio::test]
async fn on_v1_the_prompt_parameter_shows_the_admin_consent_page() {
    let tenant = tenant().await;
    let app = robot(&tenant).v1();
    let prompt = [("prompt", "admin_consent")];
    let url = app.authorize_url(ORDERS, &prompt);
    // A user without the role is prompted once to sign in as an administrator, and then gets an
    // error.
    let mut browser = tenant.browser();
    tenant.kiosk().code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let page = browser.open(&url).await.page();
    assert_eq!(page.heading, "Sign in");
    let sent = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await;
    sent.refused("access_denied", "AADSTS90094");

    let mut browser = tenant.browser();
    let page = page_for(&mut browser, &url, &tenant.upn("admin")).await.page();
    for shown in ["Application 20", "for all users in", "Read your orders", "Orders.Read.All"] {
        assert!(page.answer.text.contains(shown), "{shown} in {page:?}");
    }
    let declined = browser.submit(&page, &[("consent", "cancel")]).await;
    declined.refused("access_denied", "AADSTS65004");
    assert!(tenant.journal("consent.granted").await.is_empty());
    let sent = browser.accept_permissions(&page).await.app();
    assert_eq!((&*sent["admin_consent"], &*sent["state"]), ("True", "a state"));
    let tokens = app.redeem(&sent["code"]).await;
    assert_eq!(
        (&tokens.claims()["oid"], &tokens.claims()["scp"]),
        (&json!(tenant.id_of(3)), &json!("Orders.Read"))
    );
    assert_eq!(tenant.journal("consent.granted").await[0]["data"]["consent_type"], "AllPrincipals");
    assert_eq!(tenant.journal("app_role.assigned").await.len(), 1);
    // Users are not prompted any more, and later responses do not mention it.
    let mut owner = tenant.browser();
    let page = owner.open(&app.authorize_url(ORDERS, &[])).await.page();
    let sent = owner.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.app();
    assert!(sent.contains_key("code") && !sent.contains_key("admin_consent"), "{sent:?}");
    // Version 1.0 only.
    let newer = robot(&tenant).authorize_url(READ, &prompt);
    browser.open(&newer).await.refused("invalid_request", "AADSTS90023");
}
