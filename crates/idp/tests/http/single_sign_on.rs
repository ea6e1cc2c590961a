//! Browser sessions: single sign-on, prompts, and sign-out.

use outlive_clock::Span;
use serde_json::json;

use crate::installation::OTHER_ORIGIN;
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};

#[tokio::test]
async fn single_sign_on_needs_no_prompt() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    tenant.connector().code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let other = tenant.admin_tool();
    let code = browser.open(&other.authorize_url("User.Read", &[("prompt", "none")])).await.code();
    assert_eq!(other.redeem(&code).await.claims()["oid"], tenant.id_of(1));
    assert_eq!(tenant.journal("sign_in.succeeded").await.len(), 1);
}

#[tokio::test]
async fn over_https_sessions_work_in_cross_site_frames() {
    let tenant = Tenant::new().await;
    for (host, sites) in [(None, "; SameSite=Lax"), (Some(OTHER_ORIGIN), "; Secure; SameSite=None")] {
        let mut browser = tenant.browser();
        browser.host = host.map(|origin| origin.trim_start_matches("https://").to_owned());
        tenant.connector().code_in(&mut browser, &tenant.upn("owner"), READ).await;
        let session: Vec<_> = browser.set_cookies.iter().filter(|set| set.starts_with("ESTSAUTH")).collect();
        assert_eq!(session.len(), 2, "{session:?}");
        assert!(session.iter().all(|set| set.contains(sites)), "{session:?}");
        // The cookie that protects forms is not sent.
        let others = browser.set_cookies.iter().filter(|set| !set.starts_with("ESTSAUTH"));
        assert!(others.clone().count() > 0 && others.clone().all(|set| set.contains("; SameSite=Lax")));
    }
}

#[tokio::test]
async fn prompt_none_reports_the_needed_interaction() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.connector(), tenant.browser());
    let silently = app.authorize_url(READ, &[("prompt", "none")]);
    let sent = browser.open(&silently).await.refused("login_required", "AADSTS50058");
    assert_eq!(sent["state"], "a state");
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    browser.open(&silently).await.refused("consent_required", "AADSTS65001");
    tenant.happens_to("owner", "disable_user").await;
    browser.open(&silently).await.refused("interaction_required", "AADSTS50057");
    tenant.happens_to("owner", "enable_user").await;
    tenant.happens_to("owner", "delete_user").await;
    browser.open(&silently).await.refused("interaction_required", "AADSTS500341");
}

#[tokio::test]
async fn prompt_values_of_client_libraries_are_accepted_too() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    for (app, scope) in [(app.clone(), READ), (app.v1(), ORDERS)] {
        let mut browser = tenant.browser();
        let asking = |prompt: &str| app.authorize_url(scope, &[("prompt", prompt)]);
        tenant.browser().open(&asking("attempt_none")).await.refused("login_required", "AADSTS50058");
        let page = tenant.browser().open(&asking("refresh_session")).await.page();
        assert_eq!(page.heading, "Sign in");
        browser.go_through(&asking("refresh_session"), &tenant.upn("owner"), PASSWORD).await.code();
        for prompt in ["attempt_none", "refresh_session"] {
            browser.open(&asking(prompt)).await.code();
        }
    }
}

#[tokio::test]
async fn prompts_can_force_sign_in_and_account_selection() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    for prompt in ["login", "select_account"] {
        let mut browser = tenant.browser();
        app.code_in(&mut browser, &tenant.upn("owner"), READ).await;
        let mut page = browser.open(&app.authorize_url(READ, &[("prompt", prompt)])).await.page();
        if prompt == "select_account" {
            page = browser.submit(&page, &[("account", "other")]).await.page();
        }
        let mut arrival = browser.sign_in(&page, &tenant.upn("colleague"), PASSWORD).await;
        if let crate::browser::Arrival::Page(page) = arrival {
            arrival = browser.accept_permissions(&page).await;
        }
        assert_eq!(app.redeem(&arrival.code()).await.claims()["oid"], tenant.id_of(2));
        // Both accounts are signed in now, at the same instant.
        for (role, n) in [("colleague", 2), ("owner", 1)] {
            let hint = [("prompt", "none"), ("login_hint", &*tenant.upn(role))];
            let code = browser.open(&app.authorize_url(READ, &hint)).await.code();
            assert_eq!(app.redeem(&code).await.claims()["oid"], tenant.id_of(n));
        }
    }
    let odd = app.authorize_url(READ, &[("prompt", "dance")]);
    tenant.browser().open(&odd).await.refused("invalid_request", "AADSTS90023");
}

