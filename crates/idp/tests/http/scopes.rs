//! What is asked for, what a token is for, and what the answer says of it.

use serde_json::json;

use crate::tenant::{ORDERS, READ, Tenant};
use crate::tokens::Tokens;

const GRAPH: &str = "https://graph.microsoft.com";
const OLD: &str = "https://old.contoso.example";

#[tokio::test]
async fn several_resources_are_consented_to_at_once_and_tokens_come_one_by_one() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let all = format!("openid {READ} {OLD}/Orders.Read User.Read");
    let code = app.code_for(&tenant, "owner", &all).await;
    app.try_redeem(&code, &[("scope", &all)]).await.refused(400, "invalid_request", "AADSTS28000");
    let first = app.redeem(&code).await;
    assert_eq!(first.claims()["aud"], json!(tenant.id_of(10)));
    assert_eq!(first.0["scope"], format!("{ORDERS}/Orders.Read openid"));
    for (scope, audience, said) in [
        ("User.Read".to_owned(), GRAPH, format!("{GRAPH}/User.Read openid")),
        (format!("{OLD}/Orders.Read"), OLD, format!("{OLD}/Orders.Read openid")),
        // Of several, the first.
        (format!("User.Read {READ}"), GRAPH, format!("{GRAPH}/User.Read openid")),
        (format!("{OLD}/.default"), OLD, format!("{OLD}/Orders.Read openid")),
    ] {
        let tokens = Tokens::of(app.try_refresh(first.refresh(), &[("scope", &scope)]).await);
        assert_eq!(tokens.claims()["aud"], audience, "{scope}");
        assert_eq!(tokens.0["scope"], said, "{scope}");
    }
}

#[tokio::test]
async fn bare_names_are_graphs_and_default_does_not_mix() {
    let tenant = Tenant::new().await;
    let tool = tenant.admin_tool();
    let by_default = tool.sign_in(&tenant, "owner", "openid .default").await;
    assert_eq!(by_default.claims()["aud"], GRAPH);
    let said = by_default.0["scope"].as_str().expect("a text");
    assert!(
        said.contains(&format!("{GRAPH}/Policy.ReadWrite.ConditionalAccess {GRAPH}/User-Password")),
        "{said}"
    );
    for mixed in [format!("{ORDERS}/.default {ORDERS}/Orders.Read"), format!("{ORDERS}/.default User.Read")] {
        let url = tenant.desktop().authorize_url(&mixed, &[]);
        tenant.browser().open(&url).await.refused("invalid_scope", "AADSTS70011");
    }
}

#[tokio::test]
async fn an_api_may_be_named_by_its_client_id() {
    let tenant = Tenant::new().await;
    let by_id = |n: u32| format!("{}/Orders.Read", tenant.id_of(n));
    for n in [10, 11] {
        let tokens = tenant.desktop().sign_in(&tenant, "owner", &by_id(n)).await;
        assert_eq!(tokens.claims()["aud"], json!(tenant.id_of(n)));
        assert_eq!(tokens.0["scope"], by_id(n));
        assert_eq!(tokens.0.get("refresh_token"), None);
    }
}

#[tokio::test]
async fn on_v1_the_resource_is_the_same_in_both_places() {
    let tenant = Tenant::new().await;
    let app = tenant.connector().v1();
    let code = app.code_for(&tenant, "owner", ORDERS).await;
    app.try_redeem(&code, &[("resource", OLD)]).await.refused(400, "invalid_request", "AADSTS90023");
    let tokens = Tokens::of(app.try_redeem(&code, &[("resource", ORDERS)]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
    let later = app.authorize_url("", &[]);
    let code =
        tenant.browser().go_through(&later, &tenant.upn("owner"), crate::tenant::PASSWORD).await.code();
    let tokens = Tokens::of(app.try_redeem(&code, &[("resource", ORDERS)]).await);
    assert_eq!(tokens.0["resource"], ORDERS);
}

#[tokio::test]
async fn an_application_may_ask_for_itself_and_for_what_it_has_not_registered() {
    let tenant = Tenant::with_applications(|tenant| {
        let both = json!({
            "redirect_uris": [{"uri": "http://localhost/both", "type": "publicClient"}],
            "identifier_uris": ["api://both"],
            "scopes": [{"id": tenant.id_of(350), "value": "Use", "description": "Use it"}],
        });
        vec![tenant.application(50, "public", &both)]
    })
    .await;
    let app = tenant.app(50, None, "http://localhost/both");
    let own = app.sign_in(&tenant, "owner", "api://both/Use").await.claims();
    assert_eq!((&own["aud"], &own["appid"]), (&json!("api://both"), &json!(app.client_id)));
    assert_eq!(app.sign_in(&tenant, "owner", READ).await.claims()["aud"], tenant.id_of(10));
}
