//! MFA: requested on a page, and refused where no page is possible.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::browser::{Arrival, Browser, Page};
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

const SHARED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn authenticator(secret: &str) -> Totp {
    Builder::new().with_secret(Secret::try_from_base32(secret).expect("base32")).build().expect("a secret")
}

/// A tenant whose owner has an authenticator.
async fn tenant_with_authenticator() -> Tenant {
    Tenant::with(|spec| spec["users"][0]["authenticator_secret"] = json!(SHARED)).await
}

/// Returns the current code of the owner's authenticator.
async fn current_code(tenant: &Tenant) -> String {
    code_of_secret(tenant, SHARED).await
}

async fn code_of_secret(tenant: &Tenant, secret: &str) -> String {
    let now = tenant.now().await.as_seconds();
    authenticator(secret).generate(now.cast_unsigned()).to_string()
}

async fn type_code(browser: &mut Browser, page: &Page, code: &str) -> Arrival {
    assert_eq!(page.heading, "Enter the code");
    browser.submit(page, &[("otc", code)]).await
}

/// Returns the MFA page after a correct password.
async fn past_password(browser: &mut Browser, url: &str, upn: &str) -> Page {
    let page = browser.open(url).await.page();
    browser.sign_in(&page, upn, PASSWORD).await.page()
}

#[tokio::test]
async fn a_code_follows_the_password_and_works_once() {
    let tenant = tenant_with_authenticator().await;
    let (tool, owner) = (tenant.admin_tool().v1(), tenant.upn("owner"));
    tenant.happens_to("owner", "require_mfa").await;
    let (mut browser, mut other) = (tenant.browser(), tenant.browser());
    let url = tool.authorize_url("https://graph.microsoft.com", &[]);
    let page = past_password(&mut browser, &url, &owner).await;
    assert!(!page.answer.text.contains(SHARED) && !page.answer.text.contains("class=\"qr"), "{page:?}");
    let code = current_code(&tenant).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for typed in [wrong, "", "no code", &code[..5]] {
        let page = type_code(&mut browser, &page, typed).await.page();
        page.says(200, "AADSTS500121");
        assert_eq!(page.heading, "Enter the code");
    }
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let granted = tool.redeem(&type_code(&mut browser, &page, &spaced).await.code()).await;
    assert_eq!(granted.claims()["amr"], json!(["pwd", "mfa"]));
    // The signed-in browser is not prompted again; another one is, and the code cannot be reused.
    browser.open(&url).await.code();
    let page = past_password(&mut other, &url, &owner).await;
    let page = type_code(&mut other, &page, &code).await.page();
    page.says(200, "AADSTS500121");
    tenant.advance(Span::from_seconds(30)).await;
    let next = current_code(&tenant).await;
    type_code(&mut other, &page, &next).await.code();
    let line = tenant.journal("sign_in.succeeded").await.pop().expect("a line");
    assert_eq!(line["data"]["amr"], json!(["pwd", "mfa"]));
    let journal = Value::from(tenant.journal("").await).to_string();
    assert!(!journal.contains(SHARED) && !journal.contains(&format!("\"{next}\"")), "no secrets in it");
    // The session remains password-based.
    tenant.happens(json!({"type": "password_change", "user": owner, "new_password": "Other-Horse-2"})).await;
    tool.try_refresh(granted.refresh(), &[]).await.grant_refused("AADSTS50173");
}

/// 50076 and 50079 contain the application ID of the requested API; Graph's is a constant
/// (microsoft-graph-docs#6311, adal-nodejs#151, microsoft-authentication-library-for-go#398).
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

fn names(body: &Value, application: &str) {
    let text = body["error_description"].as_str().expect("a text");
    assert!(text.contains(&format!("to access '{application}'")), "{text}");
}

