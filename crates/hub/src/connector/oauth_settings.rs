//! The `oAuthSettings` of a connection parameter: how tokens are requested.

use outlive_tokens::Secret;
use serde_json::{Map, Value};
use url::Url;

use super::fault::{ConnectorFault, strings};
use crate::credential::CAE_CAPABLE;

/// The redirect URI that is registered on the connector's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectMode {
    /// The URI that all connectors share.
    Global,
    /// A URI per connector.
    GlobalPerConnector,
}

/// Settings of the identity provider `aad`, whose version 1 endpoints take a `resource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OAuthSettings {
    /// The name in status messages: `aad`.
    pub(crate) identity_provider: &'static str,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_mode: RedirectMode,
    /// The issuer's origin (`https://login.windows.net`).
    pub(crate) login_uri: Url,
    /// The App ID URI of the data source, exactly as registered.
    pub(crate) resource_uri: String,
    /// A tenant, or `common`.
    pub(crate) tenant_id: String,
    /// Whether the connector is CAE-capable (`clientCapabilities` is `cp1`): it responds to claims
    /// challenges, and its tokens may be valid for a day.
    pub(crate) cae_capable: bool,
}

/// Both spellings occur.
const SPELLINGS: [&str; 2] = ["oAuthSettings", "oauthSettings"];

impl OAuthSettings {
    /// Parses the settings of the parameter at `at`.
    pub(super) fn parse(parameter: &Value, at: &str) -> Result<Self, ConnectorFault> {
        let (spelling, settings) = SPELLINGS
            .iter()
            .find_map(|name| Some((name, parameter.get(name)?.as_object()?)))
            .ok_or_else(|| ConnectorFault::new(at, "its oAuthSettings are missing"))?;
        let at = format!("{at}.{spelling}");
        let fault = |name: &str, why: &str| ConnectorFault::new(format!("{at}.{name}"), why);
        let text = |name: &str| settings.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let identity_provider = match text("identityProvider") {
            Some(name) if name.eq_ignore_ascii_case("aad") => "aad",
            Some(_) => return Err(fault("identityProvider", "the only supported identity provider is aad")),
            None => return Err(fault("identityProvider", "it is missing")),
        };
        let redirect_mode = match text("redirectMode") {
            None | Some("Global") => RedirectMode::Global,
            Some("GlobalPerConnector") => RedirectMode::GlobalPerConnector,
            Some(_) => return Err(fault("redirectMode", "it must be Global or GlobalPerConnector")),
        };
        let custom = |name: &str| -> Result<Option<&str>, ConnectorFault> {
            match settings.get("customParameters").and_then(|parameters| parameters.get(name)) {
                None => Ok(None),
                Some(parameter) => match parameter.get("value").and_then(Value::as_str) {
                    Some("") => Ok(None),
                    Some(value) if value.len() <= 500 => Ok(Some(value)),
                    _ => Err(fault(
                        &format!("customParameters.{name}.value"),
                        "it is not a string of at most 500 characters",
                    )),
                },
            }
        };
        if custom("grantType")?.is_some_and(|grant| grant != "code") {
            return Err(fault("customParameters.grantType", "the only supported grant type is code"));
        }
        let login_uri = custom("loginUri")?
            .or(custom("loginUriAAD")?)
            .unwrap_or("https://login.windows.net")
            .parse::<Url>()
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| fault("customParameters.loginUri.value", "it is not an http or https URL"))?;
        let tenant_id = custom("tenantId")?.unwrap_or("common");
        if !tenant_id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
            return Err(fault("customParameters.tenantId.value", "it is not a tenant id or domain"));
        }
        let cae_capable = match custom("clientCapabilities")? {
            None => false,
            Some(capability) if capability.eq_ignore_ascii_case("cp1") => true,
            Some(_) => {
                return Err(fault(
                    "customParameters.clientCapabilities.value",
                    "the only client capability is cp1",
                ));
            }
        };
        let scopes = strings(settings.get("scopes"));
        Ok(Self {
            identity_provider,
            client_id: text("clientId")
                .filter(|id| id.len() <= 200)
                .ok_or_else(|| fault("clientId", "it is missing"))?
                .to_owned(),
            scopes: scopes.ok_or_else(|| fault("scopes", "it is not an array of strings"))?,
            redirect_mode,
            login_uri,
            resource_uri: custom("resourceUri")?
                .ok_or_else(|| fault("customParameters.resourceUri", "it is missing"))?
                .to_owned(),
            tenant_id: tenant_id.to_owned(),
            cae_capable,
        })
    }

    /// The `claims` parameter of every request to the issuer.
    pub(crate) fn claims(&self) -> Option<&'static str> {
        self.cae_capable.then_some(CAE_CAPABLE)
    }
}

/// Removes the client secret from an `apiProperties` document, also from its parameter sets, and
/// returns it: it is write-only.
pub(super) fn take_client_secret(document: &mut Value) -> Option<Secret> {
    let properties =
        if document.get("properties").is_some() { document.get_mut("properties")? } else { document };
    let mut found = None;
    if let Some(parameters) = properties.get_mut("connectionParameters") {
        take_from_parameters(parameters, &mut found);
    }
    let sets = properties.pointer_mut("/connectionParameterSets/values").and_then(Value::as_array_mut);
    for parameters in sets.into_iter().flatten().filter_map(|set| set.get_mut("parameters")) {
        take_from_parameters(parameters, &mut found);
    }
    found
}

