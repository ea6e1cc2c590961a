//! A path that leads nowhere: a page for people, a problem document for programs.

use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use url::{Host, Url};

use crate::{CallerOrigin, Problem};

/// Content security policy of the page: the style sheet and the icon of the same origin.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The maximum length of a path on the page, in characters.
const PATH_CHARS_MAX: usize = 100;

/// Whether a browser asks for a page.
#[must_use]
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"))
}

/// Responds to an unknown path of a service whose port is `OFFSET` after that of the console.
pub async fn unknown_path<const OFFSET: u16>(uri: Uri, headers: HeaderMap, origin: CallerOrigin) -> Response {
    unknown_path_page(&uri, &headers, &origin, OFFSET)
        .unwrap_or_else(|| Problem::not_found("NotFound", "There is nothing at this path.").into_response())
}

/// Returns the page about an unknown path, if a browser asks for a page.
#[must_use]
pub fn unknown_path_page(
    uri: &Uri,
    headers: &HeaderMap,
    origin: &CallerOrigin,
    offset: u16,
) -> Option<Response> {
    if !wants_page(headers) {
        return None;
    }
    let console = console_of(&origin.0, offset);
    let mut response = (StatusCode::NOT_FOUND, page(uri.path(), console.as_deref())).into_response();
    for (name, value) in [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

/// The console of the same machine, by the order of the ports.
fn console_of(origin: &str, offset: u16) -> Option<String> {
    let mut url: Url = origin.parse().ok()?;
    let is_loopback = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let port = url.port()?.checked_sub(offset)?;
    if !is_loopback || url.scheme() != "http" {
        return None;
    }
    url.set_port(Some(port)).ok()?;
    Some(url.to_string())
}

fn page(path: &str, console: Option<&str>) -> String {
    let path = escaped(&path.chars().take(PATH_CHARS_MAX).collect::<String>());
    let back = console.map_or_else(String::new, |console| {
        format!("<div class=\"buttons\"><a class=\"button is-primary is-large\" href=\"{}\">Go to the console</a></div>", escaped(console))
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>There is no page at this address · Outlive</title>\n\
         <link rel=\"stylesheet\" href=\"/_pages/all.css\">\n<link rel=\"icon\" href=\"/favicon.ico\" type=\"image/svg+xml\">\n\
         </head>\n<body>\n<main class=\"wrap\"><div class=\"page\"><div class=\"ask\"><p class=\"brand\">Outlive</p>\n\
         <div class=\"stack is-close\"><h1>There is no page at this address</h1><p class=\"mid quiet\">\
         <span class=\"mono\">{path}</span> does not exist here. This service is for programs; the pages for people are those of the \
         console.</p></div>\n{back}\n</div></div></main>\n</body>\n</html>\n"
    )
}

/// A text in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_found_by_the_order_of_ports() {
        for (origin, console) in [
            ("http://127.0.0.1:8702", Some("http://127.0.0.1:8700/")),
            ("http://localhost:9702", Some("http://localhost:9700/")),
            ("http://[::1]:8702", Some("http://[::1]:8700/")),
            ("https://127.0.0.1:8702", None),
            ("http://hub.example:8702", None),
            ("http://127.0.0.1", None),
            ("http://127.0.0.1:1", None),
            ("nonsense", None),
        ] {
            assert_eq!(console_of(origin, 2).as_deref(), console, "{origin}");
        }
    }

    #[test]
    fn a_path_is_text() {
        let page = page("/<script>\"&", Some("http://127.0.0.1:8700/"));
        assert!(page.contains("/&lt;script&gt;&quot;&amp;") && !page.contains("<script>"), "{page}");
    }
}
