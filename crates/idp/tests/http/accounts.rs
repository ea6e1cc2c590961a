//! Several accounts in one browser: prompts, selection, and the hints of a client.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::browser::{Arrival, Browser, Page};
use crate::client::App;
use crate::installation::Installation;
use crate::tenant::{PASSWORD, Tenant};

const ME: &str = "User.Read";

/// Signs another account in to a browser.
async fn add(browser: &mut Browser, tenant: &Tenant, role: &str) {
    let app = tenant.admin_tool();
    let page = browser.open(&app.authorize_url(ME, &[("prompt", "login")])).await.page();
    browser.sign_in(&page, &tenant.upn(role), PASSWORD).await.code();
}

async fn oid(app: &App, arrival: Arrival) -> String {
    let claims = app.redeem(&arrival.code()).await.claims();
    claims["oid"].as_str().expect("an id").to_owned()
}

/// Returns value and text of the page's buttons.
fn buttons(page: &Page) -> Vec<(String, String)> {
    let html = scraper::Html::parse_document(&page.answer.text);
    let selector = scraper::Selector::parse("button[name=account]").expect("a selector");
    let button = |button: scraper::ElementRef<'_>| {
        (button.attr("value").unwrap_or_default().to_owned(), button.text().collect::<String>())
    };
    html.select(&selector).map(button).collect()
}

/// Returns the value of an account's button.
fn of(page: &Page, upn: &str) -> String {
    let found = buttons(page).into_iter().find(|(_, text)| text.contains(upn));
    found.unwrap_or_else(|| panic!("no {upn} in {page:?}")).0
}

#[tokio::test]
async fn several_accounts_show_the_picker() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    for role in ["owner", "colleague", "admin"] {
        add(&mut browser, &tenant, role).await;
    }
    let page = browser.open(&app.authorize_url(ME, &[])).await.page();
    assert_eq!(page.heading, "Pick an account");
    let shown = buttons(&page);
    assert_eq!(shown.len(), 4, "{shown:?}");
    assert!(shown[0].1.contains(&tenant.upn("admin")), "the last to sign in is the first: {shown:?}");
    assert_eq!(shown[3].0, "other");
    // The first button is used.
    let first = browser.submit(&page, &[]).await;
    assert_eq!(oid(&app, first).await, tenant.id_of(3));
    for (role, n) in [("owner", 1), ("colleague", 2)] {
        let picked = of(&page, &tenant.upn(role));
        let arrival = browser.submit(&page, &[("account", &picked)]).await;
        assert_eq!(oid(&app, arrival).await, tenant.id_of(n));
    }
    assert_eq!(tenant.journal("sign_in.succeeded").await.len(), 3, "no password was needed");
}

#[tokio::test]
async fn a_single_account_shows_the_picker_only_on_request() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    let url = app.authorize_url(ME, &[("prompt", "select_account")]);
    assert_eq!(browser.open(&url).await.page().heading, "Sign in", "there is nothing to select from");
    add(&mut browser, &tenant, "owner").await;
    let silent = browser.open(&app.authorize_url(ME, &[])).await;
    assert_eq!(oid(&app, silent).await, tenant.id_of(1));
    let hinted = [("prompt", "select_account"), ("login_hint", &*tenant.upn("owner"))];
    assert_eq!(browser.open(&app.authorize_url(ME, &hinted)).await.page().heading, "Pick an account");
    let page = browser.open(&url).await.page();
    assert_eq!(page.heading, "Pick an account");
    let owner = browser.submit(&page, &[]).await;
    assert_eq!(oid(&app, owner).await, tenant.id_of(1));
    // Another account signs in as well.
    let form = browser.submit(&page, &[("account", "other")]).await.page();
    assert_eq!(form.field("loginfmt"), "");
    let other = browser.sign_in(&form, &tenant.upn("colleague"), PASSWORD).await;
    assert_eq!(oid(&app, other).await, tenant.id_of(2));
    assert_eq!(buttons(&browser.open(&url).await.page()).len(), 3);
    // Signing in with the same account again adds none.
    add(&mut browser, &tenant, "owner").await;
    assert_eq!(buttons(&browser.open(&url).await.page()).len(), 3);
}

