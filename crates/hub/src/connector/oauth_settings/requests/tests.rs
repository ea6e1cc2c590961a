use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::connector::{OAuthSettings, ParameterValues};

const AUTHORIZE: AuthorizationRequest<'_> = AuthorizationRequest {
    redirect_uri: "http://hub/redirect",
    state: "s+t/a=",
    code_challenge: "challenge",
    pkce: false,
};
const CODE: GrantRequest<'_> = GrantRequest::Code {
    code: "c&d",
    redirect_uri: "http://hub/redirect",
    code_verifier: "verifier",
    pkce: false,
};

fn settings(provider: &str, custom: Value) -> OAuthSettings {
    let custom = custom.as_object().expect("an object").iter();
    let custom: Value = custom
        .map(|(name, value)| (name.clone(), json!({ "value": value })))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let parameter = json!({"oAuthSettings": {
        "identityProvider": provider, "clientId": "client", "scopes": ["a b", "c"], "customParameters": custom,
    }});
    OAuthSettings::parse(&parameter, "p").expect("usable")
}

fn values(values: &[(&str, &str)]) -> ParameterValues {
    ParameterValues::new(values.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))))
}

/// Returns the authorization URL.
fn authorize(settings: &OAuthSettings, of: &ParameterValues) -> Result<String, String> {
    let sign_in = settings.sign_in(of, None).map_err(|error| error.to_string())?;
    sign_in.authorization_url(AUTHORIZE).map(String::from).map_err(|error| error.to_string())
}

/// Returns URL and body of a token request.
fn token(
    settings: &OAuthSettings,
    of: &ParameterValues,
    grant: GrantRequest<'_>,
) -> (String, String, ClientAuthentication) {
    let secret = Secret::new("s3cret");
    let sign_in = settings.sign_in(of, Some(&secret)).expect("complete");
    let request = sign_in.token_request(grant, None).expect("complete");
    let body = match &request.body {
        TokenBody::Form(form) => form
            .iter()
            .map(|(name, value)| format!("{name}={}", value.expose()))
            .collect::<Vec<_>>()
            .join("&"),
        TokenBody::Template { text, content_type } => format!("{content_type} {}", text.expose()),
    };
    (request.url.into(), body, request.authentication)
}

fn urls(more: &Value) -> Value {
    let mut custom = json!({
        "authorizationUrl": "https://id.example/authorize", "tokenUrl": "https://id.example/token",
    });
    for (name, value) in more.as_object().expect("an object") {
        custom[name] = value.clone();
    }
    custom
}

#[test]
fn oauth2_adds_the_parameters_of_the_protocol_to_the_url_of_the_file() {
    let none = ParameterValues::default();
    for (url, expected) in [
        (
            "https://id.example/authorize",
            "client_id=client&response_type=code&redirect_uri=http%3A%2F%2Fhub%2Fredirect&scope=a%20b%20c&state=s%2Bt%2Fa%3D",
        ),
        (
            "https://id.example/authorize?access_type=offline&prompt=a%2Bb",
            "access_type=offline&prompt=a%2Bb&client_id=client&response_type=code&redirect_uri=http%3A%2F%2Fhub%2Fredirect&\
             scope=a%20b%20c&state=s%2Bt%2Fa%3D",
        ),
        (
            "https://id.example/authorize?scope=x&state=mine&client_id=other",
            "scope=x&client_id=client&response_type=code&redirect_uri=http%3A%2F%2Fhub%2Fredirect&state=s%2Bt%2Fa%3D",
        ),
    ] {
        let of = settings("oauth2", urls(&json!({"authorizationUrl": url})));
        assert_eq!(authorize(&of, &none), Ok(format!("https://id.example/authorize?{expected}")), "{url}");
    }
    let commas = settings("oauth2", urls(&json!({"scopeListDelimiter": ","})));
    assert!(authorize(&commas, &none).expect("complete").contains("&scope=a%20b%2Cc&"));
}

