//! The on-behalf-of flow.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::App;
use crate::graph::denied;
use crate::graph_directory::Graph;
use crate::tenant::{Answer, ORDERS, PASSWORD, READ, SECRET, Tenant};
use crate::tokens::Tokens;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const GATEWAY: &str = "api://contoso-gateway";

/// A tenant with an API between the client and the orders API, and a client of that API.
async fn tenant(version: u8) -> Tenant {
    Tenant::with_applications(|tenant| {
        let gateway = json!({
            "identifier_uris": [GATEWAY],
            "token_version": version,
            "secrets": [SECRET],
            "scopes": [{"id": tenant.id_of(332), "value": "act", "description": "Act for you"}],
            "app_roles": [{"id": tenant.id_of(333), "value": "Act.All"}],
            "required": [{"resource": tenant.id_of(10), "scopes": ["Orders.Read"]}],
            "admin_consented": true,
        });
        let caller = json!({
            "redirect_uris": [{"uri": "http://localhost/caller", "type": "publicClient"}],
            "required": [{"resource": tenant.id_of(32), "scopes": ["act"]}],
            "admin_consented": true,
        });
        vec![tenant.application(32, "resource", &gateway), tenant.application(33, "public", &caller)]
    })
    .await
}

fn gateway(tenant: &Tenant) -> App {
    tenant.app(32, Some(SECRET), "")
}

/// Returns the client's access token for the gateway.
async fn assertion(tenant: &Tenant) -> String {
    let caller = tenant.app(33, None, "http://localhost/caller");
    caller.sign_in(tenant, "owner", &format!("{GATEWAY}/act")).await.access().to_owned()
}

async fn exchange(app: &App, assertion: &str, changes: &[(&str, &str)]) -> Answer {
    let form = [
        ("grant_type", JWT_BEARER),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", READ),
    ];
    app.ask(&form, changes).await
}

#[tokio::test]
async fn an_api_exchanges_the_tokens_of_its_callers() {
    for version in [1, 2] {
        let tenant = tenant(version).await;
        let app = gateway(&tenant);
        let came = assertion(&tenant).await;
        let tokens = Tokens::of(exchange(&app, &came, &[]).await);
        let claims = tokens.claims();
        assert_eq!(claims["oid"], json!(tenant.id_of(1)));
        assert_eq!((&claims["azp"], &claims["azpacr"]), (&json!(tenant.id_of(32)), &json!("1")));
        assert_eq!((&claims["scp"], &claims["aud"]), (&json!("Orders.Read"), &json!(tenant.id_of(10))));
        app.refresh(tokens.refresh()).await;
        let line = tenant.journal("token.issued").await.remove(1);
        assert_eq!(line["data"]["grant_type"], "on_behalf_of");
        assert_eq!(line["data"]["refresh_token"]["password_based"], true);
        let only_now = Tokens::of(exchange(&app, &came, &[("scope", &format!("{ORDERS}/.default"))]).await);
        assert_eq!(only_now.0.get("refresh_token"), None);
    }
}

