//! Identity providers other than `aad`: consent, refresh, and what is missing in their settings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use outlive_clock::Span;
use serde_json::{Value, json};

use crate::fakes::token;
use crate::partner::{CLIENT, HOST, Habit, Partner, connector, message, world};
use crate::world::{HUB, ORIGIN, OWNER, RETURN, SECRET, World, query};

fn partner_urls() -> Value {
    json!({
        "authorizationUrl": format!("https://{HOST}/authorize?prompt=login"),
        "tokenUrl": format!("https://{HOST}/token?v=1"),
        "refreshUrl": format!("https://{HOST}/refresh"),
    })
}

async fn partner_world() -> (World, Partner, String) {
    let scopes = json!(["orders.read offline_access", "openid"]);
    world(vec![connector("shared_partner", "oauth2", &partner_urls(), &scopes)]).await
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("orders%2Bclient:{SECRET}")))
}

#[tokio::test]
async fn an_allowed_issuer_gets_consent_redemption_and_refresh_at_its_urls() {
    let (mut world, partner, origin) = partner_world().await;
    world.put_connection("orders", "shared_partner").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    assert!(authorize.as_str().starts_with(&format!("{origin}/authorize?prompt=login&")), "{authorize}");
    for (name, value) in [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("redirect_uri", &format!("{HUB}/redirect")),
        ("scope", "orders.read offline_access openid"),
        ("code_challenge", ""),
        ("resource", ""),
    ] {
        assert_eq!(query(&authorize, name), value, "{name}");
    }
    let code = world.follow_redirect(&authorize).await;
    world.confirm("orders", &code).await.expect(200);
    let [redeemed] = partner.take().try_into().expect("one request");
    assert_eq!((redeemed.uri.as_str(), redeemed.authorization.as_str()), ("/token?v=1", ""));
    assert!(!redeemed.carries_time, "another vendor's service does not get the tenant's time");
    let form = redeemed.form();
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "issuers-code"),
        ("redirect_uri", &format!("{HUB}/redirect")),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
    ] {
        assert_eq!(form[name], value, "{name}");
    }
    assert!(!form.contains_key("resource") && !form.contains_key("code_verifier"), "{form:?}");

    let runtime = world.get("orders").await.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    world.advance(Span::from_hours(2) - Span::from_minutes(3)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(partner.take().len(), 0, "expires_in is a text");

    world.advance(Span::from_seconds(1)).await;
    world.call(&runtime).await.expect(200);
    let [refreshed] = partner.take().try_into().expect("one request");
    assert_eq!(refreshed.uri, "/refresh");
    assert_eq!(refreshed.form()["refresh_token"], token("partner-refresh", 1));
    assert_eq!(world.back_end.last().headers["authorization"], format!("Bearer {}", token("partner", 1)));
}

#[tokio::test]
async fn a_secret_rejected_in_the_body_is_accepted_in_a_basic_header() {
    let (mut world, partner, _) = partner_world().await;
    partner.set(Habit::Basic);
    let runtime = world.connect("orders", "shared_partner").await;
    let [body, header] = partner.take().try_into().expect("two requests");
    assert_eq!((body.form()["client_secret"].as_str(), body.authorization.as_str()), (SECRET, ""));
    assert_eq!(header.authorization, basic());
    assert_eq!(header.form()["code"], "issuers-code");
    assert!(!header.body.contains("client_"), "{}", header.body);

    world.advance(Span::from_hours(2)).await;
    world.call(&runtime).await.expect(200);
    let [_, header] = partner.take().try_into().expect("two requests");
    assert_eq!((header.uri.as_str(), header.authorization), ("/refresh", basic()));
}

