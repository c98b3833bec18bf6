//! Which addresses are private.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges that no one outside of the organisation reaches: RFC 1918, RFC 6598,
/// loopback, link-local, and unique local addresses.
const PRIVATE_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];
const PRIVATE_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

/// Addresses that agree in their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// IPv4 shifted to the top, so that both are compared alike.
    bits: u128,
    length: u8,
    v4: bool,
}

impl Range {
    fn new(address: IpAddr, length: u8) -> Option<Self> {
        let (bits, v4, most) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true, 32),
            IpAddr::V6(address) => (u128::from(address), false, 128),
        };
        (length <= most).then_some(Range { bits, length, v4 })
    }

    /// Reads `10.0.0.0/8`, `fd00::/8` or an address alone.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/') {
            Some((address, length)) => Range::new(address.parse().ok()?, length.parse().ok()?),
            None => {
                let address: IpAddr = text.parse().ok()?;
                Range::new(address, if address.is_ipv4() { 32 } else { 128 })
            }
        }
    }

    /// Whether all of `other` is in it.
    pub fn contains(self, other: Self) -> bool {
        let mask = u128::MAX
            .checked_shl(128 - u32::from(self.length))
            .unwrap_or(0);
        self.v4 == other.v4 && self.length <= other.length && self.bits & mask == other.bits & mask
    }

    fn is_private(self) -> bool {
        let v4 = PRIVATE_V4
            .iter()
            .map(|(address, length)| (IpAddr::V4(*address), *length));
        let v6 = PRIVATE_V6
            .iter()
            .map(|(address, length)| (IpAddr::V6(*address), *length));
        v4.chain(v6)
            .filter_map(|(address, length)| Range::new(address, length))
            .any(|private| private.contains(self))
    }
}

/// Whether all addresses of a range are private. What can't be read is not.
pub(super) fn is_private(text: &str) -> bool {
    Range::parse(text).is_some_and(Range::is_private)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_ranges_are_known() {
        let check = |text: &str, expect: bool| assert_eq!(is_private(text), expect, "{text}");
        check("10.0.0.0/8", true);
        check("10.1.2.3", true);
        check("10.1.0.0/16", true);
        check("10.0.0.0/7", false);
        check("0.0.0.0/0", false);
        check("172.16.0.0/12", true);
        check("172.31.255.0/24", true);
        check("172.32.0.0/16", false);
        check("192.168.1.1/32", true);
        check("100.64.0.0/10", true);
        check("203.0.113.7", false);
        check("203.0.113.0/24", false);
        check("fd12::/16", true);
        check("fe80::1", true);
        check("::/0", false);
        check("2001:db8::/32", false);
        check("10.0.0.0/40", false);
        check("ten", false);
        check("", false);
    }

    #[test]
    fn containment_looks_at_the_family() {
        let check = |outer: &str, inner: &str, expect: bool| {
            let (outer, inner) = (
                Range::parse(outer).expect("a range"),
                Range::parse(inner).expect("a range"),
            );
            assert_eq!(outer.contains(inner), expect);
        };
        check("0.0.0.0/0", "10.0.0.0/8", true);
        check("10.0.0.0/8", "0.0.0.0/0", false);
        check("::/0", "10.0.0.0/8", false);
        check("0.0.0.0/0", "::/0", false);
        check("10.0.0.0/8", "10.0.0.0/8", true);
    }
}
