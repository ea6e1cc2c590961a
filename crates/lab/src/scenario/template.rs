//! `${name}` in texts.

/// A name in a text that nothing is known by, or a brace that is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    /// Nothing is known by that name.
    #[error("nothing is known by the name '{0}'")]
    Unknown(String),
    /// `${` without its `}`.
    #[error("'${{' has no closing brace")]
    Open,
}

/// The text with every `${name}` replaced by what `value` gives.
///
/// # Errors
/// An unknown name, or a brace that is missing.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, TemplateError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_unknown_ones_refused() {
        let value = |name: &str| (name == "mark.changed").then(|| "then".to_owned());
        assert_eq!(fill("at ${mark.changed}, $5", value), Ok("at then, $5".to_owned()));
        assert_eq!(fill("${mark.x}", value), Err(TemplateError::Unknown("mark.x".to_owned())));
        assert_eq!(fill("${mark.changed", value), Err(TemplateError::Open));
    }
}
