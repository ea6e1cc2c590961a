//! Names of resources and resource groups.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// A name of a resource or resource group: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, not
/// ending with a dot. Keeps its case, but is compared without ([`ResourceName::key`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourceName(String);

/// The text is not a valid resource name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 90 letters, digits, '_', '-', '.', '(' and ')', and does not end with a dot")]
pub(crate) struct NotAResourceName;

impl ResourceName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The lower-case form by which it is looked up.
    pub(crate) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for ResourceName {
    type Err = NotAResourceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '(' | ')');
        if (1..=90).contains(&text.len()) && text.chars().all(fits) && !text.ends_with('.') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAResourceName)
        }
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResourceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_validated() {
        let name: ResourceName = "My-Orders_(1)".parse().expect("a name");
        assert_eq!((name.as_str(), name.key().as_str()), ("My-Orders_(1)", "my-orders_(1)"));
        for text in ["", ".", "..", "a.", "a/b", "a b", "é", &"a".repeat(91)] {
            assert_eq!(text.parse::<ResourceName>(), Err(NotAResourceName), "{text}");
        }
    }
}
