//! The addresses of back ends, as the operator configured them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use outlive_chassis::SystemNames;
use reqwest::dns::Resolve;
use url::Url;

/// Hosts in the files of connectors, and the base URL at which the hub calls each.
///
/// A back end is called at the URL to which the operator mapped its host. The file's own address
/// only counts if [`Unmapped`] allows it, so that a connector cannot make the hub call arbitrary
/// addresses.
#[derive(Clone)]
pub struct BackEnds {
    /// Services of this installation.
    own: Vec<(String, Url)>,
    /// The most specific host first.
    mappings: Vec<BackEndMapping>,
    pub(super) unmapped: Unmapped,
    pub(super) names: Arc<dyn Resolve>,
}

/// How the hub calls hosts that are not mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unmapped {
    /// Not at all.
    #[default]
    Refuse,
    /// At the address in the connector's file, if it is public.
    Public,
    /// At the address in the connector's file, also in private networks and on this machine.
    Any,
}

/// Where a URL of a connector leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// To a service of this installation.
    Own(Url),
    /// To where the operator mapped the host.
    Mapped(Url),
    /// To the host itself.
    Unmapped(Url),
}

impl BackEnds {
    /// Creates the list from host names as in swaggers (`orders.contoso.example`) and the URLs of
    /// services of this installation.
    pub fn new(own: impl IntoIterator<Item = (String, Url)>) -> Self {
        Self {
            own: own.into_iter().map(|(host, url)| (host.to_ascii_lowercase(), url)).collect(),
            mappings: Vec::new(),
            unmapped: Unmapped::default(),
            names: Arc::new(SystemNames),
        }
    }

    /// Adds the operator's mappings, which take precedence over the services of the installation.
    #[must_use]
    pub fn with_mappings(mut self, mappings: impl IntoIterator<Item = BackEndMapping>) -> Self {
        self.mappings.extend(mappings);
        self.mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.host.specificity()));
        self
    }

    /// Sets how hosts that are not mapped are called.
    #[must_use]
    pub fn with_unmapped(self, unmapped: Unmapped) -> Self {
        Self { unmapped, ..self }
    }

    /// Replaces the resolver of host names.
    #[must_use]
    pub fn with_names(self, names: Arc<dyn Resolve>) -> Self {
        Self { names, ..self }
    }

    /// Returns where a URL leads; path and query are kept. `None` if it has no host.
    pub(super) fn destination(&self, url: &Url) -> Option<Destination> {
        let host = host(url)?;
        let mapped = |exact: bool| {
            let mut fitting = self.mappings.iter().filter(|mapping| mapping.host.is_exact() == exact);
            let mapping =
                fitting.find(|mapping| mapping.host.includes(&host, url.port_or_known_default()))?;
            let base = &mapping.url;
            let rebased = rebase(base, url);
            let own = self.own.iter().any(|(_, own)| own.origin() == base.origin());
            Some(if own { Destination::Own(rebased) } else { Destination::Mapped(rebased) })
        };
        let own = || {
            let (_, base) = self.own.iter().find(|(own, _)| *own == host)?;
            Some(Destination::Own(rebase(base, url)))
        };
        let direct = || {
            let mut url = url.clone();
            url.set_fragment(None);
            Destination::Unmapped(url)
        };
        Some(mapped(true).or_else(own).or_else(|| mapped(false)).unwrap_or_else(direct))
    }
}

impl fmt::Debug for BackEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackEnds")
            .field("own", &self.own)
            .field("mappings", &self.mappings)
            .field("unmapped", &self.unmapped)
            .finish_non_exhaustive()
    }
}

/// The host of a URL without the dot that ends an absolute name.
pub(super) fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(host.strip_suffix('.').unwrap_or(host).to_owned())
}

/// Returns `url` at the origin and below the path of `base`.
fn rebase(base: &Url, url: &Url) -> Url {
    let mut rebased = base.clone();
    rebased.set_path(&format!("{}{}", base.path().trim_end_matches('/'), url.path()));
    rebased.set_query(url.query());
    rebased
}

/// A mapping of the operator: `HOST=URL`. `HOST` is a host name as in a connector's file, with a
/// port or for every port; `*.example.com` stands for all names below, `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackEndMapping {
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
        let name = host(&plain).filter(|_| bare && named).ok_or_else(invalid)?;
        let name = match (below, rest.starts_with('.')) {
            (true, true) => format!(".{name}"),
            (true, false) => String::new(),
            (false, _) => name,
        };
        Ok(Self { name, below, port })
    }
}

impl FromStr for BackEndMapping {
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

impl BackEndMapping {
    /// Whether two mappings are about the same hosts.
    #[must_use]
    pub fn has_host_of(&self, other: &Self) -> bool {
        self.host == other.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    fn back_ends(mappings: &[&str]) -> BackEnds {
        BackEnds::new([("Orders.contoso.example".to_owned(), url("http://r:1"))])
            .with_mappings(mappings.iter().map(|text| text.parse().expect("a mapping")))
    }

    #[test]
    fn the_most_specific_mapping_applies() {
        let known = back_ends(&[
            "*=http://all:1",
            "*.example.com=http://below:1",
            "*.api.example.com=http://far-below:1/root/",
            "api.example.com=http://exact:1",
            "api.example.com:8443=http://port:1",
            "API.Example.org.=https://other:1",
            "[::1]:5000=http://six:1",
            "127.0.0.1=http://four:1",
        ]);
        for (from, to) in [
            ("https://api.example.com/a?b=c", "http://exact:1/a?b=c"),
            ("https://api.example.com:8443/a", "http://port:1/a"),
            ("https://api.example.com:9/a", "http://exact:1/a"),
            ("https://API.EXAMPLE.COM./a", "http://exact:1/a"),
            ("https://x.example.com/", "http://below:1/"),
            ("https://x.api.example.com/a%2Fb", "http://far-below:1/root/a%2Fb"),
            ("https://example.com/", "http://all:1/"),
            ("https://notexample.com/", "http://all:1/"),
            ("https://api.example.org/", "https://other:1/"),
            ("http://[0:0::1]:5000/", "http://six:1/"),
            ("http://2130706433/", "http://four:1/"),
            ("https://api.example.com@evil.example/", "http://all:1/"),
        ] {
            assert_eq!(known.destination(&url(from)), Some(Destination::Mapped(url(to))), "{from}");
        }
        let own = Some(Destination::Own(url("http://r:1/orders")));
        assert_eq!(known.destination(&url("https://orders.contoso.example/orders")), own, "before *");
    }

    #[test]
    fn a_mapping_can_replace_and_name_services_of_the_installation() {
        let known = back_ends(&["orders.contoso.example=http://mine:1", "other.example=http://r:1/x"]);
        let to = |from: &str| known.destination(&url(from));
        assert_eq!(to("https://orders.contoso.example/"), Some(Destination::Mapped(url("http://mine:1/"))));
        assert_eq!(to("https://other.example/a"), Some(Destination::Own(url("http://r:1/x/a"))));
    }

    #[test]
    fn other_hosts_are_not_mapped() {
        let known = back_ends(&["api.example.com:8443=http://port:1"]);
        for text in
            ["http://127.0.0.1:8702/a", "https://api.example.com/", "https://orders.contoso.example.evil/"]
        {
            assert_eq!(known.destination(&url(text)), Some(Destination::Unmapped(url(text))), "{text}");
        }
        assert_eq!(known.destination(&url("mailto:x@y")), None);
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
        ] {
            assert!(text.parse::<BackEndMapping>().is_err(), "{text}");
        }
    }
}
