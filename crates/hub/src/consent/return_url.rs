//! Return URLs of consents.

use url::{Host, Url};

const URL_CHARS_MAX: usize = 2_048;

/// Parses an origin to which a consent may return: scheme, host and port, as browsers serialize it.
///
/// # Errors
/// When it is not an http or https origin.
pub fn return_origin(text: &str) -> Result<String, String> {
    let url: Url = text.parse().map_err(|error| format!("it is not an origin: {error}"))?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !bare {
        return Err("an origin is http or https, a host and an optional port, without a path".into());
    }
    if !url.username().is_empty() || url.password().is_some() || text.contains('*') {
        return Err("an origin has neither user information nor wildcards".into());
    }
    Ok(url.origin().ascii_serialization())
}

/// Parses the URL to which a consent returns: http or https, at a loopback address or a registered
/// origin, without user information. It is sealed into the link, so that only the authenticated
/// caller can choose it.
pub(crate) fn return_url(text: &str, registered: &[String]) -> Option<Url> {
    if text.len() > URL_CHARS_MAX {
        return None;
    }
    let mut url: Url = text.parse().ok()?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let origin = url.origin().ascii_serialization();
    if !loopback && !registered.iter().any(|known| known.trim_end_matches('/') == origin) {
        return None;
    }
    url.set_fragment(None);
    Some(url)
}

/// Adds the hub's code to the URL.
pub(super) fn with_code(url: &str, code: &str) -> Option<Url> {
    let mut url: Url = url.parse().ok()?;
    url.query_pairs_mut().append_pair("code", code);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_registered_origins_are_accepted() {
        let registered = ["https://portal.contoso.example".to_owned(), "http://console:8700/".to_owned()];
        for (text, taken) in [
            ("http://127.0.0.1:5000/done?x=1", true),
            ("http://127.8.8.8/", true),
            ("http://[::1]:5000/", true),
            ("https://localhost/done#part", true),
            ("https://portal.contoso.example/done", true),
            ("http://console:8700/done", true),
            ("https://portal.contoso.example.evil.example/", false),
            ("https://portal.contoso.example:444/", false),
            ("https://evil.example/?127.0.0.1", false),
            ("http://127.0.0.1@evil.example/", false),
            ("http://user@127.0.0.1/", false),
            ("http://localhost.evil.example/", false),
            ("javascript:alert(1)", false),
            ("file:///etc/passwd", false),
            ("//127.0.0.1/", false),
            ("/done", false),
            ("", false),
        ] {
            assert_eq!(return_url(text, &registered).is_some(), taken, "{text}");
        }
        assert!(return_url(&format!("http://127.0.0.1/{}", "a".repeat(URL_CHARS_MAX)), &[]).is_none());
    }

    #[test]
    fn an_origin_is_exact() {
        for (text, origin) in [
            ("https://Portal.contoso.example", Some("https://portal.contoso.example")),
            ("https://portal.contoso.example:443/", Some("https://portal.contoso.example")),
            ("http://console:8700", Some("http://console:8700")),
            ("https://portal.contoso.example/done", None),
            ("https://portal.contoso.example?x", None),
            ("https://portal.contoso.example#x", None),
            ("https://*.contoso.example", None),
            ("https://user@portal.contoso.example", None),
            ("portal.contoso.example", None),
            ("ms-app://portal", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(return_origin(text).ok().as_deref(), origin, "{text}");
        }
    }

    #[test]
    fn the_code_is_added_to_the_query() {
        let url = with_code("http://127.0.0.1:5000/done?x=1", "a+b").map(String::from);
        assert_eq!(url.as_deref(), Some("http://127.0.0.1:5000/done?x=1&code=a%2Bb"));
    }
}
