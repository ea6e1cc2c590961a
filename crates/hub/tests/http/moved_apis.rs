//! APIs whose maker moves them to another back end or identity provider.

use serde_json::{Value, json};

use crate::custom_apis::api;
use crate::parameters::{PASSWORD, create_api, required};
use crate::world::{COLLEAGUE, HUB, OWNER, RETURN, Response, World, query};

fn basic() -> Value {
    json!({"username": required("string"), "password": required("securestring")})
}

/// A colleague's connection to an API of the owner. Returns its runtime path.
async fn connection(world: &World, name: &str, parameters: Value, values: Value) -> String {
    create_api(world, name, json!({ "connectionParameters": parameters }), json!({})).await.expect(201);
    let made = colleague(world, "PUT", name, values).await.expect(201);
    let url = made.at("/properties/connectionRuntimeUrl");
    url.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a runtime URL").to_owned()
}

/// Writes the colleague's connection.
async fn colleague(world: &World, method: &str, name: &str, values: Value) -> Response {
    let id = format!(
        "/subscriptions/{}/resourceGroups/lab/providers/Microsoft.Web/customApis/{name}",
        world.tenant
    );
    let mut properties = json!({"api": {"id": id}});
    if !values.is_null() {
        properties["parameterValues"] = values;
    }
    world.arm(&world.user(COLLEAGUE), method, name, &json!({ "properties": properties })).await
}

async fn call(world: &World, runtime: &str) -> Response {
    let auth = world.user(COLLEAGUE);
    world.send("GET", &format!("{runtime}/orders"), &[("authorization", &auth)], "").await
}

/// The maker changes members of the API.
async fn change(world: &World, name: &str, pointer: &str, value: Value) {
    let mut read = api(world, OWNER, "GET", &format!("/{name}"), &Value::Null).await.expect(200).json();
    read["properties"].as_object_mut().expect("an object").remove("backendService");
    *read["properties"].pointer_mut(pointer).expect("there") = value;
    api(world, OWNER, "PUT", &format!("/{name}"), &read).await.expect(200);
}

fn values() -> Value {
    json!({"username": "u", "password": PASSWORD})
}

#[tokio::test]
async fn a_password_is_not_sent_to_another_back_end_before_its_owner_agrees() {
    let world = World::new().await;
    let runtime = connection(&world, "moved", basic(), values()).await;
    call(&world, &runtime).await.expect(200);
    let calls = || world.back_end.calls().len();
    for (pointer, value, given) in [
        ("/swagger/host", json!("eu.contoso.example"), json!({"password": PASSWORD})),
        ("/swagger/basePath", json!("/v2"), json!({"username": "u"})),
        ("/swagger/schemes", json!(["http"]), json!({"password": PASSWORD})),
    ] {
        change(&world, "moved", pointer, value).await;
        let before = calls();
        let answer = call(&world, &runtime).await.expect(401);
        assert!(answer.text.contains("was changed to call"), "{}", answer.text);
        assert_eq!(calls(), before);
        let auth = world.user(COLLEAGUE);
        let shown = world.arm(&auth, "GET", "moved", &Value::Null).await.expect(200);
        assert_eq!(shown.at("/properties/overallStatus"), "Error");
        assert_eq!(shown.at("/properties/statuses/0/error/message"), answer.at("/message"));
        let test = world.arm(&auth, "GET", "moved/extensions/proxy/testconnection", &Value::Null).await;
        test.expect(401);
        for method in ["PATCH", "PUT"] {
            colleague(&world, method, "moved", Value::Null).await.expect(200);
        }
        call(&world, &runtime).await.expect(401);
        assert_eq!(calls(), before);
        let agreed = colleague(&world, "PATCH", "moved", given).await.expect(200);
        assert_eq!(agreed.at("/properties/overallStatus"), "Connected");
        call(&world, &runtime).await.expect(200);
    }
    // A change of anything else needs no agreement, and neither does a way back.
    change(&world, "moved", "/swagger/info/title", json!("Renamed")).await;
    call(&world, &runtime).await.expect(200);
    change(&world, "moved", "/swagger/host", json!("gone.contoso.example")).await;
    call(&world, &runtime).await.expect(401);
    change(&world, "moved", "/swagger/host", json!("eu.contoso.example")).await;
    call(&world, &runtime).await.expect(200);
}

