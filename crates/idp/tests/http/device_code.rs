//! The device authorization grant.

use outlive_clock::Span;
use outlive_store::sql;
use serde_json::{Value, json};

use crate::browser::{Browser, Page};
use crate::client::App;
use crate::installation::OTHER_ORIGIN;
use crate::tenant::{Answer, ORDERS, PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

const URN: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device authorization response.
pub(crate) struct Codes(Value);

impl Codes {
    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }
}

async fn try_start(app: &App, form: &[(&str, &str)]) -> Answer {
    send(app.http.post(app.endpoint("devicecode")).form(form)).await
}

async fn start(app: &App, scope: &str) -> Codes {
    let asked = if app.v1 { "resource" } else { "scope" };
    start_with(app, &[(asked, scope)]).await
}

/// Returns the codes for a request with these parameters.
pub(crate) async fn start_with(app: &App, asked: &[(&str, &str)]) -> Codes {
    let form: Vec<_> =
        [("client_id", app.client_id.as_str())].into_iter().chain(asked.iter().copied()).collect();
    let answer = try_start(app, &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store, no-cache");
    Codes(answer.json())
}

async fn poll(app: &App, codes: &Codes) -> Answer {
    poll_with(app, codes, &[]).await
}

pub(crate) async fn poll_with(app: &App, codes: &Codes, more: &[(&str, &str)]) -> Answer {
    app.ask(&[("grant_type", URN), ("device_code", codes.text("device_code"))], more).await
}

async fn enter(browser: &mut Browser, user_code: &str) -> Page {
    let page = browser.open("/common/oauth2/deviceauth").await.page();
    assert_eq!(page.heading, "Enter code");
    browser.submit(&page, &[("otc", user_code)]).await.page()
}

/// Enters the code, signs in, and returns the approval page.
async fn question(browser: &mut Browser, codes: &Codes, upn: &str) -> Page {
    let page = enter(browser, codes.text("user_code")).await;
    let page = browser.sign_in(&page, upn, PASSWORD).await.page();
    assert!(page.heading.starts_with("Are you trying to sign in to"), "{page:?}");
    page
}

pub(crate) async fn let_in(tenant: &Tenant, codes: &Codes) {
    let mut browser = tenant.browser();
    let page = question(&mut browser, codes, &tenant.upn("owner")).await;
    assert_eq!(browser.submit(&page, &[]).await.page().heading, "The device is signed in");
}

/// Returns the error page that a user gets after signing in.
pub(crate) async fn refused_by_page(tenant: &Tenant, codes: &Codes) -> Page {
    let mut browser = tenant.browser();
    let page = enter(&mut browser, codes.text("user_code")).await;
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page()
}

#[tokio::test]
async fn a_user_approves_a_device() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let codes = start(&app, &format!("openid profile {READ}")).await;
    assert_eq!((&codes.0["expires_in"], &codes.0["interval"]), (&json!(900), &json!(5)));
    assert_eq!(codes.0.get("verification_uri_complete"), None);
    let user_code = codes.text("user_code");
    assert!(codes.text("message").contains(user_code), "{}", codes.0);
    let page = codes.text("verification_uri");
    assert!(codes.text("message").contains(page) && page.starts_with(&tenant.installation.url));

    poll(&app, &codes).await.refused(400, "authorization_pending", "AADSTS70016");
    let mut browser = tenant.browser();
    let first = browser.open(&format!("{page}?otc={user_code}")).await.page();
    assert_eq!(first.field("otc"), user_code);
    assert!(first.answer.text.contains("<svg role=\"img\"") && !first.answer.text.contains("<script"));
    let question = question(&mut browser, &codes, &tenant.upn("owner")).await;
    for text in ["Orders Desktop", "Read your orders", &tenant.upn("owner")] {
        assert!(question.answer.text.contains(text), "{text} in {question:?}");
    }
    poll(&app, &codes).await.refused(400, "authorization_pending", "AADSTS70016");
    browser.submit(&question, &[]).await.page();
    let tokens = Tokens::of(poll(&app, &codes).await);
    assert_eq!((&tokens.claims()["azpacr"], &tokens.claims()["scp"]), (&json!("0"), &json!("Orders.Read")));
    assert_eq!(tokens.id_claims()["preferred_username"], json!(tenant.upn("owner")));
    app.refresh(tokens.refresh()).await;

    poll(&app, &codes).await.grant_refused("AADSTS54005");
    let kinds: Vec<_> =
        tenant.journal("device_code.").await.iter().map(|line| line["kind"].clone()).collect();
    assert_eq!(kinds, ["device_code.issued", "device_code.approved"]);
    assert_eq!(tenant.journal("token.refused").await.len(), 1, "waiting is no refusal");
    assert!(!tenant.journal("").await.iter().any(|line| line.to_string().contains(user_code)));
}

