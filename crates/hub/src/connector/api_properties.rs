//! `apiProperties.json`: the connection parameters of an API.

use serde_json::{Map, Value};

use super::OAuthSettings;
use super::fault::{ConnectorFault, strings};

/// The maximum number of connection parameters.
const PARAMETERS_MAX: usize = 64;

/// How connections of a connector authenticate to the back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// No authentication. Connections are connected from the start.
    None,
    /// OAuth, with tokens for the account that consents.
    OAuth {
        /// The name of the connection parameter, by convention `token`.
        parameter: String,
        /// How tokens are requested.
        settings: Box<OAuthSettings>,
    },
}

/// A valid `apiProperties.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiProperties {
    pub(crate) authentication: Authentication,
    pub(crate) brand_color: String,
    pub(crate) capabilities: Vec<String>,
    /// `connectionParameters` as written, without secrets.
    pub(crate) connection_parameters: Value,
}

impl ApiProperties {
    /// Parses the document. Its members are in `properties`, as in the file, or at the top level.
    pub(crate) fn parse(document: &Value) -> Result<Self, ConnectorFault> {
        let top = document
            .as_object()
            .ok_or_else(|| ConnectorFault::new("apiProperties", "it is not an object"))?;
        let (at, properties) = match top.get("properties") {
            Some(Value::Object(properties)) => ("properties", properties),
            Some(_) => return Err(ConnectorFault::new("properties", "it is not an object")),
            None => ("", top),
        };
        let place = |name: &str| {
            if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
        };
        if properties.contains_key("connectionParameterSets") {
            return Err(ConnectorFault::new(
                place("connectionParameterSets"),
                "connectors with several kinds of authentication are not supported; give connectionParameters",
            ));
        }
        let parameters = match properties.get("connectionParameters") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(parameters)) if parameters.len() <= PARAMETERS_MAX => parameters.clone(),
            Some(_) => {
                return Err(ConnectorFault::new(
                    place("connectionParameters"),
                    format!("it is not an object of at most {PARAMETERS_MAX} parameters"),
                ));
            }
        };
        let authentication = authentication(&parameters, &place("connectionParameters"))?;
        let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        let capabilities = strings(properties.get("capabilities"))
            .ok_or_else(|| ConnectorFault::new(place("capabilities"), "it is not an array of strings"))?;
        Ok(Self {
            authentication,
            brand_color: text("iconBrandColor").or_else(|| text("brandColor")).unwrap_or_default(),
            capabilities,
            connection_parameters: Value::Object(parameters),
        })
    }
}

fn authentication(parameters: &Map<String, Value>, at: &str) -> Result<Authentication, ConnectorFault> {
    let mut found = None;
    for (name, parameter) in parameters {
        let at = format!("{at}.{name}");
        match parameter.get("type").and_then(Value::as_str) {
            Some("oauthSetting") if found.is_none() => {
                let settings = Box::new(OAuthSettings::parse(parameter, &at)?);
                found = Some(Authentication::OAuth { parameter: name.clone(), settings });
            }
            Some("oauthSetting") => {
                return Err(ConnectorFault::new(at, "there is a second parameter of type oauthSetting"));
            }
            // Parameters of the sign-in itself, normally hidden (`token:TenantId`).
            Some("string") if name.starts_with("token:") => {}
            Some(kind) => {
                return Err(ConnectorFault::new(
                    at,
                    format!("parameters of type '{kind}' are not supported; the type must be oauthSetting"),
                ));
            }
            None => return Err(ConnectorFault::new(at, "its type is missing")),
        }
    }
    Ok(found.unwrap_or(Authentication::None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn aad() -> Value {
        json!({"type": "oauthSetting", "oAuthSettings": {
        "identityProvider": "aad", "clientId": "c", "customParameters": {
            "loginUri": {"value": "https://login.windows.net"}, "resourceUri": {"value": "api://x"},
        }}})
    }

    #[test]
    fn all_capabilities_are_kept_or_the_file_is_rejected() {
        let read = |capabilities: Value| ApiProperties::parse(&json!({ "capabilities": capabilities }));
        let many: Vec<_> = (0..50).map(|number| format!("c{number}")).collect();
        assert_eq!(read(json!(many)).expect("usable").capabilities, many);
        for wrong in [json!("actions"), json!(["actions", 1])] {
            assert_eq!(read(wrong).expect_err("unusable").at, "capabilities");
        }
    }

    #[test]
    fn the_file_is_parsed_with_and_without_its_top_member() {
        let inner = json!({"iconBrandColor": "#007ee5", "capabilities": ["actions"], "connectionParameters": {"token": aad()}});
        for document in [json!({"properties": inner}), inner.clone()] {
            let read = ApiProperties::parse(&document).expect("usable");
            assert!(
                matches!(&read.authentication, Authentication::OAuth { parameter, .. } if parameter == "token")
            );
            assert_eq!(
                (
                    read.brand_color.as_str(),
                    read.capabilities.len(),
                    read.connection_parameters["token"]["type"].as_str()
                ),
                ("#007ee5", 1, Some("oauthSetting"))
            );
        }
    }

    #[test]
    fn only_parameters_of_the_sign_in_itself_may_be_texts() {
        let read = |name: &str| {
            let parameters = json!({"token": aad(), name: {"type": "string"}});
            ApiProperties::parse(&json!({ "connectionParameters": parameters })).map_err(|fault| fault.at)
        };
        assert!(read("token:TenantId").is_ok());
        assert_eq!(read("region").expect_err("unusable"), "connectionParameters.region");
    }

    #[test]
    fn the_number_of_parameters_is_bounded() {
        let read = |number: usize| {
            let parameters: Map<_, _> =
                (0..number).map(|n| (format!("token:{n}"), json!({"type": "string"}))).collect();
            ApiProperties::parse(&json!({ "connectionParameters": parameters })).map_err(|fault| fault.at)
        };
        assert!(read(PARAMETERS_MAX).is_ok());
        assert_eq!(read(PARAMETERS_MAX + 1).expect_err("unusable"), "connectionParameters");
    }

    #[test]
    fn an_api_without_parameters_needs_no_sign_in() {
        for document in
            [json!({}), json!({"properties": {}}), json!({"properties": {"connectionParameters": {}}})]
        {
            assert_eq!(
                ApiProperties::parse(&document).map(|p| p.authentication),
                Ok(Authentication::None),
                "{document}"
            );
        }
    }

    #[test]
    fn an_error_names_the_place() {
        for (document, at) in [
            (json!([]), "apiProperties"),
            (json!({"properties": 1}), "properties"),
            (json!({"properties": {"connectionParameters": []}}), "properties.connectionParameters"),
            (json!({"properties": {"connectionParameterSets": {}}}), "properties.connectionParameterSets"),
            (
                json!({"properties": {"connectionParameters": {"key": {"type": "securestring"}}}}),
                "properties.connectionParameters.key",
            ),
            (
                json!({"properties": {"connectionParameters": {"token": {}}}}),
                "properties.connectionParameters.token",
            ),
            (
                json!({"connectionParameters": {"token": aad(), "tokenb": aad()}}),
                "connectionParameters.tokenb",
            ),
        ] {
            assert_eq!(
                ApiProperties::parse(&document).map_err(|fault| fault.at),
                Err(at.to_owned()),
                "{document}"
            );
        }
    }
}