#[tokio::test]
async fn the_makers_own_connections_agree_and_those_without_values_need_not() {
    let world = World::new().await;
    let open = connection(&world, "open", json!({}), json!({})).await;
    change(&world, "open", "/swagger/host", json!("eu.contoso.example")).await;
    call(&world, &open).await.expect(200);

    let parameters = (json!({ "connectionParameters": basic() }), json!({}));
    let own =
        crate::parameters::connect(&world, "own", parameters, json!({"parameterValues": values()})).await;
    change(&world, "own", "/swagger/host", json!("eu.contoso.example")).await;
    world.call(&own).await.expect(200);
}

#[tokio::test]
async fn a_policy_that_chooses_the_host_is_a_change_and_another_one_is_not() {
    let world = World::new().await;
    let runtime = connection(&world, "moved", basic(), values()).await;
    let policy = |template: &str, parameters: Value| {
        json!({"properties": {"policyTemplateInstances": [
            {"templateId": template, "title": "x", "parameters": parameters},
        ]}})
    };
    let header = policy(
        "setheader",
        json!({"x-ms-apimTemplateParameter.name": "X-A", "x-ms-apimTemplateParameter.value": "b"}),
    );
    api(&world, OWNER, "PATCH", "/moved", &header).await.expect(200);
    call(&world, &runtime).await.expect(200);
    let host = policy(
        "dynamichosturl",
        json!({"x-ms-apimTemplateParameter.urlTemplate": "https://eu.contoso.example/v1"}),
    );
    api(&world, OWNER, "PATCH", "/moved", &host).await.expect(200);
    call(&world, &runtime).await.expect(401);
}

#[tokio::test]
async fn tokens_are_not_sent_to_another_back_end_or_issuer_before_a_new_sign_in() {
    let world = World::new().await;
    let custom =
        json!({"resourceUri": {"value": "api://x"}, "loginUri": {"value": "https://login.windows.net"}});
    let token = json!({"token": {"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "clientSecret": "s3cret", "customParameters": custom,
    }}});
    let runtime = connection(&world, "moved", token, Value::Null).await;
    let auth = world.user(COLLEAGUE);
    let link = async || {
        let body = json!({"parameters": [{
            "parameterName": "token", "redirectUrl": RETURN, "objectId": COLLEAGUE, "tenantId": world.tenant,
        }]});
        let links = world.arm(&auth, "POST", "moved/listConsentLinks", &body).await.expect(200);
        links.at("/value/0/link").as_str().expect("a link").to_owned()
    };
    let confirm = async |code: &str| {
        let body = json!({"code": code, "tenantId": world.tenant, "objectId": COLLEAGUE});
        world.arm(&auth, "POST", "moved/confirmConsentCode", &body).await
    };
    let sign_in = async || {
        let authorize = world.authorize(&link().await).await;
        let code = world.follow_redirect(&authorize).await;
        confirm(&code).await.expect(200)
    };
    sign_in().await;
    call(&world, &runtime).await.expect(200);
    let login = "/connectionParameters/token/oAuthSettings/customParameters/loginUri/value";
    for (pointer, value, text) in [
        ("/swagger/host", "eu.contoso.example", "was changed to call https://eu.contoso.example/v1"),
        (login, "https://login.microsoftonline.com", "was changed to sign in elsewhere"),
    ] {
        let opened = link().await;
        let redeemed = world.follow_redirect(&world.authorize(&link().await).await).await;
        let authorized = world.authorize(&link().await).await;
        change(&world, "moved", pointer, json!(value)).await;
        let calls = world.back_end.calls().len();
        let answer = call(&world, &runtime).await.expect(401);
        assert!(answer.text.contains(text), "{}", answer.text);
        assert_eq!(world.back_end.calls().len(), calls);
        // Sign-ins under way have ended.
        world.open(&opened).await.expect(400);
        confirm(&redeemed).await.expect(400);
        let requests = world.issuer.token_requests().len();
        let back = format!("{HUB}/redirect?code=c&state={}", query(&authorized, "state"));
        world.open(&back).await.expect(400);
        assert_eq!(world.issuer.token_requests().len(), requests);
        sign_in().await;
        call(&world, &runtime).await.expect(200);
    }
}