fn take_from_parameters(parameters: &mut Value, found: &mut Option<Secret>) {
    for parameter in parameters.as_object_mut().into_iter().flat_map(Map::values_mut) {
        for spelling in SPELLINGS {
            let settings = parameter.get_mut(spelling).and_then(Value::as_object_mut);
            if let Some(Value::String(secret)) = settings.and_then(|settings| settings.remove("clientSecret"))
            {
                found.get_or_insert(Secret::new(secret));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(spelling: &str, settings: Value) -> Value {
        json!({"type": "oauthSetting", spelling: settings})
    }

    fn settings() -> Value {
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

    #[test]
    fn both_spellings_are_parsed() {
        for spelling in SPELLINGS {
            let read = OAuthSettings::parse(&parameter(spelling, settings()), "p").expect("usable");
            assert_eq!(read.resource_uri, "api://contoso-orders/", "the trailing slash matters");
            assert_eq!(
                (
                    read.identity_provider,
                    read.client_id.as_str(),
                    read.tenant_id.as_str(),
                    read.redirect_mode
                ),
                ("aad", "7a1c", "common", RedirectMode::Global)
            );
            assert_eq!(read.login_uri.as_str(), "https://login.microsoftonline.com/");
        }
    }

    #[test]
    fn all_scopes_are_kept() {
        let mut many = settings();
        many["scopes"] = (0..100).map(|number| format!("Scope.{number}")).collect();
        let read = OAuthSettings::parse(&parameter("oAuthSettings", many), "p").expect("usable");
        assert_eq!((read.scopes.len(), read.scopes[99].as_str()), (100, "Scope.99"));
    }

    #[test]
    fn omitted_settings_have_their_documented_default() {
        let least = json!({"identityProvider": "AAD", "clientId": "c", "redirectMode": "GlobalPerConnector",
            "customParameters": {"resourceUri": {"value": "api://x"}}});
        let read = OAuthSettings::parse(&parameter("oAuthSettings", least), "p").expect("usable");
        assert_eq!(
            (read.login_uri.as_str(), read.tenant_id.as_str(), read.redirect_mode),
            ("https://login.windows.net/", "common", RedirectMode::GlobalPerConnector)
        );
    }

    #[test]
    fn a_client_is_cae_capable_only_if_it_declares_it() {
        let read = |value: Option<&str>| {
            let mut settings = settings();
            if let Some(value) = value {
                settings["customParameters"]["clientCapabilities"] = json!({"value": value});
            }
            OAuthSettings::parse(&parameter("oAuthSettings", settings), "p").expect("usable").claims()
        };
        assert_eq!(
            [read(None), read(Some("")), read(Some("cp1")), read(Some("CP1"))],
            [None, None, Some(CAE_CAPABLE), Some(CAE_CAPABLE)]
        );
    }

    #[test]
    fn an_error_names_the_place() {
        let with = |path: &str, value: Value| {
            let mut changed = settings();
            *changed.pointer_mut(path).expect("there") = value;
            changed
        };
        for (settings, at) in [
            (with("/identityProvider", json!("facebook")), "p.oAuthSettings.identityProvider"),
            (with("/identityProvider", json!(null)), "p.oAuthSettings.identityProvider"),
            (with("/clientId", json!("")), "p.oAuthSettings.clientId"),
            (with("/redirectMode", json!("Sideways")), "p.oAuthSettings.redirectMode"),
            (with("/scopes", json!("Orders.Read")), "p.oAuthSettings.scopes"),
            (with("/scopes", json!(["Orders.Read", 1])), "p.oAuthSettings.scopes"),
            (
                with("/customParameters/resourceUri", json!({"value": ""})),
                "p.oAuthSettings.customParameters.resourceUri",
            ),
            (
                with("/customParameters/resourceUri", json!("api://x")),
                "p.oAuthSettings.customParameters.resourceUri.value",
            ),
            (
                with("/customParameters/loginUri/value", json!("file:///etc")),
                "p.oAuthSettings.customParameters.loginUri.value",
            ),
            (
                with("/customParameters", json!({"clientCapabilities": {"value": "cp2"}})),
                "p.oAuthSettings.customParameters.clientCapabilities.value",
            ),
            (
                with("/customParameters/tenantId/value", json!("../x")),
                "p.oAuthSettings.customParameters.tenantId.value",
            ),
        ] {
            let fault = OAuthSettings::parse(&parameter("oAuthSettings", settings), "p").err();
            assert_eq!(fault.map(|fault| fault.at).as_deref(), Some(at));
        }
    }

    #[test]
    fn a_secret_is_removed_from_the_document() {
        for spelling in SPELLINGS {
            let mut inner = settings();
            inner["clientSecret"] = json!("s3cret");
            let mut document =
                json!({"properties": {"connectionParameters": {"token": parameter(spelling, inner)}}});
            assert_eq!(take_client_secret(&mut document), Some(Secret::new("s3cret")));
            assert!(!document.to_string().contains("s3cret"));
            assert_eq!(take_client_secret(&mut document), None);
            let mut inner = settings();
            inner["clientSecret"] = json!("of-a-set");
            let set = json!({"name": "a", "parameters": {"token": parameter(spelling, inner)}});
            let mut document = json!({"properties": {"connectionParameterSets": {"values": [set]}}});
            assert_eq!(take_client_secret(&mut document), Some(Secret::new("of-a-set")));
            assert!(!document.to_string().contains("of-a-set"));
        }
        assert_eq!(take_client_secret(&mut json!([1])), None);
    }
}
