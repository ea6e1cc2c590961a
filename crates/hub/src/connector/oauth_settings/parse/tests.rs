use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::connector::{GrantType, ParameterValues};
use crate::credential::CAE_CAPABLE;

fn parameter(spelling: &str, settings: Value) -> Value {
    json!({"type": "oauthSetting", spelling: settings})
}

fn aad() -> Value {
    json!({
        "identityProvider": "aad", "clientId": "7a1c", "scopes": [], "redirectMode": "Global",
        "redirectUrl": "https://global.consent.azure-apim.net/redirect",
        "properties": {"IsFirstParty": "False", "IsOnbehalfofLoginSupported": false},
        "customParameters": {
            "loginUri": {"value": "https://login.microsoftonline.com"}, "tenantId": {"value": "common"},
            "resourceUri": {"value": "api://contoso-orders/"}, "enableOnbehalfOfLogin": {"value": "false"},
        },
    })
}

fn faults(settings: Value) -> Vec<String> {
    let mut faults = Vec::new();
    let read = OAuthSettings::read(&parameter("oAuthSettings", settings), "p", &mut faults);
    assert_eq!(read.is_some(), faults.is_empty());
    let places = faults.iter().map(|fault| fault.at().strip_prefix("p.oAuthSettings.").expect("the prefix"));
    places.map(str::to_owned).collect()
}

fn usable(settings: Value) -> OAuthSettings {
    OAuthSettings::parse(&parameter("oAuthSettings", settings), "p").expect("usable")
}

#[test]
fn both_spellings_are_parsed() {
    for spelling in SPELLINGS {
        let read = OAuthSettings::parse(&parameter(spelling, aad()), "p").expect("usable");
        assert_eq!(read.resource_uri(), Some("api://contoso-orders/"), "the trailing slash matters");
        assert_eq!(
            (read.identity_provider.as_str(), read.kind, read.redirect_mode, read.on_behalf_of),
            ("aad", ProviderKind::Aad, RedirectMode::Global, false)
        );
    }
    let missing = OAuthSettings::parse(&json!({"type": "oauthSetting"}), "p");
    assert_eq!(missing.map_err(|fault| fault.at().to_owned()), Err("p".to_owned()));
}

#[test]
fn every_form_of_public_files_loads() {
    let url = |name: &str| json!({name: {"value": "https://id.partner.example/x"}});
    for (settings, name, kind) in [
        (
            json!({"identityProvider": "AAD", "customParameters": {"resourceUri": {"value": "api://x"}}}),
            "aad",
            ProviderKind::Aad,
        ),
        (
            json!({"identityProvider": "aad", "clientId": null, "clientSecret": null, "scopes": null,
                "properties": {"IsFirstParty": "True", "AzureActiveDirectoryResourceId": "api://x", "IsOnbehalfofLoginSupported": "True"}}),
            "aad",
            ProviderKind::Aad,
        ),
        (
            json!({"identityProvider": "aad", "customParameters": {
                "TenantId": {}, "ResourceUri": {"value": "api://x"}, "loginUriAAD": {"value": "https://login.windows.net"},
                "grantType": {"value": "client_credentials"}}}),
            "aad",
            ProviderKind::Aad,
        ),
        (
            json!({"identityProvider": "aadcertificate", "properties": {"IsFirstParty": "True"}, "scopes": ["access_as_user"],
                "customParameters": {"tenantId": {"value": null}, "resourceUri": {"value": "api://x"}}}),
            "aadcertificate",
            ProviderKind::AadCertificate,
        ),
        (json!({"identityProvider": "oauth2", "redirectMode": "Direct"}), "oauth2", ProviderKind::Urls),
        (
            json!({"identityProvider": "oauth2", "customParameters": url("authorizationUrl")}),
            "oauth2",
            ProviderKind::Urls,
        ),
        (
            json!({"identityProvider": "oauth2", "customParameters": {
                "authorizationUrl": {"value": "/Authorization"}, "tokenUrl": {"value": "https://[[host]]/token"}}}),
            "oauth2",
            ProviderKind::Urls,
        ),
        (
            json!({"identityProvider": "oauth2generic", "customParameters": url("tokenUrlTemplate"), "additionalParameters": {}}),
            "oauth2generic",
            ProviderKind::Urls,
        ),
        (json!({"identityProvider": "facebook", "customParameters": {}}), "facebook", ProviderKind::Urls),
        (json!({"identityProvider": "DocuSign", "customParameters": null}), "DocuSign", ProviderKind::Urls),
    ] {
        let read = usable(settings.clone());
        assert_eq!((read.identity_provider.as_str(), read.kind), (name, kind), "{settings}");
    }
}

