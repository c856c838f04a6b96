//! The addresses by which others reach the server.

use crate::config::Host;
use crate::limits::ADDRESSES_MAX;
use std::net::{IpAddr, SocketAddr};

/// The addresses of a server that listens on `listening`: those of this computer, and the configured names.
pub(super) fn all(listening: SocketAddr, hosts: &[Host]) -> Vec<String> {
    let port = listening.port();
    let named = hosts.iter().filter(|host| !is_only_here(&host.name));
    let named = named.map(|host| match host.port.unwrap_or(port) {
        80 => host.name.clone(),
        port => format!("{}:{port}", host.name),
    });
    own(listening).into_iter().chain(named).take(ADDRESSES_MAX).collect()
}

/// Whether a name means the local computer to every browser (RFC 6761 §6.3).
fn is_only_here(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

pub(super) fn own(listening: SocketAddr) -> Vec<String> {
    let ip = listening.ip();
    if ip.is_loopback() {
        return Vec::new();
    }
    if !ip.is_unspecified() {
        return vec![listening.to_string()];
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let others = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    // IPv4 addresses, which are short enough to type.
    let short = others.map(|interface| interface.ip()).filter(|ip| ip.is_ipv4());
    short
        .map(|ip| SocketAddr::new(ip, listening.port()).to_string())
        .collect()
}
