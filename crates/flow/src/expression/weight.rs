//! Measures values. A short definition can double its data at every step; the limits stop it.

use serde_json::Value;

/// The maximum result of an evaluation, roughly in bytes of JSON. (The platform allows 100 MB; a
/// lab needs less.)
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;

/// The maximum depth of a value; it must be possible to parse a stored value (parsers stop at 128
/// levels).
pub(crate) const VALUE_DEPTH_MAX: usize = 64;

/// Returns the approximate size of a value in bytes, or `None` if it is deeper than
/// [`VALUE_DEPTH_MAX`].
pub(crate) fn weigh(value: &Value) -> Option<usize> {
    weigh_below(value, 0)
}

fn weigh_below(value: &Value, depth: usize) -> Option<usize> {
    if depth > VALUE_DEPTH_MAX {
        return None;
    }
    match value {
        Value::String(text) => Some(text.len() + 2),
        Value::Array(items) => {
            items.iter().try_fold(2, |sum: usize, item| Some(sum + 1 + weigh_below(item, depth + 1)?))
        }
        Value::Object(map) => map
            .iter()
            .try_fold(2, |sum: usize, (key, item)| Some(sum + key.len() + 4 + weigh_below(item, depth + 1)?)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn deep_values_have_no_weight() {
        let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(weigh(&nested(VALUE_DEPTH_MAX)).is_some());
        assert!(weigh(&nested(VALUE_DEPTH_MAX + 1)).is_none());
    }

    #[test]
    fn a_weight_is_roughly_the_length_of_the_json() {
        for (value, bytes) in [
            (json!(null), 8),
            (json!(true), 8),
            (json!(1.5), 8),
            (json!(""), 2),
            (json!("abc"), 5),
            (json!([]), 2),
            (json!(["abc", null]), 2 + (1 + 5) + (1 + 8)),
            (json!({}), 2),
            (json!({"key": "abc", "b": 1}), 2 + (3 + 4 + 5) + (1 + 4 + 8)),
            (json!([{"a": ["b"]}]), 2 + 1 + (2 + 1 + 4 + (2 + 1 + 3))),
        ] {
            assert_eq!(weigh(&value), Some(bytes), "{value}");
        }
        let nested = |levels: usize| (0..levels).fold(Value::Null, |inner, _| json!({"a": inner}));
        assert!(weigh(&nested(VALUE_DEPTH_MAX)).is_some() && weigh(&nested(VALUE_DEPTH_MAX + 1)).is_none());
    }
}
