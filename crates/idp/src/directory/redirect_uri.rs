//! Redirect URI matching, and what the type of a redirect URI implies for the client ("Redirect URI
//! restrictions").

use url::Url;

use super::application_document::ApplicationDocument;
use super::spec::RedirectUriType;

impl ApplicationDocument {
    /// Returns the type of the matching registration. The match is exact except for the port of a
    /// loopback URI, which the client chooses (RFC 8252, section 7.3; "Redirect URI restrictions").
    pub(crate) fn redirect_type(&self, uri: &str) -> Option<RedirectUriType> {
        let exact = self.redirect_uris.iter().find(|registered| registered.uri == uri);
        exact
            .or_else(|| {
                let asked = without_loopback_port(uri)?;
                self.redirect_uris
                    .iter()
                    .find(|registered| without_loopback_port(&registered.uri).as_deref() == Some(&asked))
            })
            .map(|registered| registered.r#type)
    }

    /// Returns whether a redirect URI has a type for public clients.
    pub(crate) fn has_public_redirect(&self) -> bool {
        self.redirect_uris.iter().any(|uri| uri.r#type != RedirectUriType::Web)
    }

    /// Returns whether an `spa` redirect URI has this origin; a loopback address may have any port.
    pub(crate) fn has_page_at(&self, origin: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        let pages = self.redirect_uris.iter().filter(|uri| uri.r#type == RedirectUriType::Spa);
        pages.filter_map(|page| Url::parse(&page.uri).ok()).any(|page| {
            page.scheme() == origin.scheme()
                && page.host_str() == origin.host_str()
                && (is_loopback(&page) || page.port() == origin.port())
        })
    }

    /// Returns whether a URI extends the path of a registered one, which admin consent allows.
    pub(crate) fn is_below_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| is_below(uri, &registered.uri))
    }
}

/// Returns a loopback redirect URI without its port; `None` for any other URI. Otherwise URIs are
/// compared as text: case and path matter.
pub(super) fn without_loopback_port(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?;
    let (authority, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.split_once(':').map_or(authority, |(host, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { host } else { authority }
    });
    if !matches!(host, "localhost" | "127.0.0.1") {
        return None;
    }
    // The redirect target has to be a valid URI.
    Url::parse(uri).ok()?;
    Some(format!("http://{host}{}", if path.is_empty() { "/" } else { path }))
}

/// Returns whether it is an http loopback URI, whose port the client chooses.
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}

/// Returns whether `uri` extends `registered` by path segments only. Compares them as browsers do,
/// with `..` resolved.
fn is_below(uri: &str, registered: &str) -> bool {
    let (Ok(uri), Ok(registered)) = (Url::parse(uri), Url::parse(registered)) else { return false };
    let plain = |url: &Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.scheme(), "http" | "https")
    };
    let below = uri.path().strip_prefix(registered.path().trim_end_matches('/'));
    plain(&uri)
        && plain(&registered)
        && uri.scheme() == registered.scheme()
        && uri.host_str() == registered.host_str()
        && (is_loopback(&uri) || uri.port() == registered.port())
        && below.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{is_below, without_loopback_port};

    #[test]
    fn an_address_is_below_another_by_path_segments_only() {
        let registered = "https://app.example/cb";
        for (uri, below) in [
            ("https://app.example/cb/admin", true),
            ("https://app.example/cb/a/../b", true),
            ("https://app.example/cb/../evil", false),
            ("https://app.example/cb/%2e%2e/evil", false),
            ("https://app.example/cb\\..\\evil", false),
            ("https://app.example/cbx", false),
            ("https://app.example/cb/x?code=1", false),
            ("https://app.example/cb/x#f", false),
            ("https://app.example:8443/cb/x", false),
            ("http://app.example/cb/x", false),
            ("https://app.example.evil.example/cb/x", false),
            ("https://app.example@evil.example/cb/x", false),
            ("https://me@app.example/cb/x", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_below(uri, registered), below, "{uri}");
        }
        assert!(is_below("http://localhost:4321/x", "http://localhost"));
        assert!(!is_below("app://auth/x", "app://auth"), "schemes of one's own have no paths below");
    }

    #[test]
    fn only_a_loopback_port_is_ignored() {
        assert_eq!(without_loopback_port("http://localhost:4321/cb").as_deref(), Some("http://localhost/cb"));
        assert_eq!(without_loopback_port("http://localhost").as_deref(), Some("http://localhost/"));
        for other in [
            "https://localhost:4321/cb",
            "http://localhost.evil.example/cb",
            "http://localhost:80@evil.example/cb",
            "http://127.0.0.1:x/",
            "http://127.0.0.2/",
            "nonsense",
        ] {
            assert_eq!(without_loopback_port(other), None, "{other}");
        }
    }
}
