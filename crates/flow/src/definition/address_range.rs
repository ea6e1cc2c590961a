//! Ranges of addresses from which callers are accepted (`allowedCallerIpAddresses`).

use std::net::IpAddr;

use super::node::Node;
use super::refusal::{Collected, DefinitionError};

/// The maximum number of ranges of a list.
const RANGES_MAX: usize = 100;

/// The addresses from the first to the last, as numbers, of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRange {
    is_v4: bool,
    first: u128,
    last: u128,
}

fn number(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (true, u128::from(u32::from(address))),
        IpAddr::V6(address) => (false, u128::from(address)),
    }
}

impl AddressRange {
    /// Parses `192.168.12.0/23`, `192.168.12.0-192.168.12.9` or one address.
    fn parse(text: &str) -> Option<Self> {
        let address = |text: &str| text.trim().parse::<IpAddr>().ok().map(number);
        if let Some((start, prefix)) = text.split_once('/') {
            let (is_v4, start) = address(start)?;
            let bits = if is_v4 { 32 } else { 128 };
            let prefix = prefix.trim().parse::<u32>().ok().filter(|prefix| *prefix <= bits)?;
            let hosts = 1_u128.checked_shl(bits - prefix).map_or(u128::MAX, |count| count - 1);
            return Some(Self { is_v4, first: start & !hosts, last: start | hosts });
        }
        let (start, end) = text.split_once('-').unwrap_or((text, text));
        let ((is_v4, first), (is_last_v4, last)) = (address(start)?, address(end)?);
        (is_v4 == is_last_v4 && first <= last).then_some(Self { is_v4, first, last })
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let (is_v4, number) = number(address);
        is_v4 == self.is_v4 && (self.first..=self.last).contains(&number)
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
