//! The hosts that `Http` actions can reach.

use std::str::FromStr;

use url::Url;

/// Hosts, and the address at which the flow service calls each. It calls no others, so that a
/// definition cannot make it reach arbitrary addresses.
#[derive(Clone, Debug, Default)]
pub struct HttpHosts(Vec<HttpHost>);

/// A host and its address, written `HOST=URL`. The host may have a port; `*.example.com` stands for
/// all hosts below, `*` for every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpHost {
    host: String,
    port: Option<u16>,
    url: Url,
    is_own: bool,
    /// The address over TLS of a service of this installation.
    by_tls: Option<Url>,
}

/// Where a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) url: Url,
    /// Where it is sent with a client certificate; `None` if there is no TLS.
    pub(crate) by_tls: Option<Url>,
    /// Whether it is a service of this installation.
    pub(crate) is_own: bool,
}

impl FromStr for HttpHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, url) = text.split_once('=').ok_or("it has no '='")?;
        let url: Url = url.trim().parse().map_err(|error| format!("the URL is not valid: {error}"))?;
        if !["http", "https"].contains(&url.scheme()) || url.query().is_some() || url.fragment().is_some() {
            return Err("the URL is not one of http or https without query and fragment".to_owned());
        }
        let (host, port) = match host.trim().rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, Some(port.parse().map_err(|_| "the port is not a number")?))
            }
            _ => (host.trim(), None),
        };
        let plain = host.strip_prefix("*.").unwrap_or(host).to_ascii_lowercase();
        let is_host = Url::parse(&format!("http://{plain}/"))
            .is_ok_and(|url| url.host_str() == Some(&plain) && url.port().is_none());
        // A host of only a star stands for all; one star more is a mistake.
        if host != "*" && (!is_host || plain.contains('*')) {
            return Err("the host is not valid".to_owned());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port, url, is_own: false, by_tls: None })
    }
}

impl HttpHost {
    /// Creates the mapping of a service of this installation, with its address over TLS if it has
    /// one.
    pub fn own(host: &str, url: Url, by_tls: Option<Url>) -> Self {
        Self { host: host.to_ascii_lowercase(), port: None, url, is_own: true, by_tls }
    }
}

impl HttpHosts {
    /// Adds mappings; exact hosts take precedence over others, and earlier ones over later ones.
    #[must_use]
    pub fn with(mut self, hosts: impl IntoIterator<Item = HttpHost>) -> Self {
        self.0.extend(hosts);
        self.0.sort_by_key(|host| {
            (host.host.contains('*'), host.port.is_none(), std::cmp::Reverse(host.host.len()))
        });
        self
    }

    /// Whether any host is outside of this installation.
    pub(crate) fn reach_outside(&self) -> bool {
        self.0.iter().any(|host| !host.is_own)
    }

    /// Returns where a URL leads; path and query are kept. `None` if its host is not mapped.
    pub(crate) fn destination(&self, url: &Url) -> Option<Destination> {
        let host = url.host_str()?.to_ascii_lowercase();
        let port = url.port_or_known_default();
        let includes = |mapping: &&HttpHost| {
            let includes = match mapping.host.strip_prefix('*') {
                Some(suffix) => suffix.is_empty() || (host.ends_with(suffix) && host.len() > suffix.len()),
                None => mapping.host == host,
            };
            includes && (mapping.port.is_none() || mapping.port == port)
        };
        let mapping = self.0.iter().find(includes)?;
        let at = |address: &Url| {
            let mut destination = address.clone();
            let base = address.path().trim_end_matches('/');
            destination.set_path(&format!("{base}{}", url.path()));
            destination.set_query(url.query());
            destination
        };
        let by_tls =
            mapping.by_tls.as_ref().or_else(|| Some(&mapping.url).filter(|url| url.scheme() == "https"));
        Some(Destination { url: at(&mapping.url), by_tls: by_tls.map(at), is_own: mapping.is_own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mapped_hosts_have_a_destination() {
        let parse = |text: &str| text.parse::<HttpHost>().expect(text);
        let hosts = HttpHosts::default().with([
            parse("*.example.com=http://127.0.0.1:2/all"),
            parse("Api.example.com=http://127.0.0.1:1"),
            parse("api.example.com:99=http://127.0.0.1:3"),
        ]);
        let destination =
            |url: &str| hosts.destination(&url.parse().expect("a URL")).map(|found| found.url.to_string());
        for (url, expected) in [
            ("https://api.EXAMPLE.com/a/b?c=d#e", Some("http://127.0.0.1:1/a/b?c=d")),
            ("https://api.example.com:99/", Some("http://127.0.0.1:3/")),
            ("https://api.example.com:8443/", Some("http://127.0.0.1:1/")),
            ("http://user:secret@x.y.example.com/a", Some("http://127.0.0.1:2/all/a")),
            ("http://example.com/", None),
            ("http://api.example.com.evil.test/", None),
            ("http://127.0.0.1:1/", None),
            ("http://[::1]/", None),
        ] {
            assert_eq!(destination(url).as_deref(), expected, "{url}");
        }
        let all = HttpHosts::default().with([parse("*=http://b:1")]);
        assert!(all.destination(&"https://any.test/".parse().expect("a URL")).is_some());
    }

    #[test]
    fn mappings_are_checked() {
        for bad in [
            "",
            "a.test",
            "a.test=b",
            "a.test=ftp://b",
            "a.test=http://b?c",
            "a/b=http://c",
            "a:x=http://c",
            "**=http://c",
        ] {
            assert!(bad.parse::<HttpHost>().is_err(), "{bad}");
        }
    }
}
