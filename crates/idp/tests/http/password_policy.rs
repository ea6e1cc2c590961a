//! Smart lockout, password expiry, banned terms.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::tenant::{PASSWORD, Tenant};
use crate::tokens::Tokens;

const NEW: &str = "Other-Horse-2";

async fn guess(tenant: &Tenant, numbers: std::ops::Range<u32>) {
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    for number in numbers {
        tool.password(&owner, &format!("Guess-{number}"), "User.Read").await.grant_refused("AADSTS50126");
    }
}

#[tokio::test]
async fn ten_guesses_lock_the_account_for_a_minute_whatever_the_password() {
    let tenant = Tenant::new().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    guess(&tenant, 0..9).await;
    Tokens::of(tool.password(&owner, PASSWORD, "User.Read").await);
    guess(&tenant, 0..9).await;
    tool.password(&owner, "Guess-9", "User.Read").await.grant_refused("AADSTS50053");
    tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50053");
    let mut browser = tenant.browser();
    let page = browser.open(&tool.authorize_url("User.Read", &[])).await.page();
    let page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    page.says(200, "AADSTS50053");
    tool.password(&tenant.upn("colleague"), PASSWORD, "User.Read").await;
    tenant.advance(Span::from_seconds(60)).await;
    Tokens::of(tool.password(&owner, PASSWORD, "User.Read").await);
}

#[tokio::test]
async fn repeating_the_same_wrong_password_does_not_lock() {
    let tenant = Tenant::new().await;
    for _ in 0..5 {
        guess(&tenant, 0..3).await;
    }
    Tokens::of(tenant.admin_tool().password(&tenant.upn("owner"), PASSWORD, "User.Read").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_guesses_all_count_towards_the_limit() {
    let tenant = Tenant::new().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let guesses: JoinSet<_> = (0..10)
        .map(|n| {
            let (tool, owner) = (tool.clone(), owner.clone());
            async move { tool.password(&owner, &format!("Guess-{n}"), "User.Read").await }
        })
        .collect();
    guesses.join_all().await;
    tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50053");
}

#[tokio::test]
async fn a_reset_unlocks_an_account_and_a_change_does_not() {
    for (kind, opens) in [("admin_reset", true), ("sspr", true), ("password_change", false)] {
        let tenant = Tenant::new().await;
        let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
        guess(&tenant, 0..9).await;
        tool.password(&owner, "Guess-9", "User.Read").await.grant_refused("AADSTS50053");
        tenant.happens(json!({"type": kind, "user": owner, "new_password": NEW})).await;
        let answer = tool.password(&owner, NEW, "User.Read").await;
        let locked = answer.text.contains("AADSTS50053");
        assert_eq!(locked, !opens, "{kind}: {answer:?}");
    }
}

/// "Protect user accounts from attacks with Microsoft Entra smart lockout": ten failures lock the
/// account, with 50053 for any password. All places that accept a password share one counter.
#[tokio::test]
async fn the_change_page_and_the_sign_in_page_count_guesses_together() {
    let tenant = Tenant::new().await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&format!("/{}/changepassword", tenant.id())).await.page();
    let mut page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    guess(&tenant, 0..5).await;
    for number in 5..9 {
        page = browser.type_new_password(&page, &format!("Guess-{number}"), NEW).await.page();
        page.says(200, "AADSTS120000");
    }
    // A repeated wrong password is not counted again.
    browser.type_new_password(&page, "Guess-8", NEW).await.page().says(200, "AADSTS120000");
    page = browser.type_new_password(&page, "Guess-9", NEW).await.page();
    page.says(200, "AADSTS50053");
    browser.type_new_password(&page, PASSWORD, NEW).await.page().says(200, "AADSTS50053");
    tenant.admin_tool().password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50053");
    let refused = tenant.journal("password.change_refused").await;
    let codes: Vec<_> =
        refused.iter().map(|line| line["data"]["code"].as_str().unwrap_or_default()).collect();
    let wrong = "AADSTS120000";
    assert_eq!(codes, [wrong, wrong, wrong, wrong, wrong, "AADSTS50053", "AADSTS50053"]);
    tenant.advance(Span::from_seconds(60)).await;
    let done = browser.type_new_password(&page, PASSWORD, NEW).await.page();
    assert_eq!(done.heading, "Your password was changed");
}

#[tokio::test]
async fn guesses_through_graph_lock_the_account() {
    let tenant = Tenant::new().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let token = tool.sign_in(&tenant, "owner", "Directory.AccessAsUser.All").await;
    let change = async |current: &str| {
        let body = json!({"currentPassword": current, "newPassword": NEW});
        let request = tenant.http.post(tenant.url("/v1.0/me/changePassword"));
        crate::tenant::send(request.bearer_auth(token.access()).json(&body)).await
    };
    for number in 0..10 {
        let answer = change(&format!("Guess-{number}")).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (400, &json!("Request_BadRequest")));
        assert_eq!(answer.text.contains("is locked"), number == 9, "{answer:?}");
    }
    let locked = change(PASSWORD).await;
    assert!(locked.status == 400 && locked.text.contains("is locked"), "{locked:?}");
    tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50053");
    tenant.advance(Span::from_seconds(60)).await;
    // A correct password resets the counter.
    assert!(change(PASSWORD).await.status == 204);
    for number in 0..9 {
        let guess = format!("Guess-{number}");
        tool.password(&owner, &guess, "User.Read").await.grant_refused("AADSTS50126");
    }
    Tokens::of(tool.password(&owner, NEW, "User.Read").await);
}

