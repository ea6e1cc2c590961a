//! Every date in a body or a header uses the tenant's clock: here after 400 days, far from the
//! machine's time.

use outlive_clock::{Instant, Span, wall_now};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::tenant::{Answer, READ, Tenant, send};

const DAY: Span = Span::from_days(1);

/// Returns the days of all RFC 3339 dates in a text (`2027-02-09`).
fn days(text: &str) -> Vec<Instant> {
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let mut found = Vec::new();
    for window in text.as_bytes().windows(10) {
        if digits(&window[..4])
            && window[4] == b'-'
            && digits(&window[5..7])
            && window[7] == b'-'
            && digits(&window[8..])
        {
            let day = String::from_utf8_lossy(window);
            found.extend(format!("{day}T12:00:00Z").parse::<Instant>());
        }
    }
    found
}

fn near(one: Instant, other: Instant, span: Span) -> bool {
    one <= other + span && other <= one + span
}

/// Asserts that no date of the response is the machine's, and that it has one `Date` header with
/// the tenant's time.
fn dated(what: &str, answer: &Answer, now: Instant) {
    let wall = wall_now();
    for at in days(&answer.text) {
        assert!(!near(at, wall, DAY + DAY), "{what} has the machine's date: {answer:?}");
    }
    assert_eq!(answer.headers.get_all("date").iter().count(), 1, "{what}: {answer:?}");
    assert_eq!(answer.header("date"), now.strftime("%a, %d %b %Y %H:%M:%S GMT"), "{what}: {answer:?}");
    for name in ["last-modified", "retry-after"] {
        assert_eq!(answer.header(name), "", "{what} has {name}");
    }
    assert!(["", "-1"].contains(&answer.header("expires")), "{what}: {answer:?}");
    for cookie in answer.headers.get_all("set-cookie") {
        // `Max-Age` is relative and so independent of clocks.
        assert!(!cookie.to_str().expect("a text").to_lowercase().contains("expires="), "{what}: {cookie:?}");
    }
}

/// Asserts the same of an error, whose text contains the time.
fn refused(what: &str, answer: &Answer, now: Instant) {
    assert!(answer.status >= 400, "{what}: {answer:?}");
    dated(what, answer, now);
    // The error of an expired token also contains the time of expiry.
    let expired = answer.text.contains("expired at");
    let found = days(&answer.text).into_iter().map(|at| near(at, now, DAY)).collect::<Vec<_>>();
    assert!(found.contains(&true), "{what} has no date of today: {answer:?}");
    assert!(expired || !found.contains(&false), "{what} has a date of another day: {answer:?}");
}

#[tokio::test]
async fn after_400_days_no_answer_has_the_machines_date() {
    let tenant = Tenant::new().await;
    tenant.advance(Span::from_days(400)).await;
    let now = tenant.now().await;
    assert!(
        !near(now, wall_now(), Span::from_days(5)),
        "the test needs a tenant far from the machine's time"
    );
    let (id, domain) = (tenant.id(), tenant.domain.clone());
    let app = tenant.desktop();
    let client = app.client_id.clone();
    let get = async |path: &str| tenant.get(path).await;
    let post =
        async |path: &str, form: &[(&str, &str)]| send(tenant.http.post(tenant.url(path)).form(form)).await;

    for path in [
        format!("/{id}/v2.0/.well-known/openid-configuration"),
        format!("/{domain}/.well-known/openid-configuration"),
        format!("/{id}/discovery/keys"),
        format!("/{domain}/discovery/v2.0/keys"),
        format!("/common/userrealm/{}", tenant.upn("owner")),
        format!(
            "/common/oauth2/v2.0/authorize?client_id={client}&response_type=code&redirect_uri=http://localhost&scope=User.Read"
        ),
        format!("/{domain}/oauth2/v2.0/logout"),
        format!("/{id}/changepassword"),
        format!("/{id}/passwordreset"),
        format!("/{domain}/passwordreset"),
        format!("/{id}/nope"),
        format!("/{domain}/nope/nope"),
        format!("/{id}"),
        format!("/{id}/oauth2/deviceauth"),
        format!("/{id}/oauth2/nativeclient"),
        format!("/{id}/security-info"),
        format!("/{id}/oauth2/v2.0/token/nope"),
    ] {
        dated(&path, &get(&path).await, now);
    }
    for path in [
        format!("/{id}/oauth2/v2.0/authorize"),
        format!("/common/oauth2/authorize?client_id={client}"),
        format!("/{domain}/adminconsent"),
        format!("/{id}/login"),
        format!("/{id}/consent"),
    ] {
        refused(&path, &get(&path).await, now);
    }
    for segment in [&*id, &*domain, "common", "organizations"] {
        for path in ["oauth2/v2.0/token", "oauth2/token", "oauth2/v2.0/devicecode", "oauth2/devicecode"] {
            let path = format!("/{segment}/{path}");
            refused(&path, &post(&path, &[("client_id", &client)]).await, now);
        }
    }
    let wrong_method = tenant.http.request(Method::PUT, tenant.url(&format!("/{id}/discovery/keys")));
    dated("a wrong method", &send(wrong_method).await, now);
    // A password reset at an alias: the user name determines the tenant.
    let mut browser = tenant.browser();
    for segment in [&*id, "common"] {
        let page = browser.open(&format!("/{segment}/passwordreset")).await.page();
        let page = browser.submit(&page, &[("username", &*tenant.upn("owner"))]).await.page();
        dated("a reset", &page.answer, now);
        for fields in [
            [("code", "x"), ("newpasswd", "Other-Horse-2"), ("confirmpasswd", "Third-Horse-3")],
            [("code", "x"), ("newpasswd", "Other-Horse-2"), ("confirmpasswd", "Other-Horse-2")],
        ] {
            dated("a wrong reset", &browser.submit(&page, &fields).await.page().answer, now);
        }
    }
    // Without a tenant, the machine's clock applies.
    for path in ["/nope", "/common/nope", "/device", "/error?code=50173", "/unknown.example/nope"] {
        let date = get(path).await;
        assert_ne!(date.header("date"), now.strftime("%a, %d %b %Y %H:%M:%S GMT"), "{path}: {date:?}");
    }
    // At an alias, only the sealed state of the form contains the client.
    let mut browser = tenant.browser();
    let url = app.authorize_url("User.Read", &[]).replace(&format!("/{id}/"), "/common/");
    let page = browser.open(&url).await.page();
    let foreign = tenant.browser().submit(&page, &[]).await.page();
    refused("a form of another browser", &foreign.answer, now);
    let code = app.code_in(&mut browser, &tenant.upn("owner"), &format!("openid {READ}")).await;
    dated("tokens", &app.try_redeem(&code, &[]).await, now);
    refused("a code that was redeemed", &app.try_redeem(&code, &[]).await, now);
}

