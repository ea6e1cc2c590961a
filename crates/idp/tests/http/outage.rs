//! Outages of the token endpoint, in virtual time.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::json;

use crate::tenant::{READ, Tenant};

#[tokio::test]
async fn an_outage_refuses_all_token_requests_until_it_ends() {
    for (event, status, code) in
        [("token_endpoint_down", 503, "AADSTS90033"), ("token_endpoint_throttled", 429, "AADSTS90055")]
    {
        let tenant = Tenant::new().await;
        let app = tenant.connector();
        let tokens = app.sign_in(&tenant, "owner", READ).await;
        tenant.happens(json!({"type": event, "lasts": "PT1H"})).await;
        let began = &tenant.journal("outage.begun").await[0];
        assert_eq!(began["data"]["status"], status, "{began}");
        tenant.advance(Span::from_minutes(40)).await;
        for refused in [
            app.try_refresh(tokens.refresh(), &[]).await,
            tenant.nightly().client_credentials("api://contoso-orders/.default").await,
        ] {
            assert_eq!(refused.status, status, "{}", refused.json());
            assert_eq!(refused.json()["error"], "temporarily_unavailable");
            let description = refused.json()["error_description"].to_string();
            assert!(description.contains(code), "{description}");
            let wait: i64 = refused.header("retry-after").parse().expect("seconds");
            assert!((1_190..=1_200).contains(&wait), "{wait}");
        }
        tenant.advance(Span::from_minutes(21)).await;
        app.refresh(tokens.refresh()).await;
    }
}

#[tokio::test]
async fn an_outage_can_be_ended_and_has_a_limit() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant.happens(json!({"type": "token_endpoint_down", "lasts": "P1D"})).await;
    assert_eq!(app.try_refresh(tokens.refresh(), &[]).await.status, 503);
    tenant.happens(json!({"type": "token_endpoint_down", "lasts": "PT0S"})).await;
    app.refresh(tokens.refresh()).await;
    for lasts in ["-PT1S", "P31D"] {
        let event = json!({"type": "token_endpoint_down", "lasts": lasts});
        assert_eq!(tenant.lab(Method::POST, "/events", &event).await.status, 400, "{lasts}");
    }
}
