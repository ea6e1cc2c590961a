//! Policies that convert a member of a JSON body into another one.

use super::action::Action;
use super::reader::Reader;
use super::transform::Transform;
use crate::connector::Source;

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
