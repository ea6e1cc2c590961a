//! The client credentials grant.

use serde_json::{Value, json};

use crate::tenant::{ORDERS, Tenant};
use crate::tokens::Tokens;

#[tokio::test]
async fn an_application_gets_its_roles_and_never_a_refresh_token() {
    let tenant = Tenant::new().await;
    let tokens = Tokens::of(tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await);
    assert_eq!((&tokens.0["refresh_token"], &tokens.0["scope"]), (&Value::Null, &Value::Null));
    let claims = tokens.claims();
    assert_eq!(claims["roles"], json!(["Orders.Read.All"]));
    assert_eq!((&claims["oid"], &claims["sub"]), (&json!(tenant.id_of(215)), &json!(tenant.id_of(215))));
    assert_eq!(claims.get("idtyp"), None, "the API did not ask for it");
    assert_eq!(claims.get("scp"), None);
    let line = &tenant.journal("token.issued").await[0];
    assert_eq!(line["subject"], format!("client:{}", tenant.id_of(15)));

    let on_v1 = Tokens::of(tenant.nightly().v1().client_credentials(ORDERS).await);
    assert_eq!(on_v1.0["resource"], ORDERS);
    let without_roles =
        Tokens::of(tenant.connector().client_credentials(&format!("{ORDERS}/.default")).await);
    assert_eq!(without_roles.claims().get("roles"), None);
}

#[tokio::test]
async fn only_default_scopes_are_allowed_here() {
    let tenant = Tenant::new().await;
    for scope in [&format!("{ORDERS}/Orders.Read"), "openid", "/.default"] {
        let answer = tenant.nightly().client_credentials(scope).await;
        answer.refused(400, "invalid_scope", "AADSTS1002012");
    }
    let several = format!("{ORDERS}/.default https://graph.microsoft.com/.default");
    // azure-sdk-for-net 9076, azure-docs 43749.
    tenant.nightly().client_credentials(&several).await.refused(400, "invalid_scope", "AADSTS70011");
    let answer = tenant.nightly().client_credentials("api://nowhere/.default").await;
    answer.refused(400, "invalid_resource", "AADSTS500011");
    tenant.nightly().client_credentials("").await.refused(400, "invalid_request", "AADSTS900144");
    let answer = tenant.nightly().v1().client_credentials("").await;
    answer.refused(400, "invalid_request", "AADSTS900144");
}

/// MSAL Go and MSAL for Java always send the OpenID Connect scopes (MSAL Go 304).
#[tokio::test]
async fn openid_connect_scopes_beside_default_have_no_effect() {
    let tenant = Tenant::new().await;
    for scope in
        [format!("{ORDERS}/.default openid offline_access profile"), format!("openid {ORDERS}/.default")]
    {
        let tokens = Tokens::of(tenant.nightly().client_credentials(&scope).await);
        assert_eq!(tokens.claims()["roles"], json!(["Orders.Read.All"]));
        let members: Vec<_> = tokens.0.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(members, ["access_token", "expires_in", "ext_expires_in", "token_type"]);
    }
}

#[tokio::test]
async fn client_credentials_need_a_confidential_client_and_a_tenant() {
    let tenant = Tenant::new().await;
    let answer = tenant.desktop().client_credentials(&format!("{ORDERS}/.default")).await;
    answer.refused(401, "invalid_client", "AADSTS7000216");
    for alias in ["common", "organizations"] {
        let app = crate::client::App { segment: alias.to_owned(), ..tenant.nightly() };
        let answer = app.client_credentials(&format!("{ORDERS}/.default")).await;
        answer.refused(400, "invalid_request", "AADSTS90010");
    }
}
