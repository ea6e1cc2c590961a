//! Consent: from a new connection to a connected one, and all errors on the way.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_clock::Span;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::fakes::Behavior;
use crate::world::{COLLEAGUE, CONNECTOR, HUB, ORIGIN, OWNER, PUBLIC, RETURN, SECRET, World, query};

#[tokio::test]
async fn consent_gives_a_connection_its_tokens() {
    let world = World::new().await;
    let made = world.put_connection("orders", CONNECTOR).await.expect(201);
    assert_eq!(
        made.at("/properties/statuses/0"),
        json!({"status": "Error", "target": "token", "error": {
            "code": "Unauthenticated", "message": "This connection is not authenticated."}})
    );
    assert_eq!(
        (made.at("/properties/overallStatus"), made.at("/properties/authenticatedUser"), made.at("/kind")),
        (json!("Error"), json!({}), json!("V2"))
    );

    let link = world.link("orders").await;
    assert!(link.starts_with(&format!("{HUB}/login?data=")));
    let authorize = world.authorize(&link).await;
    assert!(authorize.as_str().starts_with(&format!("{ORIGIN}/{}/oauth2/authorize?", world.tenant)));
    for (name, value) in [
        ("client_id", "7d1c2f10-0000-4000-8000-000000000001"),
        ("response_type", "code"),
        ("resource", "api://contoso-orders"),
        ("redirect_uri", &format!("{HUB}/redirect")),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query(&authorize, name), value, "{name}");
    }

    let code = world.follow_redirect(&authorize).await;
    let form = world.issuer.last();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    assert_eq!(challenge, query(&authorize, "code_challenge"), "the verifier is the challenge's own");
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "issuers-code"),
        ("redirect_uri", &format!("{HUB}/redirect")),
        ("client_secret", SECRET),
        ("resource", "api://contoso-orders"),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error", "not confirmed yet");

    let confirmed = world.confirm("orders", &code).await.expect(200);
    assert_eq!(confirmed.at("/properties/statuses"), json!([{"status": "Connected"}]));
    assert_eq!(confirmed.at("/properties/overallStatus"), "Connected");
    assert_eq!(confirmed.at("/properties/authenticatedUser/name"), "owner@contoso.example");
    assert_eq!(confirmed.json(), world.get("orders").await.json());
    for kind in [
        "connection.created",
        "consent.link_issued",
        "consent.started",
        "consent.redeemed",
        "connection.connected",
    ] {
        assert_eq!(world.journal(kind).await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_public_client_sends_no_secret_and_a_connector_may_have_its_own_redirect() {
    let world = World::new().await;
    world.put_connection("orders", PUBLIC).await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    let redirect_uri = query(&authorize, "redirect_uri");
    assert!(redirect_uri.starts_with(&format!("{HUB}/redirect/{PUBLIC}-")), "{redirect_uri}");
    let api = format!(
        "/subscriptions/{}/providers/Microsoft.Web/locations/unitedstates/managedApis/{PUBLIC}?api-version=2016-06-01",
        world.tenant
    );
    let shown = world.send("GET", &api, &[("authorization", &world.user(OWNER))], "").await.expect(200);
    assert_eq!(shown.at("/properties/connectionParameters/token/oAuthSettings/redirectUrl"), redirect_uri);

    // The response must arrive at the redirect URI of the request.
    let mut elsewhere: Url = format!("{HUB}/redirect").parse().expect("a URL");
    elsewhere.query_pairs_mut().append_pair("code", "c").append_pair("state", &query(&authorize, "state"));
    world.open(elsewhere.as_str()).await.expect(400);

    let code = world.follow_redirect(&authorize).await;
    assert!(!world.issuer.last().contains_key("client_secret"));
    world.confirm("orders", &code).await.expect(200);
}

#[tokio::test]
async fn states_links_and_codes_work_once() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await;
    let link = world.link("orders").await;
    let (first, second) = (world.authorize(&link).await, world.authorize(&link).await);
    let back = |authorize: &Url| format!("{HUB}/redirect?code=c&state={}", query(authorize, "state"));
    world.open(&back(&first)).await.expect(400);
    assert!(world.issuer.token_requests().is_empty(), "the state of an earlier opening is void");

    let code = world.follow_redirect(&second).await;
    world.open(&back(&second)).await.expect(400);
    assert_eq!(world.issuer.token_requests().len(), 1, "a state is redeemed once");
    world.open(&link).await.expect(400);

    world.confirm("orders", &code).await.expect(200);
    let again = world.confirm("orders", &code).await.expect(400);
    assert_eq!(again.at("/error/code"), "InvalidConsentCode");
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_state_and_a_code_succeed_once_among_concurrent_requests() {
    let world = Arc::new(World::new().await);
    world.put_connection("orders", CONNECTOR).await;
    let authorize = world.authorize(&world.link("orders").await).await;
    let back = format!("{HUB}/redirect?code=c&state={}", query(&authorize, "state"));
    let all: Vec<_> = (0..64)
        .map(|_| {
            let (world, back) = (Arc::clone(&world), back.clone());
            tokio::spawn(async move { world.open(&back).await })
        })
        .collect();
    let mut codes = Vec::new();
    for one in all {
        let answer = one.await.expect("no panic");
        if answer.status == 302 {
            codes.push(query(&answer.header("location").parse().expect("a URL"), "code"));
        } else {
            assert_eq!(answer.status, 400);
        }
    }
    assert_eq!((codes.len(), world.issuer.token_requests().len()), (1, 1));

    let all: Vec<_> = (0..64)
        .map(|_| {
            let (world, code) = (Arc::clone(&world), codes[0].clone());
            tokio::spawn(async move { world.confirm("orders", &code).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in all {
        statuses.push(one.await.expect("no panic"));
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
}

#[tokio::test]
async fn links_states_and_codes_expire_by_the_tenants_clock() {
    let mut world = World::new().await;
    world.put_connection("orders", CONNECTOR).await;

    let link = world.link("orders").await;
    world.advance(Span::from_minutes(10) - Span::from_micros(1)).await;
    let authorize = world.authorize(&link).await;
    world.advance(Span::from_micros(1)).await;
    assert!(world.open(&link).await.expect(400).text.contains("expired"));

    world.advance(Span::from_minutes(15) - Span::from_micros(2)).await;
    let code = world.follow_redirect(&authorize).await;
    let late = world.authorize(&world.link("orders").await).await;

    world.advance(Span::from_minutes(5)).await;
    world.confirm("orders", &code).await.expect(400);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");

    world.advance(Span::from_minutes(10)).await;
    let back = format!("{HUB}/redirect?code=c&state={}", query(&late, "state"));
    assert!(world.open(&back).await.expect(400).text.contains("has expired"));
    assert_eq!(world.issuer.token_requests().len(), 1);
}

#[tokio::test]
async fn only_the_user_of_the_link_can_confirm() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await;
    world.put_connection("other", CONNECTOR).await;
    let policy = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE}}}});
    world.arm(&world.user(OWNER), "PUT", "orders/accessPolicies/colleague", &policy).await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    let code = world.follow_redirect(&authorize).await;
    let confirm = |who, name: &str, body: Value| {
        let (world, path) = (&world, format!("{name}/confirmConsentCode"));
        async move { world.arm(&world.user(who), "POST", &path, &body).await }
    };
    let right = json!({"code": code, "tenantId": world.tenant, "objectId": OWNER});
    let with = |name: &str, value: Value| {
        let mut body = right.clone();
        body[name] = value;
        body
    };
    confirm(COLLEAGUE, "orders", right.clone()).await.expect(403);
    confirm(OWNER, "orders", with("objectId", json!(COLLEAGUE))).await.expect(403);
    confirm(OWNER, "orders", with("tenantId", json!(COLLEAGUE))).await.expect(403);
    confirm(OWNER, "other", right.clone()).await.expect(400);
    confirm(OWNER, "orders", with("code", json!("guess"))).await.expect(400);
    confirm(OWNER, "orders", json!({})).await.expect(400);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Error");
    confirm(OWNER, "orders", right).await.expect(200);
}

#[tokio::test]
async fn an_error_of_the_issuer_appears_on_the_page_and_in_the_journal() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await;
    let authorize = world.authorize(&world.link("orders").await).await;
    let back = format!(
        "{HUB}/redirect?error=access_denied&error_description=AADSTS65004%3A+%3Cb%3EUser+declined%3C%2Fb%3E&state={}",
        query(&authorize, "state")
    );
    let page = world.open(&back).await.expect(400);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains("AADSTS65004") && !page.text.contains("<b>"), "{}", page.text);
    let message = world.get("orders").await.at("/properties/statuses/0/error/message");
    assert_eq!(
        message,
        "OAuth2 authorization flow failed for service 'Azure Active Directory'. access_denied: AADSTS65004: \
         <b>User declined</b>"
    );

    world.issuer.set(Behavior::Refuse(
        401,
        json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong"}),
    ));
    let authorize = world.authorize(&world.link("orders").await).await;
    let back = format!("{HUB}/redirect?code=c&state={}", query(&authorize, "state"));
    assert!(world.open(&back).await.expect(400).text.contains("AADSTS7000215"));
    let shown = world.get("orders").await;
    let error = shown.at("/properties/statuses/0/error");
    assert_eq!(error["code"], "Unauthenticated");
    let message = error["message"].as_str().expect("a text");
    assert!(
        message.starts_with(
            "OAuth2 authorization flow failed for service 'Azure Active Directory'. OAuth 2 sign in failed"
        ) && message.contains("AADSTS7000215"),
        "{message}"
    );
    assert_eq!(world.journal("consent.failed").await.len(), 2);

    world.issuer.set(Behavior::Broken(503));
    let authorize = world.authorize(&world.link("orders").await).await;
    let back = format!("{HUB}/redirect?code=c&state={}", query(&authorize, "state"));
    world.open(&back).await.expect(502);
    assert_eq!(
        world.get("orders").await.json(),
        shown.json(),
        "a transient failure does not change the connection"
    );
}

