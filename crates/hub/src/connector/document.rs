//! Connectors as ARM resources.

use data_encoding::HEXLOWER;
use outlive_clock::TenantId;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::storage::Stored;
use super::{Authentication, Connector, ConnectorName, Home, OAuthSettings, RedirectMode};
use crate::arm::{LOCATION, custom_api_id, managed_api_id};
use crate::client_key::key_credential;

/// The hosts of the platform's consent service (`global.consent.azure-apim.net`).
const CONSENT_HOSTS: &str = ".consent.azure-apim.net";

fn id(connector: &Connector, tenant: TenantId) -> String {
    match &connector.home {
        Home::Managed => managed_api_id(tenant, &connector.name),
        Home::Custom { group } => custom_api_id(tenant, group, &connector.name),
    }
}

const fn kind(connector: &Connector) -> &'static str {
    match connector.home {
        Home::Managed => "Microsoft.Web/locations/managedApis",
        Home::Custom { .. } => "Microsoft.Web/customApis",
    }
}

/// Returns `properties.api` of a connection.
pub(crate) fn api_reference(connector: &Connector, tenant: TenantId) -> Value {
    json!({
        "id": id(connector, tenant),
        "name": connector.name.as_str(),
        "displayName": connector.display_name,
        "brandColor": connector.properties.brand_color,
        "type": kind(connector),
    })
}

/// Returns the resource of a managed API; `export` adds its swagger.
pub(crate) fn managed_api(stored: &Stored, tenant: TenantId, hub: &str, export: bool) -> Value {
    let connector = &stored.connector;
    let mut properties = properties(connector, hub);
    if export {
        properties.insert("swagger".into(), stored.swagger.clone());
    }
    json!({
        "id": id(connector, tenant), "name": connector.name.as_str(), "type": kind(connector), "location": LOCATION,
        "properties": properties,
    })
}

/// Members of `apiProperties.json` that only the resource of a custom API has, as submitted.
const OF_CUSTOM_APIS: [&str; 5] =
    ["publisher", "stackOwner", "policyTemplateInstances", "scriptOperations", "script"];

/// Returns the resource of a custom API, which contains everything that was submitted but secrets.
pub(crate) fn custom_api(stored: &Stored, tenant: TenantId, hub: &str) -> Value {
    let mut resource = managed_api(stored, tenant, hub, true);
    for name in OF_CUSTOM_APIS {
        let submitted = &stored.api_properties["properties"][name];
        if !submitted.is_null() {
            resource["properties"][name] = submitted.clone();
        }
    }
    resource
}

fn properties(connector: &Connector, hub: &str) -> Map<String, Value> {
    let document = json!({
        "name": connector.name.as_str(),
        "displayName": connector.display_name,
        "apiType": "Rest",
        "connectionParameters": connection_parameters(connector, hub),
        "runtimeUrls": [format!("{hub}/apim/{}", connector.name)],
        "capabilities": connector.properties.capabilities,
        "metadata": {"source": "marketplace", "brandColor": connector.properties.brand_color},
        "generalInformation": {"displayName": connector.display_name},
        "backendService": {"serviceUrl": connector.swagger.service_url()},
        "apiDefinitions": {},
    });
    let Value::Object(mut members) = document else { return Map::new() };
    let sets = &connector.properties.connection_parameter_sets;
    if !sets.is_null() {
        let mut sets = sets.clone();
        let values = sets.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten();
        for (set, parsed) in values.zip(&connector.properties.sets) {
            if let Some(parameters) = set.get_mut("parameters") {
                add_redirect_url(parameters, &parsed.authentication, connector, hub);
            }
        }
        members.insert("connectionParameterSets".into(), sets);
    }
    let alternative = &connector.properties.connection_alternative_parameters;
    if !alternative.is_null() {
        members.insert("connectionAlternativeParameters".into(), alternative.clone());
    }
    let (certificate, next) = connector.client_keys.shown();
    for (member, key) in [("certificate", certificate), ("nextCertificate", next)] {
        if let Some(key) = key {
            members.insert(member.into(), key_credential(key));
        }
    }
    if let Some(why) = connector.unusable() {
        members.insert("error".into(), json!({"code": "ApiNotValid", "message": why}));
    } else if let Some(why) = connector.unreadable() {
        let message = format!("The API '{}' cannot be used for sign-ins: {why}.", connector.name);
        members.insert("error".into(), json!({"code": "ApiSecretUnreadable", "message": message}));
    }
    members
}

