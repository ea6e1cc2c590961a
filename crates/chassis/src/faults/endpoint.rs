//! Which paths an endpoint of a fault stands for. Pure.

/// An endpoint that a service names for faults, with the patterns of its paths.
pub type Endpoint = (&'static str, &'static [&'static str]);

/// Whether a path fits a pattern: `*` stands for one segment, `**` at the end for any rest, or
/// none.
pub(crate) fn path_fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        if wanted == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if wanted == "*" && !segment.is_empty() => {}
            Some(segment) if wanted.eq_ignore_ascii_case(segment) => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// Returns what is wrong with a pattern that no path would fit, or another one than it says.
pub(super) fn pattern_mistake(pattern: &str) -> Option<&'static str> {
    let mut segments = pattern.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "**" if segments.peek().is_some() => {
                return Some("'**' is the rest of a path; write it at the end, and '*' for one segment");
            }
            "*" | "**" => {}
            part if part.contains('*') => {
                return Some("'*' is a whole segment; write a path such as /orders/*");
            }
            _ => {}
        }
    }
    None
}

/// Whether a path is of an endpoint: a name of the service, or a pattern.
pub(crate) fn is_of_endpoint(endpoint: &str, path: &str, known: &[Endpoint]) -> bool {
    if endpoint.starts_with('/') {
        return path_fits(endpoint, path);
    }
    let patterns = known.iter().find(|(name, _)| *name == endpoint).map(|(_, patterns)| *patterns);
    patterns.unwrap_or_default().iter().any(|pattern| path_fits(pattern, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_segments() {
        for (pattern, path, fits) in [
            ("/*/oauth2/v2.0/token", "/contoso.example/oauth2/v2.0/token", true),
            ("/*/oauth2/v2.0/token", "/contoso.example/OAuth2/v2.0/token", true),
            ("/*/oauth2/v2.0/token", "//oauth2/v2.0/token", false),
            ("/*/oauth2/v2.0/token", "/contoso.example/oauth2/v2.0/token/x", false),
            ("/orders/**", "/orders/1/lines", true),
            ("/orders/**", "/orders/", true),
            ("/orders/**", "/orders", true),
            ("/orders", "/orders", true),
            ("/orders", "/ordersx", false),
            ("/**", "/", true),
            ("/", "/", true),
        ] {
            assert_eq!(path_fits(pattern, path), fits, "{pattern} {path}");
        }
        let known: &[Endpoint] = &[("token", &["/*/token", "/*/v1/token"])];
        assert!(is_of_endpoint("token", "/t/v1/token", known));
        assert!(!is_of_endpoint("tokens", "/t/v1/token", known));
        assert!(is_of_endpoint("/t/**", "/t/v1/token", known));
    }
}