#[tokio::test]
async fn a_secret_rejected_in_both_places_is_an_error_with_both_responses() {
    let (mut world, partner, _) = partner_world().await;
    partner.set(Habit::NoClient);
    world.put_connection("orders", "shared_partner").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    let back = format!("{HUB}/redirect?code=issuers-code&state={}", query(&authorize, "state"));
    let page = world.open(&back).await.expect(400);
    assert_eq!(partner.take().len(), 2);
    let text = message(&world).await;
    let rest = text.strip_prefix(
        "OAuth2 authorization flow failed for service 'Generic Oauth 2'. OAuth 2 sign in failed to exchange code for access \
         token. Client ID and secret sent in form body.. Response status code=Unauthorized. Response body: \
         {\"client\":\"\",\"error\":\"invalid_client\",",
    );
    let (first, second) = rest
        .and_then(|rest| {
            rest.split_once(
                "} Client ID and secret sent in Basic authorization header.. Response status code=Unauthorized. \
                 Response body: {",
            )
        })
        .unwrap_or_else(|| panic!("{text}"));
    assert!(first.contains("client_secret=[redacted]") && second.contains("invalid_client"), "{text}");
    assert!(page.text.contains("form body") && page.text.contains("Basic authorization header"));
    assert!(!text.contains(SECRET) && !page.text.contains(SECRET));

    // The same at a refresh.
    partner.set(Habit::Body);
    world.sign_in("orders").await;
    world.advance(Span::from_hours(3)).await;
    partner.set(Habit::NoClient);
    let runtime = world.get("orders").await.at("/properties/connectionRuntimeUrl");
    let runtime = runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL").to_owned();
    let refused = world.call(&runtime).await.expect(401);
    let text = refused.at("/message").as_str().expect("a text").to_owned();
    assert!(
        text.starts_with("Failed to refresh access token for service: oauth2. Correlation Id=g-"),
        "{text}"
    );
    for part in [
        "Error: OAuth 2 access token refresh failed. Client ID and secret sent in form body..",
        "Client ID and secret sent in Basic authorization header..",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains(SECRET) && !text.contains("very-secret-value"), "{text}");
    assert_eq!(message(&world).await, text);
}

#[tokio::test]
async fn the_hub_does_not_repeat_a_grant_after_a_rejection() {
    let (mut world, partner, _) = partner_world().await;
    let runtime = world.connect("orders", "shared_partner").await;
    world.advance(Span::from_hours(3)).await;
    partner.set(Habit::NoGrant);
    partner.take();
    world.call(&runtime).await.expect(401);
    assert_eq!(partner.take().len(), 1);
    let broken = world.journal("connection.broken").await;
    assert_eq!(broken[0]["data"]["error"], "invalid_grant");
    assert_eq!(broken[0]["data"]["answer"]["error"], "invalid_grant");
}

#[tokio::test]
async fn without_a_refresh_token_a_connection_works_until_its_token_expires() {
    let (mut world, partner, _) = partner_world().await;
    partner.refresh_tokens(false);
    let runtime = world.connect("orders", "shared_partner").await;
    world.advance(Span::from_hours(2) - Span::from_seconds(1)).await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.get("orders").await.at("/properties/overallStatus"), "Connected", "it still works");
    world.advance(Span::from_seconds(1)).await;
    let text = world.call(&runtime).await.expect(401).at("/message").to_string();
    assert!(
        text.contains("for service: oauth2. ") && text.contains("Error: Missing refresh token."),
        "{text}"
    );
    assert_eq!(partner.take().len(), 1, "nothing was requested");
    partner.refresh_tokens(true);
    world.sign_in("orders").await;
    world.call(&runtime).await.expect(200);
}

#[tokio::test]
async fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let (mut world, partner, _) = partner_world().await;
    let runtime = world.connect("orders", "shared_partner").await;
    partner.take();
    partner.refresh_tokens(false);
    for _ in 0..2 {
        world.advance(Span::from_hours(3)).await;
        world.call(&runtime).await.expect(200);
        let [refresh] = partner.take().try_into().expect("one request");
        assert_eq!(refresh.form()["refresh_token"], token("partner-refresh", 1));
    }
    partner.refresh_tokens(true);
    for sent in [token("partner-refresh", 1), token("partner-refresh", 1)] {
        world.advance(Span::from_hours(3)).await;
        world.call(&runtime).await.expect(200);
        let [refresh] = partner.take().try_into().expect("one request");
        assert_eq!(refresh.form()["refresh_token"], sent, "rotated");
    }
}