#[tokio::test]
async fn every_sign_in_replaces_the_session_of_either_kind() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let url = app.authorize_url("User.Read", &[("prompt", "login")]);
    let mut browser = tenant.browser();
    for (role, id, stay) in [("owner", 1, "1"), ("colleague", 2, ""), ("admin", 3, "1"), ("owner", 1, "")] {
        let page = browser.open(&url).await.page();
        let upn = tenant.upn(role);
        let mut filled = vec![("loginfmt", &*upn), ("passwd", PASSWORD)];
        filled.extend((!stay.is_empty()).then_some(("kmsi", stay)));
        browser.submit(&page, &filled).await.code();
        let hinted = app.authorize_url("User.Read", &[("login_hint", &upn)]);
        let code = browser.open(&hinted).await.code();
        assert_eq!(app.redeem(&code).await.claims()["oid"], tenant.id_of(id));
    }
}

#[tokio::test]
async fn sessions_expire_after_one_day_or_ninety_days_without_use() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let silently = app.authorize_url("User.Read", &[("prompt", "none")]);
    for (stay, life) in [(None, Span::from_hours(24)), (Some(("kmsi", "1")), Span::from_days(90))] {
        let mut browser = tenant.browser();
        let page = browser.open(&app.authorize_url("User.Read", &[])).await.page();
        let upn = tenant.upn("owner");
        let mut filled = vec![("loginfmt", &*upn), ("passwd", PASSWORD)];
        filled.extend(stay);
        browser.submit(&page, &filled).await.code();
        for _ in 0..3 {
            tenant.advance(life - Span::from_micros(1)).await;
            browser.open(&silently).await.code();
        }
        tenant.advance(life).await;
        browser.open(&silently).await.refused("login_required", "AADSTS50058");
    }
}

#[tokio::test]
async fn sign_out_ends_the_session_but_revokes_no_tokens() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let (mut here, mut there) = (tenant.browser(), tenant.browser());
    let code = app.code_in(&mut here, &tenant.upn("owner"), READ).await;
    let tokens = app.redeem(&code).await;
    app.code_in(&mut there, &tenant.upn("owner"), READ).await;
    let silently = app.authorize_url(READ, &[("prompt", "none")]);

    let page = here.open(&format!("/{}/oauth2/v2.0/logout", tenant.id())).await.page();
    assert_eq!(page.heading, "You are signed out");
    here.open(&silently).await.refused("login_required", "AADSTS50058");
    there.open(&silently).await.code();
    app.refresh(tokens.refresh()).await;
    assert_eq!(tenant.journal("sign_out").await.len(), 1);
    tenant.happens_to("owner", "sign_out").await;
    there.open(&silently).await.refused("login_required", "AADSTS50058");
}

#[tokio::test]
async fn post_logout_redirects_need_a_registered_uri() {
    let tenant = Tenant::new().await;
    let logout =
        |uri: &str| format!("/{}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={uri}", tenant.id());
    let mut browser = tenant.browser();
    let sent = browser.open(&logout("https://hub.example/redirect")).await.app();
    assert_eq!(sent["state"], "s");
    // Registered as http://localhost/tool: only the port of a loopback address is ignored.
    assert_eq!(browser.open(&logout("http://localhost:53123/tool")).await.app()["state"], "s");
    for elsewhere in [
        "http://localhost:53123/other",
        "http://127.0.0.1:53123/tool",
        "http://localhost.evil.example/tool",
        "https://evil.example/",
        "https://hub.example/redirect/../x",
        "//evil.example",
        "javascript:alert(1)",
    ] {
        browser.open(&logout(elsewhere)).await.page();
    }
}