#[tokio::test]
async fn newly_required_mfa_refuses_tokens_without_revoking_them() {
    let tenant = tenant_with_authenticator().await;
    let owner = tenant.upn("owner");
    let (desktop, connector, tool) = (tenant.desktop(), tenant.connector(), tenant.admin_tool());
    let mut browser = tenant.browser();
    let code = desktop.code_in(&mut browser, &owner, READ).await;
    let public = desktop.redeem(&code).await;
    let code = connector.code_in(&mut browser, &owner, READ).await;
    let confidential = connector.redeem(&code).await;
    tenant.happens_to("owner", "require_mfa").await;
    for (app, tokens) in [(&desktop, &public), (&connector, &confidential)] {
        let body = app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50076");
        assert_eq!(body["suberror"], "basic_action");
        let claims: Value = serde_json::from_str(body["claims"].as_str().expect("a text")).expect("JSON");
        assert_eq!(claims["access_token"]["capolids"]["essential"], true, "{claims}");
        assert_eq!(claims["access_token"]["capolids"]["values"], json!([tenant.id()]), "{claims}");
        names(&body, &tenant.id_of(10));
    }
    let line = tenant.journal("token.refused").await.pop().expect("a line");
    assert_eq!(line["data"]["verdict"]["rule"], "second_factor_missing");
    let body = tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50076");
    assert_eq!(body["suberror"], "basic_action");
    names(&body, GRAPH);
    let body =
        tool.password(&owner, PASSWORD, &format!("{ORDERS}/.default")).await.grant_refused("AADSTS50076");
    names(&body, &tenant.id_of(10));
    tool.password(&owner, "Wrong-1234", "User.Read").await.grant_refused("AADSTS50126");
    let silent = desktop.authorize_url(READ, &[("prompt", "none")]);
    let sent = browser.open(&silent).await.refused("interaction_required", "AADSTS50076");
    assert!(sent["error_description"].contains(&format!("'{}'", tenant.id_of(10))), "{sent:?}");
    // The existing session needs no password and gains MFA.
    let page = browser.open(&desktop.authorize_url(READ, &[])).await.page();
    let code = type_code(&mut browser, &page, &current_code(&tenant).await).await.code();
    let renewed = desktop.redeem(&code).await;
    desktop.refresh(renewed.refresh()).await;
    browser.open(&silent).await.code();
    desktop.try_refresh(public.refresh(), &[]).await.grant_refused("AADSTS50076");
    // A version 1.0 response (azure-cli before MSAL, 2020-11).
    let v1 = desktop.clone().v1().try_refresh(public.refresh(), &[]).await;
    assert_eq!(v1.refused(400, "interaction_required", "AADSTS50076")["suberror"], "basic_action");
    tenant.happens(json!({"type": "require_mfa", "user": owner, "required": false})).await;
    desktop.refresh(public.refresh()).await;
    Tokens::of(tool.password(&owner, PASSWORD, "User.Read").await);
}

#[tokio::test]
async fn users_without_an_authenticator_register_one() {
    let tenant = Tenant::with(|spec| spec["require_mfa"] = json!(true)).await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let body = tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50079");
    assert_eq!(body["suberror"], "basic_action");
    let url = tool.authorize_url("User.Read", &[]);
    let secret_on = |page: &Page| {
        let (_, rest) = page.answer.text.split_once("<p class=\"code\">").expect("a secret");
        rest.split('<').next().unwrap_or_default().to_owned()
    };
    let (mut browser, mut other) = (tenant.browser(), tenant.browser());
    let page = past_password(&mut browser, &url, &owner).await;
    let rival = past_password(&mut other, &url, &owner).await;
    assert!(page.answer.text.contains("<svg role=\"img\""), "{page:?}");
    let secret = secret_on(&page);
    assert_ne!(secret, secret_on(&rival), "drawn for each page");
    type_code(&mut browser, &page, "12345").await.page().says(200, "AADSTS500121");
    let code = code_of_secret(&tenant, &secret).await;
    tool.redeem(&type_code(&mut browser, &page, &code).await.code()).await;
    assert_eq!(tenant.journal("authenticator.registered").await.len(), 1);
    // The secret of another page is now invalid.
    let code = code_of_secret(&tenant, &secret_on(&rival)).await;
    type_code(&mut other, &rival, &code).await.page().says(200, "AADSTS500121");
    tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50076");
    tenant.advance(Span::from_seconds(60)).await;
    let mut third = tenant.browser();
    let page = past_password(&mut third, &url, &owner).await;
    assert!(!page.answer.text.contains("class=\"qr"), "{page:?}");
    type_code(&mut third, &page, &code_of_secret(&tenant, &secret).await).await.code();
}

