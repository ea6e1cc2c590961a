//! Disputed points, decided otherwise than by default.

use reqwest::Method;
use serde_json::json;

use crate::tenant::{READ, SECRET, Tenant};

#[tokio::test]
async fn where_the_switch_says_so_a_password_change_ends_the_confidential_token_too() {
    for (edition, survives) in
        [("2025-11", true), ("2025-11+confidential_rt_on_password_change=revoke", false)]
    {
        let tenant = Tenant::of_edition(edition).await;
        let hub = tenant.connector();
        let tokens = hub.sign_in(&tenant, "owner", READ).await;
        let changed = json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Another-Horse-2"});
        tenant.happens(changed).await;
        let answer = hub.try_refresh(tokens.refresh(), &[]).await;
        if survives {
            assert_eq!(answer.status, 200, "{answer:?}");
        } else {
            answer.grant_refused("AADSTS50173");
        }
    }
}

#[tokio::test]
async fn where_the_switch_says_so_what_was_disabled_stays_dead() {
    for (edition, survives) in [("2025-11", true), ("2025-11+disable_revokes=yes", false)] {
        let tenant = Tenant::of_edition(edition).await;
        let hub = tenant.connector();
        let before = hub.sign_in(&tenant, "owner", READ).await;
        tenant.happens_to("owner", "disable_user").await;
        hub.try_refresh(before.refresh(), &[]).await.grant_refused("AADSTS50057");
        tenant.happens_to("owner", "enable_user").await;
        let answer = hub.try_refresh(before.refresh(), &[]).await;
        if survives {
            assert_eq!(answer.status, 200, "{answer:?}");
        } else {
            answer.grant_refused("AADSTS50173");
        }
        let after = hub.sign_in(&tenant, "owner", READ).await;
        hub.refresh(after.refresh()).await;
    }
}

#[tokio::test]
async fn strict_rotation_ends_the_family_when_a_token_is_used_twice() {
    let tenant = Tenant::of_edition("2025-11+rotation=strict").await;
    for app in [tenant.desktop(), tenant.connector()] {
        let first = app.sign_in(&tenant, "owner", READ).await;
        let second = app.refresh(first.refresh()).await;
        let third = app.refresh(second.refresh()).await;
        app.try_refresh(first.refresh(), &[]).await.grant_refused("AADSTS70000");
        app.try_refresh(third.refresh(), &[]).await.grant_refused("AADSTS70000");
        let other = app.sign_in(&tenant, "owner", READ).await;
        app.refresh(other.refresh()).await;
    }
    let rules: Vec<_> = tenant
        .journal("token.refused")
        .await
        .iter()
        .map(|line| line["data"]["verdict"]["rule"].clone())
        .collect();
    assert_eq!(rules, ["used_before", "family_ended", "used_before", "family_ended"]);
}

#[tokio::test]
async fn of_two_that_use_a_token_at_once_one_wins_where_rotation_is_strict() {
    let tenant = Tenant::of_edition("2025-11+rotation=strict").await;
    let app = tenant.desktop();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (app, token) = (app.clone(), tokens.refresh().to_owned());
        racing.spawn(async move { app.try_refresh(&token, &[]).await });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn an_unknown_switch_makes_no_tenant() {
    let tenant = Tenant::new().await;
    let mut spec = tenant.spec("2025-11+rotation=sometimes");
    spec["domain"] = json!("another.example");
    let answer = tenant.lab_of(&tenant.id_of(999), Method::PUT, "", &spec).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text.contains("rotation=advisory|strict") && !answer.text.contains(SECRET), "{answer:?}");
}
