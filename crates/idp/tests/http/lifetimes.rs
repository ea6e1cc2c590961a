//! Token lifetimes without revocation.

use outlive_clock::Span;

use crate::tenant::{READ, Tenant};

const MOMENT: Span = Span::from_micros(1);

#[tokio::test]
async fn a_refresh_token_expires_after_ninety_days_without_use() {
    for app in [Tenant::desktop, Tenant::connector] {
        let tenant = Tenant::new().await;
        let app = app(&tenant);
        let first = app.sign_in(&tenant, "owner", READ).await;
        let mut latest = first.clone();
        for _ in 0..4 {
            tenant.advance(Span::from_days(90) - MOMENT).await;
            latest = app.refresh(latest.refresh()).await;
        }
        let body = app.try_refresh(first.refresh(), &[]).await.grant_refused("AADSTS700082");
        assert_eq!(body["suberror"], "bad_token");
        tenant.advance(Span::from_days(90)).await;
        let body = app.try_refresh(latest.refresh(), &[]).await.grant_refused("AADSTS700082");
        assert!(
            body["error_description"].as_str().unwrap().contains("was inactive for 90.00:00:00"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_refresh_token_of_a_spa_has_a_fixed_expiry_of_one_day() {
    let tenant = Tenant::new().await;
    let app = tenant.spa();
    let mut latest = app.sign_in(&tenant, "owner", READ).await;
    for _ in 0..3 {
        tenant.advance(Span::from_hours(7)).await;
        latest = app.refresh(latest.refresh()).await;
    }
    // MSAL for JavaScript reads it; a recorded response of 2024 contains it.
    assert_eq!(latest.0["refresh_token_expires_in"], 3 * 3_600);
    let elsewhere = crate::client::App { page_origin: None, ..app.clone() };
    let answer = elsewhere.try_refresh(latest.refresh(), &[]).await;
    answer.refused(400, "invalid_request", "AADSTS9002327");
    tenant.advance(Span::from_hours(3) - MOMENT).await;
    latest = app.refresh(latest.refresh()).await;
    tenant.advance(MOMENT).await;
    let body = app.try_refresh(latest.refresh(), &[]).await.grant_refused("AADSTS700084");
    assert_eq!(body["suberror"], "bad_token");
    assert!(body["error_description"].as_str().unwrap().contains("1.00:00:00"), "{body}");
}

#[tokio::test]
async fn an_access_token_is_valid_until_it_expires() {
    let tenant = Tenant::new().await;
    let tokens = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    let me = async || {
        let request = tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(tokens.access());
        crate::tenant::send(request).await
    };
    tenant.happens_to("owner", "revoke_sessions").await;
    let left = tokens.claims()["exp"].as_i64().unwrap() - tenant.now().await.as_seconds();
    tenant.advance(Span::from_seconds(left) - Span::from_millis(501)).await;
    assert_eq!(me().await.status, 200, "nothing but time ends an access token");
    tenant.advance(Span::from_millis(1)).await;
    assert_eq!(me().await.status, 401);
}
