//! Passkey sign-in: its effect, what it outlives, and rejected responses.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::installation::OTHER_ORIGIN;
use crate::passkey_device::{Device, Saying, passkey_page, register_device, security_info, sign_in};
use crate::tenant::{PASSWORD, Tenant};
use crate::tokens::Tokens;

const NOT_ACCEPTED: &str = "AADSTS130005";
const NOT_FOUND: &str = "AADSTS130004";

/// Returns Graph tokens of the owner, signed in by passkey.
async fn tokens_by_passkey(device: &mut Device, tenant: &Tenant, upn: &str) -> Tokens {
    let app = tenant.admin_tool().v1();
    let url = app.authorize_url("https://graph.microsoft.com", &[]);
    app.redeem(&sign_in(device, &mut tenant.browser(), &url, upn).await.code()).await
}

#[tokio::test]
async fn a_passkey_signs_in_its_user_with_or_without_a_name() {
    let tenant = Tenant::new().await;
    let (app, owner) = (tenant.admin_tool().v1(), tenant.upn("owner"));
    let mut device = register_device(&tenant, "owner").await;
    for typed in [owner.as_str(), "", &owner.to_uppercase()] {
        let claims = tokens_by_passkey(&mut device, &tenant, typed).await.claims();
        assert_eq!((&claims["oid"], &claims["amr"]), (&json!(tenant.id_of(1)), &json!(["fido", "mfa"])));
    }
    let line = tenant.journal("sign_in.succeeded").await.pop().expect("a line");
    assert_eq!(line["data"]["amr"], json!(["fido", "mfa"]));
    let lines = tenant.journal("passkey.registered").await;
    assert_eq!((lines.len(), &lines[0]["data"]["name"]), (1, &json!("A key")));
    assert_eq!(lines[0]["subject"], format!("user:{}", tenant.id_of(1)));
    // Password sign-in still works.
    let url = app.authorize_url("https://graph.microsoft.com", &[]);
    let tokens = app.redeem(&tenant.browser().go_through(&url, &owner, PASSWORD).await.code()).await;
    assert_eq!(tokens.claims()["amr"], json!(["pwd"]));
    // The page lists the credential ids of a named user only.
    let mut browser = tenant.browser();
    for (upn, known) in [(owner.as_str(), 1), (&tenant.upn("colleague"), 0), ("unknown@nowhere.example", 0)] {
        let page = passkey_page(&mut browser, &url, upn).await;
        let options: Value = serde_json::from_str(page.field("options")).expect("JSON");
        assert_eq!(options["allowCredentials"].as_array().expect("a list").len(), known, "{upn}");
    }
}

#[tokio::test]
async fn a_sign_in_by_passkey_outlives_the_password() {
    // The event, and whether the cookie and the public refresh token of a session without password
    // survive it.
    let rows = [
        ("password_expiry", "", true, true),
        ("password_change", "", true, true),
        ("sspr", "", true, true),
        ("admin_reset", "azure_portal", true, true),
        ("admin_reset", "entra_admin_center", true, false),
        ("admin_reset", "m365_admin_center", true, false),
        ("revoke_sessions", "user", false, false),
        ("revoke_sessions", "admin", false, false),
    ];
    for (kind, how, cookie_lives, token_lives) in rows {
        let tenant = Tenant::new().await;
        let (app, owner) = (tenant.admin_tool(), tenant.upn("owner"));
        let mut device = register_device(&tenant, "owner").await;
        let url = app.authorize_url("User.Read offline_access", &[]);
        let silently = app.authorize_url("User.Read offline_access", &[("prompt", "none")]);
        let (mut by_key, mut by_password) = (tenant.browser(), tenant.browser());
        let key_tokens = app.redeem(&sign_in(&mut device, &mut by_key, &url, "").await.code()).await;
        let code = by_password.go_through(&url, &owner, PASSWORD).await.code();
        let password_tokens = app.redeem(&code).await;
        let mut event = json!({"type": kind, "user": owner});
        match kind {
            "admin_reset" => event["channel"] = json!(how),
            "revoke_sessions" => event["by"] = json!(how),
            _ => {}
        }
        if matches!(kind, "password_change" | "sspr" | "admin_reset") {
            event["new_password"] = json!("Other-Horse-2");
        }
        tenant.happens(event).await;
        let response = by_key.open(&silently).await.app();
        assert_eq!(response.contains_key("code"), cookie_lives, "{kind} {how}: {response:?}");
        let answer = app.try_refresh(key_tokens.refresh(), &[]).await;
        if token_lives {
            assert_eq!(answer.status, 200, "{kind} {how}: {answer:?}");
        } else {
            answer.grant_refused("AADSTS50173");
        }
        // A password-based session, for comparison.
        let response = by_password.open(&silently).await.app();
        assert_eq!(response.contains_key("code"), kind == "password_expiry", "{kind} {how}: {response:?}");
        let answer = app.try_refresh(password_tokens.refresh(), &[]).await;
        assert_eq!(answer.status == 200, kind == "password_expiry", "{kind} {how}: {answer:?}");
        // The passkey still works, regardless of the password.
        tokens_by_passkey(&mut device, &tenant, "").await;
    }
}