#[tokio::test]
async fn a_connection_of_an_earlier_version_agrees_to_the_api_as_it_was() {
    let world = World::new().await;
    let runtime = connection(&world, "moved", basic(), values()).await;
    let earlier = outlive_store::sql!("UPDATE connections SET destinations = NULL");
    world.store.commit(earlier).await.expect("changed");
    call(&world, &runtime).await.expect(200);
    change(&world, "moved", "/swagger/info/title", json!("Renamed")).await;
    call(&world, &runtime).await.expect(200);
    change(&world, "moved", "/swagger/host", json!("eu.contoso.example")).await;
    call(&world, &runtime).await.expect(401);
}

#[tokio::test]
async fn only_the_owner_agrees() {
    let world = World::new().await;
    let token = json!({"token": {"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "customParameters": {"resourceUri": {"value": "api://x"}},
    }}, "token:clientSecret": {"type": "securestring"}});
    connection(&world, "moved", token, json!({"token:clientSecret": PASSWORD})).await;
    let access = json!({"properties": {"principal": {
        "type": "ActiveDirectory", "identity": {"objectId": OWNER, "tenantId": world.tenant},
    }}});
    let path = "moved/accessPolicies/maker";
    world.arm(&world.user(COLLEAGUE), "PUT", path, &access).await.expect(201);
    world.sign_in("moved").await;
    change(&world, "moved", "/swagger/host", json!("eu.contoso.example")).await;
    let body = json!({"parameters": [{"parameterName": "token", "redirectUrl": RETURN}]});
    let answer = world.arm(&world.user(OWNER), "POST", "moved/listConsentLinks", &body).await.expect(403);
    assert!(answer.text.contains("the connection's owner"), "{}", answer.text);
    assert_eq!(world.issuer.token_requests().len(), 1);
}

#[tokio::test]
async fn an_application_without_values_of_the_connection_agrees_by_a_put() {
    let world = World::new().await;
    let custom = json!({"resourceUri": {"value": "api://x"}, "grantType": {"value": "client_credentials"}});
    let token = json!({"token": {"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "clientSecret": "s3cret", "customParameters": custom,
    }}});
    let runtime = connection(&world, "moved", token, Value::Null).await;
    call(&world, &runtime).await.expect(200);
    change(&world, "moved", "/swagger/host", json!("eu.contoso.example")).await;
    call(&world, &runtime).await.expect(401);
    colleague(&world, "PUT", "moved", Value::Null).await.expect(200);
    call(&world, &runtime).await.expect(200);
    assert_eq!(world.issuer.token_requests().len(), 2, "the token from before was deleted");
}

#[tokio::test]
async fn a_sign_in_that_a_change_ended_says_so() {
    let world = World::new().await;
    let token = json!({"token": {"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "customParameters": {"resourceUri": {"value": "api://x"}},
    }}, "token:clientSecret": {"type": "securestring"}, "token:TenantId": {"type": "string"}});
    create_api(&world, "moved", json!({ "connectionParameters": token }), json!({})).await.expect(201);
    crate::parameters::write(
        &world,
        "PUT",
        "moved",
        json!({"parameterValues": {"token:clientSecret": PASSWORD}}),
    )
    .await
    .expect(201);
    let ended = "The connection or its API was changed after the link was requested";
    for n in 0..2 {
        let (link, opened) = (world.link("moved").await, world.link("moved").await);
        let authorize = world.authorize(&opened).await;
        if n == 0 {
            change(&world, "moved", "/swagger/host", json!("eu.contoso.example")).await;
        } else {
            let values = json!({"parameterValues": {"token:TenantId": "contoso.example"}});
            crate::parameters::write(&world, "PATCH", "moved", values).await.expect(200);
        }
        let page = world.open(&link).await.expect(400);
        assert!(page.text.contains(ended), "{}", page.text);
        let mut back: url::Url = query(&authorize, "redirect_uri").parse().expect("a URL");
        back.query_pairs_mut().append_pair("code", "c").append_pair("state", &query(&authorize, "state"));
        let page = world.open(back.as_str()).await.expect(400);
        assert!(page.text.contains(ended), "{}", page.text);
    }
    assert!(world.issuer.token_requests().is_empty());
    world.sign_in("moved").await;
}
