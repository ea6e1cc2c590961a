//! `policyTemplateInstances`: how calls are rewritten on their way to the back end.

use http::{HeaderName, Method};
use serde_json::{Map, Value};

use super::Source;
use super::fault::Faults;
use super::policy_value::{BadValue, MEMBERS_MAX, PolicyValue};
use super::security::is_reserved;

mod calls;
mod transform;

pub(crate) use calls::{Target, ValueFromUrl};
pub(crate) use transform::Transform;

const POLICIES_MAX: usize = 200;

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
    /// Converts a member of a JSON body into another one.
    Transform {
        parent: Vec<String>,
        name: Vec<String>,
        target: Vec<String>,
        transform: Transform,
    },
    /// Sets a header or query parameter to a value of another request.
    ValueFromUrl(Box<ValueFromUrl>),
    /// Lets a link to the next page of a JSON response lead through the hub.
    NextLink {
        parent: Vec<String>,
        name: String,
    },
    /// Sets the status of the connection when the back end responds with this one.
    Unauthenticate {
        status: u16,
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
        reader.end(template);
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
            None | Some("" | "request") => Section::Request,
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
        self.parsed(name, &text)
    }

    fn parsed(&mut self, name: &str, text: &str) -> Option<PolicyValue> {
        match PolicyValue::parse(text) {
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
            "dynamichosturl" => {
                let value = self.value("urlTemplate")?;
                if value.lets_callers_choose_host() {
                    let why = "lets callers choose the host to which credentials are sent";
                    return Some(Action::Unsupported(why.to_owned()));
                }
                Action::Host(value)
            }
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
                let name = self.text("newPropertySubPathTemplate").and_then(|path| self.members(&path));
                let value = self.value("propertyValuePathTemplate");
                let Some(Source::Body(parent)) = parent?.single().cloned() else {
                    return Some(Action::Unsupported(
                        "sets a property that is not one of the body".to_owned(),
                    ));
                };
                Action::Property { parent, name: name?, value: value? }
            }
            "setvaluefromurl" => self.value_from_url()?,
            "updatenextlink" => self.next_link()?,
            "setconnectionstatustounauthenticated" => self.unauthenticated()?,
            "pollingtrigger" => Action::Nothing,
            name if transform::TEMPLATES.iter().any(|(known, _)| *known == name) => self.transform(name)?,
            other => {
                let name: String = other.chars().take(80).collect();
                Action::Unsupported(format!("has the template '{}'", name.escape_debug()))
            }
        };
        let of_request_only = matches!(
            action,
            Action::Host(_) | Action::Route { .. } | Action::Query { .. } | Action::ValueFromUrl(_)
        );
        if of_request_only && section == Section::Response {
            let (at, _) = self.find("x-ms-apimTemplate-policySection");
            self.faults.add(at, format!("{template} is for requests"));
        }
        Some(action)
    }

    /// Splits a path to a member.
    fn members(&mut self, path: &str) -> Option<Vec<String>> {
        let mut parts = path.split(['/', '.']).filter(|part| !part.is_empty());
        let members: Vec<_> = parts.by_ref().take(MEMBERS_MAX).map(str::to_owned).collect();
        let (at, _) = self.find("x-ms-apimTemplateParameter.newPropertySubPathTemplate");
        if members.is_empty() {
            self.unsupported = Some("sets the whole body".to_owned());
            None
        } else if parts.next().is_some() {
            self.faults.add(at, format!("it names more than {MEMBERS_MAX} members"));
            None
        } else {
            Some(members)
        }
    }

    fn header_name(&mut self) -> Option<HeaderName> {
        let text = self.text("name")?;
        let (at, _) = self.find("x-ms-apimTemplateParameter.name");
        match HeaderName::from_bytes(text.trim().as_bytes()) {
            Ok(name) if is_reserved(&name) => {
                self.unsupported = Some(format!("sets the header {name}"));
                None
            }
            Ok(name) => Some(name),
            Err(_) => {
                self.faults.add(at, "it is not the name of a header");
                None
            }
        }
    }

    /// A parameter that nothing reads would change what the policy does.
    fn end(&mut self, template: &str) {
        let template = template.to_ascii_lowercase();
        let transform = transform::TEMPLATES.iter().find(|(known, _)| *known == template);
        let of_template: &[&str] = match template.as_str() {
            _ if transform.is_some() => transform.map_or(&[], |(_, parameters)| parameters),
            "setvaluefromurl" => {
                &["parameterTemplate", "parameterValueUrl", "parameterValuePathTemplate", "httpMethod"]
            }
            "updatenextlink" => &["nextLinkPropertyName", "nextLinkParentPropertyPath"],
            "setconnectionstatustounauthenticated" => &["statusCode"],
            "dynamichosturl" => &["urlTemplate"],
            "routerequesttoendpoint" => &["newPath", "httpMethod"],
            "setheader" | "setqueryparameter" => &["name", "value", "existsAction"],
            "setproperty" => {
                &["newPropertyParentPathTemplate", "newPropertySubPathTemplate", "propertyValuePathTemplate"]
            }
            _ => return,
        };
        let is_known = |name: &str| {
            let parameter = name.strip_prefix("x-ms-apimtemplateparameter.");
            let place = transform.map_or(&[][..], |_| &transform::PLACE);
            let all = || of_template.iter().chain(place);
            parameter.is_some_and(|name| all().any(|known| known.eq_ignore_ascii_case(name)))
                || ["x-ms-apimtemplate-operationname", "x-ms-apimtemplate-policysection"].contains(&name)
        };
        let unknown = self.parameters.keys().find(|name| !is_known(&name.to_ascii_lowercase()));
        if let Some(name) = unknown {
            let name: String = name.chars().take(80).collect();
            self.unsupported.get_or_insert(format!("has the parameter '{}'", name.escape_debug()));
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
mod tests;
