//! Ranges of addresses from which callers are accepted (`allowedCallerIpAddresses`).

use std::net::IpAddr;

use ipnet::IpNet;

use super::node::Node;
use super::refusal::{Collected, DefinitionError};

/// The maximum number of ranges of a list.
const RANGES_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressRange {
    Network(IpNet),
    /// The addresses from the first to the last, of one family.
    Between(IpAddr, IpAddr),
}

impl AddressRange {
    /// Parses `192.168.12.0/23`, `192.168.12.0-192.168.12.9` or one address.
    fn parse(text: &str) -> Option<Self> {
        if text.contains('/') {
            return text.trim().parse().ok().map(Self::Network);
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let address = |text: &str| text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let (first, last) = (address(first)?, address(last)?);
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self::Between(first, last))
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Network(network) => network.contains(&address),
            // All addresses of version 4 come before those of version 6.
            Self::Between(first, last) => (first..=last).contains(&&address),
        }
    }
}

/// Reads a list of ranges. Those that are wrong are recorded, and accept no address.
pub(super) fn read(list: &Node<'_>, errors: &mut Collected) -> Vec<AddressRange> {
    let elements = errors.keep(list.elements()).unwrap_or_default();
    if elements.len() > RANGES_MAX {
        errors.push(list.refuse("there are too many ranges", &format!("keep at most {RANGES_MAX}")));
    }
    elements.iter().take(RANGES_MAX).filter_map(|element| errors.keep(range(element))).collect()
}

fn range(element: &Node<'_>) -> Result<AddressRange, DefinitionError> {
    element.only(&["addressRange"])?;
    let remedy = "write 192.168.12.0/23, 192.168.12.0-192.168.12.9 or 2001:db8::/64";
    let written = element.required("addressRange", remedy)?;
    AddressRange::parse(written.text()?)
        .ok_or_else(|| written.refuse("this is not a range of addresses", remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_addresses_only() {
        for (range, address, expected) in [
            ("192.168.12.0/23", "192.168.13.255", true),
            ("192.168.12.0/23", "192.168.14.0", false),
            ("192.168.12.7/23", "192.168.12.0", true),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.1-10.0.0.3", "10.0.0.3", true),
            ("10.0.0.1 - 10.0.0.3", "10.0.0.4", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("2001:db8::/64", "2001:db8::ffff:1", true),
            ("2001:db8::/64", "2001:db8:0:1::", false),
            ("::/0", "2001:db8::1", true),
        ] {
            let parsed = AddressRange::parse(range).expect(range);
            assert_eq!(parsed.contains(address.parse().expect("an address")), expected, "{range} {address}");
        }
        let wrong =
            ["", "x", "10.0.0.1/33", "::/129", "10.0.0.3-10.0.0.1", "10.0.0.1-::1", "10.0.0", "1-2-3", "/8"];
        for wrong in wrong {
            assert_eq!(AddressRange::parse(wrong), None, "{wrong}");
        }
    }
}
