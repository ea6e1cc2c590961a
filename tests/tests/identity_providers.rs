//! Connectors of other identity providers than `aad`, with the real program: their consent goes
//! through the sign-in pages, and a flow calls through them.

use std::path::Path;

use outlive_tests::outlive_on_database;
use serde_json::{Value, json};

/// A connector on the version 2 endpoints of the installation's issuer.
fn connector(provider: &str, scopes: &[&str], custom: &Value) -> Value {
    let custom: serde_json::Map<_, _> = custom
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| (name.clone(), json!({ "value": value })))
        .collect();
    json!({"properties": {"iconBrandColor": "#2f6f4f", "capabilities": ["actions"], "connectionParameters": {
        "token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": provider, "clientId": null, "scopes": scopes, "redirectMode": "Global",
            "customParameters": custom,
        }},
    }}})
}

fn endpoints(authorization: &str, token: &str, refresh: &str) -> Value {
    let at = |name: &str| format!("https://login.microsoftonline.com/common/oauth2/v2.0/{name}");
    json!({authorization: at("authorize"), token: at("token"), refresh: at("token")})
}

/// Writes a seed with more connectors, all on the application of the confidential one.
fn write_seed(at: &Path, connectors: &[(&str, Value)]) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds");
    let mut seed = std::fs::read_to_string(seeds.join("contoso.yaml")).expect("the seed of the product");
    let mut list = "connectors:\n".to_owned();
    for (name, api_properties) in connectors {
        let folder = at.join("connectors").join(name);
        std::fs::create_dir_all(&folder).expect("is made");
        std::fs::write(folder.join("apiProperties.json"), api_properties.to_string()).expect("is written");
        list += &format!(
            "  - {{name: {name}, display_name: {name}, application: Contoso Orders Connector, folder: connectors/{name}, \
             definition_from: connectors/contoso-orders}}\n"
        );
    }
    seed = seed.replacen("connectors:\n", &list, 1);
    for entry in std::fs::read_dir(seeds.join("connectors")).expect("connectors") {
        let folder = entry.expect("a folder").path();
        let copy = at.join("connectors").join(folder.file_name().expect("a name"));
        std::fs::create_dir_all(&copy).expect("is made");
        for file in std::fs::read_dir(&folder).expect("files") {
            let file = file.expect("a file").path();
            std::fs::copy(&file, copy.join(file.file_name().expect("a name"))).expect("is copied");
        }
    }
    std::fs::write(at.join("seed.yaml"), seed).expect("is written");
}

#[tokio::test]
async fn flows_outlive_a_password_change_if_their_connector_got_a_refresh_token() {
    let directory = tempfile::tempdir().expect("a directory");
    let scopes = ["openid offline_access api://contoso-orders/Orders.Read"];
    let without_refresh = ["openid", "api://contoso-orders/Orders.Read"];
    let oauth2 = endpoints("authorizationUrl", "tokenUrl", "refreshUrl");
    let mut generic = endpoints("authorizationUrlTemplate", "tokenUrlTemplate", "refreshUrlTemplate");
    for (name, template) in [
        (
            "authorizationUrlQueryStringTemplate",
            "?response_type=code&client_id={ClientId}&redirect_uri={RedirectUrl}&scope={Scopes}&state={State}\
             &code_challenge={CodeChallenge}&code_challenge_method=S256",
        ),
        (
            "tokenBodyTemplate",
            "grant_type=authorization_code&code={Code}&redirect_uri={RedirectUrl}&client_id={ClientId}\
             &client_secret={ClientSecret}&code_verifier={CodeVerifier}",
        ),
        ("refreshBodyTemplate", "grant_type=refresh_token&refresh_token={RefreshToken}&client_id={ClientId}"),
    ] {
        generic[name] = json!(template);
    }
    write_seed(
        directory.path(),
        &[
            ("shared_v2", connector("oauth2", &scopes, &oauth2)),
            ("shared_short", connector("oauth2", &without_refresh, &oauth2)),
            ("shared_generic", connector("oauth2generic", &scopes, &generic)),
        ],
    );
    let scenario = "\
scenarios:
  - name: Connectors of other identity providers
    about: Two have a refresh token, and the third does not.
    chapters:
      - title: 1. Three flows
        steps:
          - create_connection: {name: v2, connector: shared_v2, owner: owner}
          - create_connection: {name: generic, connector: shared_generic, owner: owner}
          - create_connection: {name: short, connector: shared_short, owner: owner}
          - create_flow: {name: on-v2, owner: owner, connection: v2, every: PT1H}
          - create_flow: {name: on-generic, owner: owner, connection: generic, every: PT1H}
          - create_flow: {name: on-short, owner: owner, connection: short, every: PT1H}
          - advance: {by: PT1M, runs: 3, failed: 0}
          - expect_connection: {connection: short, status: Connected}
      - title: 2. The owner changes the password
        steps:
          - change_password: {user: owner}
            mark: changed
          - advance: {by: PT6H}
          - expect_runs: {flow: on-v2, since: changed, counts: {Succeeded: 6}}
          - expect_runs: {flow: on-generic, since: changed, counts: {Succeeded: 6}}
          - expect_connection: {connection: v2, status: Connected}
          - expect_connection:
              connection: short
              status: Error
              target: token
              code: Unauthorized
              message_has: ['for service: oauth2. ', 'Error: Missing refresh token.']
      - title: 3. Sessions are revoked
        steps:
          - event: {type: revoke_sessions, user: owner, by: admin}
          - advance: {by: PT3H}
          - expect_connection:
              connection: v2
              status: Error
              target: token
              code: Unauthorized
              message_has: ['for service: oauth2. ', 'Client ID and secret sent in form body.', AADSTS50173]
          - expect_connection:
              connection: generic
              status: Error
              target: token
              code: Unauthorized
              message_has: ['for service: oauth2generic. ', AADSTS50173]
";
    let file = directory.path().join("providers.yaml");
    std::fs::write(&file, scenario).expect("is written");
    let seed = directory.path().join("seed.yaml");
    let (file, seed) = (file.to_str().expect("a path"), seed.to_str().expect("a path"));
    let ended = outlive_on_database(["run", file, "--seed", seed]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