#[tokio::test]
async fn a_signed_in_user_only_approves_and_the_short_grant_name_works() {
    let tenant = Tenant::new().await;
    let app = App { segment: "organizations".to_owned(), ..tenant.kiosk().without_secret() };
    let mut browser = tenant.browser();
    tenant.desktop().code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let codes = start(&app, &format!("{ORDERS}/.default")).await;
    let typed = codes.text("user_code").to_lowercase();
    let page = enter(&mut browser, &format!(" {}-{} ", &typed[..4], &typed[4..])).await;
    assert!(!page.answer.text.contains("would like to"), "all was granted before: {page:?}");
    browser.submit(&page, &[]).await.page();
    let form = [("grant_type", "device_code"), ("device_code", codes.text("device_code"))];
    let tokens = Tokens::of(app.ask(&form, &[]).await);
    assert_eq!(tokens.0.get("refresh_token"), None);
}

#[tokio::test]
async fn on_v1_numbers_are_strings_and_the_parameter_is_code() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop().v1();
    let codes = start(&app, ORDERS).await;
    assert_eq!((&codes.0["expires_in"], &codes.0["interval"]), (&json!("900"), &json!("5")));
    codes.text("verification_url");
    let_in(&tenant, &codes).await;
    let form = [("grant_type", "device_code"), ("code", codes.text("device_code")), ("resource", ORDERS)];
    let tokens = Tokens::of(app.ask(&form, &[]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
}

#[tokio::test]
async fn a_user_can_decline_and_answers_are_final() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let codes = start(&app, READ).await;
    let mut browser = tenant.browser();
    let page = question(&mut browser, &codes, &tenant.upn("owner")).await;
    let no = browser.submit(&page, &[("consent", "cancel")]).await.page();
    assert_eq!(no.heading, "The device is not signed in");
    poll(&app, &codes).await.refused(400, "authorization_declined", "AADSTS65004");
    assert!(tenant.journal("consent.").await.is_empty());
    browser.submit(&page, &[]).await.page().says(400, "AADSTS70018");
    enter(&mut browser, codes.text("user_code")).await.says(200, "AADSTS70018");
    poll(&app, &codes).await.refused(400, "authorization_declined", "AADSTS65004");
}

#[tokio::test]
async fn a_code_expires_after_fifteen_minutes() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let (late, unanswered) = (start(&app, READ).await, start(&app, READ).await);
    let mut browser = tenant.browser();
    let page = question(&mut browser, &unanswered, &tenant.upn("owner")).await;
    let_in(&tenant, &late).await;
    tenant.advance(Span::from_minutes(15) - Span::from_micros(1)).await;
    poll(&app, &unanswered).await.refused(400, "authorization_pending", "AADSTS70016");
    tenant.advance(Span::from_micros(1)).await;
    poll(&app, &unanswered).await.refused(400, "expired_token", "AADSTS70020");
    poll(&app, &late).await.refused(400, "expired_token", "AADSTS70020");
    browser.submit(&page, &[]).await.page().says(400, "AADSTS70019");
    enter(&mut browser, unanswered.text("user_code")).await.says(200, "AADSTS70019");
}

