//! Connectors of other identity providers than `aad`, with the real program: their consent goes
//! through the sign-in pages, and a flow calls through them.

use std::path::Path;

use outlive_tests::{Maker, Service, System, outlive_on_database};
use reqwest::Method;
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

/// A daemon's application authenticates with the certificate that the hub generated.
#[tokio::test]
async fn the_certificate_of_a_connector_is_registered_on_its_application() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    tenant.freeze().await;
    let hub = system.url(Service::Hub);
    let at = |rest: &str| format!("{hub}/subscriptions/{}/{rest}?api-version=2016-06-01", tenant.id());
    let owner = Maker::new(&system, &tenant, "owner");
    let managed = at("providers/Microsoft.Web/locations/unitedstates/managedApis/shared_contoso-orders");
    let (_, orders) = owner.call(Method::GET, &format!("{managed}&export=true"), &Value::Null).await;
    let client_id = tenant.application("Nightly Job")["client_id"].clone();
    let api = json!({"properties": {
        "displayName": "Certified", "swagger": orders["properties"]["swagger"],
        "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
            "identityProvider": "aadcertificate", "clientId": client_id, "properties": {"IsFirstParty": "True"},
            "customParameters": {
                "resourceUri": {"value": "api://contoso-orders"}, "grantType": {"value": "client_credentials"},
            },
        }}},
    }});
    let path = at("resourceGroups/lab/providers/Microsoft.Web/customApis/certified");
    let (status, made) = owner.call(Method::PUT, &path, &api).await;
    assert_eq!(status, 201, "{made}");
    let connection = json!({"properties": {"api": {"id": made["id"]}}});
    let path = at("resourceGroups/lab/providers/Microsoft.Web/connections/certified");
    let (status, connection) = owner.call(Method::PUT, &path, &connection).await;
    assert_eq!(
        (status, &connection["properties"]["overallStatus"]),
        (201, &json!("Connected")),
        "{connection}"
    );
    let runtime = connection["properties"]["connectionRuntimeUrl"].as_str().expect("a URL");
    let call = format!("{runtime}/orders");

    let (status, refused) = owner.call(Method::GET, &call, &Value::Null).await;
    let message = refused["message"].as_str().unwrap_or_default();
    assert_eq!(status, 401, "{refused}");
    assert!(
        message.contains("for service: aadcertificate. ") && message.contains("AADSTS700027"),
        "{message}"
    );

    let graph = format!(
        "{}/v1.0/applications(appId='{}')",
        system.url(Service::Idp),
        client_id.as_str().expect("an id")
    );
    let register = json!({"keyCredentials": [made["properties"]["certificate"]]});
    let admin = Maker::new(&system, &tenant, "admin");
    let graph_scope = "https://graph.microsoft.com/Application.ReadWrite.All";
    let (status, answer) = admin.send(graph_scope, Method::PATCH, &graph, &register).await;
    assert_eq!(status, 204, "{answer}");
    let (status, answer) = owner.call(Method::GET, &call, &Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let (_, connection) = owner.call(Method::GET, &path, &Value::Null).await;
    assert_eq!(connection["properties"]["overallStatus"], "Connected", "a later success repairs the status");
    system.stop().await;
}
