//! The URIs of services on this machine.

use std::net::Ipv4Addr;

use http::Uri;
use url::{Host, Url};

/// What the URLs of services on this machine begin with.
const ORIGIN: &str = "http://127.0.0.1:";

/// Returns the URI of a URL, if it is of a service on this machine. It is normalized as a URL is
/// (WHATWG), without parsing those that are already.
pub(super) fn loopback_uri(url: &str) -> Option<Uri> {
    let rest = url.strip_prefix(ORIGIN)?;
    if is_normal(rest) {
        return url.parse().ok();
    }
    let url = Url::parse(url).ok()?;
    // What follows the origin can turn it into user information.
    let is_loopback = url.host() == Some(Host::Ipv4(Ipv4Addr::LOCALHOST))
        && url.username().is_empty()
        && url.password().is_none();
    if is_loopback { url.as_str().parse().ok() } else { None }
}

/// Whether the parser of URLs certainly changes nothing: port, path and query have no default port,
/// no segment that may be `.` or `..`, no fragment, and no character to escape.
fn is_normal(rest: &str) -> bool {
    let Some(slash) = rest.find('/') else { return false };
    let (port, path) = rest.split_at(slash);
    let is_port = port.parse::<u16>().is_ok() && !port.starts_with(['0', '+']) && port != "80";
    is_port && path.bytes().all(is_plain) && !path.contains("/.") && !path.contains("/%")
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
                | b'/'
                | b'%'
                | b'?'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(url: &str) -> Option<String> {
        loopback_uri(url).map(|uri| uri.to_string())
    }

    #[test]
    fn the_urls_of_this_machine_are_normalized() {
        for (url, expected) in [
            ("http://127.0.0.1:8701/a/b.c?x=1&y=%20", "http://127.0.0.1:8701/a/b.c?x=1&y=%20"),
            ("http://127.0.0.1:8701", "http://127.0.0.1:8701/"),
            ("http://127.0.0.1:8701?x", "http://127.0.0.1:8701/?x"),
            ("http://127.0.0.1:80/", "http://127.0.0.1/"),
            ("http://127.0.0.1:08701/", "http://127.0.0.1:8701/"),
            ("http://127.0.0.1:8701/.well-known/x", "http://127.0.0.1:8701/.well-known/x"),
            ("http://127.0.0.1:8701/a/../b/./c", "http://127.0.0.1:8701/b/c"),
            ("http://127.0.0.1:8701/a/%2e%2E/b", "http://127.0.0.1:8701/b"),
            ("http://127.0.0.1:8701/a b?c='d'", "http://127.0.0.1:8701/a%20b?c=%27d%27"),
            ("http://127.0.0.1:8701/ä", "http://127.0.0.1:8701/%C3%A4"),
            ("http://127.0.0.1:8701/a\\b", "http://127.0.0.1:8701/a/b"),
            ("http://127.0.0.1:8701/a#b", "http://127.0.0.1:8701/a"),
        ] {
            assert_eq!(uri(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn other_urls_are_none() {
        for url in [
            "http://127.0.0.1/",
            "http://127.0.0.2:8701/",
            "https://127.0.0.1:8701/",
            "http://localhost:8701/",
            "http://127.0.0.1:x@back-end.example/",
            "http://127.0.0.1:1@back-end.example/",
            "http://127.0.0.1:x@127.0.0.1:8701/",
            "http://127.0.0.1:65536/",
            "http://127.0.0.1:x/",
            "",
        ] {
            assert_eq!(uri(url), None, "{url}");
        }
    }

    proptest! {
        /// Both ways have the same result.
        #[test]
        fn what_is_normal_is_not_changed_by_parsing(rest in "[0-9]{1,5}[/a-z.%2eE?&#@:'*~!()\\[\\]+-]{0,12}") {
            if is_normal(&rest) {
                let url = format!("{ORIGIN}{rest}");
                prop_assert_eq!(Url::parse(&url).expect("a URL").to_string(), &*url);
                prop_assert_eq!(url.parse::<Uri>().expect("a URI").to_string(), url);
            }
        }
    }
}
