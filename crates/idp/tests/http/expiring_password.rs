//! Claims about a password that is about to expire.

use outlive_clock::Span;
use serde_json::{Value, json};

use crate::tenant::{BEGIN, READ, Tenant};
use crate::tokens::Tokens;

const OLD: &str = "https://old.contoso.example/Orders.Read";

#[tokio::test]
async fn tokens_announce_password_expiry_two_weeks_before() {
    let tenant = Tenant::with(|spec| {
        spec["password_validity_days"] = json!(90);
        spec["applications"][0]["optional_claims"] = json!({"access_token": [{"name": "pwd_exp"}]});
        spec["users"][1]["password_never_expires"] = json!(true);
    })
    .await;
    let app = tenant.connector();
    let scope = &format!("openid {OLD} offline_access");
    let v1 = app.sign_in(&tenant, "owner", scope).await;
    let v2 = app.sign_in(&tenant, "owner", READ).await;
    let never = app.sign_in(&tenant, "colleague", scope).await;
    let expiry = |claims: &Value| (claims.get("pwd_exp").cloned(), claims.get("pwd_url").cloned());
    tenant.advance(Span::from_days(76) - Span::from_micros(1)).await;
    assert_eq!(expiry(&app.refresh(v1.refresh()).await.claims()), (None, None), "too early");
    tenant.advance(Span::from_micros(1)).await;
    let left = (BEGIN + Span::from_days(90)).as_seconds() - (tenant.now().await.as_seconds() - 300);
    let url = tenant.url(&format!("/{}/changepassword", tenant.id()));
    let tokens = Tokens::of(app.try_refresh(v1.refresh(), &[("scope", "openid")]).await);
    assert_eq!(expiry(&tokens.claims()), (Some(json!(left)), Some(json!(url))));
    assert_eq!(expiry(&tokens.id_claims()), (None, None), "an ID token of version 2 does not request it");
    assert_eq!(expiry(&app.refresh(v2.refresh()).await.claims()), (Some(json!(left)), None), "as requested");
    assert_eq!(expiry(&app.refresh(never.refresh()).await.claims()), (None, None));
    tenant.advance(Span::from_days(14)).await;
    assert_eq!(expiry(&app.refresh(tokens.refresh()).await.claims()), (None, None), "it has expired");
}
