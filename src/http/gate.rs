//! The checks before every route: is this request meant for us, and does it come from our own page?
//!
//! There are three checks, since none is enough alone. `Host` stops DNS rebinding, `Origin` stops other pages on this
//! machine (the cookie is sent from every port of localhost), and `Sec-Fetch-Site` stops requests that carry neither.

use super::route::{MemberRoute, PublicRoute, Route};
use crate::config::Host;
use crate::error::{Error, Kind, Result};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Method};
use std::net::{IpAddr, SocketAddr};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The names by which browsers reach this server.
pub struct Gate {
    hosts: Vec<Host>,
}

/// The input of the gate.
pub struct GateInput<'a> {
    /// The requested route. `None` if there is no such route.
    pub route: Option<&'a Route>,
    /// The request's method.
    pub method: &'a Method,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The address that the client connected to.
    pub local: SocketAddr,
    /// Whether the request carries our cookie.
    pub has_cookie: bool,
}

impl Gate {
    /// A gate that accepts `localhost`, `chapp.localhost`, and these names.
    pub fn new(hosts: Vec<Host>) -> Gate {
        Gate { hosts }
    }

    /// Checks whether a request may enter.
    ///
    /// # Errors
    /// `wrong_host`, or `forbidden`.
    pub fn check(&self, asked: &GateInput) -> Result<()> {
        self.check_host(asked)?;
        self.check_origin(asked)?;
        check_fetch_site(asked)
    }

    fn check_host(&self, asked: &GateInput) -> Result<()> {
        let host = asked.headers.get(HOST).and_then(text).unwrap_or_default();
        match self.is_ours(host, asked.local) {
            true => Ok(()),
            false => Err(wrong_host(host)),
        }
    }

    fn check_origin(&self, asked: &GateInput) -> Result<()> {
        let is_socket = asked.route == Some(&Route::Member(MemberRoute::Socket));
        if is_safe(asked.method) && !is_socket {
            return Ok(());
        }
        let origin = asked.headers.get(ORIGIN);
        match origin.map(|origin| text(origin).unwrap_or_default()) {
            Some(origin) if self.is_our_origin(origin, asked.local) => Ok(()),
            // No browser omits it when another page sends the request. A page can hide behind `null`, also to log
            // somebody in as somebody else.
            None if !asked.has_cookie => Ok(()),
            _ => Err(Error::new(
                Kind::Forbidden,
                "This request does not come from Chapp's own page.",
            )),
        }
    }

    fn is_our_origin(&self, origin: &str, local: SocketAddr) -> bool {
        origin
            .strip_prefix("http://")
            .is_some_and(|host| self.is_ours(host, local))
    }

    /// Whether `HOST` or `HOST:PORT` names this server.
    fn is_ours(&self, authority: &str, local: SocketAddr) -> bool {
        let Some((name, port)) = split(authority) else {
            return false;
        };
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return address.to_canonical() == local.ip().to_canonical() && port == local.port();
        }
        let name = name.to_ascii_lowercase();
        let is_built_in = matches!(name.as_str(), "localhost" | "chapp.localhost") && port == local.port();
        is_built_in
            || self
                .hosts
                .iter()
                .any(|host| host.name == name && host.port.unwrap_or(local.port()) == port)
    }
}

/// Checks `Sec-Fetch-Site`. It is absent on plain HTTP to any address but this machine's own, and then proves
/// nothing.
fn check_fetch_site(asked: &GateInput) -> Result<()> {
    let header = |name| asked.headers.get(name).and_then(text);
    let is_page = matches!(
        asked.route,
        None | Some(Route::Public(PublicRoute::Page(_) | PublicRoute::Link(..)))
    );
    let is_navigation = is_safe(asked.method) && header(SEC_FETCH_MODE) == Some("navigate");
    match header(SEC_FETCH_SITE) {
        None | Some("same-origin") => Ok(()),
        Some("none") if is_navigation => Ok(()),
        // A followed link changes nothing and cannot be framed, and with SameSite=Strict the browser sends no cookie
        // from another site.
        Some(_) if is_navigation && is_page && header(SEC_FETCH_DEST) == Some("document") => Ok(()),
        _ => Err(Error::new(Kind::Forbidden, "This request comes from another site.")),
    }
}

/// Whether a `Host` names the sender's own computer and no other (RFC 6761 §6.3).
pub fn is_only_here(authority: &str) -> bool {
    let Some((name, _)) = split(authority) else {
        return false;
    };
    match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => matches!(name.to_ascii_lowercase().as_str(), "localhost" | "chapp.localhost"),
    }
}

/// Requires JSON to be declared as JSON, which no form of another site can do.
///
/// # Errors
/// `unsupported_media_type`.
pub fn check_json(headers: &HeaderMap) -> Result<()> {
    let media_type = headers.get(CONTENT_TYPE).and_then(text).unwrap_or_default();
    match media_type.split(';').next().unwrap_or_default().trim() {
        essence if essence.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Error::new(
            Kind::UnsupportedMediaType,
            "Send the body as JSON, with Content-Type: application/json.",
        )),
    }
}

/// Requires a picture to be declared as one.
///
/// # Errors
/// `unsupported_media_type`.
pub fn check_picture(headers: &HeaderMap) -> Result<()> {
    let media_type = headers.get(CONTENT_TYPE).and_then(text).unwrap_or_default();
    match media_type.to_ascii_lowercase().as_str() {
        "image/png" | "image/jpeg" => Ok(()),
        _ => Err(Error::new(Kind::UnsupportedMediaType, "A picture is a PNG or a JPEG.")),
    }
}

/// Whether a request of this method changes nothing (RFC 9110 §9.2.1).
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

/// Splits `HOST:PORT`, `HOST:` or `HOST`. The port is then 80 (RFC 9110 §4.2.1), or 0 if the number is not a port.
pub fn split(authority: &str) -> Option<(&str, u16)> {
    match authority.rsplit_once(':') {
        Some((name, "")) => Some((name, 80)),
        Some((name, port)) if !port.ends_with(']') => {
            // `parse` would also accept a sign.
            let is_number = port.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| (name, port.parse().unwrap_or(0)))
        }
        _ => Some((authority, 80)),
    }
}

fn wrong_host(host: &str) -> Error {
    let known = "Open http://chapp.localhost with this server's port, or one of its addresses";
    let host: String = host.chars().filter(|c| c.is_ascii_graphic()).take(80).collect();
    Error::new(
        Kind::WrongHost,
        format!("Chapp does not know itself as {host}. {known}, or start it with --host NAME."),
    )
}