#[tokio::test]
async fn a_passkey_satisfies_mfa_but_registering_one_requires_it() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let mut device = register_device(&tenant, "owner").await;
    tenant.happens_to("owner", "require_mfa").await;
    tokens_by_passkey(&mut device, &tenant, &owner).await;
    // The password alone does not allow registering a passkey.
    let mut browser = tenant.browser();
    let path = format!("/{}/security-info", tenant.id());
    let page = browser.open(&path).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    assert_eq!(page.heading, "Enter the code");
    // Nor with a form from before MFA was required.
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    let page = security_info(&tenant, &mut browser, "owner").await;
    tenant.happens_to("owner", "require_mfa").await;
    let credential = Device::new(&tenant).make(&page, |_| ());
    let page = browser.submit(&page, &[("credential", &credential)]).await.page();
    assert_eq!(page.heading, "Enter the code");
    assert!(tenant.journal("passkey.registered").await.is_empty());
}

type Lie = (&'static str, fn(&mut Saying), &'static str);

#[tokio::test]
async fn any_invalid_part_of_an_assertion_is_an_error() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut device = register_device(&tenant, "owner").await;
    let url = app.authorize_url("User.Read", &[]);
    let lies: [Lie; 13] = [
        (
            "origin",
            |s| s.client_data["origin"] = json!("https://evil.example"),
            "the origin https://evil.example",
        ),
        ("port", |s| s.client_data["origin"] = json!("http://127.0.0.1:1"), "the origin http://127.0.0.1:1"),
        ("name", |s| s.rp_id = "evil.example".into(), "another host name"),
        ("challenge", |s| s.client_data["challenge"] = json!("AAAA"), "the challenge does not match"),
        ("kind", |s| s.client_data["type"] = json!("webauthn.create"), "the wrong type"),
        ("frame", |s| s.client_data["crossOrigin"] = json!(true), "another site"),
        ("no user presence", |s| s.flags = 0x04, "not verified"),
        ("no user verification", |s| s.flags = 0x01, "not verified"),
        ("signature", |s| s.spoil_signature = true, "signature"),
        ("counter", |s| s.uses = 0, "counter"),
        ("handle", |s| s.user = Some("AAAA".into()), "another user"),
        ("no handle", |s| s.user = None, "no user handle"),
        ("no JSON", |s| s.client_data = json!("text"), "malformed"),
    ];
    device.uses = 10;
    tokens_by_passkey(&mut device, &tenant, "").await;
    for (what, lie, says) in lies {
        let mut browser = tenant.browser();
        let page = passkey_page(&mut browser, &url, "").await;
        let credential = device.sign(&page, lie);
        let page = browser.submit(&page, &[("credential", &credential)]).await.page();
        page.says(200, NOT_ACCEPTED);
        assert_eq!(page.heading, "Sign in", "{what}");
        let line = tenant.journal("sign_in.refused").await.pop().expect("a line");
        assert_eq!(line["data"]["code"], NOT_ACCEPTED, "{what}");
        let description = line["data"]["description"].as_str().expect("a text");
        assert!(description.contains(says), "{what}: {description}");
        assert!(!browser.cookies.contains_key("ESTSAUTH"), "{what}");
    }
    // Malformed responses.
    let mut browser = tenant.browser();
    for text in ["", "{", "[]", "{\"id\":1}", &format!("{{\"id\":\"{}\"}}", "x".repeat(40_000))] {
        let page = passkey_page(&mut browser, &url, "").await;
        browser.submit(&page, &[("credential", text)]).await.page().says(200, NOT_ACCEPTED);
    }
    let signed = tenant.journal("sign_in.succeeded").await.len();
    assert_eq!(signed, 2, "registering and the first sign-in");
}

