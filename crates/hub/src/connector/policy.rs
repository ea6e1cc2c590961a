//! `policyTemplateInstances`: how calls are rewritten on their way to the back end.

use http::{HeaderName, Method};
use serde_json::{Map, Value};

use super::fault::Faults;
use super::policy_value::{BadValue, PolicyValue};

const POLICIES_MAX: usize = 200;
/// Headers that a policy cannot set: those of the connection, and those that the transport sets.
const RESERVED_HEADERS: [&str; 15] = [
    "connection",
    "content-length",
    "forwarded",
    "host",
    "keep-alive",
    "outlive-time",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A policy, for all operations or some.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    /// Its place in the document.
    pub(crate) at: String,
    /// The ids of the operations that it applies to; `None` if to all.
    operations: Option<Vec<String>>,
    pub(crate) section: Section,
    pub(crate) action: Action,
}

impl Policy {
    /// Whether the policy applies to an operation.
    pub(crate) fn applies_to(&self, operation: &str) -> bool {
        self.operations.as_ref().is_none_or(|list| list.iter().any(|name| name == operation))
    }
}

/// What a policy changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Request,
    Response,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Replaces scheme, host and base path.
    Host(PolicyValue),
    /// Replaces the path after the base path, and the method.
    Route {
        path: PolicyValue,
        method: PolicyValue,
    },
    Header {
        name: HeaderName,
        value: PolicyValue,
        exists: Exists,
    },
    Query {
        name: String,
        value: PolicyValue,
        exists: Exists,
    },
    /// Sets a member of a JSON body.
    Property {
        parent: Vec<String>,
        name: Vec<String>,
        value: PolicyValue,
    },
    /// Has no effect on a single call.
    Nothing,
    /// Has an effect that the hub does not give; the text is the reason.
    Unsupported(String),
}

/// What happens to a header or parameter that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exists {
    Override,
    Skip,
    Append,
    Delete,
}

/// Parses `policyTemplateInstances`.
pub(super) fn parse(document: Option<&Value>, at: &str, faults: &mut Faults) -> Vec<Policy> {
    let list = match document {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) if list.len() <= POLICIES_MAX => list,
        Some(_) => {
            faults.add(at, format!("it is not a list of at most {POLICIES_MAX} policies"));
            return Vec::new();
        }
    };
    let mut policies = Vec::new();
    for (index, instance) in list.iter().enumerate() {
        let at = format!("{at}[{index}]");
        let empty = Map::new();
        let parameters = match instance.get("parameters") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(parameters)) => parameters,
            Some(_) => {
                faults.add(format!("{at}.parameters"), "it is not an object");
                continue;
            }
        };
        let Some(template) = instance.get("templateId").and_then(Value::as_str) else {
            faults.add(format!("{at}.templateId"), "it is missing");
            continue;
        };
        let mut reader = Reader { parameters, at: format!("{at}.parameters"), faults, unsupported: None };
        let operations = reader.operations();
        let section = reader.section();
        let action = reader.action(template, section);
        let action = match (reader.unsupported.take(), action) {
            (Some(why), _) => Action::Unsupported(why),
            (None, Some(action)) => action,
            (None, None) => continue,
        };
        policies.push(Policy { at, operations, section, action });
    }
    policies
}

/// Reads the parameters of a policy.
struct Reader<'a> {
    parameters: &'a Map<String, Value>,
    at: String,
    faults: &'a mut Faults,
    /// Why the hub cannot run the policy.
    unsupported: Option<String>,
}

