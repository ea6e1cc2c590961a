//! The resource owner password credentials grant.

use serde_json::json;

use crate::client::App;
use crate::tenant::{ORDERS, PASSWORD, READ, SECRET, Tenant, send};
use crate::tokens::Tokens;

#[tokio::test]
async fn password_and_consent_yield_tokens() {
    let tenant = Tenant::new().await;
    let (tool, kiosk, owner) = (tenant.admin_tool(), tenant.kiosk(), tenant.upn("owner"));
    let scope = "openid profile User.Read offline_access";
    let public = Tokens::of(tool.password(&owner.to_uppercase(), PASSWORD, scope).await);
    assert_eq!(public.claims()["appidacr"], "0");
    assert_eq!(public.claims()["amr"], json!(["pwd"]));
    assert_eq!(public.id_claims()["preferred_username"], json!(owner));
    let scope = public.0["scope"].as_str().expect("a scope");
    assert!(scope.split(' ').any(|scope| scope == "User.Read"), "in the words of the request: {scope}");
    let with_secret = Tokens::of(kiosk.password(&owner, PASSWORD, READ).await);
    assert_eq!(with_secret.claims()["azpacr"], "1");
    let without = Tokens::of(kiosk.clone().without_secret().password(&owner, PASSWORD, READ).await);
    assert_eq!(without.claims()["azpacr"], "0");
    let on_v1 = Tokens::of(kiosk.v1().password(&owner, PASSWORD, ORDERS).await);
    assert_eq!(on_v1.0["resource"], ORDERS);
    on_v1.refresh();
    let no_refresh_token =
        Tokens::of(tenant.kiosk().password(&owner, PASSWORD, &format!("{ORDERS}/.default")).await);
    assert_eq!(no_refresh_token.0.get("refresh_token"), None);
    let lines = tenant.journal("token.issued").await;
    assert_eq!(lines[0]["data"]["grant_type"], "password");
    assert_eq!(lines[0]["data"]["refresh_token"]["password_based"], true);
    assert!(!lines.iter().any(|line| line.to_string().contains(PASSWORD)));
}

#[tokio::test]
async fn failures_have_specific_errors() {
    let tenant = Tenant::new().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let ask = async |upn: &str, password: &str| tool.password(upn, password, "User.Read").await;
    ask(&owner, "Wrong-Horse-1").await.grant_refused("AADSTS50126");
    let body = ask(&tenant.upn("unknown"), PASSWORD).await.grant_refused("AADSTS50034");
    assert_eq!(body["suberror"], "bad_token");
    ask(&owner, "").await.refused(400, "invalid_request", "AADSTS900144");
    ask("", PASSWORD).await.refused(400, "invalid_request", "AADSTS900144");
    tool.password(&owner, PASSWORD, " ").await.refused(400, "invalid_request", "AADSTS900144");
    let refused = tenant.journal("token.refused").await;
    assert_eq!(refused[0]["data"]["upn"], json!(owner));
    assert!(!refused.iter().any(|line| line.to_string().contains("Wrong-Horse")));

    tenant.happens_to("owner", "password_expiry").await;
    let body = ask(&owner, PASSWORD).await.grant_refused("AADSTS50055");
    assert_eq!(body["suberror"], "user_password_expired");
    ask(&owner, "Wrong-Horse-1").await.grant_refused("AADSTS50126");
    tenant.happens_to("colleague", "disable_user").await;
    ask(&tenant.upn("colleague"), PASSWORD).await.grant_refused("AADSTS50057");
    ask(&tenant.upn("colleague"), "Wrong-Horse-1").await.grant_refused("AADSTS50126");
}

#[tokio::test]
async fn a_temporary_password_needs_a_page() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "User.ReadWrite.All").await;
    let reset =
        json!({"passwordProfile": {"password": "Other-Horse-2", "forceChangePasswordNextSignIn": true}});
    let url = tenant.url(&format!("/v1.0/users/{}", tenant.id_of(1)));
    let answer = send(tenant.http.patch(url).bearer_auth(admin.access()).json(&reset)).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let answer = tenant.admin_tool().password(&tenant.upn("owner"), "Other-Horse-2", "User.Read").await;
    answer.grant_refused("AADSTS50055");
}

#[tokio::test]
async fn missing_consent_is_an_error() {
    let tenant = Tenant::new().await;
    let (desktop, owner) = (tenant.desktop(), tenant.upn("owner"));
    let body = desktop.password(&owner, PASSWORD, READ).await.grant_refused("AADSTS65001");
    assert_eq!(body["suberror"], "consent_required");
    desktop.sign_in(&tenant, "owner", READ).await;
    Tokens::of(desktop.password(&owner, PASSWORD, READ).await);
    let refused = async |scope: &str, error, code| {
        desktop.password(&owner, PASSWORD, scope).await.refused(400, error, code);
    };
    refused(&format!("{READ} User.Read"), "invalid_request", "AADSTS28000").await;
    refused(&format!("{ORDERS}/Orders.Delete"), "invalid_scope", "AADSTS70011").await;
    desktop.password(&owner, PASSWORD, "").await.refused(400, "invalid_request", "AADSTS900144");
    let on_v1 = desktop.v1().password(&owner, PASSWORD, "").await;
    on_v1.refused(400, "invalid_request", "AADSTS900144");
}

#[tokio::test]
async fn the_registration_determines_the_need_for_a_credential() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let refused = async |app: App, code| {
        app.password(&owner, PASSWORD, READ).await.refused(401, "invalid_client", code);
    };
    refused(tenant.connector().without_secret(), "AADSTS7000218").await;
    refused(App { page_origin: None, ..tenant.spa() }, "AADSTS7000218").await;
    refused(App { secret: Some("guess".to_owned()), ..tenant.kiosk() }, "AADSTS7000215").await;
    refused(App { secret: Some(SECRET.to_owned()), ..tenant.desktop() }, "AADSTS700025").await;
    for alias in ["common", "consumers"] {
        let app = App { segment: alias.to_owned(), ..tenant.kiosk() };
        let answer = app.password(&owner, PASSWORD, READ).await;
        answer.refused(400, "invalid_request", "AADSTS9001023");
    }
    let anywhere = App { segment: "organizations".to_owned(), ..tenant.kiosk() };
    Tokens::of(anywhere.password(&owner, PASSWORD, READ).await);
}

#[tokio::test]
async fn revocation_depends_on_client_authentication() {
    let tenant = Tenant::new().await;
    let (kiosk, owner) = (tenant.kiosk(), tenant.upn("owner"));
    let public = kiosk.clone().without_secret();
    let falls = Tokens::of(public.password(&owner, PASSWORD, READ).await);
    let stays = Tokens::of(kiosk.password(&owner, PASSWORD, READ).await);
    public.refresh(falls.refresh()).await;
    let answer = public.try_refresh(stays.refresh(), &[]).await;
    answer.refused(401, "invalid_client", "AADSTS7000218");
    let change = json!({"type": "password_change", "user": owner, "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    public.try_refresh(falls.refresh(), &[]).await.grant_refused("AADSTS50173");
    kiosk.refresh(stays.refresh()).await;
    public.password(&owner, PASSWORD, READ).await.grant_refused("AADSTS50126");
    Tokens::of(public.password(&owner, "Other-Horse-2", READ).await);
    tenant.happens_to("owner", "revoke_sessions").await;
    kiosk.try_refresh(stays.refresh(), &[]).await.grant_refused("AADSTS50173");
}