#[tokio::test]
async fn prompt_none_with_several_accounts_needs_a_hint() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    add(&mut browser, &tenant, "owner").await;
    let sent = browser.open(&app.authorize_url(ME, &[("prompt", "none")])).await.app();
    let owners = sent["session_state"].clone();
    add(&mut browser, &tenant, "colleague").await;
    let silently = |more: &[(&str, &str)]| app.authorize_url(ME, &[&[("prompt", "none")], more].concat());
    browser.open(&silently(&[])).await.refused("interaction_required", "AADSTS16000");
    let (owner, colleague) = (tenant.upn("owner"), tenant.upn("colleague").to_uppercase());
    let claim = STANDARD.encode(&owner);
    for (name, value, n) in [
        ("login_hint", &*owner, 1),
        ("login_hint", &*colleague, 2),
        ("login_hint", &*claim, 1),
        ("sid", &*owners, 1),
    ] {
        let arrival = browser.open(&silently(&[(name, value)])).await;
        assert_eq!(oid(&app, arrival).await, tenant.id_of(n), "{name}={value}");
    }
    let both = silently(&[("sid", &owners), ("login_hint", &owner)]);
    assert_eq!(oid(&app, browser.open(&both).await).await, tenant.id_of(1));
    let unmet = silently(&[("sid", &owners), ("login_hint", &colleague)]);
    browser.open(&unmet).await.refused("interaction_required", "AADSTS16002");
    for absent in [&*tenant.id_of(77), "nonsense", "'"] {
        let url = silently(&[("sid", absent)]);
        browser.open(&url).await.refused("interaction_required", "AADSTS160021");
    }
    // Another browser has no such session, even with its id.
    tenant
        .browser()
        .open(&silently(&[("sid", &owners)]))
        .await
        .refused("interaction_required", "AADSTS160021");
    let not_signed_in = silently(&[("login_hint", &tenant.upn("admin"))]);
    browser.open(&not_signed_in).await.refused("login_required", "AADSTS50058");
}

#[tokio::test]
async fn a_hint_at_another_user_shows_the_sign_in_page() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    add(&mut browser, &tenant, "owner").await;
    let admin = tenant.upn("admin");
    for hint in [admin.clone(), STANDARD.encode(&admin)] {
        let page = browser.open(&app.authorize_url(ME, &[("login_hint", &hint)])).await.page();
        assert_eq!((page.heading.as_str(), page.field("loginfmt")), ("Sign in", &*admin));
    }
    let absent = app.authorize_url(ME, &[("sid", &tenant.id_of(77))]);
    assert_eq!(browser.open(&absent).await.page().heading, "Sign in");
}

#[tokio::test]
async fn domain_hints_have_no_effect_for_managed_domains() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    let hints =
        [&*tenant.domain, "fabrikam.example", "organizations", "consumers", "\"><script>alert(1)</script>"];
    let hinted = |hint, prompt| app.authorize_url(ME, &[("domain_hint", hint), ("prompt", prompt)]);
    for hint in hints {
        let page = tenant.browser().open(&hinted(hint, "login")).await.page();
        assert_eq!(page.heading, "Sign in", "{hint}");
        assert!(!page.answer.text.contains("<script>alert"), "{hint}");
    }
    add(&mut browser, &tenant, "owner").await;
    for hint in hints {
        let silent = browser.open(&hinted(hint, "none")).await;
        assert_eq!(oid(&app, silent).await, tenant.id_of(1), "{hint}");
    }
    // All accounts of a tenant have its domain, so the hint does not select one.
    add(&mut browser, &tenant, "colleague").await;
    for hint in hints {
        browser.open(&hinted(hint, "none")).await.refused("interaction_required", "AADSTS16000");
    }
}

