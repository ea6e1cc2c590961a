//! The pages of the directory.

use serde_json::json;

use crate::browser::{Answer, Browser};
use crate::fake_directory::{CLIENT, GROUP, USER};
use crate::fake_lab::{FakeLab, NASTY, TENANT};

#[tokio::test]
async fn every_page_says_what_is_there() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    for (path, title, area) in [
        ("users", "One of the users is on this page", "Users"),
        ("users?of=deleted", "No deleted users can be restored", "Users"),
        (&format!("users/{USER}"), &format!("{NASTY} has one refresh token left of two"), "Users"),
        ("groups", "The directory has one group", "Groups"),
        (&format!("groups/{GROUP}"), &format!("{NASTY} has one member"), "Groups"),
        ("app-registrations", "One application is registered", "App registrations"),
        ("enterprise-applications", "The tenant has one enterprise application", "Enterprise applications"),
        (
            &format!("applications/{CLIENT}"),
            &format!("{NASTY} has one valid credential"),
            "App registrations",
        ),
        ("consents", "One grant lets an application act for users", "Consent and permissions"),
        ("policies", "One Conditional Access policy is on", "Conditional Access policies"),
        ("keys", "The signing key was rotated: another signs since 10:00", "Signing keys"),
        ("tenant", "Contoso follows the rules of edition 2025-11", "Tenant overview"),
    ] {
        let page = browser.get(&format!("/directory/{path}")).await;
        assert_eq!((page.status.as_u16(), page.texts("h1")), (200, vec![title.to_owned()]), "{path}");
        assert_eq!(page.texts(".side-nav [aria-current]"), [area], "{path}");
        assert_eq!(page.texts(".subnav [aria-current]"), ["Directory"]);
        assert!(!page.body.contains("<script>alert"), "{path}");
        let data = browser.get_as(&format!("/directory/{path}"), "application/json").await;
        assert!(data.body.starts_with('{'), "{path}: {}", data.body);
    }
    let answer = browser.get(&format!("/directory?tenant={TENANT}")).await;
    assert_eq!(answer.headers["location"], format!("/directory/users?tenant={TENANT}"));
}

#[tokio::test]
async fn lists_lead_to_their_next_page_and_back() {
    let mut browser = Browser::at(&FakeLab::default().serve().await);
    let links = "nav[aria-label='Pages of the list'] a";
    let page = browser.get("/directory/users").await;
    let next = format!("/directory/users?tenant={TENANT}&after={USER}");
    assert_eq!(page.attributes(links, "href"), [next.as_str()]);
    let page = browser.get(&next).await;
    assert_eq!(page.attributes(links, "href"), [format!("/directory/users?tenant={TENANT}")]);
}

#[tokio::test]
async fn details_are_in_the_words_of_the_admin_center() {
    let mut browser = Browser::at(&FakeLab { changed: true, ..FakeLab::default() }.serve().await);
    let user = browser.get(&format!("/directory/users/{USER}")).await;
    assert!(user.texts("h1")[0].ends_with("is blocked from signing in"), "{:?}", user.texts("h1"));
    assert_eq!(user.texts("tbody .badge"), ["Revoked 09:01", "Alive", "Revoked 09:01"]);
    let actions = user.attributes("form[action$='/directory'] button", "value");
    let offered = [
        "revoke_sessions",
        "enable_user",
        "admin_reset",
        "do_not_require_mfa",
        "sign_out",
        "password_expiry",
        "delete_user",
    ];
    assert_eq!(actions, offered);
    let rule = user.attributes("#newpasswd", "aria-describedby");
    assert_eq!(user.texts(&format!("#{}", rule[0])).len(), 1, "the rules are next to the field");
    assert!(user.attributes("#newpasswd", "value")[0].len() >= 12, "a password is offered");
    let application = browser.get(&format!("/directory/applications/{CLIENT}")).await;
    let states = ["Expired", "Valid", "Granted by one user", "Not granted", "Granted by an administrator"];
    assert_eq!(application.texts("tbody .badge"), states);
    let policies = browser.get("/directory/policies").await;
    let cells = policies.texts("tbody td");
    assert_eq!(cells[..2], ["On".to_owned(), format!("All, except {USER}")]);
    assert_eq!(cells[3], "Require multifactor authentication; Sign-in frequency: 1 day");
    let keys = browser.get("/directory/keys").await;
    assert_eq!(keys.texts("tbody .badge"), ["Next", "Signs", "Retired"]);
    let jwks = format!("http://127.0.0.1:8701/{TENANT}/discovery/v2.0/keys");
    assert_eq!(keys.attributes(".headline a", "href"), [jwks]);
}

async fn send(browser: &mut Browser, form: &str) -> Answer {
    let fields: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&format!("/console/{TENANT}/directory"), &fields).await
}

