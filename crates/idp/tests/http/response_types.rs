//! Response types of the authorization endpoint, response modes, and who may use them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::Arrival;
use crate::tenant::{ORDERS, PASSWORD, READ, Tenant};
use crate::tokens::claims;

/// A tenant whose confidential application may receive these tokens from the authorization
/// endpoint.
async fn tenant_with(id_tokens: bool, access_tokens: bool) -> Tenant {
    Tenant::with(|spec| {
        let applications = spec["applications"].as_array_mut().expect("applications");
        for application in applications {
            if application["name"] == "Orders Kiosk" {
                application["implicit"] = json!({"id_tokens": id_tokens, "access_tokens": access_tokens});
            }
        }
    })
    .await
}

fn scope() -> String {
    format!("openid profile {READ}")
}

/// Signs the owner in with this `response_type`.
async fn arrive(tenant: &Tenant, response_type: &str, changes: &[(&str, &str)]) -> Arrival {
    let mut all = vec![("response_type", response_type), ("nonce", "a nonce")];
    all.extend_from_slice(changes);
    let url = tenant.kiosk().authorize_url(&scope(), &all);
    tenant.browser().go_through(&url, &tenant.upn("owner"), PASSWORD).await
}

fn left_half(text: &str) -> Value {
    json!(URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16]))
}

#[tokio::test]
async fn an_id_token_alone_comes_in_the_fragment_with_the_nonce() {
    let tenant = tenant_with(true, false).await;
    let arrival = arrive(&tenant, "id_token", &[]).await;
    let Arrival::App(url) = &arrival else { panic!("{arrival:?}") };
    assert!(url.query().is_none() && url.fragment().is_some(), "{url}");
    let sent = arrival.app();
    assert_eq!(sent.get("code"), None, "{sent:?}");
    assert_eq!(sent.get("access_token"), None, "{sent:?}");
    assert_eq!(sent["state"], "a state");
    let id = claims(&sent["id_token"]);
    assert_eq!(id["nonce"], "a nonce");
    assert_eq!(id["aud"], tenant.kiosk().client_id);
    assert_eq!(id["oid"], tenant.id_of(1));
    assert_eq!((&id["c_hash"], &id["at_hash"]), (&Value::Null, &Value::Null));
    assert!(tenant.journal("code.issued").await.is_empty());
    assert_eq!(tenant.journal("id_token.issued").await.len(), 1);
}

#[tokio::test]
async fn c_hash_binds_the_id_token_to_the_code() {
    let tenant = tenant_with(true, false).await;
    for order in ["code id_token", "id_token code"] {
        let sent = arrive(&tenant, order, &[("client_info", "1")]).await.app();
        assert_eq!(claims(&sent["id_token"])["c_hash"], left_half(&sent["code"]));
        let info = URL_SAFE_NO_PAD.decode(&sent["client_info"]).expect("base64url");
        let info: Value = serde_json::from_slice(&info).expect("JSON");
        assert_eq!(info, json!({"uid": tenant.id_of(1), "utid": tenant.id()}));
        let tokens = tenant.kiosk().redeem(&sent["code"]).await;
        assert_eq!(tokens.id_claims()["c_hash"], Value::Null);
    }
}

#[tokio::test]
async fn at_hash_binds_the_id_token_to_the_access_token() {
    let tenant = tenant_with(true, true).await;
    let sent = arrive(&tenant, "id_token token", &[]).await.app();
    assert_eq!(claims(&sent["id_token"])["at_hash"], left_half(&sent["access_token"]));
    let access = claims(&sent["access_token"]);
    assert_eq!(access["scp"], "Orders.Read");
    // The client is not authenticated.
    assert_eq!(access["azpacr"], "0");
    assert_eq!(sent["token_type"], "Bearer");
    assert!(sent["scope"].contains(&format!("{ORDERS}/Orders.Read")), "{sent:?}");
    let seconds: u32 = sent["expires_in"].parse().expect("a number");
    assert!((3_599..=5_400).contains(&seconds), "{seconds}");
    assert_eq!(sent.get("refresh_token"), None, "{sent:?}");
    let issued = tenant.journal("token.issued").await;
    assert_eq!(issued.len(), 1);
    assert_eq!(issued[0]["data"]["grant_type"], "implicit");
    let sent = arrive(&tenant, "token", &[]).await.app();
    assert_eq!((sent.contains_key("access_token"), sent.contains_key("id_token")), (true, false));
}

