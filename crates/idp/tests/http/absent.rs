//! Features of Entra ID that this directory lacks, and that no response pretends to have: families
//! of client ids, signing keys per application, other clouds, guests of other tenants, federation,
//! device registration, codes by mail.

use std::sync::Arc;

use serde_json::json;

use crate::tenant::{PASSWORD, READ, Tenant, send};

#[tokio::test]
async fn no_response_mentions_families_or_other_clouds() {
    let tenant = Tenant::new().await;
    for app in [tenant.desktop(), tenant.connector()] {
        let mut browser = tenant.browser();
        let url = app.authorize_url(READ, &[]);
        let sent = browser.go_through(&url, &tenant.upn("owner"), PASSWORD).await.app();
        let names: Vec<_> = sent.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "session_state", "state"]);
        let tokens = app.redeem(&sent["code"]).await;
        let members: Vec<_> = tokens.0.as_object().expect("an object").keys().cloned().collect();
        assert!(!members.iter().any(|name| name == "foci" || name == "issued_token_type"), "{members:?}");
    }
}

#[tokio::test]
async fn no_application_has_signing_keys_of_its_own() {
    let tenant = Tenant::new().await;
    for version in ["", "v2.0/"] {
        let path = format!("/{}/discovery/{version}keys", tenant.id());
        let keys = tenant.get(&path).await;
        for id in [tenant.connector().client_id, "unknown".to_owned(), String::new()] {
            let own = tenant.get(&format!("{path}?appid={id}")).await;
            assert_eq!((own.status, own.json()), (200, keys.json()), "{id}");
        }
    }
}

#[tokio::test]
async fn users_of_other_tenants_are_unknown_here() {
    let home = Tenant::new().await;
    let resource = Tenant::inside(Arc::clone(&home.installation), "2025-11").await;
    let guest = home.upn("owner");
    let app = resource.connector();
    let mut browser = resource.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &guest, PASSWORD).await.page();
    assert_eq!(page.heading, "Sign in", "the user is asked to sign in");
    resource.kiosk().password(&guest, PASSWORD, READ).await.grant_refused("AADSTS50034");
    // A session in the home tenant does not count here.
    let mut browser = home.browser();
    home.connector().code_in(&mut browser, &guest, READ).await;
    let silently = app.authorize_url(READ, &[("prompt", "none")]);
    browser.open(&silently).await.refused("login_required", "AADSTS50058");
}

#[tokio::test]
async fn no_domain_has_federation() {
    let tenant = Tenant::new().await;
    for (name, realm) in [
        (tenant.upn("owner"), "Managed"),
        (format!("unknown@{}", tenant.domain), "Managed"),
        ("someone@fabrikam.example".to_owned(), "Unknown"),
        ("no-name".to_owned(), "Unknown"),
    ] {
        let realm_info = tenant.get(&format!("/common/userrealm/{name}?api-version=1.0")).await.json();
        assert_eq!(realm_info["account_type"], json!(realm), "{name}: {realm_info}");
        let members = realm_info.as_object().expect("an object");
        assert!(!members.keys().any(|name| name.starts_with("federation_")), "{realm_info}");
    }
}

#[tokio::test]
async fn device_credentials_are_not_supported_here() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let credential = "eyJhbGciOiJub25lIn0.eyJyZWZyZXNoX3Rva2VuIjoieCJ9.";
    let url = app.authorize_url(READ, &[("prompt", "none")]);
    for header in ["x-ms-RefreshTokenCredential", "x-ms-DeviceCredential"] {
        let request = tenant.http.get(&url).header(header, credential);
        let cookie = format!("{header}={credential}");
        for request in [request, tenant.http.get(&url).header("cookie", cookie)] {
            let answer = send(request).await;
            assert_eq!(answer.status, 302, "{header}: {answer:?}");
            assert!(answer.header("location").contains("AADSTS50058"), "{header}: {answer:?}");
        }
    }
    // The grant type that a device would use is the on-behalf-of grant here, which requires client
    // authentication.
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("request", credential),
        ("windows_api_version", "2.0"),
    ];
    app.ask(&form, &[]).await.refused(401, "invalid_client", "AADSTS7000216");
    let claims = app.sign_in(&tenant, "owner", READ).await.claims();
    assert_eq!((claims.get("deviceid"), claims.get("xms_tdbr")), (None, None));
}

#[tokio::test]
async fn sign_in_is_by_password_or_passkey_only() {
    let tenant = Tenant::new().await;
    let page = tenant.browser().open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let html = scraper::Html::parse_document(&page.answer.text);
    let fields = scraper::Selector::parse("input:not([type=hidden])").expect("a selector");
    let fields: Vec<_> =
        html.select(&fields).map(|field| field.attr("name").unwrap_or_default().to_owned()).collect();
    assert_eq!(fields, ["loginfmt", "passwd", "kmsi"]);
    assert!(tenant.get(&format!("/_lab/tenants/{}/outbox", tenant.id())).await.text.contains("[]"));
    tenant.desktop().sign_in(&tenant, "owner", READ).await;
    assert_eq!(tenant.journal("token.issued").await[0]["data"]["amr"], json!(["pwd"]));
}
