//! Several accounts in one browser: who is asked, who is chosen, and what a client may say about it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::browser::{Arrival, Browser, Page};
use crate::client::App;
use crate::installation::Installation;
use crate::tenant::{PASSWORD, Tenant};

const ME: &str = "User.Read";

/// Signs one more account in to a browser.
async fn add(browser: &mut Browser, tenant: &Tenant, role: &str) {
    let app = tenant.admin_tool();
    let page = browser.open(&app.authorize_url(ME, &[("prompt", "login")])).await.page();
    browser.sign_in(&page, &tenant.upn(role), PASSWORD).await.code();
}

async fn oid(app: &App, arrival: Arrival) -> String {
    let claims = app.redeem(&arrival.code()).await.claims();
    claims["oid"].as_str().expect("an id").to_owned()
}

/// The values of the page's buttons, by what they say.
fn buttons(page: &Page) -> Vec<(String, String)> {
    let html = scraper::Html::parse_document(&page.answer.text);
    let selector = scraper::Selector::parse("button[name=account]").expect("a selector");
    let button = |button: scraper::ElementRef<'_>| {
        (button.attr("value").unwrap_or_default().to_owned(), button.text().collect::<String>())
    };
    html.select(&selector).map(button).collect()
}

/// The button of an account.
fn of(page: &Page, upn: &str) -> String {
    let found = buttons(page).into_iter().find(|(_, text)| text.contains(upn));
    found.unwrap_or_else(|| panic!("no {upn} in {page:?}")).0
}

#[tokio::test]
async fn of_several_accounts_the_person_picks_one() {
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
    // The first button goes on.
    let first = browser.submit(&page, &[]).await;
    assert_eq!(oid(&app, first).await, tenant.id_of(3));
    for (role, n) in [("owner", 1), ("colleague", 2)] {
        let picked = of(&page, &tenant.upn(role));
        let arrival = browser.submit(&page, &[("account", &picked)]).await;
        assert_eq!(oid(&app, arrival).await, tenant.id_of(n));
    }
    assert_eq!(tenant.journal("sign_in.succeeded").await.len(), 3, "nobody typed a password again");
}

#[tokio::test]
async fn one_account_is_not_asked_about_unless_the_client_wants_it() {
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
    // Another account signs in beside it.
    let form = browser.submit(&page, &[("account", "other")]).await.page();
    assert_eq!(form.field("loginfmt"), "");
    let other = browser.sign_in(&form, &tenant.upn("colleague"), PASSWORD).await;
    assert_eq!(oid(&app, other).await, tenant.id_of(2));
    assert_eq!(buttons(&browser.open(&url).await.page()).len(), 3);
    // The same account again is no other.
    add(&mut browser, &tenant, "owner").await;
    assert_eq!(buttons(&browser.open(&url).await.page()).len(), 3);
}

#[tokio::test]
async fn without_a_page_several_accounts_are_one_too_many_until_the_client_names_one() {
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
    // Somebody else's browser has no such session, whoever knows its id.
    tenant
        .browser()
        .open(&silently(&[("sid", &owners)]))
        .await
        .refused("interaction_required", "AADSTS160021");
    let nobody = silently(&[("login_hint", &tenant.upn("admin"))]);
    browser.open(&nobody).await.refused("login_required", "AADSTS50058");
}

#[tokio::test]
async fn a_hint_at_somebody_who_is_not_signed_in_asks_them_to() {
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
async fn a_domain_hint_leads_nowhere_else_where_every_domain_is_managed() {
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
    // All accounts of a tenant are of its domain, so that the hint names none of several.
    add(&mut browser, &tenant, "colleague").await;
    for hint in hints {
        browser.open(&hinted(hint, "none")).await.refused("interaction_required", "AADSTS16000");
    }
}

#[tokio::test]
async fn an_account_whose_session_is_over_has_to_sign_in_again_and_is_not_in_the_way() {
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
async fn nobody_picks_an_account_of_another_browser() {
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
async fn of_several_accounts_the_person_says_which_to_sign_out_of() {
    let tenant = Tenant::new().await;
    let (app, mut browser) = (tenant.admin_tool(), tenant.browser());
    for role in ["owner", "colleague", "admin"] {
        add(&mut browser, &tenant, role).await;
    }
    let back = "http://localhost/tool";
    let logout = format!("/{}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={back}", tenant.id());
    let hinted = |role: &str| app.authorize_url(ME, &[("prompt", "none"), ("login_hint", &tenant.upn(role))]);
    // A hint is the claim, not the name.
    for hint in [String::new(), tenant.upn("owner"), STANDARD.encode("nobody@else.example")] {
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

/// adal-js#694, #353, #549: an alias names no tenant, and the browser is signed out of all of them.
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
    // Without a session there is nothing to end, and nothing wrong.
    let mut browser = tenant.browser();
    assert_eq!(browser.open("/common/oauth2/v2.0/logout").await.page().heading, "You are signed out");
    let returned = format!("/common/oauth2/v2.0/logout?state=s&post_logout_redirect_uri={back}");
    assert_eq!(browser.open(&returned).await.app()["state"], "s");
    browser.open("/consumers/oauth2/v2.0/logout").await.page().says(400, "AADSTS50059");
}

#[tokio::test]
async fn at_an_alias_a_hint_names_the_one_account_and_only_registered_addresses_are_gone_to() {
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
async fn signing_out_of_all_leaves_none_however_many_there_are() {
    let tenant = Tenant::made(Installation::shared(), "2025-11", |tenant, spec| {
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
