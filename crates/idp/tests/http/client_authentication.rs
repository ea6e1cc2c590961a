//! Client authentication.

use std::sync::Arc;

use outlive_chassis::LogFormat;
use reqwest::header::AUTHORIZATION;
use serde_json::json;
use tracing::Level;

use crate::client::App;
use crate::tenant::{Answer, ORDERS, READ, SECRET, Tenant, send};
use crate::tokens::Tokens;

#[tokio::test]
async fn confidential_clients_need_a_secret_and_public_ones_must_not_send_it() {
    let tenant = Tenant::new().await;
    let (connector, desktop) = (tenant.connector(), tenant.desktop());
    let confidential = connector.sign_in(&tenant, "owner", READ).await;
    let public = desktop.sign_in(&tenant, "owner", READ).await;

    let refresh = async |app: &App, token: &Tokens, secret: &str| {
        app.try_refresh(token.refresh(), &[("client_secret", secret)]).await
    };
    refresh(&connector, &confidential, "guess").await.refused(401, "invalid_client", "AADSTS7000215");
    refresh(&connector, &confidential, "").await.refused(401, "invalid_client", "AADSTS7000218");
    refresh(&desktop, &public, SECRET).await.refused(401, "invalid_client", "AADSTS700025");
    let assertion = [("client_assertion", "x.y.z")];
    desktop.try_refresh(public.refresh(), &assertion).await.refused(401, "invalid_client", "AADSTS700025");
    // None of this affected a token.
    connector.refresh(confidential.refresh()).await;
    desktop.refresh(public.refresh()).await;
}

#[tokio::test]
async fn a_secret_that_expires_or_is_replaced_leaves_refresh_tokens_alone() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant.happens(json!({"type": "expire_secret", "app": app.client_id})).await;
    app.try_refresh(tokens.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000222");
    tenant.happens(json!({"type": "rotate_secret", "app": app.client_id, "new_secret": "newer"})).await;
    app.try_refresh(tokens.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000215");
    let renewed = App { secret: Some("newer".to_owned()), ..app };
    renewed.refresh(tokens.refresh()).await;
    assert_eq!(tenant.journal("secret.").await.len(), 2);
}

#[tokio::test]
async fn two_secrets_can_be_valid_at_the_same_time() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let rotate = |secret: &str, overlap: &str| {
        let event =
            json!({"type": "rotate_secret", "app": app.client_id, "new_secret": secret, "overlap": overlap});
        tenant.happens(event)
    };
    rotate("newer", "P1D").await;
    let renewed = App { secret: Some("newer".to_owned()), ..app.clone() };
    app.refresh(tokens.refresh()).await;
    renewed.refresh(tokens.refresh()).await;
    // A second rotation does not prolong the first secret.
    rotate("newest", "P30D").await;
    tenant.advance(outlive_clock::Span::from_days(1)).await;
    app.try_refresh(tokens.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000222");
    renewed.refresh(tokens.refresh()).await;
    let newest = App { secret: Some("newest".to_owned()), ..app.clone() };
    newest.refresh(tokens.refresh()).await;
    rotate("last", "PT0S").await;
    newest.try_refresh(tokens.refresh(), &[]).await.refused(401, "invalid_client", "AADSTS7000222");
}

#[tokio::test]
async fn a_secret_lives_two_years() {
    let tenant = Tenant::new().await;
    tenant.advance(outlive_clock::Span::from_days(730) - outlive_clock::Span::from_micros(1)).await;
    let scope = format!("{ORDERS}/.default");
    Tokens::of(tenant.nightly().client_credentials(&scope).await);
    tenant.advance(outlive_clock::Span::from_micros(1)).await;
    tenant.nightly().client_credentials(&scope).await.refused(401, "invalid_client", "AADSTS7000222");
}

#[tokio::test]
async fn a_disabled_application_gets_nothing() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant.happens(json!({"type": "disable_app", "app": app.client_id})).await;
    app.try_refresh(tokens.refresh(), &[]).await.refused(400, "unauthorized_client", "AADSTS7000112");
    tenant.browser().open(&app.authorize_url(READ, &[])).await.page().says(400, "AADSTS7000112");
    tenant.happens(json!({"type": "enable_app", "app": app.client_id})).await;
    app.refresh(tokens.refresh()).await;
    tenant.happens(json!({"type": "disable_app", "app": tenant.id_of(10)})).await;
    app.try_refresh(tokens.refresh(), &[]).await.refused(400, "invalid_resource", "AADSTS500014");
}

async fn with_header(app: &App, value: &str, form: &[(&str, &str)]) -> Answer {
    let mut form = form.to_vec();
    let scope = format!("{ORDERS}/.default");
    form.extend([("grant_type", "client_credentials"), ("scope", &scope)]);
    send(app.token_request().header(AUTHORIZATION, value).form(&form)).await
}

#[tokio::test]
async fn a_request_has_exactly_one_client_credential() {
    use base64::Engine;
    let tenant = Tenant::new().await;
    let app = tenant.nightly();
    let basic = |text: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let good = basic(&format!("{}:nightly+secret", app.client_id));
    Tokens::of(with_header(&app, &good, &[]).await);
    Tokens::of(with_header(&app, &good, &[("client_id", &app.client_id)]).await);
    for (header, form) in [
        (good.clone(), vec![("client_secret", "nightly secret")]),
        (good, vec![("client_id", "11111111-1111-1111-1111-111111111111")]),
        ("Basic ///".to_owned(), vec![]),
        ("Basic".to_owned(), vec![]),
        (basic("no colon"), vec![]),
        ("Bearer abc".to_owned(), vec![("client_id", &*app.client_id)]),
    ] {
        with_header(&app, &header, &form).await.refused(401, "invalid_client", "AADSTS70002");
    }
}

#[tokio::test]
async fn the_log_names_the_client_once_it_is_authenticated() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_ansi(false).event_format(LogFormat);
    let subscriber = subscriber.with_writer(Arc::new(log.reopen().expect("the file"))).finish();
    // Of all tests of this program: others may log at the same time.
    tracing::subscriber::set_global_default(subscriber).expect("the only one");
    let tenant = Tenant::new().await;
    let nightly = tenant.nightly();
    let client_is_logged = |outcome: &str| {
        let text = std::fs::read_to_string(log.path()).expect("the log");
        let path = format!("/{}/oauth2/v2.0/token", tenant.id());
        let line = text.lines().find(|line| line.contains(&path) && line.contains(outcome));
        line.expect("a message about the request").contains(&format!("client={}", nightly.client_id))
    };

    let wrong = App { secret: Some("guess".to_owned()), ..nightly.clone() };
    assert_eq!(wrong.client_credentials(ORDERS).await.status, 401);
    assert!(!client_is_logged("outcome=401"));
    Tokens::of(nightly.client_credentials(&format!("{ORDERS}/.default")).await);
    assert!(client_is_logged("outcome=200"));
}
