//! Public addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of `bits` bits that begins at the address.
struct Network<A> {
    from: A,
    bits: u32,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u32) -> Network<Ipv4Addr> {
    Network { from: Ipv4Addr::new(a, b, c, d), bits }
}

const fn v6(first: u16, second: u16, bits: u32) -> Network<Ipv6Addr> {
    Network { from: Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), bits }
}

/// IPv4 networks that are not public: the IANA special-purpose address registry, multicast, and the
/// address at which virtual machines of Azure reach their host.
const NOT_PUBLIC_V4: [Network<Ipv4Addr>; 18] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(192, 175, 48, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 3),
];

/// The only IPv6 network of which addresses are assigned to public hosts. Outside of it are
/// loopback, link-local, unique local, multicast, IPv4-mapped and NAT64 addresses.
const GLOBAL_UNICAST: Network<Ipv6Addr> = v6(0x2000, 0, 3);

/// Networks in it that are not public: protocol assignments (Teredo among them), documentation,
/// 6to4, and AS112.
const NOT_PUBLIC_V6: [Network<Ipv6Addr>; 5] =
    [v6(0x2001, 0, 23), v6(0x2001, 0x0db8, 32), v6(0x2002, 0, 16), v6(0x2620, 0x004f, 32), v6(0x3fff, 0, 20)];

/// Whether an address belongs to a host on the public network. Addresses that embed another one,
/// such as IPv4-mapped, 6to4 and NAT64, are not.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            !NOT_PUBLIC_V4.iter().any(|network| (bits ^ u32::from(network.from)) >> (32 - network.bits) == 0)
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            let is_in =
                |network: &Network<Ipv6Addr>| (bits ^ u128::from(network.from)) >> (128 - network.bits) == 0;
            is_in(&GLOBAL_UNICAST) && !NOT_PUBLIC_V6.iter().any(is_in)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_public_hosts_are_public() {
        for (address, public) in [
            ("1.1.1.1", true),
            ("20.190.128.1", true),
            ("93.184.216.34", true),
            ("100.63.255.255", true),
            ("172.32.0.1", true),
            ("168.63.129.17", true),
            ("223.255.255.255", true),
            ("2606:4700::1111", true),
            ("2001:4860:4860::8888", true),
            ("2001:200::1", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:1.1.1.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:2::1", false),
            ("2001:10::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("2002:a9fe:a9fe::", false),
            ("2620:4f:8000::1", false),
            ("3fff::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().expect("an address")), public, "{address}");
        }
    }
}
