//! Checks, before the gate, which host a request is for and how its body is encoded (RFC 9112 §3.2, §6.1).

use super::gate;
use crate::error::{Error, Kind, Result};
use hyper::header::{HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Request};
use std::net::Ipv6Addr;

/// Normalises the target of a request. Afterwards its one `Host` names the host, whichever form the target had.
///
/// # Errors
/// `bad_request` without one valid host, `wrong_host` for another scheme, `not_implemented` for a transfer coding
/// other than chunked.
pub fn settle<B>(request: &mut Request<B>) -> Result<()> {
    check_host(request.headers())?;
    check_codings(request.headers())?;
    if let Some(scheme) = request.uri().scheme_str()
        && scheme != "http"
    {
        // RFC 9110 §7.4: an https target is not valid over a connection without TLS.
        let title = "Chapp answers http only. A proxy in front of it can speak https.";
        return Err(Error::new(Kind::WrongHost, title));
    }
    if let Some(authority) = request.uri().authority() {
        let host = HeaderValue::from_str(authority.as_str()).ok().filter(is_host);
        let host = host.ok_or_else(no_host)?;
        // RFC 9112 §3.2.2: an absolute target overrides the field.
        request.headers_mut().insert(HOST, host);
    }
    Ok(())
}

fn check_host(headers: &HeaderMap) -> Result<()> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_host(host) => Ok(()),
        (Some(_), None) => Err(no_host()),
        _ => Err(Error::bad_request("A request needs one Host.")),
    }
}

/// Whether a value is `HOST` or `HOST:PORT` with a non-empty host (RFC 9110 §7.2, §4.2.1).
fn is_host(value: &HeaderValue) -> bool {
    let Some((name, _)) = value.to_str().ok().and_then(gate::split) else {
        return false;
    };
    match name.strip_prefix('[') {
        Some(address) => address
            .strip_suffix(']')
            .is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()),
        None => !name.is_empty() && name.bytes().all(may_be_in_a_name),
    }
}

/// RFC 3986 §3.2.2, `reg-name`.
fn may_be_in_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte)
}

fn no_host() -> Error {
    Error::bad_request("The Host of this request is not the name of a host.")
}

fn check_codings(headers: &HeaderMap) -> Result<()> {
    let lines = headers.get_all(TRANSFER_ENCODING).iter();
    let codings = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut chunked = 0;
    for coding in codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()) {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            let title = "Chapp does not know this transfer coding. Send the body as it is, or chunked.";
            return Err(Error::new(Kind::NotImplemented, title));
        }
        chunked += 1;
    }
    match chunked {
        0 | 1 => Ok(()),
        _ => Err(Error::bad_request("A body is chunked once.")),
    }
}
