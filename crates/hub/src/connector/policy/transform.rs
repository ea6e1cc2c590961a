//! Policies that convert a member of a JSON body into another one.

use super::{Action, Reader, Source};
use crate::connector::policy_value::{MEMBERS_MAX, PolicyValue};

/// What becomes of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transform {
    /// `convertarraytoobject`: an object with the items of an array by one of their members.
    ArrayToObject { key: Vec<String>, retain_key: bool },
    /// `convertobjecttoarray`: an array with an item for each member of an object.
    ObjectToArray { key: String, value: String },
    /// `stringtoarray`: an array with an object for each part of a text.
    TextToArray { delimiters: Vec<String>, child: String },
    /// `stringreplace`: a text with another one in place of a part.
    Replace { from: String, to: String },
    /// `encodepropertyvalue`: a text, percent-encoded.
    Encode,
}

/// The names of the templates, with their parameters besides those that all have.
pub(super) const TEMPLATES: [(&str, &[&str]); 5] = [
    ("convertarraytoobject", &["keyWithinCollectionPath", "retainKey"]),
    ("convertobjecttoarray", &["keyName", "valueName"]),
    ("stringtoarray", &["delimiterList", "childPropertyName"]),
    ("stringreplace", &["sourceString", "replacementString"]),
    ("encodepropertyvalue", &[]),
];
/// The parameters of all these templates.
pub(super) const PLACE: [&str; 3] = ["propertyParentPath", "propertySubPath", "newPropertyPath"];
/// The maximum number of delimiters.
const DELIMITERS_MAX: usize = 32;

impl Reader<'_> {
    /// Reads a policy with one of the [`TEMPLATES`].
    pub(super) fn transform(&mut self, template: &str) -> Option<Action> {
        let parent = self.value("propertyParentPath");
        let name = self.optional("propertySubPath").filter(|path| path != "null");
        let name = name.map_or(Some(Vec::new()), |path| self.path("propertySubPath", &path));
        let target = self.text("newPropertyPath").and_then(|path| self.path("newPropertyPath", &path));
        let transform = match template {
            "convertarraytoobject" => {
                let key = self.text("keyWithinCollectionPath");
                let key = key.and_then(|path| self.path("keyWithinCollectionPath", &path));
                let retain_key = match self.optional("retainKey").as_deref().map(str::to_ascii_lowercase) {
                    None => true,
                    Some(text) if text == "true" => true,
                    Some(text) if text == "false" => false,
                    Some(_) => {
                        let (at, _) = self.find("x-ms-apimTemplateParameter.retainKey");
                        self.faults.add(at, "it must be true or false");
                        true
                    }
                };
                Transform::ArrayToObject { key: key?, retain_key }
            }
            "convertobjecttoarray" => Transform::ObjectToArray {
                key: self.optional("keyName").unwrap_or_else(|| "key".to_owned()),
                value: self.optional("valueName").unwrap_or_else(|| "value".to_owned()),
            },
            "stringtoarray" => {
                let (list, child) = (self.text("delimiterList"), self.text("childPropertyName"));
                Transform::TextToArray { delimiters: self.delimiters(&list?)?, child: child? }
            }
            "stringreplace" => {
                let (from, to) = (self.text("sourceString"), self.text("replacementString"));
                let from = from?;
                if from.is_empty() {
                    let (at, _) = self.find("x-ms-apimTemplateParameter.sourceString");
                    self.faults.add(at, "it is empty");
                    return None;
                }
                Transform::Replace { from, to: to? }
            }
            _ => Transform::Encode,
        };
        let (name, target) = (name?, target?);
        let Some(Source::Body(parent)) = parent?.single().cloned() else {
            return Some(Action::Unsupported("converts a property that is not one of the body".to_owned()));
        };
        if target.is_empty() {
            return Some(Action::Unsupported("sets the whole body".to_owned()));
        }
        Some(Action::Transform { parent, name, target, transform })
    }

    fn optional(&mut self, name: &str) -> Option<String> {
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

    /// Reads delimiters: each in quotes, or each character without any.
    fn delimiters(&mut self, list: &str) -> Option<Vec<String>> {
        let quoted: Vec<_> = list.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        let all = if quoted.is_empty() { list.chars().map(String::from).collect() } else { quoted };
        let all: Vec<_> = all.into_iter().filter(|delimiter: &String| !delimiter.is_empty()).collect();
        if all.is_empty() || all.len() > DELIMITERS_MAX {
            let (at, _) = self.find("x-ms-apimTemplateParameter.delimiterList");
            self.faults.add(at, format!("it does not have 1 to {DELIMITERS_MAX} delimiters"));
            return None;
        }
        Some(all)
    }
}
