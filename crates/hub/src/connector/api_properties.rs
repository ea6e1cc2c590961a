//! `apiProperties.json`: the connection parameters of an API, and how its calls are rewritten.

use serde_json::{Map, Value};

use super::Swagger;
use super::fault::{Faults, strings};
use super::parameter::{self, Authentication, Parameter};
use super::parameter_sets::{self, ALTERNATIVE, ParameterSet};
use super::policy::{self, Policy};
use super::written_defaults;

/// A valid `apiProperties.json`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiProperties {
    pub(crate) authentication: Authentication,
    pub(crate) brand_color: String,
    pub(crate) capabilities: Vec<String>,
    /// `connectionParameters` as written, without secrets.
    pub(crate) connection_parameters: Value,
    /// `connectionParameterSets` as written, without secrets, or null.
    pub(crate) connection_parameter_sets: Value,
    /// `connectionAlternativeParameters` as written, or null.
    pub(crate) connection_alternative_parameters: Value,
    /// The parameters of connections without a set.
    pub(crate) parameters: Vec<Parameter>,
    /// The sets of the file, and [`ALTERNATIVE`] if it has alternative parameters.
    pub(crate) sets: Vec<ParameterSet>,
    pub(crate) policies: Vec<Policy>,
    /// Operations that run custom code (`scriptOperations`, `script`).
    scripts: Vec<String>,
}

impl ApiProperties {
    /// Parses the document. Its members are in `properties`, as in the file, or at the top level.
    pub(crate) fn parse(document: &Value) -> Result<Self, Faults> {
        let (read, faults) = Self::read(document);
        faults.result(read)
    }