#[tokio::test]
async fn a_token_response_can_be_a_form() {
    let (world, partner, _) = partner_world().await;
    partner.set(Habit::Forms);
    let runtime = world.connect("orders", "shared_partner").await;
    world.call(&runtime).await.expect(200);
    assert_eq!(world.back_end.last().headers["authorization"], format!("Bearer {}", token("partner", 1)));
}

#[tokio::test]
async fn version_2_endpoints_of_the_own_issuer_get_a_code_challenge() {
    let urls = json!({
        "authorizationUrl": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "tokenUrl": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    });
    let scopes = json!(["api://contoso-orders/Orders.Read offline_access"]);
    let (mut world, ..) = world(vec![connector("shared_v2", "oauth2", &urls, &scopes)]).await;
    world.put_connection("orders", "shared_v2").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    let expected = format!("{ORIGIN}/{}/oauth2/v2.0/authorize?", world.tenant);
    assert!(authorize.as_str().starts_with(&expected), "{authorize}");
    assert_eq!(query(&authorize, "scope"), "api://contoso-orders/Orders.Read offline_access");
    assert_eq!(query(&authorize, "code_challenge_method"), "S256");
    let code = world.follow_redirect(&authorize).await;
    assert!(world.issuer.last().contains_key("code_verifier"));
    let confirmed = world.confirm("orders", &code).await.expect(200);
    assert_eq!(confirmed.at("/properties/authenticatedUser/name"), "owner@contoso.example");
    let runtime = confirmed.at("/properties/connectionRuntimeUrl");
    world.advance(Span::from_hours(2)).await;
    world.call(runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL")).await.expect(200);
    assert_eq!(world.issuer.refreshes(), 1);
}

#[tokio::test]
async fn the_templates_of_oauth2generic_make_the_requests() {
    let custom = json!({
        "authorizationUrlTemplate": "https://{Host}/authorize",
        "authorizationUrlQueryStringTemplate": "?response_type=code&client_id={ClientId}&redirect_uri={RedirectUrl}\
            &scope={Scopes}&state={State}&code_challenge={CodeChallenge}",
        "tokenUrlTemplate": "https://{Host}/token",
        "tokenBodyTemplate": "grant_type=authorization_code&code={Code}&redirect_uri={RedirectUrl}&id={ClientId}\
            &client_secret={ClientSecret}&code_verifier={CodeVerifier}",
        "refreshUrlTemplate": "https://{Host}/refresh",
        "refreshUrlQueryStringTemplate": "?redirect={RedirectUrl}",
        "refreshBodyTemplate": "{\"client_secret\":\"{ClientSecret}\",\"refresh_token\":\"{RefreshToken}\"}",
        "scopeListDelimiter": ",",
        "host": HOST,
    });
    let generic = connector("shared_generic", "oauth2generic", &custom, &json!(["a", "b"]));
    let (mut world, partner, origin) = world(vec![generic]).await;
    world.put_connection("orders", "shared_generic").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    assert!(
        authorize.as_str().starts_with(&format!("{origin}/authorize?response_type=code&")),
        "{authorize}"
    );
    assert_eq!(
        (query(&authorize, "scope").as_str(), query(&authorize, "client_id").as_str()),
        ("a,b", CLIENT)
    );
    assert_eq!(query(&authorize, "code_challenge").len(), 43);
    let code = world.follow_redirect(&authorize).await;
    let runtime = world.confirm("orders", &code).await.expect(200).at("/properties/connectionRuntimeUrl");
    let [redeemed] = partner.take().try_into().expect("one request");
    assert_eq!((redeemed.form()["id"].as_str(), redeemed.form()["code_verifier"].len()), (CLIENT, 43));
    world.advance(Span::from_hours(3)).await;
    world.call(runtime.as_str().and_then(|url| url.strip_prefix(HUB)).expect("a URL")).await.expect(200);
    let [refreshed] = partner.take().try_into().expect("one request");
    assert_eq!(
        (refreshed.uri.as_str(), refreshed.content_type.as_str()),
        ("/refresh?redirect=http%3A%2F%2Fhub.test%2Fredirect", "application/json")
    );
    let body: Value = serde_json::from_str(&refreshed.body).expect("JSON");
    assert_eq!(body, json!({"client_secret": SECRET, "refresh_token": token("partner-refresh", 1)}));
}

#[tokio::test]
async fn a_sign_in_says_what_its_settings_lack() {
    let nowhere = json!({
        "authorizationUrl": "https://id.unknown.example/authorize", "tokenUrl": "https://id.unknown.example/token",
    });
    let half = json!({
        "authorizationUrl": format!("https://{HOST}/authorize"), "tokenUrl": "https://id.unknown.example/token",
    });
    let mut direct = connector("shared_direct", "oauth2", &partner_urls(), &json!([]));
    let settings = direct.pointer_mut("/api_properties/properties/connectionParameters/token/oAuthSettings");
    let settings = settings.expect("there");
    settings["redirectMode"] = json!("Direct");
    settings["redirectUrl"] = json!("https://elsewhere.example/redirect");
    let mut without_id = connector("shared_no-client-id", "oauth2", &partner_urls(), &json!([]));
    let settings =
        without_id.pointer_mut("/api_properties/properties/connectionParameters/token/oAuthSettings");
    settings.expect("there")["clientId"] = Value::Null;
    let (world, ..) = world(vec![
        connector("shared_facebook", "contoso", &json!({}), &json!(["public_profile"])),
        connector("shared_nowhere", "oauth2", &nowhere, &json!([])),
        connector("shared_half", "oauth2", &half, &json!([])),
        direct,
        without_id,
    ])
    .await;
    for (name, missing) in [
        (
            "shared_facebook",
            "The oAuthSettings of the connector do not suffice for a sign-in: customParameters.authorizationUrl is missing; \
             customParameters.tokenUrl is missing.",
        ),
        (
            "shared_no-client-id",
            "The oAuthSettings of the connector do not suffice for a sign-in: clientId is missing.",
        ),
    ] {
        world.put_connection(name, name).await.expect(201);
        let body = json!({"parameters": [{"redirectUrl": RETURN, "objectId": OWNER}]});
        let path = format!("{name}/listConsentLinks");
        let refused = world.arm(&world.user(OWNER), "POST", &path, &body).await.expect(400);
        assert_eq!(
            (refused.at("/error/code"), refused.at("/error/message")),
            (json!("ConnectorSettingsIncomplete"), json!(missing))
        );
    }
    for (name, words) in [
        ("shared_nowhere", "--back-end id.unknown.example=URL"),
        ("shared_half", "--back-end id.unknown.example=URL"),
        ("shared_direct", "https://elsewhere.example/redirect is not an address of this hub"),
    ] {
        world.put_connection(name, name).await.expect(201);
        let page = world.open(&world.link(name).await).await.expect(400);
        assert!(page.text.contains(words), "{name}: {}", page.text);
    }
}

#[tokio::test]
async fn no_message_shows_a_secret_that_a_template_puts_into_an_address() {
    let urls = |token: &str| {
        json!({
            "authorizationUrlTemplate": format!("https://{HOST}/authorize"), "tokenUrlTemplate": token,
            "refreshUrlTemplate": token,
        })
    };
    let mut in_host = connector(
        "shared_in-host",
        "oauth2generic",
        &urls("https://{ClientSecret}.nowhere.example/t"),
        &json!([]),
    );
    let mut in_path = connector(
        "shared_in-path",
        "oauth2generic",
        &urls("https://nowhere.example/_lab/{ClientSecret}"),
        &json!([]),
    );
    for connector in [&mut in_host, &mut in_path] {
        connector["client_secret"] = json!("Very-Secret-99");
    }
    let (world, ..) = world(vec![in_host, in_path]).await;
    for name in ["shared_in-host", "shared_in-path"] {
        world.put_connection(name, name).await.expect(201);
        let page = world.open(&world.link(name).await).await.expect(400);
        assert!(!page.text.to_lowercase().contains("very-secret-99"), "{}", page.text);
    }
}
