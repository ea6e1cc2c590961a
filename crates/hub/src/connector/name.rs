//! Names of connectors, and display names.

use std::fmt;
use std::str::FromStr;

/// A connector's name (`shared_contoso-orders`): 1 to 80 letters, digits, `_`, `-` and `.`,
/// starting with a letter or digit. Case-insensitive; stored in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ConnectorName(String);

/// The text is not a valid connector name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a connector's name has 1 to 80 letters, digits, '_', '-' and '.', the first a letter or digit")]
pub(crate) struct NotAConnectorName;

impl ConnectorName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectorName {
    type Err = NotAConnectorName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if starts && text.len() <= 80 && text.chars().all(fits) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NotAConnectorName)
        }
    }
}

impl fmt::Display for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rule for display names of connectors and connections.
pub(crate) const DISPLAY_NAME_RULE: &str = "it must have 1 to 200 characters";

/// Whether a connector or a connection can have this display name.
pub(crate) fn is_display_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_validated() {
        let name: ConnectorName = "Shared_contoso-orders".parse().expect("a name");
        assert_eq!(name.as_str(), "shared_contoso-orders");
        for text in ["", "..", ".a", "_a", "a/b", "a b", "ä", &"a".repeat(81)] {
            assert_eq!(text.parse::<ConnectorName>(), Err(NotAConnectorName), "{text}");
        }
    }
}