#[test]
fn the_refresh_url_is_the_token_url_unless_the_file_has_another() {
    let none = ParameterValues::default();
    let refresh_token = Secret::new("r");
    let refresh =
        GrantRequest::Refresh { refresh_token: &refresh_token, redirect_uri: "http://hub/redirect" };
    for (more, url) in [
        (json!({}), "https://id.example/token"),
        (json!({"refreshUrl": "https://id.example/refresh?a=b"}), "https://id.example/refresh?a=b"),
    ] {
        let (sent, body, authentication) = token(&settings("oauth2", urls(&more)), &none, refresh);
        assert_eq!((sent.as_str(), body.as_str()), (url, "grant_type=refresh_token&refresh_token=r"));
        assert!(matches!(authentication, ClientAuthentication::Secret { then_basic: true, .. }));
    }
}

#[test]
fn aad_uses_version_1_with_a_resource() {
    let of = settings(
        "aad",
        json!({"resourceUri": "api://orders/", "loginUri": "https://login.microsoftonline.com/"}),
    );
    let none = ParameterValues::default();
    let url = authorize(&of, &none).expect("complete");
    assert!(url.starts_with("https://login.microsoftonline.com/common/oauth2/authorize?client_id=client&"));
    for part in ["&resource=api%3A%2F%2Forders%2F&", "&scope=openid%20a%20b%20c&", "&response_mode=query&"] {
        assert!(url.contains(part), "{url}");
    }
    let (url, body, authentication) = token(&of, &none, GrantRequest::ClientCredentials);
    assert_eq!(url, "https://login.microsoftonline.com/common/oauth2/token");
    assert_eq!(body, "grant_type=client_credentials&resource=api://orders/");
    assert!(matches!(authentication, ClientAuthentication::Secret { then_basic: false, .. }));
}

#[test]
fn a_connection_replaces_settings_of_the_connector() {
    let of = settings("aad", json!({"resourceUri": "api://orders"}));
    let own = values(&[
        ("token:TenantId", "contoso.example"),
        ("token:clientid", "own"),
        ("token:clientSecret", "own-secret"),
        ("token:resourceUri", "api://other"),
        ("token:grantType", "client_credentials"),
    ]);
    assert_eq!(of.grant_type(&own), crate::connector::GrantType::ClientCredentials);
    let (url, body, authentication) = token(&of, &own, GrantRequest::ClientCredentials);
    assert_eq!(url, "https://login.windows.net/contoso.example/oauth2/token");
    assert_eq!(body, "grant_type=client_credentials&resource=api://other");
    let ClientAuthentication::Secret { client_id, secret, .. } = authentication else { panic!("a secret") };
    assert_eq!((client_id.as_str(), secret), ("own", Secret::new("own-secret")));

    let hostile = values(&[("token:TenantId", "../_lab")]);
    assert!(authorize(&of, &hostile).is_err());
    let of = settings("oauth2", json!({"authorizationUrl": "/Authorization", "tokenUrl": "/oauth/token"}));
    assert_eq!(
        authorize(&of, &ParameterValues::default()),
        Err("The oAuthSettings of the connector do not suffice for a sign-in: authorizationUrl: '/Authorization' is not an \
             absolute http or https URL; tokenUrl: '/oauth/token' is not an absolute http or https URL."
            .to_owned())
    );
    let own = values(&[
        ("token:authorizationUrl", "https://own.example/authorize"),
        ("token:tokenUrl", "https://own.example/token"),
    ]);
    assert!(authorize(&of, &own).expect("complete").starts_with("https://own.example/authorize?"));
}

