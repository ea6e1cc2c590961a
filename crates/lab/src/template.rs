//! Placeholders (`${name}`) in texts.

use serde_json::Value;

/// An unknown placeholder, or a missing brace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// There is no value of this name.
    #[error("there is no value named '{0}'")]
    Unknown(String),
    /// `${` without `}`.
    #[error("'${{' has no closing brace")]
    Open,
}

/// Replaces every `${name}` in the text by `value(name)`.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, remainder) = after.split_once('}').ok_or(TemplateError::Open)?;
        filled.push_str(before);
        filled.push_str(&value(name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?);
        rest = remainder;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Replaces the placeholders that have a value, and leaves the others as they are.
pub(crate) fn fill_some(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, remainder)) = after.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(&value(name).unwrap_or_else(|| format!("${{{name}}}")));
        rest = remainder;
    }
    filled.push_str(rest);
    filled
}

/// Replaces the placeholders in all texts of a JSON value.
pub(crate) fn fill_json(value: &Value, of: &impl Fn(&str) -> Option<String>) -> Result<Value, TemplateError> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, of)?),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill_json(item, of)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| Ok((fill(name, of)?, fill_json(field, of)?)))
                .collect::<Result<_, TemplateError>>()?,
        ),
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_without_a_value_stay() {
        let value = |name: &str| (name == "var.x").then(|| "1".to_owned());
        assert_eq!(fill_some("${var.x} of ${mark.m}, ${var.x", value), "1 of ${mark.m}, ${var.x");
    }

    #[test]
    fn placeholders_are_replaced_and_unknown_ones_rejected() {
        let value = |name: &str| (name == "mark.changed").then(|| "then".to_owned());
        assert_eq!(fill("at ${mark.changed}, $5", value), Ok("at then, $5".to_owned()));
        assert_eq!(fill("${mark.x}", value), Err(TemplateError::Unknown("mark.x".to_owned())));
        assert_eq!(fill("${mark.changed", value), Err(TemplateError::Open));
    }
}
