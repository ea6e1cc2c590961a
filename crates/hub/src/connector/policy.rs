//! `policyTemplateInstances`: how calls are rewritten on their way to the back end.

use http::{HeaderName, Method};
use serde_json::{Map, Value};

use super::Source;
use super::fault::Faults;
use super::policy_value::{MEMBERS_MAX, PolicyValue};
use super::security::is_reserved;

mod action;
mod calls;
mod reader;
mod transform;
mod transforms;
mod value_url;

pub(crate) use action::{Action, Exists, Policy, Section};
pub(crate) use transform::Transform;
pub(crate) use value_url::{Target, ValueFromUrl};

use reader::Reader;

const POLICIES_MAX: usize = 200;

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

impl Reader<'_> {
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
            name if transforms::TEMPLATES.iter().any(|(known, _)| *known == name) => self.transform(name)?,
            other => {
                let name: String = other.chars().take(80).collect();
                Action::Unsupported(format!("has the template '{}'", name.escape_debug()))
            }
        };
        let of_request_only = matches!(
            action,
            Action::Host(_) | Action::Route { .. } | Action::Query { .. } | Action::ValueFromUrl(_)
        );
        if of_request_only && section != Section::Request {
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
        let transform = transforms::TEMPLATES.iter().find(|(known, _)| *known == template);
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
            let place = transform.map_or(&[][..], |_| &transforms::PLACE);
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
