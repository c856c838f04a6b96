//! What an address says about a client: whether it is this computer, and which clients share a network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a connection comes from a program on this computer, perhaps a proxy. Only the two addresses that the system
/// itself uses count; the rest of 127.0.0.0/8 is treated like any other network.
pub fn is_this_computer(address: IpAddr) -> bool {
    matches!(
        address.to_canonical(),
        IpAddr::V4(Ipv4Addr::LOCALHOST) | IpAddr::V6(Ipv6Addr::LOCALHOST)
    )
}

/// The part of an address that one household or office shares: an IPv4 address, an IPv6 /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}