#[tokio::test]
async fn a_new_consent_changes_only_the_account() {
    let world = World::new().await;
    let runtime = world.connect("orders", CONNECTOR).await;
    let before = world.get("orders").await.json();
    let policy = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"tenantId": world.tenant, "objectId": COLLEAGUE}}}});
    world.arm(&world.user(OWNER), "PUT", "orders/accessPolicies/colleague", &policy).await.expect(201);
    let first = world.call(&runtime).await.expect(200).status;
    let old = world.back_end.last().headers["authorization"].clone();

    // A failed sign-in does not affect a connected connection.
    let authorize = world.authorize(&world.link("orders").await).await;
    world
        .open(&format!("{HUB}/redirect?error=access_denied&state={}", query(&authorize, "state")))
        .await
        .expect(400);
    assert_eq!(world.get("orders").await.json(), before);

    world.issuer.sign_in_as("service@contoso.example", COLLEAGUE);
    let after = world.sign_in("orders").await.json();
    assert_eq!(after["properties"]["authenticatedUser"]["name"], "service@contoso.example");
    for pointer in
        ["/id", "/properties/connectionRuntimeUrl", "/properties/createdBy", "/properties/createdTime"]
    {
        assert_eq!(before.pointer(pointer), after.pointer(pointer), "{pointer}");
    }
    let list = world.arm(&world.user(OWNER), "GET", "orders/accessPolicies", &Value::Null).await.expect(200);
    assert_eq!(list.at("/value").as_array().map(Vec::len), Some(1));
    assert_eq!(world.call(&runtime).await.status, first);
    assert_ne!(world.back_end.last().headers["authorization"], old, "the new account's token is used");
}

