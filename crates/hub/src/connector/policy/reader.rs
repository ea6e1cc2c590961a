//! Reads the parameters of a policy.

use serde_json::{Map, Value};

use super::action::{Exists, Section};
use crate::connector::fault::{Faults, strings};
use crate::connector::policy_value::{BadValue, MEMBERS_MAX, PolicyValue};

/// Reads the parameters of a policy.
pub(super) struct Reader<'a> {
    pub(super) parameters: &'a Map<String, Value>,
    pub(super) at: String,
    pub(super) faults: &'a mut Faults,
    /// Why the hub cannot run the policy.
    pub(super) unsupported: Option<String>,
}

impl Reader<'_> {
    /// Finds a parameter, whose prefix is `x-ms-apimTemplate` or `x-ms-apimTemplateParameter`.
    pub(super) fn find(&self, name: &str) -> (String, Option<&Value>) {
        let found = self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let key = found.map_or(name, |(key, _)| key);
        (format!("{}.{key}", self.at), found.map(|(_, value)| value).filter(|value| !value.is_null()))
    }

    pub(super) fn operations(&mut self) -> Option<Vec<String>> {
        let (at, value) = self.find("x-ms-apimTemplate-operationName");
        match value? {
            Value::String(name) if name.is_empty() => None,
            Value::String(name) => Some(vec![name.clone()]),
            Value::Array(list) if list.is_empty() => None,
            value => {
                let names = strings(Some(value));
                if names.is_none() {
                    self.faults.add(at, "it is not a list of operation ids");
                }
                names
            }
        }
    }

    pub(super) fn section(&mut self) -> Section {
        let (at, value) = self.find("x-ms-apimTemplate-policySection");
        match value.map(|value| value.as_str().unwrap_or_default().to_ascii_lowercase()).as_deref() {
            None | Some("" | "request") => Section::Request,
            Some("response") => Section::Response,
            Some("failure") => Section::Failure,
            Some(_) => {
                self.faults.add(at, "it must be Request, Response or Failure");
                Section::Request
            }
        }
    }

    pub(super) fn exists(&mut self) -> Exists {
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

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
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

    pub(super) fn value(&mut self, name: &str) -> Option<PolicyValue> {
        let text = self.text(name)?;
        self.parsed(name, &text)
    }

    pub(super) fn parsed(&mut self, name: &str, text: &str) -> Option<PolicyValue> {
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

    pub(super) fn optional(&mut self, name: &str) -> Option<String> {
        let (_, value) = self.find(&format!("x-ms-apimTemplateParameter.{name}"));
        value?;
        self.text(name).filter(|text| !text.is_empty())
    }

    /// Reads a path below the parent: `a.b`, `a/b`, or an expression (`@body().a`, `@item().a`).
    pub(super) fn path(&mut self, parameter: &str, path: &str) -> Option<Vec<String>> {
        let below = ["@item()", "@body()", "@{item()", "@{body()"]
            .iter()
            .find_map(|start| path.trim().strip_prefix(start))
            .map_or(path.trim(), |rest| rest.trim_end_matches('}'));
        let mut parts = below.split(['/', '.']).filter(|part| !part.is_empty());
        let members: Vec<_> = parts.by_ref().take(MEMBERS_MAX).map(str::to_owned).collect();
        let (at, _) = self.find(&format!("x-ms-apimTemplateParameter.{parameter}"));
        if parts.next().is_some() {
            self.faults.add(at, format!("it names more than {MEMBERS_MAX} members"));
            return None;
        }
        if PolicyValue::parse(below).is_ok_and(|value| value.reads(|_| true)) {
            self.faults.add(at, "it is not a path to a member");
            return None;
        }
        Some(members)
    }
}
