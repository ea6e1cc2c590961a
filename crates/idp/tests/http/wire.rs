//! Exact response bodies.

use insta::assert_snapshot;
use serde_json::json;

use crate::tenant::{Answer, ORDERS, READ, SECRET, Tenant};

/// Returns the body with varying values replaced: tokens, ids, the port, and random values.
fn body(tenant: &Tenant, answer: &Answer) -> String {
    let mut text =
        answer.text.replace(&tenant.installation.url, "[origin]").replace(&tenant.id(), "[tenant]");
    let value: serde_json::Value = answer.json();
    for name in ["access_token", "refresh_token", "id_token"] {
        if let Some(token) = value[name].as_str() {
            text = text.replace(token, &format!("[{name}]"));
        }
    }
    for member in [&value["trace_id"], &value["error"]["innerError"]["request-id"]] {
        if let Some(id) = member.as_str() {
            text = text.replace(id, "[request]");
        }
    }
    if let Some(id) = value["correlation_id"].as_str() {
        text = text.replace(id, "[correlation]");
    }
    for number in ["expires_in", "ext_expires_in", "expires_on"].map(|name| &value[name]) {
        let number =
            number.as_i64().map_or_else(|| number.as_str().unwrap_or("[none]").to_owned(), |n| n.to_string());
        text = text.replace(&number, "[seconds]");
    }
    text.replace(",\"", ",\n\"")
}

#[tokio::test]
async fn tokens_of_v2() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", &format!("openid profile {READ}")).await;
    let answer = app.try_redeem(&code, &[]).await;
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    assert_snapshot!(body(&tenant, &answer), @r#"
{"token_type":"Bearer",
"scope":"api://contoso-orders/Orders.Read",
"expires_in":[seconds],
"ext_expires_in":[seconds],
"access_token":"[access_token]",
"refresh_token":"[refresh_token]",
"id_token":"[id_token]"}
"#);
}

#[tokio::test]
async fn tokens_of_v1() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    app.code_for(&tenant, "owner", &format!("{ORDERS}/Orders.Read")).await;
    let app = app.v1();
    let code = app.code_for(&tenant, "owner", ORDERS).await;
    let answer = app.try_redeem(&code, &[]).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"token_type":"Bearer",
"scope":"Orders.Read",
"expires_in":"[seconds]",
"ext_expires_in":"[seconds]",
"expires_on":"[seconds]",
"not_before":"1767603300",
"resource":"api://contoso-orders",
"access_token":"[access_token]",
"refresh_token":"[refresh_token]",
"id_token":"[id_token]"}
"#);
    let answer = tenant.nightly().v1().client_credentials(ORDERS).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"token_type":"Bearer",
"expires_in":"[seconds]",
"ext_expires_in":"[seconds]",
"expires_on":"[seconds]",
"not_before":"1767603300",
"resource":"api://contoso-orders",
"access_token":"[access_token]"}
"#);
}

#[tokio::test]
async fn app_only_tokens() {
    let tenant = Tenant::new().await;
    let answer = tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"token_type":"Bearer",
"expires_in":[seconds],
"ext_expires_in":[seconds],
"access_token":"[access_token]"}
"#);
}

#[tokio::test]
async fn a_rejected_grant_on_the_wire() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant
        .happens(
            json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"}),
        )
        .await;
    let answer = app.try_refresh(tokens.refresh(), &[]).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"error":"invalid_grant",
"error_description":"AADSTS50173: The provided grant was revoked, and a fresh token is needed. The user might have changed or reset their password, or the sessions were revoked. The grant was issued on '2026-01-05T09:00:00.5000000Z' and the TokensValidFrom date (before which tokens are not valid) for this user is '2026-01-05T09:00:01.0000000Z'. Trace ID: [request] Correlation ID: [correlation] Timestamp: 2026-01-05 09:00:02Z",
"error_codes":[50173],
"timestamp":"2026-01-05 09:00:02Z",
"trace_id":"[request]",
"correlation_id":"[correlation]",
"error_uri":"[origin]/error?code=50173",
"suberror":"bad_token"}
"#);
    let correlation = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let answer = app.try_refresh("nonsense", &[("client-request-id", correlation)]).await;
    assert_eq!(answer.json()["correlation_id"], correlation);
}

#[tokio::test]
async fn a_rejected_client_on_the_wire() {
    let tenant = Tenant::new().await;
    let answer = tenant.desktop().try_refresh("x", &[("client_secret", SECRET)]).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"error":"invalid_client",
"error_description":"AADSTS700025: The client is public, so neither 'client_assertion' nor 'client_secret' should be presented. Trace ID: [request] Correlation ID: [correlation] Timestamp: 2026-01-05 09:00:00Z",
"error_codes":[700025],
"timestamp":"2026-01-05 09:00:00Z",
"trace_id":"[request]",
"correlation_id":"[correlation]"}
"#);
}