#[tokio::test]
async fn a_link_requires_an_allowed_return_url() {
    let world = World::new().await;
    world.put_connection("orders", CONNECTOR).await;
    let ask = |parameter: Value| {
        let world = &world;
        async move {
            let body = json!({"parameters": [parameter]});
            world.arm(&world.user(OWNER), "POST", "orders/listConsentLinks", &body).await
        }
    };
    for parameter in [
        json!({"parameterName": "token", "redirectUrl": "https://evil.example/"}),
        json!({"parameterName": "token", "redirectUrl": "javascript:alert(1)"}),
        json!({"parameterName": "token"}),
        json!({"parameterName": "other", "redirectUrl": RETURN}),
        json!({"parameterName": "token", "redirectUrl": RETURN, "tenantId": OWNER}),
        json!({"parameterName": "token", "redirectUrl": RETURN, "objectId": "me"}),
        json!("token"),
    ] {
        let answer = ask(parameter.clone()).await;
        assert_eq!(answer.status, 400, "{parameter}");
    }
    let answer = ask(json!({"redirectUrl": RETURN})).await.expect(200);
    assert_eq!(answer.at("/value/0/status"), "Unauthenticated");
    assert_eq!(answer.at("/value/0/displayName"), "Contoso Orders");
}

#[tokio::test]
async fn invalid_links_and_states_show_an_error_page() {
    let world = World::new().await;
    for uri in [
        "/login",
        "/login?data=",
        "/login?data=garbage",
        "/login?data=%FF",
        "/redirect",
        "/redirect?code=c",
        "/redirect?code=c&state=garbage",
        "/redirect/any?error=x&state=garbage",
    ] {
        let page = world.open(uri).await;
        assert_eq!(page.status, 400, "{uri}");
        assert!(page.text.contains("<h1>") && page.header("cache-control") == "no-store", "{uri}");
    }
    // A value sealed for one purpose cannot be opened for another.
    world.put_connection("orders", CONNECTOR).await;
    let link = world.link("orders").await;
    let data = link.rsplit_once('=').expect("data").1;
    world.open(&format!("/redirect?code=c&state={data}")).await.expect(400);
}