#[test]
fn omitted_settings_have_their_documented_default() {
    let least = json!({"identityProvider": "aad", "clientId": "c", "customParameters": {"resourceUri": {"value": "api://x"}}});
    let read = usable(least);
    assert_eq!(read.redirect_mode, RedirectMode::Global);
    let values = ParameterValues::default();
    let sign_in = read.sign_in(&values, None).expect("complete");
    assert_eq!(
        sign_in.token_endpoint().map(String::from).as_deref(),
        Ok("https://login.windows.net/common/oauth2/token")
    );
    assert_eq!(read.grant_type(&values), GrantType::Code);
}

#[test]
fn what_published_files_write_otherwise_is_read() {
    for tenant in ["[[tenant id]]", "{{ tenant }}", "<tenant>", "YOUR_TENANT_ID"] {
        let file = json!({"oAuthSettings": {
            "identityProvider": "aad", "scopes": " a b\n", "customParameters": {
                "tenantId": {"value": tenant}, "resourceUri": {"value": "api://x"},
            },
        }});
        let read = OAuthSettings::parse(&file, "p").expect(tenant);
        assert_eq!(read.scopes, ["a", "b"]);
        // A user signs in only after it is replaced.
        assert!(read.sign_in(&ParameterValues::default(), None).is_err());
    }
    let read = OAuthSettings::parse(&json!({"oAuthSettings": {"identityProvider": "OAuth2Pkce"}}), "p");
    assert!(read.expect("usable").requires_pkce());
}

#[test]
fn all_scopes_are_kept() {
    let mut many = aad();
    many["scopes"] = (0..100).map(|number| format!("Scope.{number}")).collect();
    let read = usable(many);
    assert_eq!((read.scopes.len(), read.scopes[99].as_str()), (100, "Scope.99"));
}

#[test]
fn a_client_is_cae_capable_only_if_it_declares_it() {
    let read = |value: Option<&str>| {
        let mut settings = aad();
        if let Some(value) = value {
            settings["customParameters"]["clientCapabilities"] = json!({"value": value});
        }
        usable(settings).claims()
    };
    assert_eq!(
        [read(None), read(Some("")), read(Some("cp1")), read(Some("CP1"))],
        [None, None, Some(CAE_CAPABLE), Some(CAE_CAPABLE)]
    );
}