#[tokio::test]
async fn a_passkey_is_bound_to_its_user() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let url = app.authorize_url("User.Read", &[]);
    let mut device = register_device(&tenant, "owner").await;
    let mut browser = tenant.browser();
    let page = passkey_page(&mut browser, &url, &tenant.upn("colleague")).await;
    let credential = device.sign(&page, |_| ());
    browser.submit(&page, &[("credential", &credential)]).await.page().says(200, NOT_ACCEPTED);
    // An unregistered passkey, and one of another tenant.
    let other = Tenant::new().await;
    let mut elsewhere = register_device(&other, "owner").await;
    for stranger in [&mut Device::new(&tenant), &mut elsewhere] {
        let page = passkey_page(&mut browser, &url, "").await;
        let credential = stranger.sign(&page, |_| ());
        browser.submit(&page, &[("credential", &credential)]).await.page().says(200, NOT_FOUND);
    }
    // The owner's passkey, while the account is disabled.
    tenant.happens_to("owner", "disable_user").await;
    sign_in(&mut device, &mut browser, &url, "").await.page().says(200, "AADSTS50057");
    tenant.happens_to("owner", "enable_user").await;
    sign_in(&mut device, &mut browser, &url, "").await.code();
    tenant.happens_to("owner", "delete_user").await;
    sign_in(&mut device, &mut tenant.browser(), &url, "").await.page().says(200, "AADSTS50034");
}

#[tokio::test]
async fn a_challenge_is_bound_to_use_browser_and_time() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let url = app.authorize_url("User.Read", &[]);
    // Without a signature counter, only the challenge distinguishes uses.
    let mut device = register_device(&tenant, "owner").await;
    let mut browser = tenant.browser();
    let page = passkey_page(&mut browser, &url, "").await;
    let credential = device.sign(&page, |saying| saying.uses = 0);
    browser.submit(&page, &[("credential", &credential)]).await.code();
    let again = browser.submit(&page, &[("credential", &credential)]).await.page();
    again.says(200, NOT_ACCEPTED);
    assert!(again.answer.text.contains("used before"), "{again:?}");
    // The form does not belong to another browser.
    let page = passkey_page(&mut browser, &app.authorize_url("User.Read", &[("prompt", "login")]), "").await;
    let credential = device.sign(&page, |saying| saying.uses = 0);
    let mut thief = tenant.browser();
    thief.submit(&page, &[("credential", &credential)]).await.page().says(400, "AADSTS165000");
    tenant.advance(Span::from_minutes(5)).await;
    let late = browser.submit(&page, &[("credential", &credential)]).await.page();
    assert!(late.answer.text.contains("expired"), "{late:?}");
    let page = passkey_page(&mut browser, &app.authorize_url("User.Read", &[("prompt", "login")]), "").await;
    tenant.advance(Span::from_seconds(299)).await;
    let credential = device.sign(&page, |saying| saying.uses = 0);
    browser.submit(&page, &[("credential", &credential)]).await.code();
    // A user can return to the password page.
    let mut browser = tenant.browser();
    let page = passkey_page(&mut browser, &url, "").await;
    let page = browser.submit(&page, &[("cancel", "1")]).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
}

#[tokio::test]
async fn a_passkey_is_bound_to_its_host_name() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut device = register_device(&tenant, "owner").await;
    let mut browser = tenant.browser();
    browser.host = Some(OTHER_ORIGIN.trim_start_matches("https://").to_owned());
    let page = passkey_page(&mut browser, &app.authorize_url("User.Read", &[]), &tenant.upn("owner")).await;
    let options: Value = serde_json::from_str(page.field("options")).expect("JSON");
    assert_eq!(
        (&options["rpId"], &options["allowCredentials"]),
        (&json!("login.outlive.example"), &json!([]))
    );
    let credential = device.sign(&page, |saying| saying.client_data["origin"] = json!(OTHER_ORIGIN));
    let page = browser.submit(&page, &[("credential", &credential)]).await.page();
    page.says(200, NOT_ACCEPTED);
    assert!(page.answer.text.contains("another host name"), "{page:?}");
}

#[tokio::test]
async fn any_invalid_part_of_an_attestation_is_an_error() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    let lies: [Lie; 8] = [
        (
            "origin",
            |s| s.client_data["origin"] = json!("https://evil.example"),
            "the origin https://evil.example",
        ),
        ("name", |s| s.rp_id = "evil.example".into(), "another host name"),
        ("challenge", |s| s.client_data["challenge"] = json!("AAAA"), "the challenge does not match"),
        ("kind", |s| s.client_data["type"] = json!("webauthn.get"), "the wrong type"),
        ("frame", |s| s.client_data["topOrigin"] = json!("https://evil.example"), "another site"),
        ("no user verification", |s| s.flags = 0x41, "not verified"),
        ("no key", |s| s.flags = 0x05, "malformed"),
        ("another id", |s| s.id = "AAAA".into(), "credential id"),
    ];
    for (what, lie, says) in lies {
        let page = security_info(&tenant, &mut browser, "owner").await;
        let credential = Device::new(&tenant).make(&page, lie);
        let page = browser.submit(&page, &[("credential", &credential)]).await.page();
        page.says(200, NOT_ACCEPTED);
        assert!(page.answer.text.contains("You have no passkey"), "{what}: {page:?}");
        let line = tenant.journal("passkey.refused").await.pop().expect("a line");
        let description = line["data"]["description"].as_str().expect("a text");
        assert!(description.contains(says), "{what}: {description}");
    }
    for text in ["", "{}", "\u{0}", &format!("{{\"id\":\"{}\"}}", "x".repeat(40_000))] {
        let page = security_info(&tenant, &mut browser, "owner").await;
        browser.submit(&page, &[("credential", text)]).await.page().says(200, NOT_ACCEPTED);
    }
    // The same credential twice, for the same user or another.
    let page = security_info(&tenant, &mut browser, "owner").await;
    let mut device = Device::new(&tenant);
    let credential = device.make(&page, |_| ());
    browser.submit(&page, &[("credential", &credential)]).await.page();
    browser.submit(&page, &[("credential", &credential)]).await.page().says(200, NOT_ACCEPTED);
    let mut other = tenant.browser();
    let page = security_info(&tenant, &mut other, "colleague").await;
    let credential = device.make(&page, |_| ());
    other.submit(&page, &[("credential", &credential)]).await.page().says(200, NOT_ACCEPTED);
    assert_eq!(tenant.journal("passkey.registered").await.len(), 1);
}