/// msal-js 1361: several resources are consented to together. The fragment's `scope` is that of a
/// token response.
#[tokio::test]
async fn a_token_of_the_front_channel_is_for_the_first_resource() {
    let tenant = tenant_with(true, true).await;
    let graph = "https://graph.microsoft.com";
    for (scope, audience, returned) in [
        (format!("openid {READ} {graph}/User.Read"), tenant.id_of(10), format!("{ORDERS}/Orders.Read")),
        (
            format!("openid {graph}/User.Read {READ}"),
            graph.to_owned(),
            format!("profile openid email {graph}/User.Read"),
        ),
    ] {
        let sent = arrive(&tenant, "token", &[("scope", &scope)]).await.app();
        assert_eq!((&claims(&sent["access_token"])["aud"], &sent["scope"]), (&json!(audience), &returned));
    }
}

#[tokio::test]
async fn disabled_response_types_have_their_own_errors() {
    let refused = |tenant, kind, code| async move {
        let sent = arrive(&tenant, kind, &[]).await.refused("unsupported_response_type", code);
        assert_eq!(sent["state"], "a state");
        tenant
    };
    let tenant = tenant_with(false, true).await;
    let tenant = refused(tenant, "id_token", "AADSTS700054").await;
    let tenant = refused(tenant, "code id_token", "AADSTS700054").await;
    refused(tenant, "id_token token", "AADSTS700054").await;
    let tenant = tenant_with(true, false).await;
    let tenant = refused(tenant, "token", "AADSTS700051").await;
    refused(tenant, "id_token token", "AADSTS700051").await;
    // Both are allowed, but the combination is not a response type.
    let tenant = tenant_with(true, true).await;
    let tenant = refused(tenant, "code token", "AADSTS70005").await;
    let tenant = refused(tenant, "code id_token token", "AADSTS70005").await;
    refused(tenant, "id_token id_token", "AADSTS70005").await;
}

#[tokio::test]
async fn tokens_are_never_in_a_query_and_need_nonce_and_openid() {
    let tenant = tenant_with(true, true).await;
    for kind in ["id_token", "token", "id_token token", "code id_token"] {
        let arrival = arrive(&tenant, kind, &[("response_mode", "query")]).await;
        let Arrival::App(url) = &arrival else { panic!("{arrival:?}") };
        assert!(url.query().is_none(), "{url}");
        arrival.refused("invalid_request", "AADSTS70007");
    }
    arrive(&tenant, "id_token", &[("nonce", "")]).await.refused("invalid_request", "AADSTS900144");
    arrive(&tenant, "id_token", &[("scope", READ)]).await.refused("invalid_scope", "AADSTS70011");
    assert!(tenant.journal("id_token.issued").await.is_empty());
}

#[tokio::test]
async fn form_post_works_without_script() {
    let tenant = tenant_with(true, false).await;
    let page = arrive(&tenant, "code id_token", &[("response_mode", "form_post")]).await.page();
    assert_eq!(page.action, tenant.kiosk().redirect_uri);
    assert_eq!(claims(page.field("id_token"))["c_hash"], left_half(page.field("code")));
    assert_eq!(page.field("state"), "a state");
    assert!(
        page.answer
            .text
            .contains("<button type=\"submit\" class=\"button is-primary is-large\">Continue</button>"),
        "{:?}",
        page.answer
    );
    let policy = page.answer.header("content-security-policy");
    assert!(!policy.contains("unsafe-inline"), "{policy}");
}

#[tokio::test]
async fn more_than_five_groups_in_a_fragment_become_an_overage_claim() {
    let with_groups = |count: u32| {
        Tenant::create(crate::installation::Installation::shared(), "2025-11", move |tenant, spec| {
            let group = |n: u32| json!({"id": tenant.id_of(1_000 + n), "display_name": format!("Group {n}"), "members": [tenant.id_of(1)]});
            spec["groups"] = (0..count).map(group).collect();
            for application in spec["applications"].as_array_mut().expect("applications") {
                if application["name"] == "Orders Kiosk" {
                    application["implicit"] = json!({"id_tokens": true, "access_tokens": false});
                    application["group_membership_claims"] = json!("SecurityGroup");
                }
            }
        })
    };
    let five = with_groups(5).await;
    let id = claims(&arrive(&five, "id_token", &[]).await.app()["id_token"]);
    assert_eq!((id["groups"].as_array().map(Vec::len), id.get("hasgroups")), (Some(5), None));
    let six = with_groups(6).await;
    let sent = arrive(&six, "code id_token", &[]).await.app();
    let id = claims(&sent["id_token"]);
    assert_eq!((id.get("groups"), &id["hasgroups"]), (None, &json!(true)));
    let redeemed = six.kiosk().redeem(&sent["code"]).await.id_claims();
    assert_eq!(redeemed["groups"].as_array().map(Vec::len), Some(6), "there is room in an answer");
}