#[tokio::test]
async fn each_action_is_one_event() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/directory/users/{USER}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    let (user, app) = (format!("users/{USER}"), format!("applications/{CLIENT}"));
    for (form, event, back) in [
        (
            "do=admin_reset&user=U&new_password=Harbor-7421-fern",
            json!({"type": "admin_reset", "user": USER, "new_password": "Harbor-7421-fern", "channel": "entra_admin_center"}),
            &user,
        ),
        ("do=revoke_sessions&user=U", json!({"type": "revoke_sessions", "user": USER, "by": "admin"}), &user),
        ("do=password_expiry&user=U", json!({"type": "password_expiry", "user": USER}), &user),
        ("do=sign_out&user=U", json!({"type": "sign_out", "user": USER}), &user),
        ("do=disable_user&user=U", json!({"type": "disable_user", "user": USER}), &user),
        ("do=enable_user&user=U", json!({"type": "enable_user", "user": USER}), &user),
        ("do=delete_user&user=U", json!({"type": "delete_user", "user": USER}), &user),
        ("do=restore_user&user=U", json!({"type": "restore_user", "user": USER}), &user),
        ("do=require_mfa&user=U", json!({"type": "require_mfa", "user": USER, "required": true}), &user),
        (
            "do=do_not_require_mfa&app=A",
            json!({"type": "require_mfa", "app": CLIENT, "required": false}),
            &app,
        ),
        ("do=require_mfa", json!({"type": "require_mfa", "required": true}), &"policies".to_owned()),
        (
            "do=withdraw_consent&app=A&user=U&from=consents",
            json!({"type": "withdraw_consent", "app": CLIENT, "user": USER}),
            &"consents".to_owned(),
        ),
        ("do=withdraw_consent&app=A", json!({"type": "withdraw_consent", "app": CLIENT}), &app),
        ("do=expire_secret&app=A", json!({"type": "expire_secret", "app": CLIENT}), &app),
        ("do=disable_app&app=A", json!({"type": "disable_app", "app": CLIENT}), &app),
        ("do=enable_app&app=A", json!({"type": "enable_app", "app": CLIENT}), &app),
        (
            "do=sign_in_frequency&every=P1D",
            json!({"type": "sign_in_frequency", "every": "P1D"}),
            &"policies".to_owned(),
        ),
        ("do=rotate_signing_key", json!({"type": "rotate_signing_key"}), &"keys".to_owned()),
        (
            "do=rotate_signing_key&every=PT0S",
            json!({"type": "rotate_signing_key", "every": "PT0S"}),
            &"keys".to_owned(),
        ),
    ] {
        let form = form.replace("=U", &format!("={USER}")).replace("=A", &format!("={CLIENT}"));
        let answer = send(&mut browser, &format!("token={token}&{form}")).await;
        assert_eq!(answer.status, 303, "{form}: {}", answer.body);
        assert_eq!(answer.headers["location"], format!("/directory/{back}?tenant={TENANT}"), "{form}");
        assert_eq!(lab.requests().last(), Some(&event), "{form}");
        let shown = browser.get(&format!("/directory/{back}")).await;
        assert_eq!(shown.texts("#notices .is-alive").len(), 1, "{form}");
    }
    let done = lab.requests().len();
    for form in [
        format!("do=disable_user&user={USER}"),
        format!("token=x&do=disable_user&user={USER}"),
        format!("token={token}&do=dance&user={USER}"),
        format!("token={token}&do=admin_reset&user={USER}&new_password=short"),
    ] {
        let answer = send(&mut browser, &form).await;
        assert_eq!((answer.status.as_u16(), lab.requests().len()), (303, done), "{form}");
    }
}

#[tokio::test]
async fn a_new_secret_is_on_one_page_once_and_reloading_rotates_nothing() {
    let lab = FakeLab::default();
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/directory/applications/{CLIENT}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    let sent = send(&mut browser, &format!("token={token}&do=rotate_secret&app={CLIENT}&overlap=P7D")).await;
    assert!(sent.status.as_u16() == 303 && !sent.body.contains("drawn-secret"), "{}", sent.body);
    let page = sent.headers["location"].to_str().expect("text").to_owned();
    let done = lab.requests().len();
    // What only looks ahead does not use it up.
    assert_eq!(browser.head(&page).await.status, 200);
    let answer = browser.get(&page).await;
    assert_eq!(
        (answer.status.as_u16(), answer.headers["cache-control"].to_str().ok()),
        (200, Some("no-store"))
    );
    assert_eq!(answer.attributes("#secret", "value"), ["drawn-secret"]);
    assert!(answer.headers.values().all(|value| !value.to_str().unwrap_or_default().contains("drawn")));
    assert_eq!(
        lab.requests().last(),
        Some(&json!({"type": "rotate_secret", "app": CLIENT, "overlap": "P7D"}))
    );
    let back = answer.attributes("a.is-primary", "href")[0].clone();
    assert_eq!(back, format!("/directory/applications/{CLIENT}?tenant={TENANT}"));
    assert!(!browser.get(&back).await.body.contains("drawn-secret"));
    let again = browser.get(&page).await;
    assert_eq!((again.status.as_u16(), again.body.contains("drawn-secret")), (410, false));
    assert_eq!(lab.requests().len(), done);
}

#[tokio::test]
async fn a_refusal_is_shown_on_the_page_of_the_object() {
    let lab = FakeLab { refuse: Some("the password is too weak"), ..FakeLab::default() };
    let mut browser = Browser::at(&lab.serve().await);
    let page = browser.get(&format!("/directory/users/{USER}")).await;
    let token = page.attributes("input[name=token]", "value")[0].clone();
    send(&mut browser, &format!("token={token}&do=admin_reset&user={USER}&new_password=password1")).await;
    let page = browser.get(&format!("/directory/users/{USER}")).await;
    assert_eq!(page.texts("#notices .is-revoked"), ["The password is too weak."]);
}
