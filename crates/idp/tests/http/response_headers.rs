//! Headers that clients read.

use outlive_clock::Span;

use crate::tenant::{Answer, PASSWORD, READ, Tenant, send};

fn is_of_sign_in_service(answer: &Answer) {
    assert_eq!(answer.header("p3p"), "CP=\"DSP CUR OTPi IND OTRi ONL FIN\"", "{answer:?}");
    assert!(answer.header("x-ms-ests-server").starts_with("2.1."), "{answer:?}");
}

#[tokio::test]
async fn token_answers_tell_clients_what_to_report() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let code = app.code_for(&tenant, "owner", READ).await;
    let answer = app.try_redeem(&code, &[]).await;
    is_of_sign_in_service(&answer);
    assert_eq!(answer.header("x-ms-clitelem"), "1,0,0,,");
    assert_eq!((answer.header("pragma"), answer.header("expires")), ("no-cache", "-1"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let tokens = crate::tokens::Tokens::of(answer);

    tenant.advance(Span::from_seconds(89)).await;
    tenant.happens_to("owner", "revoke_sessions").await;
    let refused = app.try_refresh(tokens.refresh(), &[]).await;
    is_of_sign_in_service(&refused);
    assert_eq!(refused.header("x-ms-clitelem"), "1,50173,0,91000.000,", "the token was 91 seconds old");
    let garbled = app.try_refresh("garbled", &[]).await;
    assert_eq!(garbled.header("x-ms-clitelem"), "1,9002313,0,,");
    let nobody = app.ask(&[("grant_type", "refresh_token")], &[("client_id", "")]).await;
    assert_eq!(nobody.header("x-ms-clitelem"), "1,900144,0,,");
}

#[tokio::test]
async fn a_request_is_known_by_the_id_that_its_client_gave_it() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let form = [("client_id", &*app.client_id), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    let named = send(app.token_request().header("client-request-id", id).form(&form)).await;
    assert_eq!(named.grant_refused("AADSTS9002313")["correlation_id"], id);
    let unnamed = send(app.token_request().header("client-request-id", "no id").form(&form)).await;
    let body = unnamed.grant_refused("AADSTS9002313");
    assert_eq!(body["correlation_id"], body["trace_id"]);
    assert_eq!((unnamed.header("pragma"), unnamed.header("expires")), ("no-cache", "-1"));
}

#[tokio::test]
async fn nothing_is_sent_that_would_bind_a_browser() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url("User.Read", &[])).await.page();
    assert_eq!(page.answer.header("strict-transport-security"), "");
    browser.sign_in(&page, &tenant.upn("owner"), PASSWORD).await.code();
    let names = browser.set_cookies.iter().filter_map(|set| set.split('=').next());
    let names: std::collections::BTreeSet<_> = names.collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["ESTSAUTH", "ESTSAUTHPERSISTENT", "esctx"]);
}

#[tokio::test]
async fn documents_and_pages_have_them_and_graph_has_not() {
    let tenant = Tenant::new().await;
    let id = tenant.id();
    for path in [
        format!("/{id}/v2.0/.well-known/openid-configuration"),
        format!("/{id}/discovery/v2.0/keys"),
        format!("/{id}/oauth2/v2.0/authorize"),
        "/error?code=50173".to_owned(),
    ] {
        let answer = tenant.get(&path).await;
        is_of_sign_in_service(&answer);
        assert_eq!(answer.header("x-ms-clitelem"), "");
    }
    for path in ["/v1.0/me".to_owned(), format!("/_lab/tenants/{id}/clock")] {
        assert_eq!(tenant.get(&path).await.header("p3p"), "", "{path}");
    }
}