    /// Reads what is valid in the document, and its mistakes.
    pub(super) fn read(document: &Value) -> (Self, Faults) {
        let mut faults = Faults::default();
        let empty = Map::new();
        let (prefix, properties) = match (document, document.get("properties")) {
            (Value::Object(_), Some(Value::Object(properties))) => ("properties.", properties),
            (Value::Object(top), None) => ("", top),
            (Value::Object(_), Some(_)) => {
                faults.add("properties", "it is not an object");
                ("", &empty)
            }
            _ => {
                faults.add("apiProperties", "it is not an object");
                ("", &empty)
            }
        };
        let place = |name: &str| format!("{prefix}{name}");
        let parameters = match properties.get("connectionParameters") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(parameters)) => parameters.clone(),
            Some(_) => {
                faults.add(place("connectionParameters"), "it is not an object");
                Map::new()
            }
        };
        let (authentication, read) =
            parameter::parse(&parameters, &place("connectionParameters"), &mut faults);
        let at = place("connectionParameterSets");
        let mut sets = parameter_sets::parse(properties.get("connectionParameterSets"), &at, &mut faults);
        let at = place("connectionAlternativeParameters");
        let alternative = properties.get("connectionAlternativeParameters");
        sets.extend(parameter_sets::parse_alternative(alternative, &at, &mut faults));
        let at = place("policyTemplateInstances");
        let policies = policy::parse(properties.get("policyTemplateInstances"), &at, &mut faults);
        let mut list = |value: Option<&Value>, name: &str| {
            strings(value).unwrap_or_else(|| {
                faults.add(place(name), "it is not an array of strings");
                Vec::new()
            })
        };
        let capabilities = list(properties.get("capabilities"), "capabilities");
        let mut scripts = list(properties.get("scriptOperations"), "scriptOperations");
        let of_script = properties.get("script").and_then(|script| script.get("operationIds"));
        scripts.extend(list(of_script, "script.operationIds"));
        let text = |name: &str| properties.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut shown = Value::Object(parameters);
        written_defaults::hide(&mut shown, &read);
        let mut shown_sets = properties.get("connectionParameterSets").cloned().unwrap_or_default();
        let written = shown_sets.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten();
        for (written, set) in written.zip(&sets) {
            if let Some(parameters) = written.get_mut("parameters") {
                written_defaults::hide(parameters, &set.parameters);
            }
        }
        let read = Self {
            authentication,
            brand_color: text("iconBrandColor").or_else(|| text("brandColor")).unwrap_or_default(),
            capabilities,
            connection_parameters: shown,
            connection_parameter_sets: shown_sets,
            connection_alternative_parameters: alternative.cloned().unwrap_or_default(),
            parameters: read,
            sets,
            policies,
            scripts,
        };
        (read, faults)
    }

    /// Returns the properties with the addresses that the swagger declares for sign-ins without
    /// any, unless connections give them.
    pub(crate) fn with_urls_of(mut self, swagger: &Swagger) -> Self {
        let of_sets = self.sets.iter_mut().map(|set| (&mut set.authentication, &set.parameters));
        for (authentication, parameters) in of_sets.chain([(&mut self.authentication, &self.parameters)]) {
            let is_url = |parameter: &Parameter| {
                let name = parameter.name.to_ascii_lowercase();
                name.contains(':') && name.contains("url")
            };
            if let Authentication::OAuth { settings, .. } = authentication
                && !parameters.iter().any(is_url)
            {
                settings.take_urls(&swagger.sign_in);
            }
        }
        self
    }

    /// Returns the properties as they are for connections with this parameter set. A set that does
    /// not exist (any more) has no parameters.
    pub(crate) fn for_set(&self, name: Option<&str>) -> Self {
        let mut properties = self.clone();
        let Some(name) = name else { return properties };
        let set = self.sets.iter().find(|set| set.name == name);
        properties.authentication = set.map_or(Authentication::None, |set| set.authentication.clone());
        properties.parameters = set.map(|set| set.parameters.clone()).unwrap_or_default();
        properties
    }

    /// Whether a connection can have this parameter set, or none.
    pub(crate) fn has_set(&self, name: Option<&str>) -> bool {
        match name {
            Some(name) => self.sets.iter().any(|set| set.name == name),
            None => self.set_names().next().is_none() || !self.parameters.is_empty(),
        }
    }

    /// Returns the names of the sets that a connection can name.
    pub(crate) fn set_names(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().map(|set| set.name.as_str()).filter(|name| *name != ALTERNATIVE)
    }

    /// Returns the required parameters to which `has` gives no value. Those for a gateway are
    /// required only of connections through one.
    pub(crate) fn missing(&self, has: impl Fn(&Parameter) -> bool) -> Vec<&Parameter> {
        let through_gateway = self.is_through_gateway(&has);
        self.parameters
            .iter()
            .filter(|parameter| parameter.is_required() && (through_gateway || !parameter.with_gateway))
            .filter(|parameter| !has(parameter))
            .collect()
    }

    /// Whether a connection is one through a gateway: it has a value for one, or cannot do without.
    pub(crate) fn is_through_gateway(&self, has: impl Fn(&Parameter) -> bool) -> bool {
        self.parameters.iter().any(|parameter| parameter.with_gateway && has(parameter))
            || !self.capabilities.iter().any(|capability| capability == "cloud")
    }

    /// Whether an operation runs custom code.
    pub(crate) fn runs_script(&self, operation: &str) -> bool {
        self.scripts.iter().any(|name| name == operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::connector::Swagger;

    /// JSON whose members are those of a connector's files, with values of any kind.
    fn documents() -> impl Strategy<Value = Value> {
        let names = "properties|connectionParameters|connectionParameterSets|values|parameters|name|type|token|a|\
             uiDefinition|constraints|required|allowedValues|value|defaultValue|policyTemplateInstances|templateId|\
             x-ms-apimTemplateParameter.urlTemplate|x-ms-apimTemplateParameter.name|scriptOperations|swagger|host|paths|\
             /a|get|operationId|securityDefinitions|in|schemes|basePath";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "string|securestring|true|apiKey|basic|header|2.0|setheader|dynamichosturl|@body\\(\\)|.{0,4}"
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map(names, inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_document_panics_and_every_mistake_has_a_place(document in documents()) {
            let faults = [ApiProperties::parse(&document).err(), Swagger::parse(&document).err()];
            for fault in faults.into_iter().flatten().flatten() {
                prop_assert!(!fault.at().is_empty() && !fault.why().is_empty());
            }
        }
    }

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
            assert_eq!(
                read(wrong).expect_err("unusable").to_string(),
                "capabilities: it is not an array of strings"
            );
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
    fn a_connection_has_the_parameters_of_its_set() {
        let read = ApiProperties::parse(&json!({
            "connectionParameters": {"api_key": {"type": "securestring"}},
            "connectionParameterSets": {"values": [{"name": "delegated", "parameters": {"token": aad()}}]},
        }))
        .expect("usable");
        assert_eq!(
            (read.has_set(None), read.has_set(Some("delegated")), read.has_set(Some("x"))),
            (true, true, false)
        );
        let set = read.for_set(Some("delegated"));
        assert!(matches!(set.authentication, Authentication::OAuth { .. }));
        assert_eq!(set.parameters[0].name, "token");
        assert_eq!(read.for_set(None), read);
        let gone = read.for_set(Some("gone"));
        assert_eq!((gone.authentication, gone.parameters.len()), (Authentication::None, 0));
    }

    #[test]
    fn parameters_for_a_gateway_are_required_of_connections_through_one() {
        let gateway = json!({"constraints": {"required": "true", "capability": ["gateway"]}});
        let required = json!({"constraints": {"required": "true"}});
        for (capabilities, given, missing) in [
            (json!(["gateway"]), vec![], vec!["domain", "gateway", "key"]),
            (json!(["cloud", "gateway"]), vec![], vec!["key"]),
            (json!(["cloud", "gateway"]), vec!["gateway"], vec!["domain", "key"]),
            (json!(["cloud"]), vec!["key"], vec![]),
        ] {
            let read = ApiProperties::parse(&json!({"capabilities": capabilities, "connectionParameters": {
                "gateway": {"type": "gatewaySetting", "uiDefinition": gateway},
                "domain": {"type": "string", "uiDefinition": gateway},
                "key": {"type": "securestring", "uiDefinition": required},
            }}))
            .expect("usable");
            let mut names: Vec<_> = read
                .missing(|parameter| given.contains(&parameter.name.as_str()))
                .into_iter()
                .map(|parameter| parameter.name.as_str())
                .collect();
            names.sort_unstable();
            assert_eq!(names, missing, "{capabilities} {given:?}");
        }
    }

    #[test]
    fn operations_with_custom_code_are_known() {
        let read = ApiProperties::parse(&json!({
            "scriptOperations": ["A"], "script": {"language": "CSharpScript", "operationIds": ["B"]},
        }))
        .expect("usable");
        assert_eq!(["A", "B", "C"].map(|name| read.runs_script(name)), [true, true, false]);
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
    fn all_mistakes_are_reported_with_their_places() {
        for (document, places) in [
            (json!([]), vec!["apiProperties"]),
            (json!({"properties": 1}), vec!["properties"]),
            (
                json!({"properties": {
                    "capabilities": "a", "connectionParameters": [], "connectionParameterSets": {"values": 1},
                    "policyTemplateInstances": {}, "scriptOperations": [1], "script": {"operationIds": {}},
                }}),
                vec![
                    "properties.connectionParameters",
                    "properties.connectionParameterSets.values",
                    "properties.policyTemplateInstances",
                    "properties.capabilities",
                    "properties.scriptOperations",
                    "properties.script.operationIds",
                ],
            ),
            (
                json!({"connectionParameters": {"token": {}, "tokenb": {"type": "date"}}}),
                vec!["connectionParameters.token", "connectionParameters.tokenb"],
            ),
        ] {
            let faults = ApiProperties::parse(&document).expect_err("unusable");
            let found: Vec<_> = faults.into_iter().map(|fault| fault.at).collect();
            assert_eq!(found, places, "{document}");
        }
    }
}