#[tokio::test]
async fn accounts_with_ended_sessions_have_to_sign_in_again() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    add(&mut browser, &tenant, "owner").await;
    add(&mut browser, &tenant, "colleague").await;
    tenant.happens_to("colleague", "revoke_sessions").await;
    let arrival = browser.open(&app.authorize_url(ME, &[("prompt", "none")])).await;
    assert_eq!(oid(&app, arrival).await, tenant.id_of(1));
    let page = browser.open(&app.authorize_url(ME, &[("prompt", "select_account")])).await.page();
    assert!(page.answer.text.contains("has to sign in again"), "{page:?}");
    let colleague = of(&page, &tenant.upn("colleague"));
    let form = browser.submit(&page, &[("account", &colleague)]).await.page();
    assert_eq!(form.field("loginfmt"), tenant.upn("colleague"));
    let hinted = app.authorize_url(ME, &[("prompt", "none"), ("login_hint", &tenant.upn("colleague"))]);
    browser.open(&hinted).await.refused("interaction_required", "AADSTS50133");
}

#[tokio::test]
async fn the_picker_is_bound_to_its_browser() {
    let tenant = Tenant::new().await;
    let (app, mut browser, mut other) = (tenant.admin_tool(), tenant.browser(), tenant.browser());
    for browser in [&mut browser, &mut other] {
        add(browser, &tenant, "owner").await;
    }
    let url = app.authorize_url(ME, &[("prompt", "select_account")]);
    let (page, theirs) = (browser.open(&url).await.page(), other.open(&url).await.page());
    let stolen = of(&theirs, &tenant.upn("owner"));
    for picked in [&*stolen, "nonsense", ""] {
        let form = browser.submit(&page, &[("account", picked)]).await.page();
        assert_eq!(form.heading, "Sign in", "{picked}");
    }
    tenant.browser().submit(&page, &[]).await.page().says(400, "AADSTS165000");
    browser.submit(&page, &[("canary", "")]).await.page().says(400, "AADSTS165000");
}

#[tokio::test]
async fn sign_out_with_several_accounts_shows_the_picker() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    for role in ["owner", "colleague", "admin"] {
        add(&mut browser, &tenant, role).await;
    }
    let back = "http://localhost/tool";
    let logout = format!("/{}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={back}", tenant.id());
    let hinted = |role: &str| app.authorize_url(ME, &[("prompt", "none"), ("login_hint", &tenant.upn(role))]);
    // The hint is the claim, not the name.
    for hint in [String::new(), tenant.upn("owner"), STANDARD.encode("unknown@else.example")] {
        let page = browser.open(&format!("{logout}&logout_hint={hint}")).await.page();
        assert_eq!(page.heading, "Which account do you want to sign out of?", "{hint}");
        assert_eq!(buttons(&page).len(), 4);
    }
    assert!(tenant.journal("sign_out").await.is_empty());
    let hint = STANDARD.encode(tenant.upn("owner")).replace('=', "%3D").replace('+', "%2B");
    let sent = browser.open(&format!("{logout}&logout_hint={hint}")).await.app();
    assert_eq!(sent["state"], "s");
    browser.open(&hinted("owner")).await.refused("login_required", "AADSTS50058");
    browser.open(&hinted("colleague")).await.code();

    let page = browser.open(&logout).await.page();
    let colleague = of(&page, &tenant.upn("colleague"));
    assert_eq!(browser.submit(&page, &[("account", &colleague)]).await.app()["state"], "s");
    browser.open(&hinted("colleague")).await.refused("login_required", "AADSTS50058");
    browser.open(&hinted("admin")).await.code();

    add(&mut browser, &tenant, "owner").await;
    let page = browser.open(&logout).await.page();
    browser.submit(&page, &[("account", "all")]).await.app();
    browser
        .open(&app.authorize_url(ME, &[("prompt", "none")]))
        .await
        .refused("login_required", "AADSTS50058");
    assert_eq!(tenant.journal("sign_out").await.len(), 4);
}

