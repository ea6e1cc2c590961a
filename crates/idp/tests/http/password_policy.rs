//! What a tenant asks of passwords: locking after guesses, expiry by age, terms that are banned.

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
async fn the_same_wrong_password_again_and_again_locks_nobody() {
    let tenant = Tenant::new().await;
    for _ in 0..5 {
        guess(&tenant, 0..3).await;
    }
    Tokens::of(tenant.admin_tool().password(&tenant.upn("owner"), PASSWORD, "User.Read").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_the_same_moment_are_all_counted() {
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
async fn a_reset_opens_a_locked_account_and_a_change_does_not() {
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

#[tokio::test]
async fn a_password_expires_by_age_and_ends_nothing_that_was_granted() {
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
async fn a_policy_that_cannot_be_is_refused_with_the_tenant() {
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