impl Reader<'_> {
    /// Finds a parameter, whose prefix is `x-ms-apimTemplate` or `x-ms-apimTemplateParameter`.
    fn find(&self, name: &str) -> (String, Option<&Value>) {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let key = found.map_or(name, |(key, _)| key);
        (format!("{}.{key}", self.at), found.map(|(_, value)| value).filter(|value| !value.is_null()))
    }

    fn operations(&mut self) -> Option<Vec<String>> {
        let (at, value) = self.find("x-ms-apimTemplate-operationName");
        match value? {
            Value::String(name) if name.is_empty() => None,
            Value::String(name) => Some(vec![name.clone()]),
            Value::Array(list) if list.is_empty() => None,
            value => {
                let names = super::fault::strings(Some(value));
                if names.is_none() {
                    self.faults.add(at, "it is not a list of operation ids");
                }
                names
            }
        }
    }

    fn section(&mut self) -> Section {
        let (at, value) = self.find("x-ms-apimTemplate-policySection");
        match value.map(|value| value.as_str().unwrap_or_default().to_ascii_lowercase()).as_deref() {
            None | Some("request") => Section::Request,
            Some("response") => Section::Response,
            Some(_) => {
                self.faults.add(at, "it must be Request or Response");
                Section::Request
            }
        }
    }

    fn exists(&mut self) -> Exists {
        let (at, value) = self.find("x-ms-apimTemplateParameter.existsAction");
        match value.map(|value| value.as_str().unwrap_or_default().to_ascii_lowercase()).as_deref() {
            None | Some("" | "override") => Exists::Override,
            Some("skip") => Exists::Skip,
            Some("append") => Exists::Append,
            Some("delete") => Exists::Delete,
            Some(_) => {
                self.faults.add(at, "it must be override, skip, append or delete");
                Exists::Override
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let (at, value) = self.find(&format!("x-ms-apimTemplateParameter.{name}"));
        match value {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            Some(_) => {
                self.faults.add(at, "it must be a string");
                None
            }
            None => {
                self.faults.add(at, "it is missing");
                None
            }
        }
    }

    fn value(&mut self, name: &str) -> Option<PolicyValue> {
        let text = self.text(name)?;
        match PolicyValue::parse(&text) {
            Ok(value) => Some(value),
            Err(BadValue::Malformed(why)) => {
                let (at, _) = self.find(&format!("x-ms-apimTemplateParameter.{name}"));
                self.faults.add(at, why);
                None
            }
            Err(BadValue::Unknown(function)) => {
                self.unsupported = Some(format!("calls the function {function}()"));
                None
            }
        }
    }

    fn action(&mut self, template: &str, section: Section) -> Option<Action> {
        let action = match template.to_ascii_lowercase().as_str() {
            "dynamichosturl" => Action::Host(self.value("urlTemplate")?),
            "routerequesttoendpoint" => {
                let path = self.value("newPath");
                let method = match self.find("x-ms-apimTemplateParameter.httpMethod").1 {
                    None => PolicyValue::parse("@Request.OriginalHTTPMethod").ok(),
                    Some(_) => self.value("httpMethod"),
                };
                self.check_method(method.as_ref());
                Action::Route { path: path?, method: method? }
            }
            "setheader" => {
                let (name, exists) = (self.header_name(), self.exists());
                let value =
                    if exists == Exists::Delete { PolicyValue::parse("").ok() } else { self.value("value") };
                Action::Header { name: name?, value: value?, exists }
            }
            "setqueryparameter" => {
                let (name, exists) = (self.text("name"), self.exists());
                let value =
                    if exists == Exists::Delete { PolicyValue::parse("").ok() } else { self.value("value") };
                Action::Query { name: name?, value: value?, exists }
            }
            "setproperty" => {
                let parent = self.value("newPropertyParentPathTemplate");
                let name = self.text("newPropertySubPathTemplate");
                let value = self.value("propertyValuePathTemplate");
                let Some(super::Source::Body(parent)) = parent?.single().cloned() else {
                    return Some(Action::Unsupported(
                        "sets a property that is not one of the body".to_owned(),
                    ));
                };
                let name =
                    name?.split(['/', '.']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
                Action::Property { parent, name, value: value? }
            }
            "pollingtrigger" => Action::Nothing,
            other => {
                let name: String = other.chars().take(80).collect();
                Action::Unsupported(format!("has the template '{}'", name.escape_debug()))
            }
        };
        let of_request_only = matches!(action, Action::Host(_) | Action::Route { .. } | Action::Query { .. });
        if of_request_only && section == Section::Response {
            let (at, _) = self.find("x-ms-apimTemplate-policySection");
            self.faults.add(at, format!("{template} is for requests"));
        }
        Some(action)
    }

    fn header_name(&mut self) -> Option<HeaderName> {
        let text = self.text("name")?;
        let (at, _) = self.find("x-ms-apimTemplateParameter.name");
        match HeaderName::from_bytes(text.trim().as_bytes()) {
            Ok(name) if RESERVED_HEADERS.contains(&name.as_str()) => {
                self.faults.add(at, format!("the header {name} cannot be set by a policy"));
                None
            }
            Ok(name) => Some(name),
            Err(_) => {
                self.faults.add(at, "it is not the name of a header");
                None
            }
        }
    }

    /// A method without expressions has to be one.
    fn check_method(&mut self, method: Option<&PolicyValue>) {
        let written = method.filter(|value| !value.reads(|_| true)).map(PolicyValue::source);
        if written.is_some_and(|text| Method::from_bytes(text.to_ascii_uppercase().as_bytes()).is_err()) {
            let (at, _) = self.find("x-ms-apimTemplateParameter.httpMethod");
            self.faults.add(at, "it is not an HTTP method");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(policies: Value) -> Result<Vec<Policy>, Vec<String>> {
        let mut faults = Faults::default();
        let policies = parse(Some(&policies), "p", &mut faults);
        faults.result(policies).map_err(|faults| faults.into_iter().map(|fault| fault.at).collect())
    }

    fn one(template: &str, parameters: &Value) -> Policy {
        let mut named = Map::new();
        for (name, value) in parameters.as_object().expect("an object") {
            let prefix =
                if matches!(name.as_str(), "operationName" | "policySection") { "-" } else { "Parameter." };
            named.insert(format!("x-ms-apimTemplate{prefix}{name}"), value.clone());
        }
        read(json!([{"templateId": template, "title": "t", "parameters": named}])).expect("usable").remove(0)
    }

    fn value(text: &str) -> PolicyValue {
        PolicyValue::parse(text).expect("usable")
    }

    #[test]
    fn the_templates_that_rewrite_a_call_are_known_in_any_case() {
        for (template, parameters, expected) in [
            ("dynamicHostUrl", json!({"urlTemplate": "https://a"}), Action::Host(value("https://a"))),
            (
                "routerequesttoendpoint",
                json!({"newPath": "/a/{id}"}),
                Action::Route { path: value("/a/{id}"), method: value("@Request.OriginalHTTPMethod") },
            ),
            (
                "routerequesttoendpoint",
                json!({"newPath": "/a", "httpMethod": "post"}),
                Action::Route { path: value("/a"), method: value("post") },
            ),
            (
                "setHeader",
                json!({"name": "X-A", "value": "b", "existsAction": "skip"}),
                Action::Header {
                    name: HeaderName::from_static("x-a"),
                    value: value("b"),
                    exists: Exists::Skip,
                },
            ),
            (
                "setqueryparameter",
                json!({"name": "$format", "value": 7}),
                Action::Query { name: "$format".into(), value: value("7"), exists: Exists::Override },
            ),
            (
                "setproperty",
                json!({
                    "newPropertyParentPathTemplate": "@body().a", "newPropertySubPathTemplate": "b/c",
                    "propertyValuePathTemplate": "@body().d",
                }),
                Action::Property {
                    parent: vec!["a".into()],
                    name: vec!["b".into(), "c".into()],
                    value: value("@body().d"),
                },
            ),
            ("pollingtrigger", json!({"triggerConfig": {"a": "b"}}), Action::Nothing),
            ("setvaluefromurl", json!({}), Action::Unsupported("has the template 'setvaluefromurl'".into())),
            (
                "setheader",
                json!({"name": "a", "value": "@base64('x')"}),
                Action::Unsupported("calls the function base64()".into()),
            ),
        ] {
            assert_eq!(one(template, &parameters).action, expected, "{template} {parameters}");
        }
    }

    #[test]
    fn a_policy_applies_to_the_operations_that_it_names() {
        for (names, applies) in [
            (json!(["A", "B"]), true),
            (json!("A"), true),
            (json!([]), true),
            (json!(null), true),
            (json!(["B"]), false),
            (json!(["a"]), false),
        ] {
            let policy = one("pollingtrigger", &json!({ "operationName": names }));
            assert_eq!(policy.applies_to("A"), applies, "{names}");
        }
        let response = one("setheader", &json!({"name": "a", "value": "b", "policySection": "response"}));
        assert_eq!(response.section, Section::Response);
    }

    #[test]
    fn all_mistakes_are_reported_with_their_places() {
        let named = |name: &str, value: &str| (format!("x-ms-apimTemplateParameter.{name}"), json!(value));
        let policy = |template: &str, members: Vec<(String, Value)>| json!({"templateId": template, "parameters": members.into_iter().collect::<Map<_, _>>()});
        let faults = read(json!([
            {},
            7,
            policy("dynamichosturl", vec![]),
            policy("dynamichosturl", vec![named("urlTemplate", "@connectionParameters('a'")]),
            policy(
                "setheader",
                vec![named("name", "a b"), named("value", "x"), named("existsAction", "maybe")]
            ),
            policy("setheader", vec![named("name", "Host"), named("value", "x")]),
            policy("routerequesttoendpoint", vec![named("httpMethod", "a b"), named("newPath", "/")]),
            policy(
                "setqueryparameter",
                vec![
                    named("name", "a"),
                    named("value", "b"),
                    ("x-ms-apimTemplate-policySection".into(), json!("Response")),
                    ("x-ms-apimTemplate-operationName".into(), json!([1])),
                ]
            ),
        ]));
        let expected = [
            "p[0].templateId",
            "p[1].templateId",
            "p[2].parameters.x-ms-apimTemplateParameter.urlTemplate",
            "p[3].parameters.x-ms-apimTemplateParameter.urlTemplate",
            "p[4].parameters.x-ms-apimTemplateParameter.name",
            "p[4].parameters.x-ms-apimTemplateParameter.existsAction",
            "p[5].parameters.x-ms-apimTemplateParameter.name",
            "p[6].parameters.x-ms-apimTemplateParameter.httpMethod",
            "p[7].parameters.x-ms-apimTemplate-operationName",
            "p[7].parameters.x-ms-apimTemplate-policySection",
        ];
        assert_eq!(faults, Err(expected.map(str::to_owned).to_vec()));
        assert_eq!(read(json!({})), Err(vec!["p".to_owned()]));
    }
}