#[test]
fn what_is_missing_is_named_at_once() {
    let none = ParameterValues::default();
    for (provider, missing) in [
        ("contoso", "customParameters.authorizationUrl is missing; customParameters.tokenUrl is missing"),
        (
            "oauth2generic",
            "customParameters.authorizationUrlTemplate is missing; customParameters.tokenUrlTemplate is missing",
        ),
    ] {
        let error = authorize(&settings(provider, json!({})), &none).expect_err("incomplete");
        assert_eq!(
            error,
            format!("The oAuthSettings of the connector do not suffice for a sign-in: {missing}.")
        );
    }
    let known = authorize(&settings("Facebook", json!({})), &none).expect("complete");
    assert!(known.starts_with("https://www.facebook.com/dialog/oauth?"), "{known}");
    let nothing = json!({"oAuthSettings": {"identityProvider": "oauth2"}});
    let nothing = OAuthSettings::parse(&nothing, "p").expect("usable");
    assert!(authorize(&nothing, &none).expect_err("incomplete").contains("clientId is missing; "));
    let unknown = settings(
        "oauth2generic",
        json!({
            "authorizationUrlTemplate": "https://{region}.id.example/a", "tokenUrlTemplate": "https://{region}.id.example/t",
        }),
    );
    let error = authorize(&unknown, &none).expect_err("incomplete");
    assert!(error.contains("authorizationUrlTemplate: there is no value for {region}"), "{error}");
    assert!(authorize(&unknown, &values(&[("token:region", "eu")])).is_ok());
}

fn generic() -> OAuthSettings {
    settings(
        "oauth2generic",
        json!({
            "authorizationUrlTemplate": "{Base}/authorize",
            "authorizationUrlQueryStringTemplate": "?response_type=code&client_id={clientId}&redirect_uri={redirectUrl}\
                &scope={Scopes}&state={State}&code_challenge={CodeChallenge}",
            "tokenUrlTemplate": "{Base}/token",
            "tokenUrlQueryStringTemplate": "?t={token:region}",
            "tokenBodyTemplate": "grant_type=authorization_code&code={Code}&redirect_uri={RedirectUrl}&client_id={ClientId}\
                &client_secret={ClientSecret}&code_verifier={CodeVerifier}",
            "refreshUrlTemplate": "{Base}/refresh",
            "refreshBodyTemplate": "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"{RefreshToken}\"}",
            "scopeListDelimiter": ",",
            "base": "https://id.example/v1/",
        }),
    )
}

#[test]
fn the_templates_of_oauth2generic_are_followed_to_the_letter() {
    let own = values(&[("token:region", "eu west")]);
    assert_eq!(
        authorize(&generic(), &own).as_deref(),
        Ok(
            "https://id.example/v1/authorize?response_type=code&client_id=client&redirect_uri=http%3A%2F%2Fhub%2Fredirect&\
            scope=a%20b%2Cc&state=s%2Bt%2Fa%3D&code_challenge=challenge"
        )
    );
    let (url, body, authentication) = token(&generic(), &own, CODE);
    assert_eq!(url, "https://id.example/v1/token?t=eu%20west");
    assert_eq!(
        body,
        "application/x-www-form-urlencoded grant_type=authorization_code&code=c%26d&\
         redirect_uri=http%3A%2F%2Fhub%2Fredirect&client_id=client&client_secret=s3cret&code_verifier=verifier"
    );
    assert!(matches!(authentication, ClientAuthentication::None), "the template contains the secret");
    let refresh_token = Secret::new("r\"x");
    let refresh =
        GrantRequest::Refresh { refresh_token: &refresh_token, redirect_uri: "http://hub/redirect" };
    let (url, body, authentication) = token(&generic(), &own, refresh);
    assert_eq!(url, "https://id.example/v1/refresh");
    assert_eq!(body, "application/json {\"grant_type\":\"refresh_token\",\"refresh_token\":\"r\\\"x\"}");
    assert!(matches!(authentication, ClientAuthentication::Basic { .. }), "the template has no secret");
}

