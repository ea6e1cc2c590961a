//! Sign-ins at the addresses that a swagger declares, and code challenges of `oauth2pkce`.

use serde_json::{Value, json};

use crate::partner::{HOST, connector, world};
use crate::world::{OWNER, RETURN, query};

/// Returns a connector whose file has these custom parameters, and whose swagger declares the
/// partner.
fn declaring(name: &str, provider: &str, custom: &Value) -> Value {
    let mut connector = connector(name, provider, custom, &json!("orders.read offline_access"));
    connector["swagger"]["securityDefinitions"] = json!({"user": {
        "type": "oauth2", "flow": "accessCode", "authorizationUrl": format!("https://{HOST}/authorize"),
        "tokenUrl": format!("https://{HOST}/token"), "scopes": {"orders.read": "read"},
    }});
    connector
}

#[tokio::test]
async fn a_file_without_addresses_means_those_of_its_swagger() {
    let (world, partner, origin) = world(vec![declaring("shared_declaring", "oauth2", &json!({}))]).await;
    world.put_connection("orders", "shared_declaring").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    assert!(authorize.as_str().starts_with(&format!("{origin}/authorize?")), "{authorize}");
    assert_eq!(query(&authorize, "scope"), "orders.read offline_access", "the scopes of a text");
    let code = world.follow_redirect(&authorize).await;
    world.confirm("orders", &code).await.expect(200);
    let [redeemed] = partner.take().try_into().expect("one request");
    assert_eq!(redeemed.uri, "/token");
    assert!(!redeemed.form().contains_key("code_verifier"));
}

#[tokio::test]
async fn addresses_of_a_file_are_never_mixed_with_those_of_its_swagger() {
    let own = json!({"authorizationUrl": "https://id.elsewhere.example/authorize"});
    let (world, ..) = world(vec![declaring("shared_half", "oauth2", &own)]).await;
    world.put_connection("orders", "shared_half").await.expect(201);
    let body = json!({"parameters": [{"redirectUrl": RETURN, "objectId": OWNER}]});
    let refused = world.arm(&world.user(OWNER), "POST", "orders/listConsentLinks", &body).await.expect(400);
    let message = refused.at("/error/message").as_str().unwrap_or_default().to_owned();
    assert!(message.ends_with(": customParameters.tokenUrl is missing."), "{message}");
}

#[tokio::test]
async fn oauth2pkce_sends_a_code_challenge_and_its_verifier() {
    let urls = json!({
        "authorizationUrl": format!("https://{HOST}/authorize"), "tokenUrl": format!("https://{HOST}/token"),
    });
    let (world, partner, _) =
        world(vec![connector("shared_pkce", "oauth2pkce", &urls, &json!(["a", "b"]))]).await;
    world.put_connection("orders", "shared_pkce").await.expect(201);
    let authorize = world.authorize(&world.link("orders").await).await;
    assert_eq!(query(&authorize, "code_challenge_method"), "S256");
    assert_eq!(query(&authorize, "code_challenge").len(), 43);
    let code = world.follow_redirect(&authorize).await;
    world.confirm("orders", &code).await.expect(200);
    let [redeemed] = partner.take().try_into().expect("one request");
    assert!(redeemed.form()["code_verifier"].len() >= 43, "{:?}", redeemed.form());
}
