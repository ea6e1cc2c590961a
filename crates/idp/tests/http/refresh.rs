//! Refresh tokens: replaced at every use, but not invalidated.

use std::sync::Arc;

use serde_json::Value;

use crate::installation::Installation;
use crate::tenant::{READ, Tenant};
use crate::tokens::Tokens;

/// With a single writer, all facts are cached except one row: whether the session was signed out.
#[tokio::test]
async fn evaluating_a_refresh_token_reads_at_most_one_row() {
    let tenant = Tenant::inside(Arc::new(Installation::start()), "2025-11").await;
    let store = &tenant.installation.store;
    if !store.is_exclusive() {
        return;
    }
    for app in [tenant.desktop(), tenant.connector()] {
        app.refresh(app.sign_in(&tenant, "owner", READ).await.refresh()).await;
        let of_another_session = app.sign_in(&tenant, "owner", READ).await;
        let before = store.reads();
        let next = app.refresh(of_another_session.refresh()).await;
        let first = store.reads() - before;
        app.refresh(next.refresh()).await;
        assert_eq!((first <= 1, store.reads() - before - first), (true, 0), "{first} reads at first");
    }
}

#[tokio::test]
async fn replaced_tokens_stay_valid_and_the_journal_records_the_family() {
    let tenant = Tenant::new().await;
    for app in [tenant.desktop(), tenant.connector()] {
        let first = app.sign_in(&tenant, "owner", READ).await;
        let second = app.refresh(first.refresh()).await;
        let again = app.refresh(first.refresh()).await;
        let third = app.refresh(second.refresh()).await;
        for tokens in [&second, &again, &third] {
            assert_ne!(tokens.refresh(), first.refresh());
            assert_eq!(tokens.claims()["scp"], "Orders.Read");
        }
    }
    let lines = tenant.journal("token.issued").await;
    let [first, second, again, third] = &lines[..4] else { panic!("{lines:?}") };
    let of = |line: &Value, name: &str| line["data"]["refresh_token"][name].clone();
    assert_eq!(of(first, "parent"), Value::Null);
    assert_eq!((of(second, "parent"), of(again, "parent")), (of(first, "id"), of(first, "id")));
    assert_eq!(of(third, "parent"), of(second, "id"));
    for line in [second, again, third] {
        assert_eq!(of(line, "family"), of(first, "family"));
        assert_eq!(of(line, "family_issued_at"), of(first, "family_issued_at"));
    }
    assert_ne!(of(&lines[4], "family"), of(first, "family"));
    assert_eq!(of(&lines[0], "client_class"), "public");
    assert_eq!(of(&lines[4], "client_class"), "confidential");
}

#[tokio::test]
async fn the_journal_holds_no_token() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let code = app.code_for(&tenant, "owner", READ).await;
    let tokens = app.redeem(&code).await;
    app.refresh(tokens.refresh()).await;
    app.try_refresh(tokens.refresh(), &[("client_secret", "wrong secret")]).await;
    let all = tenant.lab(reqwest::Method::GET, "/journal", &Value::Null).await.text;
    for secret in [
        &*code,
        tokens.access(),
        tokens.refresh(),
        crate::tenant::SECRET,
        "wrong secret",
        crate::tenant::PASSWORD,
    ] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_token_is_bound_to_its_client_and_tenant() {
    let tenant = Tenant::new().await;
    let tokens = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    // Partner-Center-PowerShell#419, EntraFalcon#6.
    tenant.admin_tool().try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS700007");
    let confidential = tenant.connector().sign_in(&tenant, "owner", READ).await;
    for other in [tenant.desktop(), tenant.nightly()] {
        other.try_refresh(confidential.refresh(), &[]).await.grant_refused("AADSTS700007");
    }
    tenant.nightly().try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS700007");
    let elsewhere = Tenant::new().await;
    elsewhere.desktop().try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS70000");
}

#[tokio::test]
async fn consent_limits_refreshes_for_other_resources() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let old_api = "https://old.contoso.example";
    app.code_for(&tenant, "owner", &format!("{old_api}/Orders.Read")).await;
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let ask = async |scope: &str| app.try_refresh(tokens.refresh(), &[("scope", scope)]).await;

    let other = Tokens::of(ask(&format!("{old_api}/Orders.Read")).await);
    assert_eq!(other.claims()["aud"], old_api);
    let all = Tokens::of(ask(&format!("{old_api}/.default")).await);
    assert_eq!(all.claims()["scp"], "Orders.Read");
    for (scope, code) in [
        (format!("{old_api}/Orders.ReadWrite"), "AADSTS65001"),
        ("https://graph.microsoft.com/User.Read".to_owned(), "AADSTS65001"),
        ("https://graph.microsoft.com/.default".to_owned(), "AADSTS65001"),
    ] {
        assert_eq!(ask(&scope).await.grant_refused(code)["suberror"], "consent_required");
    }
    ask(&format!("{old_api}/Orders.Delete")).await.refused(400, "invalid_scope", "AADSTS70011");
    ask("api://nowhere/x").await.refused(400, "invalid_resource", "AADSTS500011");
    let narrowed = app.refresh(other.refresh()).await;
    assert_eq!(narrowed.claims()["aud"], tenant.id_of(10), "a family remembers what it began with");
}

#[tokio::test]
async fn an_id_token_comes_if_it_is_requested_and_a_refresh_token_always() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let scope = format!("openid profile {READ}");
    let refreshed = Tokens::of(app.try_refresh(tokens.refresh(), &[("scope", &scope)]).await);
    assert!(refreshed.0["id_token"].is_string());
    assert_eq!(app.refresh(refreshed.refresh()).await.0["id_token"], Value::Null);
    let kept =
        Tokens::of(app.try_refresh(tokens.refresh(), &[("scope", "api://contoso-orders/.default")]).await);
    assert!(kept.0["refresh_token"].is_string(), "leaving offline_access out does not end it");
}
