//! Which addresses a URL of the configuration may lead to. The URL is the operator's own, and TLS proves the name before anything is
//! asked: so private networks are fine, where many keep their identity provider. What no provider lives at, and what a name should never
//! lead to, is refused: metadata services, this machine, broadcast, and the ways to write those in IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether keys may be fetched from an address. `loopback`: the URL itself says that it is this machine.
pub(super) fn may_be_asked(address: IpAddr, loopback: bool) -> bool {
    let address = address.to_canonical();
    if address.is_loopback() || loopback {
        return address.is_loopback() && loopback;
    }
    match address {
        IpAddr::V4(address) => is_unicast_v4(address),
        IpAddr::V6(address) => is_unicast_v6(address),
    }
}

fn is_unicast_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = first == 0 // "this network" (RFC 1122)
        || address.is_link_local() // metadata services of clouds
        || address.is_multicast()
        || first >= 240 // reserved, and broadcast
        || (first, second, third) == (192, 0, 0) // IETF protocol assignments
        || (first, second, third) == (192, 88, 99) // 6to4 relays
        || (first, second & 0xfe) == (198, 18) // benchmarks
        || address.is_documentation();
    !special
}

fn is_unicast_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let special = address.is_unspecified()
        || address.is_multicast()
        || address.is_unicast_link_local()
        || segments.starts_with(&[0, 0, 0, 0, 0, 0]) // IPv4-compatible
        || segments.starts_with(&[0x64, 0xff9b]) // NAT64: some IPv4 address
        || segments.starts_with(&[0x2001, 0]) // Teredo: some IPv4 address
        || segments.starts_with(&[0x2001, 0xdb8]) // documentation
        || segments.starts_with(&[0x2002]); // 6to4: some IPv4 address
    !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str, loopback: bool) -> bool {
        may_be_asked(address.parse().unwrap(), loopback)
    }

    #[test]
    fn a_name_leads_to_other_machines_only() {
        for good in ["1.1.1.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "2606:4700::1", "fd00::1"] {
            assert!(asked(good, false), "{good}");
        }
        for bad in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.19.0.1",
            "::",
            "::1",
            "ff02::1",
            "fe80::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ] {
            assert!(!asked(bad, false), "{bad}");
        }
    }

    #[test]
    fn this_machine_is_this_machine_only() {
        for good in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(asked(good, true), "{good}");
        }
        for bad in ["1.1.1.1", "10.0.0.1", "169.254.169.254", "fd00::1"] {
            assert!(!asked(bad, true), "{bad}");
        }
    }
}
