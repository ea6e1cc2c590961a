//! Browser sessions: whom a cookie signs in, what a client may ask about it, and how it ends.

use outlive_clock::Span;
use serde_json::json;

use crate::installation::OTHER_ORIGIN;
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};

#[tokio::test]
async fn who_is_signed_in_is_not_asked_again() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    tenant.connector().code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let other = tenant.admin_tool();
    let code = browser.open(&other.authorize_url("User.Read", &[("prompt", "none")])).await.code();
    assert_eq!(other.redeem(&code).await.claims()["oid"], tenant.id_of(1));
    assert_eq!(tenant.journal("sign_in.succeeded").await.len(), 1);
}

#[tokio::test]
async fn by_https_the_session_is_known_in_frames_of_other_sites_too() {
    let tenant = Tenant::new().await;
    for (host, sites) in [(None, "; SameSite=Lax"), (Some(OTHER_ORIGIN), "; Secure; SameSite=None")] {
        let mut browser = tenant.browser();
        browser.host = host.map(|origin| origin.trim_start_matches("https://").to_owned());
        tenant.connector().code_in(&mut browser, &tenant.upn("owner"), READ).await;
        let session: Vec<_> = browser.set_cookies.iter().filter(|set| set.starts_with("ESTSAUTH")).collect();
        assert_eq!(session.len(), 2, "{session:?}");
        assert!(session.iter().all(|set| set.contains(sites)), "{session:?}");
        // What guards the forms stays with them.
        let others = browser.set_cookies.iter().filter(|set| !set.starts_with("ESTSAUTH"));
        assert!(others.clone().count() > 0 && others.clone().all(|set| set.contains("; SameSite=Lax")));
    }
}

#[tokio::test]
async fn a_client_that_wants_no_page_is_told_what_it_would_take() {
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
async fn libraries_have_prompts_of_their_own_for_nothing_and_for_as_needed() {
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
async fn a_client_may_want_the_password_again_and_another_account() {
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
            arrival = browser.consent(&page).await;
        }
        assert_eq!(app.redeem(&arrival.code()).await.claims()["oid"], tenant.id_of(2));
        // From now on both are signed in, though no time has passed.
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
async fn every_sign_in_of_a_browser_counts_whether_it_is_to_stay_or_not() {
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
async fn a_session_lives_a_day_unused_and_ninety_if_it_is_to_stay() {
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
async fn signing_out_ends_this_browsers_session_and_no_token() {
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
async fn after_signing_out_a_browser_is_sent_only_where_an_application_is() {
    let tenant = Tenant::new().await;
    let logout =
        |uri: &str| format!("/{}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={uri}", tenant.id());
    let mut browser = tenant.browser();
    let sent = browser.open(&logout("https://hub.example/redirect")).await.app();
    assert_eq!(sent["state"], "s");
    // Registered as http://localhost/tool: of a loopback address the port does not count, and everything else does.
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
async fn a_session_in_one_tenant_is_none_in_another_and_does_not_end_it() {
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
async fn answers_travel_as_the_client_wants_them() {
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
async fn aliases_find_the_tenant_by_its_application() {
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
