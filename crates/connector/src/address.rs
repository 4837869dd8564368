//! Addresses that are never a backend, whoever asks: the connector checks them at every connection, and the engine
//! does the same with the same function before it asks.
//!
//! An address that carries another one inside (IPv4-mapped, NAT64, 6to4) is judged by what it carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254),
    Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023),
    Ipv6Addr::new(0xfd00, 0x0042, 0, 0, 0, 0, 0, 0x0042),
    Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254),
];

/// The IPv4 address inside an IPv4-mapped, IPv4-translated, NAT64 or 6to4 address; any other address as it is.
pub fn inner(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => embedded(v6).map_or(address, IpAddr::V4),
    }
}

fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, a, b, c, d, ..] = v6.octets();
    let [.., w, x, y, z] = v6.octets();
    match v6.segments() {
        [0x0064, 0xff9b, 0, 0, 0, 0, ..] | [0x0064, 0xff9b, 1, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            Some(Ipv4Addr::new(w, x, y, z))
        }
        [0x2002, ..] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => v6.to_ipv4_mapped(),
    }
}

pub fn is_loopback(address: IpAddr) -> bool {
    inner(address).is_loopback()
}

/// Why an address is never a backend; None when it may be one. Loopback is another question: see `is_loopback`.
pub fn forbidden(address: IpAddr) -> Option<&'static str> {
    match inner(address) {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => forbidden_v6(v6),
    }
}

fn forbidden_v4(v4: Ipv4Addr) -> Option<&'static str> {
    let [first, ..] = v4.octets();
    if METADATA_V4.contains(&v4) {
        Some("a cloud metadata address")
    } else if v4.is_unspecified() || first == 0 {
        Some("the unspecified address")
    } else if v4.is_link_local() {
        Some("a link-local address")
    } else if v4.is_multicast() {
        Some("a multicast address")
    } else if v4.is_broadcast() {
        Some("the broadcast address")
    } else if first >= 240 {
        Some("a reserved address")
    } else {
        None
    }
}

fn forbidden_v6(v6: Ipv6Addr) -> Option<&'static str> {
    let [first, ..] = v6.segments();
    if METADATA_V6.contains(&v6) {
        Some("a cloud metadata address")
    } else if v6.is_unspecified() {
        Some("the unspecified address")
    } else if first & 0xffc0 == 0xfe80 {
        Some("a link-local address")
    } else if v6.is_multicast() {
        Some("a multicast address")
    } else if matches!(v6.segments(), [0, 0, 0, 0, 0, 0, _, _]) && !v6.is_loopback() {
        Some("an IPv4-compatible address, which no network uses any more")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<&'static str> {
        forbidden(text.parse().unwrap())
    }

    #[test]
    fn ordinary_addresses_may_be_backends() {
        for text in ["10.0.0.11", "100.64.0.1", "172.20.0.5", "192.168.1.9", "8.8.8.8", "fd12::1", "2001:db8::1"] {
            assert_eq!(reason(text), None, "{text}");
        }
    }

    #[test]
    fn metadata_and_special_addresses_never_are() {
        for (text, expected) in [
            ("169.254.169.254", "a cloud metadata address"),
            ("100.100.100.200", "a cloud metadata address"),
            ("168.63.129.16", "a cloud metadata address"),
            ("192.0.0.192", "a cloud metadata address"),
            ("fd00:ec2::254", "a cloud metadata address"),
            ("fd00:ec2::23", "a cloud metadata address"),
            ("fd00:42::42", "a cloud metadata address"),
            ("fd20:ce::254", "a cloud metadata address"),
            ("169.254.1.1", "a link-local address"),
            ("fe80::1", "a link-local address"),
            ("0.0.0.0", "the unspecified address"),
            ("0.1.2.3", "the unspecified address"),
            ("::", "the unspecified address"),
            ("224.0.0.1", "a multicast address"),
            ("ff02::1", "a multicast address"),
            ("240.0.0.1", "a reserved address"),
            ("255.255.255.255", "the broadcast address"),
            ("::10.0.0.1", "an IPv4-compatible address, which no network uses any more"),
        ] {
            assert_eq!(reason(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn an_address_inside_another_is_the_one_that_counts() {
        for text in [
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::100.100.100.200",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            assert_eq!(reason(text), Some("a cloud metadata address"), "{text}");
        }
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"] {
            assert!(is_loopback(text.parse().unwrap()), "{text}");
        }
        assert_eq!(inner("::ffff:10.0.0.11".parse().unwrap()), "10.0.0.11".parse::<IpAddr>().unwrap());
    }
}
