//! What a caller sent: a query string or a form, read the same way.

use serde::{Deserialize, Serialize};

/// More parameters than any request needs.
const PARAMETERS_MAX: usize = 64;

/// Parameters in the order they came. A name stands for one value: whether it was given twice is asked separately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text. Never fails: what cannot be decoded is replaced, and what is too much
    /// is left out.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(text).take(PARAMETERS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The value of a parameter. One that is empty counts as missing (RFC 6749, section 3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A parameter that was sent more than once, which no request may (RFC 6749, section 3.1).
    #[must_use]
    pub fn duplicated(&self) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(index, (name, _))| {
            self.0[..index].iter().any(|(before, _)| before == name).then_some(name.as_str())
        })
    }

    /// Whether this parameter was sent more than once.
    #[must_use]
    pub fn is_duplicated(&self, name: &str) -> bool {
        self.0.iter().filter(|(found, _)| found == name).count() > 1
    }

    /// The same without one parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(found, _)| found != name);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn reads_forms_and_sees_what_came_twice() {
        let parameters = Parameters::parse(b"a=1&b=x%20y+z&empty=&a=2&%ff=%ff");
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), Some("x y z"));
        assert_eq!(parameters.get("empty"), None);
        assert_eq!(parameters.duplicated(), Some("a"));
        assert_eq!(parameters.without("a").duplicated(), None);
    }
}
