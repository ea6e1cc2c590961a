//! Switches for disputed behavior.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::json;

use crate::tenant::{READ, SECRET, Tenant};

#[tokio::test]
async fn a_switch_makes_password_changes_revoke_confidential_tokens() {
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
async fn a_switch_makes_disabling_revoke_permanently() {
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
async fn strict_rotation_revokes_the_family_on_reuse() {
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

// RFC 9700, section 4.14.2, leaves it to the issuer how to treat a client that did not get the
// response. The reuse interval is that of vendors with strict rotation: Okta's grace period
// (developer.okta.com, "Refresh token rotation") and Amazon Cognito's retry grace period are at
// most 60 seconds.
#[tokio::test]
async fn strict_rotation_allows_a_retry_for_one_minute() {
    let tenant = Tenant::of_edition("2025-11+rotation=strict").await;
    for app in [tenant.desktop(), tenant.connector()] {
        let first = app.sign_in(&tenant, "owner", READ).await;
        let lost = app.refresh(first.refresh()).await;
        tenant.advance(Span::from_seconds(60)).await;
        let again = app.refresh(first.refresh()).await;
        // Both responses contain the one valid token: the client can continue with either.
        let next = app.refresh(lost.refresh()).await;
        let same = app.refresh(again.refresh()).await;
        app.refresh(next.refresh()).await;
        app.refresh(same.refresh()).await;
        // Only the last replaced token, and only for a minute.
        app.try_refresh(first.refresh(), &[]).await.grant_refused("AADSTS70000");
        app.try_refresh(same.refresh(), &[]).await.grant_refused("AADSTS70000");

        let first = app.sign_in(&tenant, "owner", READ).await;
        let second = app.refresh(first.refresh()).await;
        tenant.advance(Span::from_seconds(61)).await;
        app.try_refresh(first.refresh(), &[]).await.grant_refused("AADSTS70000");
        app.try_refresh(second.refresh(), &[]).await.grant_refused("AADSTS70000");
    }
}

#[tokio::test]
async fn strict_rotation_gives_concurrent_uses_one_successor() {
    let tenant = Tenant::of_edition("2025-11+rotation=strict").await;
    let app = tenant.desktop();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (app, token) = (app.clone(), tokens.refresh().to_owned());
        racing.spawn(async move { app.try_refresh(&token, &[]).await });
    }
    let answers = racing.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    for answer in answers {
        let next = answer.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
        app.refresh(&next).await;
    }
}

#[tokio::test]
async fn an_unknown_switch_rejects_the_tenant() {
    let tenant = Tenant::new().await;
    let mut spec = tenant.spec("2025-11+rotation=sometimes");
    spec["domain"] = json!("another.example");
    let answer = tenant.lab_of(&tenant.id_of(999), Method::PUT, "", &spec).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text.contains("rotation=advisory|strict") && !answer.text.contains(SECRET), "{answer:?}");
}
