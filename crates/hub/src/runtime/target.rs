//! The URL of a forwarded call.

use http::StatusCode;
use url::Url;

use super::refusal::RuntimeRefusal;
use crate::path::{decodings, has_traversal, is_of_lab_surface};

/// The path of a call cannot be forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadTarget {
    /// Path and query together are too long.
    TooLong,
    /// The path leads out of the connector's base path.
    Outside,
}

/// The maximum length of path and query together.
pub(super) const TARGET_CHARS_MAX: usize = 8_192;

impl From<BadTarget> for RuntimeRefusal {
    fn from(error: BadTarget) -> Self {
        match error {
            BadTarget::Outside => Self::no_such_operation(),
            BadTarget::TooLong => Self::new(StatusCode::BAD_REQUEST, "The path and query are too long."),
        }
    }
}

/// Returns the URL at the back end `base` for `path` (the path after the connection id,
/// percent-encoded as received) under `base_path`.
///
/// Rejects a path with `..` segments, in whatever encoding, once or twice, and a path that leads to
/// the back end's lab surface, even if a connector declares it.
pub(crate) fn target(base: &Url, base_path: &str, path: &str, query: Option<&str>) -> Result<Url, BadTarget> {
    if path.len() + query.map_or(0, str::len) > TARGET_CHARS_MAX {
        return Err(BadTarget::TooLong);
    }
    let root = base.path().trim_end_matches('/');
    let prefix = format!("{root}{base_path}/");
    let mut url = base.clone();
    url.set_path(&format!("{prefix}{}", path.trim_start_matches('/')));
    url.set_query(query);
    url.set_fragment(None);
    let below = url.path().strip_prefix(root).unwrap_or_default();
    let outside = !url.path().starts_with(&prefix)
        || decodings(path).any(|reading| has_traversal(&reading))
        || decodings(below).any(|reading| is_of_lab_surface(&reading));
    if outside { Err(BadTarget::Outside) } else { Ok(url) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn path_and_query_are_kept() {
        for (at, base_path, path, query, expected) in [
            ("http://r:1", "", "orders", None, "http://r:1/orders"),
            ("http://r:1/", "", "orders/42", Some("$top=5&x=%20"), "http://r:1/orders/42?$top=5&x=%20"),
            ("http://r:1/up", "/v1", "/orders", None, "http://r:1/up/v1/orders"),
            ("http://r:1", "/v1", "", None, "http://r:1/v1/"),
            ("http://r:1", "", "a%2Fb/c%20d", None, "http://r:1/a%2Fb/c%20d"),
            ("http://r:1", "", "a//b", None, "http://r:1/a//b"),
            ("http://r:1", "", "http://evil/x", None, "http://r:1/http://evil/x"),
            ("http://r:1", "", "//evil/x", None, "http://r:1/evil/x"),
            ("http://r:1", "", "x", Some("a=#b"), "http://r:1/x?a=%23b"),
        ] {
            let url = target(&base(at), base_path, path, query);
            assert_eq!(url.map(String::from), Ok(expected.to_owned()), "{path}");
        }
    }

    #[test]
    fn path_traversal_is_rejected() {
        for path in [
            "..",
            "../secret",
            "a/../b",
            "a/./b",
            "%2e%2e/secret",
            "%2E./x",
            "a%2f..%2fb",
            "..%2fb",
            "%252e%252e/x",
            "a\\..\\b",
            "a%5c..%5cb",
            "a%00b",
            "a%0d%0ab",
        ] {
            assert_eq!(target(&base("http://r:1"), "/v1", path, None), Err(BadTarget::Outside), "{path}");
        }
        let long = "a".repeat(TARGET_CHARS_MAX + 1);
        assert_eq!(target(&base("http://r:1"), "", &long, None), Err(BadTarget::TooLong));
    }

    #[test]
    fn the_lab_surface_of_a_back_end_cannot_be_reached() {
        for (at, base_path, path) in [
            ("http://r:1", "", "_lab/tenants"),
            ("http://r:1", "", "//_lab"),
            ("http://r:1", "", "%5Flab/tenants"),
            ("http://r:1", "", "%255Flab/tenants"),
            ("http://r:1", "/_lab", "tenants"),
            ("http://r:1/up", "/_lab", "tenants"),
        ] {
            assert_eq!(
                target(&base(at), base_path, path, None),
                Err(BadTarget::Outside),
                "{at} {base_path} {path}"
            );
        }
        assert!(target(&base("http://r:1"), "/v1", "_lab", None).is_ok(), "another path");
    }

    proptest! {
        #[test]
        fn a_target_never_leaves_the_back_end(path in "[a-z./%25e\\\\:@?#]{0,40}", query in proptest::option::of("[ -~]{0,20}")) {
            if let Ok(url) = target(&base("http://r:1/up"), "/v1", &path, query.as_deref()) {
                prop_assert_eq!((url.host_str(), url.port(), url.username()), (Some("r"), Some(1), ""));
                prop_assert!(url.path().starts_with("/up/v1/"));
            }
        }
    }
}
