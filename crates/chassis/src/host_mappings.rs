//! Hosts that connectors and definitions name, and the addresses to which the operator mapped them.

use std::cmp::Reverse;
use std::str::FromStr;

use url::Url;

/// Hosts, and the base URL at which each is called.
#[derive(Debug, Clone, Default)]
pub struct HostMappings {
    /// Services of this installation.
    own: Vec<OwnHost>,
    /// The most specific host first.
    mappings: Vec<HostMapping>,
}

/// A service of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnHost {
    host: String,
    url: Url,
    by_tls: Option<Url>,
}

/// The address of a URL whose host is mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedUrl {
    /// The address, with the path and query of the URL.
    pub url: Url,
    /// The address over TLS, where client certificates are sent, if it has one.
    pub by_tls: Option<Url>,
    /// Whether it is a service of this installation.
    pub is_own: bool,
}

impl HostMappings {
    /// Creates the list from host names and the URLs of services of this installation.
    pub fn new(own: impl IntoIterator<Item = (String, Url)>) -> Self {
        let own = own.into_iter();
        let own = own.map(|(host, url)| OwnHost { host: host.to_ascii_lowercase(), url, by_tls: None });
        Self { own: own.collect(), mappings: Vec::new() }
    }

    /// Adds the address over TLS of a service of this installation.
    #[must_use]
    pub fn with_own_tls(mut self, host: &str, by_tls: Option<Url>) -> Self {
        if let Some(own) = self.own.iter_mut().find(|own| own.host == host) {
            own.by_tls = by_tls;
        }
        self
    }

    /// Adds the operator's mappings, which take precedence over the services of the installation if
    /// they name the host itself.
    #[must_use]
    pub fn with_mappings(mut self, mappings: impl IntoIterator<Item = HostMapping>) -> Self {
        self.mappings.extend(mappings);
        self.mappings.sort_by_key(|mapping| Reverse(mapping.host.specificity()));
        self
    }

    /// Whether any host is mapped to an address outside of this installation.
    #[must_use]
    pub fn reach_outside(&self) -> bool {
        self.mappings.iter().any(|mapping| !self.is_own(&mapping.url))
    }

    /// Returns where a URL leads. `None` if its host is not mapped.
    #[must_use]
    pub fn find(&self, url: &Url) -> Option<MappedUrl> {
        let host = host_of(url)?;
        let mapped = |exact: bool| {
            let mut fitting = self.mappings.iter().filter(|mapping| mapping.host.is_exact() == exact);
            let mapping = fitting.find(|mapping| mapping.host.includes(host, url.port_or_known_default()))?;
            let rebased = rebase(&mapping.url, url);
            let by_tls = Some(&rebased).filter(|url| url.scheme() == "https").cloned();
            Some(MappedUrl { url: rebased, by_tls, is_own: self.is_own(&mapping.url) })
        };
        let own = || {
            let own = self.own.iter().find(|own| own.host == host)?;
            let by_tls = own.by_tls.as_ref().map(|base| rebase(base, url));
            Some(MappedUrl { url: rebase(&own.url, url), by_tls, is_own: true })
        };
        mapped(true).or_else(own).or_else(|| mapped(false))
    }

    /// Whether a service of this installation is at the origin of a URL.
    fn is_own(&self, base: &Url) -> bool {
        self.own.iter().any(|own| own.url.origin() == base.origin())
    }
}

/// The host of a URL without the dot that ends an absolute name.
#[must_use]
pub fn host_of(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    Some(host.strip_suffix('.').unwrap_or(host))
}

/// Returns `url` at the origin and below the path of `base`.
fn rebase(base: &Url, url: &Url) -> Url {
    let mut rebased = base.clone();
    rebased.set_path(&format!("{}{}", base.path().trim_end_matches('/'), url.path()));
    rebased.set_query(url.query());
    rebased
}

/// A mapping of the operator: `HOST=URL`. `HOST` is the name of a host, with a port or for every
/// port; `*.example.com` stands for all names below, `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMapping {
    host: HostPattern,
    url: Url,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPattern {
    /// The name, or with `below` the suffix with its dot; empty for every host.
    name: String,
    below: bool,
    port: Option<u16>,
}

impl HostPattern {
    fn is_exact(&self) -> bool {
        !self.below
    }

    /// Names before wildcards, long names before short ones, with a port before without.
    fn specificity(&self) -> (bool, usize, bool) {
        (self.is_exact(), self.name.len(), self.port.is_some())
    }