#[tokio::test]
async fn an_application_requires_mfa_for_itself_only() {
    let tenant = tenant_with_authenticator().await;
    let owner = tenant.upn("owner");
    let (desktop, tool) = (tenant.desktop(), tenant.admin_tool());
    tenant.happens(json!({"type": "require_mfa", "app": desktop.client_id})).await;
    let mut browser = tenant.browser();
    let page = browser.open(&tool.authorize_url("User.Read", &[])).await.page();
    browser.sign_in(&page, &owner, PASSWORD).await.code();
    let page = browser.open(&desktop.authorize_url(READ, &[])).await.page();
    let page = type_code(&mut browser, &page, &current_code(&tenant).await).await.page();
    browser.accept_permissions(&page).await.code();
    let both = json!({"type": "require_mfa", "app": desktop.client_id, "user": owner});
    assert_eq!(tenant.lab(Method::POST, "/events", &both).await.status, 400);
    let unknown = json!({"type": "require_mfa", "user": "unknown"});
    assert_eq!(tenant.lab(Method::POST, "/events", &unknown).await.status, 404);
}

#[tokio::test]
async fn mfa_precedes_the_approval_of_a_device() {
    let tenant = tenant_with_authenticator().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let form = [("client_id", tool.client_id.as_str()), ("scope", "User.Read offline_access")];
    let start = async || send(tenant.http.post(tool.endpoint("devicecode")).form(&form)).await.json();
    let ask = async |codes: &Value| {
        let code = codes["device_code"].as_str().expect("a code");
        tool.ask(&[("grant_type", "device_code"), ("device_code", code)], &[]).await
    };
    let mut browser = tenant.browser();
    let page = browser.open(&tool.authorize_url("User.Read", &[])).await.page();
    browser.sign_in(&page, &owner, PASSWORD).await.code();
    let enter = async |browser: &mut Browser, codes: &Value| {
        let page = browser.open("/common/oauth2/deviceauth").await.page();
        let user_code = codes["user_code"].as_str().expect("a code");
        browser.submit(&page, &[("otc", user_code)]).await.page()
    };
    // Approved before MFA was required: redemption is refused.
    let codes = start().await;
    let question = enter(&mut browser, &codes).await;
    assert_eq!(browser.submit(&question, &[]).await.page().heading, "The device is signed in");
    tenant.happens(json!({"type": "require_mfa", "app": tool.client_id})).await;
    names(&ask(&codes).await.grant_refused("AADSTS50076"), GRAPH);
    let codes = start().await;
    let page = enter(&mut browser, &codes).await;
    let question = type_code(&mut browser, &page, &current_code(&tenant).await).await.page();
    assert!(question.heading.starts_with("Are you trying to sign in to"), "{question:?}");
    assert_eq!(browser.submit(&question, &[]).await.page().heading, "The device is signed in");
    tool.refresh(Tokens::of(ask(&codes).await).refresh()).await;
}

#[tokio::test]
async fn ten_wrong_codes_lock_mfa_independently_of_the_password() {
    let tenant = tenant_with_authenticator().await;
    let owner = tenant.upn("owner");
    tenant.happens(json!({"type": "require_mfa"})).await;
    let mut browser = tenant.browser();
    let url = tenant.admin_tool().authorize_url("User.Read", &[]);
    for n in 0..9 {
        let page = past_password(&mut browser, &url, &owner).await;
        type_code(&mut browser, &page, &format!("wrong{n}")).await.page().says(200, "AADSTS500121");
    }
    let page = past_password(&mut browser, &url, &owner).await;
    type_code(&mut browser, &page, "wrong9").await.page().says(200, "AADSTS50053");
    type_code(&mut browser, &page, &current_code(&tenant).await).await.page().says(200, "AADSTS50053");
    tenant.advance(Span::from_seconds(60)).await;
    type_code(&mut browser, &page, &current_code(&tenant).await).await.code();
}

