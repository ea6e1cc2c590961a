//! UserInfo, for clients with a token for Graph.

use reqwest::Method;
use serde_json::json;

use crate::tenant::{Answer, READ, Tenant, send};

async fn user_info(tenant: &Tenant, method: Method, path: &str, token: &str) -> Answer {
    send(tenant.http.request(method, tenant.url(path)).bearer_auth(token)).await
}

#[tokio::test]
async fn user_info_has_the_claims_of_the_scopes_and_the_subject_of_the_id_token() {
    // An administrator's grants that contain only some of the OpenID Connect scopes.
    let tenant = Tenant::with_applications(|tenant| {
        let granted = |uri: &str, oidc: &str| {
            json!({
                "redirect_uris": [{"uri": uri, "type": "publicClient"}],
                "required": [{"resource": "00000003-0000-0000-c000-000000000000", "scopes": ["User.Read", oidc]}],
                "admin_consented": true,
            })
        };
        vec![
            tenant.application(50, "public", &granted("http://localhost/less", "openid")),
            tenant.application(51, "public", &granted("http://localhost/without", "email")),
        ]
    })
    .await;
    let tool = tenant.admin_tool();
    let tokens = tool.sign_in(&tenant, "owner", "openid profile email User.Read").await;
    let sub = tokens.id_claims()["sub"].clone();
    assert!(sub.is_string());
    let legacy = format!("/{}/openid/userinfo", tenant.id());
    for (method, path) in
        [(Method::GET, "/oidc/userinfo"), (Method::POST, "/oidc/userinfo"), (Method::GET, &legacy)]
    {
        let answer = user_info(&tenant, method, path, tokens.access()).await;
        assert_eq!(
            answer.json(),
            json!({
                "sub": sub, "name": "The owner", "given_name": "Orla", "family_name": "Ner",
                "email": format!("owner@mail.{}", tenant.domain),
                "picture": "https://graph.microsoft.com/v1.0/me/photo/$value",
            }),
        );
    }
    // Granted scopes count, not requested ones.
    let requested_less = tool.sign_in(&tenant, "owner", "User.Read").await;
    assert_eq!(user_info(&tenant, Method::GET, "/oidc/userinfo", requested_less.access()).await.status, 200);
    let less = tenant.app(50, None, "http://localhost/less").sign_in(&tenant, "owner", "User.Read").await;
    let answer = user_info(&tenant, Method::GET, "/oidc/userinfo", less.access()).await.json();
    let members: Vec<_> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["sub"]);
    let without =
        tenant.app(51, None, "http://localhost/without").sign_in(&tenant, "owner", "User.Read").await;
    assert_eq!(user_info(&tenant, Method::GET, "/oidc/userinfo", without.access()).await.status, 403);
    let orders = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let answer = user_info(&tenant, Method::GET, "/oidc/userinfo", orders.access()).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").starts_with("Bearer "), "{answer:?}");
}
