//! Continuous access evaluation in Graph, for CAE-capable clients.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::call;
use crate::tenant::{Answer, PASSWORD, Tenant};
use crate::tokens::Tokens;

const CAPABLE: &str = r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#;
const SCOPE: &str = "https://graph.microsoft.com/User.Read offline_access";

async fn capable(tenant: &Tenant, role: &str) -> Tokens {
    let app = tenant.admin_tool();
    let url = app.authorize_url(SCOPE, &[("claims", CAPABLE)]);
    app.redeem(&tenant.browser().go_through(&url, &tenant.upn(role), PASSWORD).await.code()).await
}

async fn me(tenant: &Tenant, tokens: &Tokens) -> Answer {
    call(tenant, tokens.access(), Method::GET, "/me", Value::Null).await
}

/// Returns the claims of the claims challenge.
fn challenge_claims(answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{answer:?}");
    let header = answer.header("www-authenticate");
    let (start, claims) = header.split_once(", claims=\"").expect("claims");
    assert!(start.starts_with("Bearer realm=\"\", authorization_uri=\"http://"), "{header}");
    assert!(
        start.ends_with(
            "/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\", \
             error=\"insufficient_claims\""
        ),
        "{header}"
    );
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "InvalidAuthenticationToken");
    assert!(
        error["message"].as_str().is_some_and(|text| text.ends_with("TokenIssuedBeforeRevocationTimestamp"))
    );
    let claims = STANDARD.decode(claims.trim_end_matches('"')).expect("padded base64");
    String::from_utf8(claims).expect("a text")
}

#[tokio::test]
async fn critical_events_revoke_tokens_of_cae_capable_clients_only() {
    for (event, ends) in [
        (json!({"type": "password_change", "new_password": "Other-Horse-2!"}), true),
        (json!({"type": "sspr", "new_password": "Other-Horse-2!"}), true),
        (json!({"type": "admin_reset", "new_password": "Other-Horse-2!"}), true),
        (json!({"type": "revoke_sessions"}), true),
        (json!({"type": "disable_user"}), true),
        (json!({"type": "require_mfa"}), true),
        (json!({"type": "password_expiry"}), false),
        (json!({"type": "sign_out"}), false),
    ] {
        let tenant = Tenant::new().await;
        let long = capable(&tenant, "owner").await;
        let short = tenant.admin_tool().sign_in(&tenant, "owner", SCOPE).await;
        let other = capable(&tenant, "colleague").await;
        assert_eq!(me(&tenant, &long).await.status, 200);
        let mut event = event;
        event["user"] = json!(tenant.upn("owner"));
        tenant.happens(event.clone()).await;
        let answer = me(&tenant, &long).await;
        if ends {
            let now = tenant.now().await.as_seconds().to_string();
            let nbf = json!({"essential": true, "value": now});
            assert_eq!(
                challenge_claims(&answer),
                json!({"access_token": {"nbf": nbf}}).to_string(),
                "{event}"
            );
        } else {
            assert_eq!(answer.status, 200, "{event}");
        }
        assert_eq!(me(&tenant, &short).await.status, 200, "{event}: the client is not CAE-capable");
        assert_eq!(me(&tenant, &other).await.status, 200, "{event}: it concerned another user");
    }
}

#[tokio::test]
async fn a_new_token_is_accepted_after_the_challenge() {
    let tenant = Tenant::new().await;
    let long = capable(&tenant, "owner").await;
    let lives = long.0["expires_in"].as_i64().expect("a number");
    assert!((20 * 3_600..=28 * 3_600).contains(&lives), "{lives}");
    tenant.happens_to("owner", "disable_user").await;
    let claims = challenge_claims(&me(&tenant, &long).await);
    let app = tenant.admin_tool();
    app.try_refresh(long.refresh(), &[("claims", &claims)]).await.grant_refused("AADSTS50057");
    tenant.happens_to("owner", "enable_user").await;
    tenant.advance(Span::from_seconds(1)).await;
    let fresh = Tokens::of(app.try_refresh(long.refresh(), &[("claims", &claims)]).await);
    assert_eq!(me(&tenant, &fresh).await.status, 200);
    tenant.happens_to("owner", "revoke_sessions").await;
    let claims = challenge_claims(&me(&tenant, &fresh).await);
    let body = app.try_refresh(fresh.refresh(), &[("claims", &claims)]).await.grant_refused("AADSTS50173");
    assert_eq!(body["suberror"], "bad_token");
}
