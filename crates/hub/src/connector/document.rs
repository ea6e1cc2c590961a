//! Connectors as ARM resources.

use data_encoding::HEXLOWER;
use outlive_clock::TenantId;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::storage::Stored;
use super::{Authentication, Connector, ConnectorName, Home, RedirectMode};
use crate::arm::{LOCATION, custom_api_id, managed_api_id};

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
        let path = redirect_path(&connector.name, settings.redirect_mode);
        for spelling in ["oAuthSettings", "oauthSettings"] {
            if let Some(Value::Object(settings)) =
                parameters.get_mut(parameter).and_then(|parameter| parameter.get_mut(spelling))
            {
                settings.insert("redirectUrl".into(), Value::String(format!("{hub}{path}")));
            }
        }
    }
}

/// Returns the path of the redirect URI: the shared one, or one with the connector's key (its name
/// and a hash of it).
pub(crate) fn redirect_path(name: &ConnectorName, mode: RedirectMode) -> String {
    match mode {
        RedirectMode::Global => "/redirect".to_owned(),
        RedirectMode::GlobalPerConnector => {
            let digest = Sha256::digest(format!("outlive/connector-key/{name}"));
            let hash = HEXLOWER.encode(&digest[..8]);
            format!("/redirect/{name}-{hash}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_path_can_be_per_connector() {
        let [a, b]: [ConnectorName; 2] = ["a".parse().expect("a name"), "b".parse().expect("a name")];
        assert_eq!(redirect_path(&a, RedirectMode::Global), redirect_path(&b, RedirectMode::Global));
        let own = redirect_path(&a, RedirectMode::GlobalPerConnector);
        assert!(own.starts_with("/redirect/a-"));
        assert_ne!(own, redirect_path(&b, RedirectMode::GlobalPerConnector));
    }
}