#[tokio::test]
async fn a_code_is_bound_to_its_client_and_tenant() {
    let (tenant, other) = (Tenant::new().await, Tenant::new().await);
    let app = tenant.desktop();
    let codes = start(&app, READ).await;
    let_in(&tenant, &codes).await;
    poll(&tenant.admin_tool(), &codes).await.grant_refused("AADSTS70000");
    poll(&other.desktop(), &codes).await.grant_refused("AADSTS7000014");
    let tokens = tenant.kiosk().sign_in(&tenant, "owner", READ).await;
    for unknown in ["x", "1.D", codes.text("user_code"), tokens.refresh()] {
        let answer = app.ask(&[("grant_type", URN), ("device_code", unknown)], &[]).await;
        answer.grant_refused("AADSTS7000014");
    }
    app.ask(&[("grant_type", URN)], &[]).await.refused(400, "invalid_request", "AADSTS900144");
    let waiting = start(&app, READ).await;
    let elsewhere = format!("/{}/oauth2/deviceauth", other.id());
    let mut browser = other.browser();
    let page = browser.open(&elsewhere).await.page();
    let page = browser.submit(&page, &[("otc", waiting.text("user_code"))]).await.page();
    page.says(200, "AADSTS70018");
    for typed in ["", "ABC", "AAAAAAAAA", "\"><script>"] {
        enter(&mut browser, typed).await.says(200, "AADSTS70018");
    }
    browser.open("/nowhere.example/oauth2/deviceauth").await.page().says(400, "AADSTS90002");
    let short = send(tenant.http.get(tenant.url("/device"))).await;
    assert_eq!((short.status, short.header("location")), (302, "/common/oauth2/deviceauth"));
}

#[tokio::test]
async fn requests_are_validated_before_a_user_sees_them() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let ask = async |form: &[(&str, &str)]| try_start(&app, form).await;
    let id = app.client_id.as_str();
    let bad_scope = format!("{ORDERS}/Orders.Delete");
    ask(&[("client_id", id), ("scope", &bad_scope)]).await.refused(400, "invalid_scope", "AADSTS70011");
    let nowhere = [("client_id", id), ("scope", "api://nowhere/x")];
    ask(&nowhere).await.refused(400, "invalid_resource", "AADSTS500011");
    ask(&[("client_id", id)]).await.refused(400, "invalid_request", "AADSTS900144");
    ask(&[("scope", READ)]).await.refused(400, "invalid_request", "AADSTS900144");
    let unknown = [("client_id", "unknown"), ("scope", READ)];
    ask(&unknown).await.refused(400, "unauthorized_client", "AADSTS700016");
    let twice = [("client_id", id), ("scope", READ), ("scope", READ)];
    ask(&twice).await.refused(400, "invalid_request", "AADSTS9000411");
    let got = tenant.get(&format!("/{}/oauth2/v2.0/devicecode", tenant.id())).await;
    got.refused(400, "invalid_request", "AADSTS900561");
    // A client that needs a credential learns that at redemption.
    let codes = start(&tenant.connector(), READ).await;
    let_in(&tenant, &codes).await;
    let answer = poll(&tenant.connector().without_secret(), &codes).await;
    answer.refused(401, "invalid_client", "AADSTS7000218");
    tenant.happens(json!({"type": "disable_app", "app": id})).await;
    let disabled = [("client_id", id), ("scope", READ)];
    ask(&disabled).await.refused(400, "unauthorized_client", "AADSTS7000112");
}

#[tokio::test]
async fn only_the_prompted_user_can_approve() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let codes = start(&app, READ).await;
    let mut browser = tenant.browser();
    let sign_in = enter(&mut browser, codes.text("user_code")).await;
    let again = browser.sign_in(&sign_in, &tenant.upn("owner"), "Wrong-Horse-1").await.page();
    again.says(200, "AADSTS50126");
    assert!(again.answer.text.contains("Orders Desktop"), "{again:?}");
    let page = browser.sign_in(&again, &tenant.upn("owner"), PASSWORD).await.page();
    let mut stranger = tenant.browser();
    stranger.post(&page.action, &page.fields).await.page().says(400, "AADSTS165000");
    let consent = format!("/{}/consent", tenant.id());
    browser.post(&consent, &page.fields).await.page().says(400, "AADSTS165000");
    let answer = format!("/{}/deviceauth", tenant.id());
    browser.post(&answer, &sign_in.fields).await.page().says(400, "AADSTS165000");
    // The session ends before the approval, so the user signs in and approves again.
    tenant.happens_to("owner", "revoke_sessions").await;
    let page = browser.submit(&page, &[]).await.page();
    assert_eq!(page.heading, "Sign in");
    poll(&app, &codes).await.refused(400, "authorization_pending", "AADSTS70016");
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    browser.submit(&page, &[]).await.page();
    Tokens::of(poll(&app, &codes).await);
}

