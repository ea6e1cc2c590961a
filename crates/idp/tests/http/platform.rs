//! Platform applications, which exist in every tenant.

use outlive_clock::TenantId;
use outlive_store::{Change, sql};
use serde_json::{Value, json};

use crate::client::App;
use crate::device_code::{let_in, poll_with, start_with};
use crate::tenant::{PASSWORD, Tenant, send};
use crate::tokens::Tokens;

const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const POWERSHELL: &str = "1950a258-227b-4e31-a9cf-717495945fc2";
const THREE: &str = "openid profile offline_access";

fn tool(tenant: &Tenant, client_id: &str) -> App {
    App { client_id: client_id.to_owned(), ..tenant.app(0, None, "http://localhost:8400") }
}

/// The requests of `az login --use-device-code` (azure-cli 32931): no consent is required, and the
/// response repeats the requested scopes, including slashes.
#[tokio::test]
async fn azure_cli_needs_no_consent_for_device_codes() {
    let tenant = Tenant::new().await;
    let app = tool(&tenant, CLI);
    let arm = "https://management.core.windows.net//.default";
    let codes = start_with(&app, &[("scope", &format!("{arm} {THREE}"))]).await;
    let_in(&tenant, &codes).await;
    let tokens = Tokens::of(poll_with(&app, &codes, &[("client_info", "1")]).await);
    assert_eq!(tokens.0["scope"], format!("https://management.core.windows.net//user_impersonation {arm}"));
    assert!(tokens.0["id_token"].is_string() && tokens.0["client_info"].is_string());
    let claims = tokens.claims();
    assert_eq!(
        (&claims["aud"], &claims["scp"]),
        (&json!("https://management.core.windows.net/"), &json!("user_impersonation"))
    );
    assert_eq!(claims["appid"], CLI);
    for (resource, names) in [
        ("https://management.azure.com", &["user_impersonation"][..]),
        ("https://vault.azure.net", &["user_impersonation"]),
        ("https://storage.azure.com/", &["user_impersonation"]),
        (
            "https://graph.microsoft.com",
            &["AuditLog.Read.All", "Directory.AccessAsUser.All", "Group.ReadWrite.All", "User.ReadWrite.All"],
        ),
    ] {
        let scope = format!("{resource}/.default {THREE}");
        let more = Tokens::of(app.try_refresh(tokens.refresh(), &[("scope", &scope)]).await);
        assert_eq!(more.claims()["aud"], resource);
        let scp = more.claims()["scp"].as_str().expect("scp").to_owned();
        let own: Vec<_> =
            scp.split(' ').filter(|scope| !["openid", "profile", "email"].contains(scope)).collect();
        assert_eq!(own, names, "{resource}");
    }
}

#[tokio::test]
async fn azure_powershell_needs_no_consent_for_codes() {
    let tenant = Tenant::new().await;
    let app = tool(&tenant, POWERSHELL);
    let mut browser = tenant.browser();
    let page = browser
        .open(&app.authorize_url(&format!("https://vault.azure.net/.default {THREE}"), &[]))
        .await
        .page();
    let code = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    let tokens = app.redeem(&code).await;
    assert_eq!(
        tokens.0["scope"],
        "https://vault.azure.net/user_impersonation https://vault.azure.net/.default"
    );
}

#[tokio::test]
async fn daemons_get_tokens_for_the_platforms_apis() {
    let tenant = Tenant::new().await;
    for resource in [
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net/",
        "https://vault.azure.net",
        "https://storage.azure.com",
        "https://service.flow.microsoft.com",
        "https://service.flow.microsoft.com/",
    ] {
        let scope = format!("{resource}/.default openid offline_access profile");
        let tokens = Tokens::of(tenant.nightly().client_credentials(&scope).await);
        assert_eq!(tokens.claims()["aud"], resource);
    }
}

#[tokio::test]
async fn any_scope_of_graph_can_be_consented_to() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let url = app.authorize_url("mail.read Calendars.Read Files.ReadWrite.All", &[]);
    let mut browser = tenant.browser();
    let page = browser.open(&url).await.page();
    let page = browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.page();
    assert!(
        page.answer.text.contains("Mail.Read") && page.answer.text.contains("Read your calendars"),
        "{page:?}"
    );
    let tokens = app.redeem(&browser.accept_permissions(&page).await.code()).await;
    assert_eq!(tokens.0["scope"], "Calendars.Read Files.ReadWrite.All Mail.Read profile openid email");
}

async fn get(tenant: &Tenant, token: &str, path: &str) -> Value {
    send(tenant.http.get(tenant.url(&format!("/v1.0{path}"))).bearer_auth(token)).await.json()
}

#[tokio::test]
async fn graph_shows_its_permissions_by_their_published_ids() {
    let tenant = Tenant::new().await;
    let reader = tenant.admin_tool().sign_in(&tenant, "owner", "Application.Read.All").await;
    let path = "/servicePrincipals?$filter=appId eq '00000003-0000-0000-c000-000000000000'";
    let graph = get(&tenant, reader.access(), path).await["value"][0].clone();
    let find = |list: &str, value: &str| {
        let found = graph[list].as_array().expect("a list").iter().find(|known| known["value"] == value);
        found.cloned().unwrap_or_else(|| panic!("no {value}"))
    };
    // Microsoft Graph permissions reference.
    let read = find("oauth2PermissionScopes", "User.Read");
    assert_eq!(
        (&read["id"], &read["type"]),
        (&json!("e1fe6dd8-ba31-4d61-89e7-88639da4683d"), &json!("User"))
    );
    assert_eq!(find("oauth2PermissionScopes", "Directory.Read.All")["type"], "Admin");
    assert_eq!(find("appRoles", "User.Read.All")["id"], "df021288-bdef-4463-88db-98f22de89214");
}

/// Tenants of an older version are completed at startup.
#[tokio::test]
async fn tenants_of_older_versions_get_new_platform_applications() {
    let installation = std::sync::Arc::new(crate::installation::Installation::start());
    let tenant = Tenant::inside(installation, "2025-11").await;
    let id: TenantId = tenant.id().parse().expect("an id");
    let mut change = Change::new();
    for client in [CLI, "797f4846-ba00-4fd7-ba43-dac1f8f63013"] {
        change.add(sql!("DELETE FROM applications WHERE tenant = $1 AND client_id = $2", id, client));
        change.add(sql!("DELETE FROM resource_names WHERE tenant = $1 AND client_id = $2", id, client));
        change.add(sql!("DELETE FROM redirect_uris WHERE tenant = $1 AND client_id = $2", id, client));
    }
    tenant.installation.store.commit(change).await.expect("deleted");
    let tenant = tenant.restarted();
    let app = tool(&tenant, CLI);
    let answer = app.password(&tenant.upn("owner"), PASSWORD, "https://management.azure.com/.default").await;
    assert_eq!(Tokens::of(answer).claims()["aud"], "https://management.azure.com");
}