#[tokio::test]
async fn the_discovery_documents() {
    let tenant = Tenant::new().await;
    let answer = tenant.get(&format!("/{}/v2.0/.well-known/openid-configuration", tenant.id())).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"authorization_endpoint":"[origin]/[tenant]/oauth2/v2.0/authorize",
"claims_supported":["sub",
"iss",
"cloud_instance_name",
"cloud_instance_host_name",
"cloud_graph_host_name",
"msgraph_host",
"aud",
"exp",
"iat",
"auth_time",
"acr",
"nonce",
"preferred_username",
"name",
"tid",
"ver",
"at_hash",
"c_hash",
"email"],
"cloud_graph_host_name":"graph.windows.net",
"cloud_instance_name":"microsoftonline.com",
"device_authorization_endpoint":"[origin]/[tenant]/oauth2/v2.0/devicecode",
"end_session_endpoint":"[origin]/[tenant]/oauth2/v2.0/logout",
"frontchannel_logout_supported":true,
"http_logout_supported":true,
"id_token_signing_alg_values_supported":["RS256"],
"issuer":"[origin]/[tenant]/v2.0",
"jwks_uri":"[origin]/[tenant]/discovery/v2.0/keys",
"msgraph_host":"graph.microsoft.com",
"rbac_url":"https://pas.windows.net",
"request_uri_parameter_supported":false,
"response_modes_supported":["query",
"fragment",
"form_post"],
"response_types_supported":["code",
"id_token",
"code id_token",
"id_token token"],
"scopes_supported":["openid",
"profile",
"email",
"offline_access"],
"subject_types_supported":["pairwise"],
"tenant_region_scope":"WW",
"token_endpoint":"[origin]/[tenant]/oauth2/v2.0/token",
"token_endpoint_auth_methods_supported":["client_secret_post",
"private_key_jwt",
"client_secret_basic"],
"userinfo_endpoint":"[origin]/oidc/userinfo"}
"#);
    let answer = tenant.get("/common/.well-known/openid-configuration").await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"authorization_endpoint":"[origin]/common/oauth2/authorize",
"claims_supported":["sub",
"iss",
"cloud_instance_name",
"cloud_instance_host_name",
"cloud_graph_host_name",
"msgraph_host",
"aud",
"exp",
"iat",
"auth_time",
"acr",
"nonce",
"preferred_username",
"name",
"tid",
"ver",
"at_hash",
"c_hash",
"email",
"amr",
"given_name",
"family_name",
"nickname"],
"cloud_graph_host_name":"graph.windows.net",
"cloud_instance_name":"microsoftonline.com",
"device_authorization_endpoint":"[origin]/common/oauth2/devicecode",
"end_session_endpoint":"[origin]/common/oauth2/logout",
"frontchannel_logout_supported":true,
"http_logout_supported":true,
"id_token_signing_alg_values_supported":["RS256"],
"issuer":"[origin]/{tenantid}/",
"jwks_uri":"[origin]/common/discovery/keys",
"microsoft_multi_refresh_token":true,
"msgraph_host":"graph.microsoft.com",
"rbac_url":"https://pas.windows.net",
"request_uri_parameter_supported":false,
"response_modes_supported":["query",
"fragment",
"form_post"],
"response_types_supported":["code",
"id_token",
"code id_token",
"token id_token",
"token"],
"scopes_supported":["openid"],
"subject_types_supported":["pairwise"],
"tenant_region_scope":null,
"token_endpoint":"[origin]/common/oauth2/token",
"token_endpoint_auth_methods_supported":["client_secret_post",
"private_key_jwt",
"client_secret_basic"],
"userinfo_endpoint":"[origin]/common/openid/userinfo"}
"#);
}

#[tokio::test]
async fn the_published_keys() {
    let tenant = Tenant::new().await;
    let answer = tenant.get(&format!("/{}/discovery/v2.0/keys", tenant.id())).await;
    let mut first = answer.json()["keys"][0].clone();
    for (name, length) in [("kid", 27), ("x5t", 27), ("n", 342)] {
        assert_eq!(first[name].as_str().map(str::len), Some(length), "{name}");
        first[name] = json!(format!("[{name}]"));
    }
    assert!(first["x5c"][0].as_str().is_some_and(|x5c| x5c.starts_with("MII")));
    first["x5c"] = json!(["[x5c]"]);
    let text =
        first.to_string().replace(&tenant.installation.url, "[origin]").replace(&tenant.id(), "[tenant]");
    assert_snapshot!(text, @r#"{"e":"AQAB","issuer":"[origin]/[tenant]/v2.0","kid":"[kid]","kty":"RSA","n":"[n]","use":"sig","x5c":["[x5c]"],"x5t":"[x5t]"}"#);
}

#[tokio::test]
async fn a_refusal_of_graph() {
    let tenant = Tenant::new().await;
    let tokens = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    let path = format!("/v1.0/users/{}", tenant.upn("colleague"));
    let answer = crate::tenant::send(tenant.http.get(tenant.url(&path)).bearer_auth(tokens.access())).await;
    assert_snapshot!(body(&tenant, &answer), @r#"
{"error":{"code":"Authorization_RequestDenied",
"message":"Insufficient privileges to complete the operation.",
"innerError":{"date":"2026-01-05T09:00:00",
"request-id":"[request]",
"client-request-id":"[request]"}}}
"#);
}
