//! Request parameters: a query string or a form, parsed the same way.

use std::collections::HashSet;

use outlive_rules::aadsts;
use serde::{Deserialize, Serialize};

use crate::protocol::refusal::Refusal;

/// The longest request, in bytes, whose parameters a page can carry to its next form. A query
/// string is always shorter: the server reads request targets of at most 65,534 bytes.
const CARRIED_BYTES_MAX: usize = 64 * 1024;

/// Parameters in their original order. `get` returns one value per name; duplicates are checked
/// separately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` text. Never fails: undecodable bytes are
    /// replaced. The text's length is the only bound: no parameter is dropped.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(text);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Returns the value of a parameter. An empty value counts as absent (RFC 6749, section 3.1).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns a parameter that was sent more than once, which is forbidden (RFC 6749, section
    /// 3.1).
    #[must_use]
    pub fn duplicated(&self) -> Option<&str> {
        let mut names = HashSet::new();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !names.insert(*name))
    }

    /// Checks that a page can carry all parameters.
    pub(crate) fn check_carried(&self) -> Result<(), Refusal> {
        let bytes: usize = self.0.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        if bytes > CARRIED_BYTES_MAX { Err(Refusal::new(aadsts::REQUEST_TOO_LONG)) } else { Ok(()) }
    }

    /// Returns whether this parameter was sent more than once.
    #[must_use]
    pub fn is_duplicated(&self, name: &str) -> bool {
        self.0.iter().filter(|(found, _)| found == name).count() > 1
    }

    /// Removes a parameter.
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

    #[test]
    fn nothing_is_left_out() {
        let text: Vec<String> = (0..5_000).map(|number| format!("p{number}={number}")).collect();
        let parameters = Parameters::parse(text.join("&").as_bytes());
        assert_eq!(parameters.get("p4999"), Some("4999"));
        assert_eq!(parameters.duplicated(), None);
        let long = "x".repeat(70_000);
        let parameters = Parameters::parse(format!("state={long}").as_bytes());
        assert_eq!(parameters.get("state"), Some(&*long));
        assert!(parameters.check_carried().is_err());
    }
}
