//! The addresses of back ends, as the operator configured them.

use std::fmt;
use std::sync::Arc;

use outlive_chassis::{HostMapping, HostMappings, MappedUrl, SystemNames, host_of};
use reqwest::dns::Resolve;
use url::Url;

/// Hosts in the files of connectors, and the base URL at which the hub calls each.
///
/// A back end is called at the URL to which the operator mapped its host. The file's own address
/// only counts if [`Unmapped`] allows it, so that a connector cannot make the hub call arbitrary
/// addresses.
#[derive(Clone)]
pub struct BackEnds {
    hosts: HostMappings,
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
        Self { hosts: HostMappings::new(own), unmapped: Unmapped::default(), names: Arc::new(SystemNames) }
    }

    /// Adds the operator's mappings, which take precedence over the services of the installation.
    #[must_use]
    pub fn with_mappings(self, mappings: impl IntoIterator<Item = HostMapping>) -> Self {
        Self { hosts: self.hosts.with_mappings(mappings), ..self }
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
        host_of(url)?;
        Some(match self.hosts.find(url) {
            Some(MappedUrl { url, is_own: true, .. }) => Destination::Own(url),
            Some(MappedUrl { url, is_own: false, .. }) => Destination::Mapped(url),
            None => {
                let mut url = url.clone();
                url.set_fragment(None);
                Destination::Unmapped(url)
            }
        })
    }
}

impl fmt::Debug for BackEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackEnds")
            .field("hosts", &self.hosts)
            .field("unmapped", &self.unmapped)
            .finish_non_exhaustive()
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
}