/// A flood of unknown names is throttled beyond the queue's capacity (90055 with 429), and a user
/// with the correct password signs in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_unknown_names_is_throttled_and_a_user_is_not() {
    let tenant = Tenant::new().await;
    let tool = tenant.admin_tool();
    let flood: JoinSet<_> = (0..300)
        .map(|number| {
            let (tool, name) = (tool.clone(), tenant.upn(&format!("unknown{number}")));
            async move { tool.password(&name, "Guess-1", "User.Read").await }
        })
        .collect();
    let owner = tenant.upn("owner");
    let real = tool.password(&owner, PASSWORD, "User.Read");
    let (flood, real) = tokio::join!(flood.join_all(), real);
    Tokens::of(real);
    let throttled: Vec<_> = flood.iter().filter(|answer| answer.status == 429).collect();
    for answer in &throttled {
        assert!(answer.text.contains("AADSTS90055") && answer.header("retry-after") == "1", "{answer:?}");
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
    }
    let unknown = flood.iter().filter(|answer| answer.text.contains("AADSTS50034")).count();
    assert_eq!(unknown + throttled.len(), 300);
    assert!(unknown >= 64, "those that can wait are answered: {unknown}");
}

/// The page to which a sign-in with an expired password leads.
#[tokio::test]
async fn guesses_at_a_forced_change_lock_the_account() {
    let tenant = Tenant::new().await;
    tenant.happens_to("owner", "password_expiry").await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    let page = browser.open(&tenant.admin_tool().authorize_url("User.Read", &[])).await.page();
    let mut page = browser.sign_in(&page, &owner, PASSWORD).await.page();
    for number in 0..10 {
        page = browser.type_new_password(&page, &format!("Guess-{number}"), NEW).await.page();
    }
    page.says(200, "AADSTS50053");
    browser.type_new_password(&page, PASSWORD, NEW).await.page().says(200, "AADSTS50053");
}

#[tokio::test]
async fn password_expiry_revokes_nothing() {
    let tenant = Tenant::with(|spec| {
        spec["password_validity_days"] = json!(90);
        spec["users"][0]["password_never_expires"] = json!(true);
    })
    .await;
    let spared = tenant.upn("owner");
    let (tool, colleague) = (tenant.admin_tool(), tenant.upn("colleague"));
    let granted = Tokens::of(tool.password(&colleague, PASSWORD, "User.Read offline_access").await);
    tenant.advance(Span::from_days(90) - Span::from_micros(1)).await;
    Tokens::of(tool.password(&colleague, PASSWORD, "User.Read").await);
    tool.refresh(granted.refresh()).await;
    tenant.advance(Span::from_micros(1)).await;
    let body = tool.password(&colleague, PASSWORD, "User.Read").await.grant_refused("AADSTS50055");
    assert_eq!(body["suberror"], "user_password_expired");
    Tokens::of(tool.password(&spared, PASSWORD, "User.Read").await);
    let mut browser = tenant.browser();
    let page = browser.open(&tool.authorize_url("User.Read", &[])).await.page();
    let page = browser.sign_in(&page, &colleague, PASSWORD).await.page();
    page.says(200, "AADSTS50055");
    let code = browser.type_new_password(&page, PASSWORD, NEW).await.code();
    tool.redeem(&code).await;
    Tokens::of(tool.password(&colleague, NEW, "User.Read").await);
}

#[tokio::test]
async fn the_tenants_own_terms_are_counted_when_a_password_is_chosen() {
    let tenant = Tenant::with(|spec| {
        spec["display_name"] = json!("Fabrikam");
        spec["banned_passwords"] = json!(["Contoso", "blank"]);
    })
    .await;
    let change = |password: &str| json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": password});
    for (password, status) in
        [("C0ntos0Blank12", 400), ("My-F@brikam-7", 400), ("Password1!", 400), ("ContoS0Bl@nkf9!", 200)]
    {
        let answer = tenant.lab(Method::POST, "/events", &change(password)).await;
        assert_eq!(answer.status, status, "{password}: {answer:?}");
    }
}

#[tokio::test]
async fn an_invalid_policy_rejects_the_tenant() {
    let tenant = Tenant::new().await;
    let refused: [(&str, Value, &str); 4] = [
        ("banned_passwords", json!(["abc"]), "4 to 16"),
        ("banned_passwords", json!(vec!["abcd"; 1_001]), "1000"),
        ("password_validity_days", json!(0), "1 to 3650"),
        ("password_validity_days", json!(3_651), "1 to 3650"),
    ];
    for (name, value, says) in refused {
        let mut spec = tenant.spec("2025-11");
        spec[name] = value;
        spec["domain"] = json!("never.example");
        let answer = tenant.lab_of(&tenant.id_of(99), Method::PUT, "", &spec).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains(says), "{answer:?}");
    }
}