/// Returns the connection parameters with the redirect URI that has to be registered on the
/// application.
fn connection_parameters(connector: &Connector, hub: &str) -> Value {
    let mut parameters = connector.properties.connection_parameters.clone();
    add_redirect_url(&mut parameters, &connector.properties.authentication, connector, hub);
    parameters
}

fn add_redirect_url(
    parameters: &mut Value,
    authentication: &Authentication,
    connector: &Connector,
    hub: &str,
) {
    if let Authentication::OAuth { parameter, settings } = authentication {
        let redirect_uri = redirect_uri(&connector.name, settings, hub);
        for spelling in ["oAuthSettings", "oauthSettings"] {
            if let Some(Value::Object(settings)) =
                parameters.get_mut(parameter).and_then(|parameter| parameter.get_mut(spelling))
            {
                settings.insert("redirectUrl".into(), Value::String(redirect_uri.clone()));
            }
        }
    }
}

/// Returns the redirect URI: the shared one, one with the connector's key (its name and a hash of
/// it), or that of the file. The platform's consent hosts stand for this hub.
pub(crate) fn redirect_uri(name: &ConnectorName, settings: &OAuthSettings, hub: &str) -> String {
    match settings.redirect_mode {
        RedirectMode::Global => format!("{hub}/redirect"),
        RedirectMode::GlobalPerConnector => {
            let digest = Sha256::digest(format!("outlive/connector-key/{name}"));
            let hash = HEXLOWER.encode(&digest[..8]);
            format!("{hub}/redirect/{name}-{hash}")
        }
        RedirectMode::Direct => {
            let Some(written) = &settings.redirect_url else { return format!("{hub}/redirect") };
            match written.parse::<Url>() {
                Ok(url) if url.host_str().is_some_and(|host| host.ends_with(CONSENT_HOSTS)) => {
                    format!("{hub}{}", url.path())
                }
                _ => written.clone(),
            }
        }
    }
}

/// Whether responses to a redirect URI arrive at this hub.
pub(crate) fn is_redirect_of_hub(redirect_uri: &str, hub: &str) -> bool {
    redirect_uri.strip_prefix(hub).is_some_and(|path| match path.strip_prefix("/redirect") {
        Some("") => true,
        Some(key) => {
            key.strip_prefix('/').is_some_and(|key| !key.is_empty() && !key.contains(['/', '?', '#']))
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(mode: &str, url: Option<&str>) -> OAuthSettings {
        let parameter = json!({"oAuthSettings": {
            "identityProvider": "oauth2", "redirectMode": mode, "redirectUrl": url,
        }});
        OAuthSettings::parse(&parameter, "p").expect("usable")
    }

    #[test]
    fn a_redirect_uri_can_be_per_connector() {
        let [a, b]: [ConnectorName; 2] = ["a".parse().expect("a name"), "b".parse().expect("a name")];
        let shared = settings("Global", None);
        assert_eq!(redirect_uri(&a, &shared, "http://hub"), redirect_uri(&b, &shared, "http://hub"));
        let own = settings("GlobalPerConnector", None);
        let uri = redirect_uri(&a, &own, "http://hub");
        assert!(uri.starts_with("http://hub/redirect/a-") && is_redirect_of_hub(&uri, "http://hub"));
        assert_ne!(uri, redirect_uri(&b, &own, "http://hub"));
    }

    #[test]
    fn a_direct_redirect_uri_is_that_of_the_file() {
        let name: ConnectorName = "a".parse().expect("a name");
        for (written, expected, arrives) in [
            (None, "http://hub/redirect", true),
            (Some("https://global.consent.azure-apim.net/redirect"), "http://hub/redirect", true),
            (Some("https://global.consent.azure-apim.net/redirect/a-1f"), "http://hub/redirect/a-1f", true),
            (Some("https://global.consent.azure-apim.net/"), "http://hub/", false),
            (Some("http://hub/redirect"), "http://hub/redirect", true),
            (Some("http://hub.example/redirect"), "http://hub.example/redirect", false),
            (
                Some("https://evil-consent.azure-apim.net/redirect"),
                "https://evil-consent.azure-apim.net/redirect",
                false,
            ),
        ] {
            let uri = redirect_uri(&name, &settings("Direct", written), "http://hub");
            assert_eq!((uri.as_str(), is_redirect_of_hub(&uri, "http://hub")), (expected, arrives));
        }
    }
}
