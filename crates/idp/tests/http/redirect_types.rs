//! One application, registered for several platforms: each redirect URI has its own type of grant.

use reqwest::Method;
use serde_json::json;

use crate::client::App;
use crate::graph::call;
use crate::tenant::{READ, SECRET, Tenant, send};
use crate::tokens::Tokens;

async fn tenant() -> Tenant {
    Tenant::with_applications(|tenant| {
        let uri = |uri: &str, kind: &str| json!({"uri": uri, "type": kind});
        let three = json!({
            "redirect_uris": [
                uri("https://three.example/web", "web"),
                uri("https://three.example/page", "spa"),
                uri("http://localhost/three", "publicClient"),
            ],
            "secrets": [SECRET],
            "required": [{"resource": tenant.id_of(10), "scopes": ["Orders.Read"]}],
            "admin_consented": true,
        });
        vec![tenant.application(41, "confidential", &three)]
    })
    .await
}

#[tokio::test]
async fn the_redirect_uri_type_determines_client_authentication() {
    let tenant = tenant().await;
    let web = tenant.app(41, Some(SECRET), "https://three.example/web");
    let native = tenant.app(41, None, "http://localhost/three");
    let page_origin = Some("https://three.example".to_owned());
    let page = App { page_origin, ..tenant.app(41, None, "https://three.example/page") };

    let code = web.code_for(&tenant, "owner", READ).await;
    let without = web.clone().without_secret();
    without.try_redeem(&code, &[]).await.refused(401, "invalid_client", "AADSTS7000218");
    let of_web = web.redeem(&code).await;
    without.try_refresh(of_web.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000218");

    let with_secret = [("client_secret", SECRET)];
    let code = native.code_for(&tenant, "owner", READ).await;
    native.try_redeem(&code, &with_secret).await.refused(401, "invalid_client", "AADSTS700025");
    let of_native = native.redeem(&code).await;
    let answer = native.try_refresh(of_native.refresh(), &with_secret).await;
    answer.refused(401, "invalid_client", "AADSTS700025");

    let of_page = page.sign_in(&tenant, "owner", READ).await;
    for (tokens, proof) in [(&of_web, "1"), (&of_native, "0"), (&of_page, "0")] {
        assert_eq!(tokens.claims()["azpacr"], proof);
    }
    let lines = tenant.journal("token.issued").await;
    let token = |line: usize| lines[line]["data"]["refresh_token"].clone();
    assert_eq!([&token(0)["client_class"], &token(1)["client_class"]], ["confidential", "public"]);
    assert!(token(1)["fixed_expires_at"].is_null() && token(2)["fixed_expires_at"].is_string(), "{lines:?}");

    // So a password change revokes only some of the application's grants.
    let change =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    web.refresh(of_web.refresh()).await;
    native.try_refresh(of_native.refresh(), &[]).await.grant_refused("AADSTS50173");
    page.try_refresh(of_page.refresh(), &[]).await.grant_refused("AADSTS50173");
}

#[tokio::test]
async fn native_redirect_uris_through_graph_need_no_credential() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "https://graph.microsoft.com/.default").await;
    let body =
        json!({"displayName": "Native", "publicClient": {"redirectUris": ["http://localhost/native"]}});
    let made = call(&tenant, admin.access(), Method::POST, "/applications", body).await.json();
    assert_eq!(made["isFallbackPublicClient"], false);
    let client_id = made["appId"].as_str().expect("an id").to_owned();
    let app = App { client_id, ..tenant.app(0, None, "http://localhost/native") };
    app.sign_in(&tenant, "owner", READ).await;
    // Without a redirect URI, only `isFallbackPublicClient` decides.
    let password = async || app.password(&tenant.upn("owner"), crate::tenant::PASSWORD, READ).await;
    password().await.refused(401, "invalid_client", "AADSTS7000218");
    let path = format!("/applications/{}", made["id"].as_str().expect("an id"));
    let patch = json!({"isFallbackPublicClient": true});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, patch).await.status, 204);
    Tokens::of(password().await);
    let shown = send(tenant.http.get(tenant.url(&format!("/v1.0{path}"))).bearer_auth(admin.access())).await;
    assert_eq!(shown.json()["isFallbackPublicClient"], true);
}