#[tokio::test]
async fn sessions_of_tenants_are_independent() {
    let (here, there) = (Tenant::new().await, Tenant::new().await);
    let mut browser = here.browser();
    let (this, that) = (here.admin_tool(), there.admin_tool());
    this.code_in(&mut browser, &here.upn("owner"), "User.Read").await;
    that.code_in(&mut browser, &there.upn("owner"), "User.Read").await;
    for (app, id) in [(this, here.id()), (that, there.id())] {
        let code = browser.open(&app.authorize_url("User.Read", &[("prompt", "none")])).await.code();
        assert_eq!(app.redeem(&code).await.claims()["tid"], id);
    }
}

#[tokio::test]
async fn response_modes() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    app.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
    let code = browser.open(&app.authorize_url("User.Read", &[("response_mode", "fragment")])).await.code();
    app.redeem(&code).await;
    let page = browser.open(&app.authorize_url("User.Read", &[("response_mode", "form_post")])).await.page();
    assert_eq!(page.action, app.redirect_uri);
    assert_eq!(page.field("state"), "a state");
    app.redeem(page.field("code")).await;
    let odd = app.authorize_url("User.Read", &[("response_mode", "pigeon")]);
    browser.open(&odd).await.refused("invalid_request", "AADSTS70007");
}

#[tokio::test]
async fn aliases_resolve_by_the_application() {
    let tenant = Tenant::new().await;
    for segment in ["common", "organizations", &tenant.domain, &tenant.domain.to_uppercase()] {
        let app = crate::client::App { segment: segment.to_owned(), ..tenant.connector() };
        let tokens = app.sign_in(&tenant, "owner", READ).await;
        assert_eq!(tokens.claims()["tid"], tenant.id(), "{segment}");
        app.refresh(tokens.refresh()).await;
    }
    let personal = crate::client::App { segment: "consumers".to_owned(), ..tenant.connector() };
    tenant.browser().open(&personal.authorize_url(READ, &[])).await.page().says(400, "AADSTS50059");
}

#[tokio::test]
async fn the_cookie_rows_of_the_table_hold() {
    let rows = [
        ("password_expiry", json!({}), true, ""),
        ("password_change", json!({"new_password": "Other-Horse-2"}), false, "AADSTS50133"),
        ("sspr", json!({"new_password": "Other-Horse-2"}), false, "AADSTS50133"),
        (
            "admin_reset",
            json!({"new_password": "Other-Horse-2", "channel": "azure_portal"}),
            false,
            "AADSTS50133",
        ),
        (
            "admin_reset",
            json!({"new_password": "Other-Horse-2", "channel": "entra_admin_center"}),
            false,
            "AADSTS50133",
        ),
        (
            "admin_reset",
            json!({"new_password": "Other-Horse-2", "channel": "m365_admin_center"}),
            false,
            "AADSTS50133",
        ),
        ("revoke_sessions", json!({"by": "user"}), false, "AADSTS50133"),
        ("revoke_sessions", json!({"by": "admin"}), false, "AADSTS50133"),
        ("sign_out", json!({}), false, "AADSTS50058"),
    ];
    for edition in ["2021", "2025-11"] {
        for (kind, mut event, alive, code) in rows.clone() {
            let tenant = Tenant::of_edition(edition).await;
            let app = tenant.admin_tool();
            let mut browser = tenant.browser();
            app.code_in(&mut browser, &tenant.upn("owner"), "User.Read").await;
            event["type"] = json!(kind);
            event["user"] = json!(tenant.upn("owner"));
            tenant.happens(event).await;
            let arrival = browser.open(&app.authorize_url("User.Read", &[("prompt", "none")])).await;
            if alive {
                arrival.code();
            } else {
                let error = if code == "AADSTS50058" { "login_required" } else { "interaction_required" };
                arrival.refused(error, code);
                let page = browser.open(&app.authorize_url("User.Read", &[])).await.page();
                assert_eq!(page.heading, "Sign in", "{kind}");
            }
        }
    }
}