#[test]
fn a_mistake_is_reported_with_its_path() {
    let with = |path: &str, value: Value| {
        let mut changed = aad();
        *changed.pointer_mut(path).expect("there") = value;
        changed
    };
    let custom = |name: &str, value: Value| {
        let mut changed = aad();
        changed["customParameters"][name] = json!({ "value": value });
        changed
    };
    for (settings, at) in [
        (with("/identityProvider", json!(null)), "identityProvider"),
        (with("/identityProvider", json!("<b>")), "identityProvider"),
        (with("/clientId", json!(7)), "clientId"),
        (with("/clientId", json!("a\r\nb")), "clientId"),
        (with("/clientId", json!("x".repeat(CLIENT_ID_MAX + 1))), "clientId"),
        (with("/redirectMode", json!("Sideways")), "redirectMode"),
        (with("/redirectMode", json!(1)), "redirectMode"),
        (with("/redirectUrl", json!([])), "redirectUrl"),
        (with("/scopes", json!({"Orders.Read": true})), "scopes"),
        (with("/scopes", json!(["Orders.Read", 1])), "scopes"),
        (with("/properties", json!("none")), "properties"),
        (with("/properties/IsFirstParty", json!("perhaps")), "properties.IsFirstParty"),
        (with("/customParameters/resourceUri", json!({"value": ""})), "customParameters.resourceUri"),
        (with("/customParameters/loginUri/value", json!("file:///etc")), "customParameters.loginUri.value"),
        (custom("loginUri", json!("https://login.windows.net/common")), "customParameters.loginUri.value"),
        (custom("clientCapabilities", json!("cp2")), "customParameters.clientCapabilities.value"),
        (custom("redirectUriType", json!("native")), "customParameters.redirectUriType.value"),
        (custom("tenantId", json!("../x")), "customParameters.tenantId.value"),
        (custom("tenantId", json!("..")), "customParameters.tenantId.value"),
        (custom("tenantId", json!("[TENANT]/x")), "customParameters.tenantId.value"),
        (custom("grantType", json!("password")), "customParameters.grantType.value"),
        (custom("enableOnbehalfOfLogin", json!("perhaps")), "customParameters.enableOnbehalfOfLogin.value"),
        (custom("other", json!({})), "customParameters.other.value"),
        (custom("other", json!("a\nb")), "customParameters.other.value"),
        (custom("other", json!("x".repeat(PARAMETER_MAX + 1))), "customParameters.other.value"),
        (custom("RESOURCEURI", json!("api://y")), "customParameters.resourceUri"),
        (json!({"identityProvider": "oauth2", "additionalParameters": []}), "additionalParameters"),
        (
            json!({"identityProvider": "oauth2", "customParameters": {"tokenUrl": {"value": "javascript:alert(1)"}}}),
            "customParameters.tokenUrl.value",
        ),
        (
            json!({"identityProvider": "oauth2generic", "customParameters": {"scopeListDelimiter": {"value": "123456789"}}}),
            "customParameters.scopeListDelimiter.value",
        ),
    ] {
        assert_eq!(faults(settings.clone()), [at], "{settings}");
    }
    let bare = with("/customParameters/resourceUri", json!("api://x"));
    assert_eq!(faults(bare), ["customParameters.resourceUri", "customParameters.resourceUri"]);
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let settings = json!({
        "identityProvider": "aad", "clientId": 1, "scopes": 2, "redirectMode": 3, "redirectUrl": 4,
        "properties": {"IsFirstParty": 5, "IsOnbehalfofLoginSupported": 6},
        "customParameters": {
            "loginUri": {"value": "x"}, "tenantId": {"value": "a b"}, "grantType": {"value": "x"}, "other": 7,
        },
    });
    assert_eq!(
        faults(settings),
        [
            "clientId",
            "scopes",
            "redirectMode",
            "redirectUrl",
            "properties.IsFirstParty",
            "properties.IsOnbehalfofLoginSupported",
            "customParameters.other",
            "customParameters.loginUri.value",
            "customParameters.tenantId.value",
            "customParameters.resourceUri",
            "customParameters.grantType.value",
        ]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z:/{}.]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let name = prop_oneof![
            Just("value".to_owned()),
            Just("identityProvider".to_owned()),
            Just("customParameters".to_owned()),
            Just("tokenUrl".to_owned()),
            "[a-zA-Z]{1,6}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_settings_panic(mut settings in any_json(), provider in "aad|oauth2|oauth2generic|aadcertificate") {
        if let Value::Object(members) = &mut settings {
            members.entry("identityProvider").or_insert_with(|| provider.into());
        }
        if let Ok(read) = OAuthSettings::parse(&parameter("oAuthSettings", settings), "p") {
            let _ = read.sign_in(&ParameterValues::default(), None);
        }
    }
}