#[tokio::test]
async fn an_api_exchanges_version_1_tokens() {
    let tenant = tenant(1).await;
    let came = assertion(&tenant).await;
    let tokens =
        Tokens::of(exchange(&gateway(&tenant).v1(), &came, &[("scope", ""), ("resource", ORDERS)]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
    tokens.refresh();
}

#[tokio::test]
async fn the_assertion_needs_our_issuer_and_the_apis_audience() {
    let tenant = tenant(2).await;
    let app = gateway(&tenant);
    let came = assertion(&tenant).await;
    let elsewhere = tenant.kiosk().sign_in(&tenant, "owner", READ).await;
    let body = exchange(&app, elsewhere.access(), &[]).await.grant_refused("AADSTS500131");
    let text = body["error_description"].as_str().expect("a text");
    assert!(text.contains(&tenant.id_of(10)) && text.contains(&tenant.id_of(32)), "{text}");

    let part = |n: usize| came.split('.').nth(n).expect("three parts");
    let other = elsewhere.access().split('.').nth(2).expect("three parts");
    let forged = format!("{}.{}.{other}", part(0), part(1));
    exchange(&app, &forged, &[]).await.grant_refused("AADSTS50013");
    let abroad = Tenant::new().await.nightly();
    let foreign = Tokens::of(abroad.client_credentials(&format!("{ORDERS}/.default")).await);
    let refused = exchange(&app, foreign.access(), &[]).await;
    refused.refused(400, "invalid_grant", "AADSTS50013");
    for garbage in ["x", "x.y.z", &came[..came.len() / 2], elsewhere.refresh()] {
        exchange(&app, garbage, &[]).await.refused(400, "invalid_request", "AADSTS50027");
    }
    // azure-spring-boot#333 and #943: an ID token is not accepted, whichever client it is for.
    let signed_in = tenant.desktop().sign_in(&tenant, "owner", &format!("openid {READ}")).await;
    let id_token = signed_in.0["id_token"].as_str().expect("an ID token");
    let body = exchange(&app, id_token, &[]).await.refused(400, "invalid_request", "AADSTS240002");
    assert_eq!(body["suberror"], Value::Null);
    let unsigned = format!("{}AAAA", &id_token[..id_token.len() - 4]);
    exchange(&app, &unsigned, &[]).await.grant_refused("AADSTS50013");
    let for_itself = Tokens::of(tenant.kiosk().client_credentials(&format!("{GATEWAY}/.default")).await);
    exchange(&app, for_itself.access(), &[]).await.grant_refused("AADSTS7000114");
    tenant.advance(Span::from_hours(2)).await;
    exchange(&app, &came, &[]).await.grant_refused("AADSTS500133");
}

#[tokio::test]
async fn the_exchange_needs_all_parameters_and_client_authentication() {
    let tenant = tenant(2).await;
    let app = gateway(&tenant);
    let came = assertion(&tenant).await;
    for missing in ["requested_token_use", "assertion", "scope"] {
        let answer = exchange(&app, &came, &[(missing, "")]).await;
        answer.refused(400, "invalid_request", "AADSTS900144");
    }
    for (name, value) in [
        ("requested_token_use", "something_else"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:saml2"),
    ] {
        exchange(&app, &came, &[(name, value)]).await.refused(400, "invalid_request", "AADSTS90023");
    }
    let secretless = app.clone().without_secret();
    exchange(&secretless, &came, &[]).await.refused(401, "invalid_client", "AADSTS7000218");
    exchange(&tenant.desktop(), &came, &[]).await.refused(401, "invalid_client", "AADSTS7000216");
    let several = format!("{READ} User.Read");
    exchange(&app, &came, &[("scope", &several)]).await.refused(400, "invalid_request", "AADSTS28000");
    let body = exchange(&app, &came, &[("scope", "User.Read")]).await.grant_refused("AADSTS65001");
    assert_eq!(body["suberror"], "consent_required");
}

#[tokio::test]
async fn tokens_of_the_api_outlive_a_password_change() {
    let tenant = tenant(2).await;
    let (app, caller) = (gateway(&tenant), tenant.app(33, None, "http://localhost/caller"));
    let public = caller.sign_in(&tenant, "owner", &format!("{GATEWAY}/act offline_access")).await;
    let confidential = Tokens::of(exchange(&app, public.access(), &[]).await);
    let change: Value =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    caller.try_refresh(public.refresh(), &[]).await.grant_refused("AADSTS50173");
    app.refresh(confidential.refresh()).await;
    // Access tokens are not revoked, so the API can still act; after a revocation it cannot.
    Tokens::of(exchange(&app, public.access(), &[]).await);
    tenant.happens_to("owner", "revoke_sessions").await;
    app.try_refresh(confidential.refresh(), &[]).await.grant_refused("AADSTS50173");
    exchange(&app, public.access(), &[]).await.grant_refused("AADSTS50173");
    tenant.happens_to("owner", "disable_user").await;
    exchange(&app, public.access(), &[]).await.grant_refused("AADSTS50057");
    assert!(!tenant.journal("").await.iter().any(|line| line.to_string().contains(PASSWORD)));
}

#[tokio::test]
async fn mfa_that_is_required_has_to_be_done_by_the_caller() {
    let tenant = tenant(1).await;
    let app = gateway(&tenant);
    let came = assertion(&tenant).await;
    tenant.happens_to("owner", "require_mfa").await;
    let body = exchange(&app, &came, &[]).await.grant_refused("AADSTS50079");
    assert_eq!(body["suberror"], "basic_action");
    tenant.happens(json!({"type": "require_mfa", "user": tenant.upn("owner"), "required": false})).await;
    Tokens::of(exchange(&app, &came, &[]).await);
}

#[tokio::test]
async fn only_secrets_of_the_platform_do_not_expire() {
    for (first_party, expected) in [(true, None), (false, Some("AADSTS7000222"))] {
        let tenant = Tenant::with_applications(|tenant| {
            let gateway = json!({
                "first_party": first_party, "secrets": [SECRET], "identifier_uris": [GATEWAY],
            });
            vec![tenant.application(32, "resource", &gateway)]
        })
        .await;
        tenant.advance(Span::from_days(3_650)).await;
        let answer = gateway(&tenant).client_credentials(&format!("{GATEWAY}/.default")).await;
        match expected {
            None => drop(Tokens::of(answer)),
            Some(code) => drop(answer.refused(401, "invalid_client", code)),
        }
    }
}

#[tokio::test]
async fn an_api_that_pre_authorized_its_caller_needs_no_consent() {
    let tenant = Tenant::with_applications(|tenant| {
        let gateway = json!({
            "secrets": [SECRET], "identifier_uris": [GATEWAY],
            "scopes": [
                {"id": tenant.id_of(332), "value": "act", "description": "Act for you"},
                {"id": tenant.id_of(334), "value": "watch", "description": "Watch you"},
            ],
        });
        let caller = json!({
            "redirect_uris": [{"uri": "http://localhost/caller", "type": "publicClient"}],
            "required": [{"resource": tenant.id_of(32), "scopes": ["act"]}],
        });
        vec![tenant.application(32, "resource", &gateway), tenant.application(33, "public", &caller)]
    })
    .await;
    let admin = Graph::of(&tenant, "admin", "Application.ReadWrite.All").await;
    let path = format!("/applications/{}", tenant.id_of(132));
    let patch = |clients: Value| json!({"api": {"preAuthorizedApplications": clients}});
    let client = |ids: &[u32]| {
        let ids: Vec<_> = ids.iter().map(|id| tenant.id_of(*id)).collect();
        json!([{"appId": tenant.id_of(33), "delegatedPermissionIds": ids}])
    };
    let caller = tenant.app(33, None, "http://localhost/caller");
    let owner = tenant.upn("owner");
    let before = caller.password(&owner, PASSWORD, &format!("{GATEWAY}/act")).await;
    before.grant_refused("AADSTS65001");
    for wrong in [client(&[999]), json!([client(&[332])[0], client(&[332])[0]]), json!([{"appId": "x"}])] {
        denied(&admin.call(Method::PATCH, &path, patch(wrong)).await, 400, "Request_BadRequest");
    }
    assert_eq!(admin.call(Method::PATCH, &path, patch(client(&[332, 334]))).await.status, 204);
    let shown = admin.get(&path).await.json();
    assert_eq!(shown["api"]["preAuthorizedApplications"], client(&[332, 334]));
    let tokens = Tokens::of(caller.password(&owner, PASSWORD, &format!("{GATEWAY}/act")).await);
    assert_eq!(tokens.claims()["scp"], "act watch");
    let fewer = json!({"api": {"oauth2PermissionScopes": [{"id": tenant.id_of(332), "value": "act"}]}});
    assert_eq!(admin.call(Method::PATCH, &path, fewer).await.status, 204);
    assert_eq!(admin.get(&path).await.json()["api"]["preAuthorizedApplications"], client(&[332]));
    assert_eq!(admin.call(Method::PATCH, &path, patch(json!([]))).await.status, 204);
    caller.password(&owner, PASSWORD, &format!("{GATEWAY}/act")).await.grant_refused("AADSTS65001");
}
