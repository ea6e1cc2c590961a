//! The public origin of a service that is another one than before.

use serde::{Deserialize, Serialize};

/// A changed origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MovedOrigin {
    /// The origin before, without a slash at the end.
    pub from: String,
    /// The origin now.
    pub to: String,
}

impl MovedOrigin {
    /// Whether both are origins of http or https, without a path.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let is_origin = |text: &str| {
            let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
            text.len() <= 300
                && rest.is_some_and(|rest| {
                    !rest.is_empty()
                        && rest
                            .chars()
                            .all(|c| c.is_ascii_graphic() && !matches!(c, '/' | '?' | '#' | '@' | '\\'))
                })
        };
        is_origin(&self.from) && is_origin(&self.to)
    }

    /// Returns a URL at the earlier origin at the present one; `None` for any other text.
    #[must_use]
    pub fn replaced(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix(&self.from)?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| format!("{}{rest}", self.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_at_the_origin_are_replaced() {
        let moved =
            MovedOrigin { from: "http://127.0.0.1:87".to_owned(), to: "http://192.0.2.1:87".to_owned() };
        assert!(moved.is_valid());
        for (url, replaced) in [
            ("http://127.0.0.1:87", Some("http://192.0.2.1:87")),
            ("http://127.0.0.1:87/redirect", Some("http://192.0.2.1:87/redirect")),
            ("http://127.0.0.1:8701/redirect", None),
            ("https://127.0.0.1:87/redirect", None),
            ("x http://127.0.0.1:87/", None),
            ("", None),
        ] {
            assert_eq!(moved.replaced(url).as_deref(), replaced, "{url}");
        }
        for wrong in ["", "http://", "ftp://a", "http://a/b", "http://a?b", "http://u@a", "http://ä"] {
            assert!(!MovedOrigin { to: wrong.to_owned(), ..moved.clone() }.is_valid(), "{wrong}");
        }
    }
}
