//! Default values of secret parameters: like client secrets they are write-only.

use serde_json::{Map, Value};

use super::ApiProperties;
use super::parameter::Parameter;
use super::written_defaults::SPELLINGS;

/// Keeps the default values of secret parameters that a new document does not give: its writer may
/// have read it without them. `null` removes one.
pub(crate) fn keep_secret_defaults(document: &mut Value, before: &Value) {
    let ((now, _), (then, _)) = (ApiProperties::read(document), ApiProperties::read(before));
    let properties = match document.get_mut("properties") {
        Some(properties) => properties,
        None => document,
    };
    if let Some(Value::Object(written)) = properties.get_mut("connectionParameters") {
        keep(written, &now.parameters, &then.parameters);
    }
    let sets = properties.pointer_mut("/connectionParameterSets/values").and_then(Value::as_array_mut);
    for written in sets.into_iter().flatten() {
        let name = written.get("name").and_then(Value::as_str).map(str::to_owned);
        let of = |properties: &ApiProperties| {
            let set = properties.sets.iter().find(|set| Some(&set.name) == name.as_ref());
            set.map(|set| set.parameters.clone()).unwrap_or_default()
        };
        if let Some(Value::Object(written)) = written.get_mut("parameters") {
            keep(written, &of(&now), &of(&then));
        }
    }
}

fn keep(written: &mut Map<String, Value>, now: &[Parameter], then: &[Parameter]) {
    for parameter in now.iter().filter(|parameter| parameter.is_secret()) {
        let before = then.iter().find(|known| known.name == parameter.name && known.is_secret());
        let Some(default) = before.and_then(|before| before.default.clone()) else { continue };
        if let Some(Value::Object(members)) = written.get_mut(&parameter.name)
            && !SPELLINGS.iter().any(|spelling| members.contains_key(*spelling))
        {
            members.insert(SPELLINGS[0].to_owned(), default);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(parameter: &Value) -> Value {
        json!({"properties": {
            "connectionParameters": {"key": parameter},
            "connectionParameterSets": {"values": [{"name": "a", "parameters": {"key": parameter}}]},
        }})
    }

    #[test]
    fn secret_defaults_are_hidden_and_kept_unless_another_is_given() {
        let secret = json!({"type": "securestring", "defaultValue": "s3cret"});
        let plain = json!({"type": "string", "defaultValue": "shown"});
        let (read, _) = ApiProperties::read(&document(&secret));
        assert!(
            !format!("{}{}", read.connection_parameters, read.connection_parameter_sets).contains("s3cret")
        );
        assert_eq!(read.parameters[0].default, Some(json!("s3cret")));
        let (read, _) = ApiProperties::read(&document(&plain));
        assert_eq!(read.connection_parameters["key"], plain);
        for (before, written, after) in [
            (&secret, json!({"type": "securestring"}), Some(json!("s3cret"))),
            (&secret, json!({"type": "securestring", "default": "n"}), Some(json!("n"))),
            (&secret, json!({"type": "securestring", "defaultValue": null}), None),
            (&secret, json!({"type": "string"}), None),
            (&plain, json!({"type": "securestring"}), None),
        ] {
            let mut new = document(&written);
            keep_secret_defaults(&mut new, &document(before));
            let (read, _) = ApiProperties::read(&new);
            assert_eq!(read.parameters[0].default, after, "{before} {written}");
            assert_eq!(read.sets[0].parameters[0].default, after, "{before} {written}");
        }
    }
}
