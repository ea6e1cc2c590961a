//! Connections as ARM resources.

use outlive_tokens::Sealer;
use serde_json::{Map, Value, json};

use super::{Connection, Status};
use crate::arm::{LOCATION, connection_id, date};
use crate::connector::{ALTERNATIVE, Authentication, Connector, api_reference};

/// Returns the ARM resource of a connection, which contains no secret. `hub` is the hub's public
/// origin; `sealer` opens what the connection needs, to show whether it still opens.
pub(crate) fn resource(connection: &Connection, connector: &Connector, sealer: &Sealer, hub: &str) -> Value {
    let id = connection_id(connection.tenant, &connection.group, &connection.name);
    let status = connection.shown_status(connector, sealer);
    let user = match (&status, &connection.authenticated_user) {
        (Status::Unauthenticated(_), _) | (_, None) => json!({}),
        (_, Some(name)) => json!({"name": name}),
    };
    let (test_links, test_requests) = tests(&id, connector, hub);
    let (set, readable) = (&connection.values.set, readable_values(connection, connector));
    let (overall, statuses) = match (&status, &connector.properties.authentication) {
        // Nothing is stored that could have been accepted.
        (Status::Connected, Authentication::ManagedIdentity { .. }) => {
            ("Ready", json!([{"status": "Ready"}]))
        }
        _ => (status.overall(), status.to_json()),
    };
    let mut resource = json!({
        "id": id,
        "name": connection.name,
        "type": "Microsoft.Web/connections",
        "kind": "V2",
        "location": LOCATION,
        "properties": {
            "displayName": connection.display_name,
            "overallStatus": overall,
            "statuses": statuses,
            "connectionState": if connection.enabled { "Enabled" } else { "Disabled" },
            "authenticatedUser": user,
            "parameterValues": {},
            "customParameterValues": {},
            "nonSecretParameterValues": if set.is_some() { Map::new() } else { readable.clone() },
            "createdTime": date(connection.created),
            "changedTime": date(connection.changed),
            "createdBy": {"id": connection.owner, "tenantId": connection.tenant},
            "api": api_reference(connector, connection.tenant),
            "connectionRuntimeUrl": runtime_url(connection, hub),
            "testLinks": test_links,
            "testRequests": test_requests,
        },
    });
    let properties = &mut resource["properties"];
    if let Authentication::ManagedIdentity { resource } = &connector.properties.authentication {
        properties["managedIdentitySettings"] = json!({"resourceUri": resource});
    }
    if set.as_deref() == Some(ALTERNATIVE) {
        properties["parameterValueType"] = json!("Alternative");
        properties["alternativeParameterValues"] = Value::Object(readable);
    } else if let Some(name) = set {
        let values: Map<_, _> =
            readable.into_iter().map(|(name, value)| (name, json!({ "value": value }))).collect();
        properties["parameterValueSet"] = json!({"name": name, "values": values});
    }
    resource
}

/// Returns the values that may be read. A parameter may have become a secret since they were given.
fn readable_values(connection: &Connection, connector: &Connector) -> Map<String, Value> {
    let parameters = &connector.properties.parameters;
    let readable =
        |name: &str| parameters.iter().any(|parameter| parameter.name == name && !parameter.is_secret());
    connection
        .values
        .plain
        .iter()
        .filter(|(name, _)| readable(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Returns the URL at which the connection is called.
pub(crate) fn runtime_url(connection: &Connection, hub: &str) -> String {
    format!("{hub}/apim/{}/{}", connection.connector, connection.id.uuid().simple())
}

/// Returns the test links, if the connector defines a test operation.
fn tests(id: &str, connector: &Connector, hub: &str) -> (Value, Value) {
    let Some(test) = &connector.swagger.test else { return (json!([]), json!([])) };
    let at = |call: &str| format!("{hub}{id}/{call}?api-version=2016-06-01");
    (
        json!([{"requestUri": at("extensions/proxy/testconnection"), "method": "get"}]),
        json!([{
            "body": {"request": {"method": "get", "path": test.target()}}, "requestUri": at("dynamicInvoke"), "method": "POST",
        }]),
    )
}
