//! Converts members of JSON content, as policies say.

use serde_json::{Map, Value, json};

use super::query::encoded;
use crate::connector::{Transform, text_of};

/// Returns the new value of a member, or `None` if it is not one that can be converted.
pub(super) fn convert(value: &Value, transform: &Transform) -> Option<Value> {
    match transform {
        Transform::ArrayToObject { key, retain_key } => {
            let mut object = Map::new();
            for item in value.as_array()? {
                let Some(name) = member(item, key).filter(|name| !name.is_object() && !name.is_array())
                else {
                    continue;
                };
                let name = text_of(name);
                let mut item = item.clone();
                if !retain_key {
                    remove(&mut item, key);
                }
                object.insert(name, item);
            }
            Some(Value::Object(object))
        }
        Transform::ObjectToArray { key, value: name } => {
            let items = value.as_object()?.iter();
            Some(items.map(|(member, value)| json!({ key: member, name: value })).collect())
        }
        Transform::TextToArray { delimiters, child } => {
            let mut parts = vec![value.as_str()?];
            for delimiter in delimiters {
                parts = parts.into_iter().flat_map(|part| part.split(delimiter.as_str())).collect();
            }
            let parts = parts.into_iter().filter(|part| !part.is_empty());
            Some(parts.map(|part| json!({ child: part })).collect())
        }
        Transform::Replace { from, to } => Some(Value::String(value.as_str()?.replace(from.as_str(), to))),
        Transform::Encode => match value {
            Value::Object(_) | Value::Array(_) | Value::Null => None,
            value => Some(Value::String(encoded(&text_of(value)))),
        },
    }
}

/// Returns how much longer than the member its conversion may be, at most.
pub(super) fn growth(value: &Value, transform: &Transform) -> usize {
    // The quotes and separators of a member.
    const MEMBER: usize = 8;
    let text = value.as_str().unwrap_or_default();
    match transform {
        Transform::ArrayToObject { .. } => 0,
        Transform::ObjectToArray { key, value: name } => {
            let members = value.as_object().map_or(0, Map::len);
            members.saturating_mul(key.len() + name.len() + 3 * MEMBER)
        }
        Transform::TextToArray { delimiters, child } => {
            let parts: usize =
                1 + delimiters.iter().map(|it| text.matches(it.as_str()).count()).sum::<usize>();
            parts.saturating_mul(child.len() + 2 * MEMBER)
        }
        Transform::Replace { from, to } => text.matches(from.as_str()).count().saturating_mul(to.len()),
        Transform::Encode => text.len().saturating_mul(2),
    }
}

fn member<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(name))
}

fn remove(value: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(value, |value, name| value.get_mut(name));
    if let Some(Value::Object(members)) = parent {
        members.remove(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_converted_and_others_are_left() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let by = |key: &str, retain_key| Transform::ArrayToObject { key: path(key), retain_key };
        let pairs = Transform::ObjectToArray { key: "name".into(), value: "value".into() };
        let split = |delimiters: &[&str]| Transform::TextToArray {
            delimiters: delimiters.iter().map(|text| (*text).to_owned()).collect(),
            child: "tag".into(),
        };
        let cities = json!([{"id": 1, "n": "a"}, {"id": "x", "n": {"m": "b"}}, {"n": "c"}, 7]);
        for (value, transform, expected) in [
            (
                &cities,
                by("id", true),
                Some(json!({"1": {"id": 1, "n": "a"}, "x": {"id": "x", "n": {"m": "b"}}})),
            ),
            (&cities, by("n.m", false), Some(json!({"b": {"id": "x", "n": {}}}))),
            (&json!({"a": 1}), by("id", true), None),
            (
                &json!({"a": 1, "b": [2]}),
                pairs.clone(),
                Some(json!([{"name": "a", "value": 1}, {"name": "b", "value": [2]}])),
            ),
            (&json!([1]), pairs, None),
            (&json!("a;b,,c"), split(&[";", ","]), Some(json!([{"tag": "a"}, {"tag": "b"}, {"tag": "c"}]))),
            (&json!(7), split(&[";"]), None),
            (&json!("a-b-c"), Transform::Replace { from: "-".into(), to: "".into() }, Some(json!("abc"))),
            (&json!("a b/ü"), Transform::Encode, Some(json!("a%20b%2F%C3%BC"))),
            (&json!(1.5), Transform::Encode, Some(json!("1.5"))),
            (&json!(null), Transform::Encode, None),
        ] {
            assert_eq!(convert(value, &transform), expected, "{value} {transform:?}");
        }
    }
}
