//! The credentials in a definition: literal passwords, secrets and headers of `Http` actions, and
//! the values of secure parameters. They are sealed in the database and not shown in responses.

use std::collections::HashMap;

use outlive_chassis::Problem;
use outlive_clock::TenantId;
use serde_json::{Value, json};

use super::mistakes::Mistake;
use super::state::Flows;

/// What responses show in place of a credential. Saved again, it stands for the saved one.
const SANITIZED: &str = "*sanitized*";
/// The member of a stored document that contains the sealed one.
pub(super) const SEALED: &str = "sealed";
/// The maximum depth at which a definition has credentials.
const DEPTH_MAX: usize = 64;

/// The purpose with which a definition is sealed.
pub(super) fn purpose(tenant: TenantId) -> String {
    format!("flow-definition/{tenant}")
}

/// Calls `f` with the path and value of each credential below the definition.
fn visit(definition: &mut Value, f: &mut dyn FnMut(&str, &mut Value)) {
    if let Some(parameters) = definition.get_mut("parameters").and_then(Value::as_object_mut) {
        for (name, parameter) in parameters.iter_mut().filter(|(name, _)| *name != "$authentication") {
            let kind = parameter.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
            if !kind.starts_with("secure") {
                continue;
            }
            for member in ["defaultValue", "value"] {
                if let Some(value) = parameter.get_mut(member).filter(|value| !value.is_null()) {
                    f(&format!("parameters.{name}.{member}"), value);
                }
            }
        }
    }
    if let Some(actions) = definition.get_mut("actions") {
        visit_actions(actions, "actions", 0, f);
    }
}

fn visit_actions(value: &mut Value, path: &str, depth: usize, f: &mut dyn FnMut(&str, &mut Value)) {
    let Some(map) = value.as_object_mut().filter(|_| depth < DEPTH_MAX) else { return };
    for (name, member) in map.iter_mut() {
        let path = format!("{path}.{name}");
        if name == "authentication" && member.is_object() {
            for secret in ["password", "secret", "pfx", "value"] {
                let literal = member.get_mut(secret).filter(|value| {
                    value.as_str().is_some_and(|text| !text.starts_with('@') && !text.is_empty())
                });
                if let Some(value) = literal {
                    f(&format!("{path}.{secret}"), value);
                }
            }
        } else {
            visit_actions(member, &path, depth + 1, f);
        }
    }
}

/// Replaces the credentials of a definition for a response.
pub(crate) fn sanitize(definition: &mut Value) {
    visit(definition, &mut |_, value| *value = json!(SANITIZED));
}

/// Puts the saved credentials where a new definition has what responses show in their place.
pub(super) fn restore(definition: &mut Value, saved: &Value) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut known = HashMap::new();
    visit(&mut saved.clone(), &mut |path, value| {
        known.insert(path.to_owned(), value.take());
    });
    visit(definition, &mut |path, value| {
        if value.as_str() != Some(SANITIZED) {
            return;
        }
        match known.remove(path) {
            Some(known) => *value = known,
            None => mistakes.push(Mistake::property(
                &format!("properties.definition.{path}"),
                "there is no saved credential here; write it again.",
            )),
        }
    });
    mistakes
}

impl Flows {
    /// Returns what is stored of a document: as it is, or sealed if it contains credentials.
    pub(super) fn seal_document(&self, tenant: TenantId, document: &Value) -> Value {
        let mut has_credentials = false;
        visit(&mut document["definition"].clone(), &mut |_, _| has_credentials = true);
        if !has_credentials {
            return document.clone();
        }
        let mut draw = self.chassis.random.of(tenant).stream("seal-definition");
        let sealed = self.chassis.sealer.seal(&purpose(tenant), document.to_string().as_bytes(), &mut draw);
        json!({ SEALED: sealed })
    }

    /// Returns a document that was stored.
    pub(super) fn open_document(&self, tenant: TenantId, stored: Value) -> Result<Value, Problem> {
        let Some(sealed) = stored.get(SEALED).and_then(Value::as_str) else { return Ok(stored) };
        let opened = self.chassis.sealer.open(&purpose(tenant), sealed);
        let opened = opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        opened.ok_or_else(|| {
            tracing::error!(%tenant, "a definition was sealed with another key");
            Problem::unavailable()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_at_every_depth() {
        let request = json!({"type": "Http", "inputs": {"authentication": {"type": "Basic", "username": "u", "password": "p"}}});
        let saved = json!({
            "parameters": {
                "key": {"type": "SecureString", "defaultValue": "k"}, "plain": {"type": "String", "defaultValue": "x"},
                "$authentication": {"type": "SecureObject", "defaultValue": {}},
            },
            "actions": {
                "If": {"type": "If", "actions": {"A": request}},
                "B": {"inputs": {"authentication": {"type": "Raw", "value": "@parameters('key')"}}},
            },
        });
        let mut shown = saved.clone();
        sanitize(&mut shown);
        assert_eq!(shown["parameters"]["key"]["defaultValue"], SANITIZED);
        assert_eq!(shown["actions"]["If"]["actions"]["A"]["inputs"]["authentication"]["password"], SANITIZED);
        let text = shown.to_string();
        assert_eq!(text.matches(SANITIZED).count(), 2, "{text}");
        assert!(restore(&mut shown, &saved).is_empty());
        assert_eq!(shown, saved);
        sanitize(&mut shown);
        assert_eq!(restore(&mut shown, &json!({})).len(), 2);
    }
}