#[test]
fn a_client_secret_is_never_in_the_url_that_a_user_sees() {
    for (url, query) in [
        ("https://id.example/a", "secret={ClientSecret}"),
        ("https://id.example/a", "secret={token:clientSecret}"),
        ("https://id.example/{clientsecret}", "client={ClientId}"),
    ] {
        let of = settings(
            "oauth2generic",
            json!({
                "authorizationUrlTemplate": url, "tokenUrlTemplate": "https://id.example/t",
                "authorizationUrlQueryStringTemplate": query,
            }),
        );
        let own = values(&[("token:clientSecret", "own-secret")]);
        let error = authorize(&of, &own).expect_err("no value");
        assert!(error.to_lowercase().contains("there is no value for {"), "{error}");
    }
}

#[test]
fn what_an_error_response_must_not_repeat_is_listed() {
    let own = values(&[
        ("token:OwnSecret", "own-secret"),
        ("token:clientId", "own-client"),
        ("token:TenantId", "contoso.example"),
        ("token:tokenUrl", "https://own.example/token"),
    ]);
    let (of, secret) = (settings("oauth2", urls(&json!({}))), Secret::new("s3cret"));
    let sign_in = of.sign_in(&own, Some(&secret)).expect("complete");
    let request = sign_in.token_request(CODE, None).expect("complete");
    let listed: Vec<_> = request.secrets.iter().map(Secret::expose).collect();
    assert_eq!(listed, ["c&d", "verifier", "s3cret", "own-secret"]);
}

#[test]
fn a_template_without_state_gets_it() {
    let of = settings(
        "oauth2generic",
        json!({
            "authorizationUrlTemplate": "https://id.example/a?x=1", "tokenUrlTemplate": "https://id.example/t",
            "authorizationUrlQueryStringTemplate": "client={ClientId}",
        }),
    );
    assert_eq!(
        authorize(&of, &ParameterValues::default()).as_deref(),
        Ok("https://id.example/a?x=1&client=client&state=s%2Bt%2Fa%3D")
    );
}

proptest! {
    #[test]
    fn no_value_adds_a_parameter(value in "[ -~]{1,20}") {
        let of = settings("oauth2generic", json!({
            "authorizationUrlTemplate": "https://id.example/{x}/a", "tokenUrlTemplate": "https://id.example/t",
            "authorizationUrlQueryStringTemplate": "?client_id={ClientId}&state={State}&x={x}",
            "tokenBodyTemplate": "code={Code}&x={token:x}",
        }));
        let own = values(&[("token:x", &value), ("token:clientId", &value)]);
        if let Ok(url) = authorize(&of, &own) {
            let url: Url = url.parse().expect("a URL");
            prop_assert_eq!(url.host_str(), Some("id.example"));
            let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
            prop_assert_eq!(names, ["client_id", "state", "x"]);
            let (_, body, _) = token(&of, &own, CODE);
            let form = body.strip_prefix("application/x-www-form-urlencoded ").expect("a form");
            let pairs: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, vec![("code".to_owned(), "c&d".to_owned()), ("x".to_owned(), value)]);
        }
    }
}

#[test]
fn requests_of_a_page_have_the_origin_of_its_redirect_uri() {
    let refresh_token = Secret::new("r");
    let refresh =
        GrantRequest::Refresh { refresh_token: &refresh_token, redirect_uri: "http://hub:8702/redirect" };
    for (custom, grant, origin) in [
        (json!({"resourceUri": "api://x", "redirectUriType": "SPA"}), refresh, Some("http://hub:8702")),
        (json!({"resourceUri": "api://x", "redirectUriType": "spa"}), CODE, Some("http://hub")),
        (json!({"resourceUri": "api://x", "redirectUriType": "spa"}), GrantRequest::ClientCredentials, None),
        (json!({"resourceUri": "api://x", "redirectUriType": "web"}), refresh, None),
        (json!({"resourceUri": "api://x"}), refresh, None),
    ] {
        let (settings, values) = (settings("aad", custom), values(&[]));
        let sign_in = settings.sign_in(&values, None).expect("complete");
        assert_eq!(sign_in.token_request(grant, None).expect("complete").origin.as_deref(), origin);
    }
}