#[tokio::test]
async fn the_mfa_page_is_bound_to_browser_time_and_password() {
    let tenant = tenant_with_authenticator().await;
    let owner = tenant.upn("owner");
    tenant.happens_to("owner", "require_mfa").await;
    let mut browser = tenant.browser();
    let url = tenant.admin_tool().authorize_url("User.Read", &[]);
    let page = past_password(&mut browser, &url, &owner).await;
    assert!(!browser.cookies.keys().any(|name| name.starts_with("ESTSAUTH")), "no session yet");
    let code = current_code(&tenant).await;
    type_code(&mut tenant.browser(), &page, &code).await.page().says(400, "AADSTS165000");
    let login = browser.open(&url).await.page();
    let mixed = Page { action: page.action.clone(), heading: page.heading.clone(), ..login };
    type_code(&mut browser, &mixed, &code).await.page().says(400, "AADSTS165000");
    tenant.advance(Span::from_minutes(10)).await;
    let over = type_code(&mut browser, &page, &current_code(&tenant).await).await.page();
    over.says(200, "AADSTS50133");
    assert_eq!(over.heading, "Sign in");
    let page = browser.sign_in(&over, &owner, PASSWORD).await.page();
    tenant.happens(json!({"type": "admin_reset", "user": owner, "new_password": "Other-Horse-2"})).await;
    type_code(&mut browser, &page, &current_code(&tenant).await).await.page().says(200, "AADSTS50133");
}

#[tokio::test]
async fn an_invalid_secret_rejects_the_tenant() {
    let tenant = Tenant::new().await;
    for secret in ["not base32!", "GEZDGNBV"] {
        let mut spec = tenant.spec("2025-11");
        spec["domain"] = json!("never.example");
        spec["users"][0]["authenticator_secret"] = json!(secret);
        let answer = tenant.lab_of(&tenant.id_of(99), Method::PUT, "", &spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("authenticator_secret") && !answer.text.contains(secret), "{answer:?}");
    }
}

#[tokio::test]
async fn an_authentication_context_applies_its_policy_and_sets_acrs() {
    let tenant = tenant_with_authenticator().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "https://graph.microsoft.com/.default").await;
    let policy = json!({
        "displayName": "Step up", "state": "enabled",
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": {"includeAuthenticationContextClassReferences": ["c1"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    });
    let url = tenant.url("/v1.0/identity/conditionalAccess/policies");
    let made = send(tenant.http.post(url).bearer_auth(admin.access()).json(&policy)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let shown_policy = made.json()["conditions"]["applications"].clone();
    assert_eq!(shown_policy["includeAuthenticationContextClassReferences"], json!(["c1"]));

    let (app, owner) = (tenant.desktop(), tenant.upn("owner"));
    let asking =
        |context: &str| format!(r#"{{"access_token":{{"acrs":{{"essential":true,"value":"{context}"}}}}}}"#);
    let (first, second) = (asking("c1"), asking("c2"));
    let plain = app.sign_in(&tenant, "owner", READ).await;
    assert_eq!(plain.claims().get("acrs"), None);
    let body = app.try_refresh(plain.refresh(), &[("claims", &first)]).await.grant_refused("AADSTS50076");
    assert_eq!(body["suberror"], "basic_action");
    // The other context has no policy, so it is satisfied.
    let other = Tokens::of(app.try_refresh(plain.refresh(), &[("claims", &second)]).await);
    assert_eq!(other.claims()["acrs"], json!(["c2"]));
    // At redemption no prompt is possible.
    let code = app.code_for(&tenant, "owner", READ).await;
    let late = Tokens::of(app.try_redeem(&code, &[("claims", &first)]).await);
    assert_eq!(late.claims().get("acrs"), None);

    let mut browser = tenant.browser();
    let page = past_password(&mut browser, &app.authorize_url(READ, &[("claims", &first)]), &owner).await;
    let code = current_code(&tenant).await;
    let stepped_up = app.redeem(&type_code(&mut browser, &page, &code).await.code()).await;
    assert_eq!(stepped_up.claims()["acrs"], json!(["c1"]));
    let again = Tokens::of(app.try_refresh(stepped_up.refresh(), &[("claims", &first)]).await);
    assert_eq!(again.claims()["acrs"], json!(["c1"]));
    assert_eq!(app.refresh(again.refresh()).await.claims().get("acrs"), None, "only if requested");
}