#[tokio::test]
async fn concurrent_redemptions_of_a_device_code_yield_one_grant() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let codes = start(&app, READ).await;
    let_in(&tenant, &codes).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (app, code) = (app.clone(), codes.text("device_code").to_owned());
        racing.spawn(async move { app.ask(&[("grant_type", URN), ("device_code", &code)], &[]).await });
    }
    let answers = racing.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        answer.grant_refused("AADSTS54005");
    }
}

#[tokio::test]
async fn a_password_change_revokes_device_grants() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let (used, approved, kept) =
        (start(&app, READ).await, start(&app, READ).await, start(&tenant.kiosk(), READ).await);
    for codes in [&used, &approved, &kept] {
        let_in(&tenant, codes).await;
    }
    let falls = Tokens::of(poll(&app, &used).await);
    let stays = Tokens::of(poll(&tenant.kiosk(), &kept).await);
    let line = &tenant.journal("token.issued").await[0]["data"]["refresh_token"];
    assert_eq!((&line["password_based"], &line["client_class"]), (&json!(true), &json!("public")));
    assert!(line["session"].is_string(), "{line}");
    let change =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    app.try_refresh(falls.refresh(), &[]).await.grant_refused("AADSTS50173");
    poll(&app, &approved).await.grant_refused("AADSTS50173");
    tenant.kiosk().refresh(stays.refresh()).await;
}

/// Over https all pages set `Secure` cookies; the browser of these tests checks each.
#[tokio::test]
async fn pages_over_https_set_secure_cookies() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    browser.host = Some(OTHER_ORIGIN.trim_start_matches("https://").to_owned());
    let paths = ["/common/oauth2/deviceauth".to_owned()].into_iter().chain(
        ["passwordreset", "changepassword", "security-info"].map(|path| format!("/{}/{path}", tenant.id())),
    );
    for path in paths {
        browser.cookies.clear();
        browser.open(&path).await.page();
        let set = browser.set_cookies.last().expect("a cookie").clone();
        assert!(set.starts_with("esctx=") && set.contains("; Secure; SameSite=Lax"), "{set}");
    }
    let codes = start(&tenant.desktop(), READ).await;
    browser.cookies.clear();
    let page = enter(&mut browser, codes.text("user_code")).await;
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert!(browser.set_cookies.iter().all(|set| set.contains("; Secure; ")), "{:?}", browser.set_cookies);
    assert!(browser.cookies.contains_key("ESTSAUTH"));
}

#[tokio::test]
async fn the_database_does_not_hold_the_code_that_a_person_types() {
    let tenant = Tenant::new().await;
    let codes = start(&tenant.desktop(), READ).await;
    let select = sql!("SELECT * FROM device_codes WHERE tenant = $1", tenant.id());
    let rows = tenant.installation.store.rows(select).await.expect("rows");
    assert_eq!(rows.len(), 1);
    for column in ["id", "user_code_hash", "client_id", "asked", "decision"] {
        let kept = rows[0].text(column).expect("a text");
        assert!(!kept.contains(codes.text("user_code")), "{column}: {kept}");
    }
}

/// RFC 8628, section 5.1: guessing of user codes is limited, per address.
#[tokio::test]
async fn user_code_guesses_have_a_limit() {
    let tenant = Tenant::new().await;
    let codes = start(&tenant.desktop(), READ).await;
    let mut browser = tenant.browser();
    browser.address = Some("198.51.100.9".to_owned());
    for _ in 0..100 {
        enter(&mut browser, "AAAAAAAAA").await.says(200, "AADSTS70018");
    }
    let page = enter(&mut browser, codes.text("user_code")).await;
    page.says(429, "AADSTS90055");
    assert_eq!(page.answer.header("retry-after"), "1");
    let mut elsewhere = tenant.browser();
    elsewhere.address = Some("198.51.100.10".to_owned());
    question(&mut elsewhere, &codes, &tenant.upn("owner")).await;
}