#[tokio::test]
async fn after_400_days_graph_has_the_tenants_date() {
    let tenant = Tenant::new().await;
    let old = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    tenant.advance(Span::from_days(400)).await;
    let now = tenant.now().await;
    let scope = "https://graph.microsoft.com/.default";
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scope).await;
    let call = async |method: &Method, path: &str, token: &str, body: &Value| {
        let request: RequestBuilder =
            tenant.http.request(method.clone(), tenant.url(path)).bearer_auth(token);
        send(if body.is_null() { request } else { request.json(body) }).await
    };
    let user = format!("/v1.0/users/{}", tenant.upn("colleague"));
    let password = json!({"passwordProfile": {"password": "Other-Horse-2"}});
    let secret = format!("/v1.0/applications/{}/addPassword", tenant.id_of(112));
    let none = &Value::Null;
    for (method, path, body) in [
        (&Method::GET, "/v1.0/me", none),
        (&Method::GET, "/v1.0/users?$select=createdDateTime,lastPasswordChangeDateTime", none),
        (&Method::PATCH, &user, &password),
        (&Method::GET, &format!("{user}?$select=lastPasswordChangeDateTime"), none),
        (&Method::POST, &secret, &json!({"passwordCredential": {"displayName": "new"}})),
        (&Method::POST, &format!("{user}/revokeSignInSessions"), none),
        (&Method::GET, "/v1.0/auditLogs/signIns", none),
        (&Method::GET, "/v1.0/auditLogs/directoryAudits", none),
        (&Method::DELETE, &user, none),
        (&Method::GET, "/v1.0/directory/deletedItems/microsoft.graph.user", none),
    ] {
        let answer = call(method, path, admin.access(), body).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
        dated(path, &answer, now);
    }
    let garbled = format!("{}x", admin.access());
    for (what, method, path, token) in [
        ("an error", &Method::GET, "/v1.0/users/unknown", admin.access()),
        ("a wrong body", &Method::POST, "/v1.0/users", admin.access()),
        ("an expired token", &Method::GET, "/v1.0/me", old.access()),
        ("a forged token", &Method::GET, "/v1.0/me", &garbled),
        ("no such path", &Method::GET, "/v1.0/nonsense", admin.access()),
        ("a wrong method", &Method::DELETE, "/v1.0/me", admin.access()),
        ("no such path in beta", &Method::GET, "/beta/nonsense", admin.access()),
        ("user info", &Method::GET, "/oidc/userinfo", old.access()),
    ] {
        refused(what, &call(method, path, token, none).await, now);
    }
    let wrong = tenant.kiosk().password(&tenant.upn("owner"), "wrong", READ).await;
    refused("a wrong password", &wrong, now);
}