#[tokio::test]
async fn removed_passkeys_do_not_work_and_only_owners_remove_them() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let url = app.authorize_url("User.Read", &[]);
    let mut device = register_device(&tenant, "owner").await;
    let mut colleague = tenant.browser();
    let page = security_info(&tenant, &mut colleague, "colleague").await;
    colleague.submit(&page, &[("remove", &device.id)]).await.page().says(200, NOT_FOUND);
    // A sign-in form can neither register nor remove a passkey.
    let mut stranger = tenant.browser();
    let page = passkey_page(&mut stranger, &url, &tenant.upn("owner")).await;
    let action = format!("/{}/security-info", tenant.id());
    stranger.post(&action, &page.fields).await.page().says(400, "AADSTS165000");
    sign_in(&mut device, &mut tenant.browser(), &url, "").await.code();
    let mut owner = tenant.browser();
    let page = security_info(&tenant, &mut owner, "owner").await;
    let page = owner.submit(&page, &[("remove", &device.id)]).await.page();
    assert!(page.answer.text.contains("You have no passkey"), "{page:?}");
    assert_eq!(tenant.journal("passkey.removed").await.len(), 1);
    sign_in(&mut device, &mut tenant.browser(), &url, "").await.page().says(200, NOT_FOUND);
}

#[tokio::test]
async fn graph_lists_and_deletes_passkeys_with_permission() {
    let scope = "UserAuthenticationMethod.ReadWrite.All";
    let tenant = Tenant::with(|spec| {
        let required = &mut spec["applications"][6]["required"][0]["scopes"];
        required.as_array_mut().expect("a list").push(json!(scope));
    })
    .await;
    let (app, mut device) = (tenant.admin_tool(), register_device(&tenant, "owner").await);
    let path = format!("/users/{}/authentication/fido2Methods", tenant.id_of(1));
    let one = format!("{path}/{}", device.id);
    let colleague = app.sign_in(&tenant, "colleague", scope).await;
    let unpermitted = tenant.desktop().sign_in(&tenant, "admin", "User.Read").await;
    for token in [colleague.access(), unpermitted.access()] {
        for (method, path) in [(Method::GET, &path), (Method::GET, &one), (Method::DELETE, &one)] {
            let answer = call(&tenant, token, method, path, Value::Null).await;
            denied(&answer, 403, "Authorization_RequestDenied");
        }
    }
    let admin = app.sign_in(&tenant, "admin", scope).await;
    let listed = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await.json();
    let method = &listed["value"][0];
    assert_eq!((&method["id"], &method["displayName"]), (&json!(device.id), &json!("A key")), "{listed}");
    let shown = call(&tenant, admin.access(), Method::GET, &one, Value::Null).await.json();
    assert_eq!(shown["id"], json!(device.id), "{shown}");
    let elsewhere = one.replace(&tenant.id_of(1), &tenant.id_of(2));
    for (method, path) in [(Method::GET, &elsewhere), (Method::DELETE, &elsewhere)] {
        let answer = call(&tenant, admin.access(), method, path, Value::Null).await;
        denied(&answer, 404, "Request_ResourceNotFound");
    }
    for status in [204, 404] {
        let answer = call(&tenant, admin.access(), Method::DELETE, &one, Value::Null).await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    assert_eq!(tenant.journal("passkey.removed").await[0]["data"]["by"], json!(tenant.id_of(3)));
    let url = app.authorize_url("User.Read", &[]);
    sign_in(&mut device, &mut tenant.browser(), &url, "").await.page().says(200, NOT_FOUND);
}