    fn includes(&self, host: &str, port: Option<u16>) -> bool {
        let named = if self.below { host.ends_with(&self.name) } else { host == self.name };
        named && (self.port.is_none() || self.port == port)
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let below = text.starts_with('*');
        let rest = text.strip_prefix('*').unwrap_or(text);
        // The parser of URLs decides what a host is, as for connectors.
        let standing = match (below, rest.strip_prefix('.')) {
            (true, Some(parent)) => parent.to_owned(),
            (true, None) if rest.is_empty() || rest.starts_with(':') => format!("any.example{rest}"),
            (true, None) => return Err("'*' stands for all names before a dot, as in *.example.com".into()),
            (false, _) => text.to_owned(),
        };
        let invalid = || format!("'{text}' is not a host name with an optional port");
        let url: Url = format!("outlive-host://{standing}/").parse().map_err(|_| invalid())?;
        let port = url.port();
        let plain: Url = format!("http://{standing}/").parse().map_err(|_| invalid())?;
        let bare = plain.path() == "/" && plain.query().is_none() && plain.fragment().is_none();
        let named = plain.username().is_empty() && plain.password().is_none() && !standing.contains('*');
        let name = host_of(&plain).filter(|_| bare && named).ok_or_else(invalid)?;
        let name = match (below, rest.starts_with('.')) {
            (true, true) => format!(".{name}"),
            (true, false) => String::new(),
            (false, _) => name.to_owned(),
        };
        Ok(Self { name, below, port })
    }
}

impl FromStr for HostMapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, url) = text.split_once('=').ok_or("it is not HOST=URL")?;
        let host = host.trim().parse()?;
        let url: Url = url.trim().parse().map_err(|error| format!("'{}': {error}", url.trim()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("'{url}' is neither an http nor an https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL contains a user name or password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("'{url}' has a query or a fragment"));
        }
        Ok(Self { host, url })
    }
}

impl HostMapping {
    /// Whether two mappings are about the same hosts.
    #[must_use]
    pub fn has_host_of(&self, other: &Self) -> bool {
        self.host == other.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_host_applies_and_others_have_no_address() {
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let known = HostMappings::new([("Orders.contoso.example".to_owned(), url("http://r:1"))]);
        assert!(!known.reach_outside());
        let mappings =
            ["*.example.com=http://b:2/all", "Api.example.com=http://b:1", "api.example.com:99=http://r:1"];
        let known = known.with_mappings(mappings.map(|text| text.parse().expect(text)));
        assert!(known.reach_outside());
        for (from, to) in [
            ("https://api.EXAMPLE.com/a/b?c=d#e", Some(("http://b:1/a/b?c=d", false))),
            ("https://api.example.com:99/", Some(("http://r:1/", true))),
            ("https://api.example.com:8443/", Some(("http://b:1/", false))),
            ("http://user:secret@x.y.example.com/a", Some(("http://b:2/all/a", false))),
            ("http://orders.contoso.example./", Some(("http://r:1/", true))),
            ("http://example.com/", None),
            ("http://api.example.com.evil.test/", None),
            ("http://127.0.0.1:1/", None),
            ("http://[::1]/", None),
        ] {
            let found = known.find(&url(from)).map(|found| (found.url.to_string(), found.is_own));
            let found = found.as_ref().map(|(url, is_own)| (url.as_str(), *is_own));
            assert_eq!(found, to, "{from}");
        }
        let all = HostMappings::default().with_mappings(["*=http://b:1".parse().expect("a mapping")]);
        assert!(all.find(&url("https://any.test/")).is_some_and(|found| !found.is_own));
    }

    #[test]
    fn a_mapping_that_cannot_be_meant_is_rejected() {
        for text in [
            "",
            "api.example.com",
            "=http://r:1",
            "api.example.com=",
            "api.example.com=r:1",
            "api.example.com=ftp://r",
            "api.example.com=http://u:p@r",
            "api.example.com=http://r?x=1",
            "api.example.com=http://r#x",
            "https://api.example.com=http://r",
            "api.example.com/v1=http://r",
            "user@api.example.com=http://r",
            "*example.com=http://r",
            "a.*.example.com=http://r",
            "*.*=http://r",
            "api.example.com:99999=http://r",
            "api example=http://r",
            "**=http://c",
            "a:x=http://c",
        ] {
            assert!(text.parse::<HostMapping>().is_err(), "{text}");
        }
    }
}