/// adal-js#694, #353, #549: an alias names no tenant, so the browser signs out of all tenants.
#[tokio::test]
async fn an_alias_signs_out_of_every_account_of_the_browser() {
    let tenant = Tenant::new().await;
    let other = Tenant::inside(std::sync::Arc::clone(&tenant.installation), "2025-11").await;
    let back = "http%3A%2F%2Flocalhost%2Ftool";
    let mut signed_out = 0;
    for (alias, path) in [("common", "oauth2/v2.0"), ("organizations", "oauth2/v2.0"), ("common", "oauth2")] {
        for redirect in [String::new(), format!("?state=s&post_logout_redirect_uri={back}")] {
            let mut browser = tenant.browser();
            add(&mut browser, &tenant, "owner").await;
            add(&mut browser, &tenant, "colleague").await;
            add(&mut browser, &other, "owner").await;
            let arrival = browser.open(&format!("/{alias}/{path}/logout{redirect}")).await;
            if redirect.is_empty() {
                assert_eq!(arrival.page().heading, "You are signed out");
            } else {
                assert_eq!(arrival.app()["state"], "s");
            }
            for of in [&tenant, &other] {
                let silently = of.admin_tool().authorize_url(ME, &[("prompt", "none")]);
                browser.open(&silently).await.refused("login_required", "AADSTS50058");
            }
            signed_out += 1;
            assert_eq!(tenant.journal("sign_out").await.len(), 2 * signed_out);
            assert_eq!(other.journal("sign_out").await.len(), signed_out);
        }
    }
    // Signing out without a session succeeds.
    let mut browser = tenant.browser();
    assert_eq!(browser.open("/common/oauth2/v2.0/logout").await.page().heading, "You are signed out");
    let returned = format!("/common/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={back}");
    assert_eq!(browser.open(&returned).await.app()["state"], "s");
    browser.open("/consumers/oauth2/v2.0/logout").await.page().says(400, "AADSTS50059");
}

#[tokio::test]
async fn at_an_alias_hints_select_an_account_and_redirects_need_registration() {
    let tenant = Tenant::new().await;
    let other = Tenant::inside(std::sync::Arc::clone(&tenant.installation), "2025-11").await;
    let mut browser = tenant.browser();
    add(&mut browser, &tenant, "owner").await;
    add(&mut browser, &other, "owner").await;
    let hint = STANDARD.encode(tenant.upn("owner")).replace('=', "%3D").replace('+', "%2B");
    let page = browser
        .open(&format!(
            "/common/oauth2/v2.0/logout?logout_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fevil.example"
        ))
        .await
        .page();
    assert_eq!(page.heading, "You are signed out");
    let silently = |of: &Tenant| of.admin_tool().authorize_url(ME, &[("prompt", "none")]);
    browser.open(&silently(&tenant)).await.refused("login_required", "AADSTS50058");
    browser.open(&silently(&other)).await.code();
}

#[tokio::test]
async fn signing_out_of_all_accounts_has_no_upper_bound() {
    let tenant = Tenant::create(Installation::shared(), "2025-11", |tenant, spec| {
        let users = spec["users"].as_array_mut().expect("users");
        for n in 0..11 {
            let role = format!("user{n}");
            users.push(serde_json::json!({
                "id": tenant.id_of(900 + n), "upn": tenant.upn(&role), "display_name": role, "role": role,
                "password": PASSWORD,
            }));
        }
    })
    .await;
    for path in [format!("/{}/oauth2/v2.0/logout", tenant.id()), "/common/oauth2/v2.0/logout".to_owned()] {
        let before = tenant.journal("sign_out").await.len();
        let mut browser = tenant.browser();
        for n in 0..11 {
            add(&mut browser, &tenant, &format!("user{n}")).await;
        }
        let page = browser.open(&path).await.page();
        if page.heading != "You are signed out" {
            browser.submit(&page, &[("account", "all")]).await.page();
        }
        assert_eq!(tenant.journal("sign_out").await.len() - before, 11, "{path}");
    }
}
