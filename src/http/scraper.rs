//! Who may read the metrics without a session: programs on this computer, and clients with the token that the server
//! was started with (RFC 6750).

use super::response::{self, Answer};
use crate::chat::is_this_computer;
use crate::config::MetricsToken;
use crate::error::{Error, Kind};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, FORWARDED, HOST, HeaderName, HeaderValue, VIA, WWW_AUTHENTICATE};
use std::net::IpAddr;

/// Headers that proxies add. A request with one of them does not come from this computer.
const OF_PROXIES: [HeaderName; 6] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"Chapp metrics\", error=\"invalid_token\"");

/// Whether a request comes from a program on this computer, and not through a proxy on it. (The gate has refused
/// requests that another site's page made a browser send.)
pub fn is_from_here(peer: IpAddr, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    is_this_computer(peer)
        && !OF_PROXIES.iter().any(|name| headers.contains_key(name))
        && host.is_some_and(super::gate::is_only_here)
}

/// Whether a request carries the token. `None` if it carries none, or the server has none.
pub fn shows_token(token: Option<&MetricsToken>, headers: &HeaderMap) -> Option<bool> {
    let token = token?;
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let (scheme, shown) = field.to_str().ok()?.split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| token.is(shown.trim()))
}

/// The answer to a wrong token.
pub fn wrong_token(headers: &HeaderMap) -> Answer {
    let error = Error::new(Kind::Unauthenticated, "That is not the token for the metrics.");
    let mut answer = response::problem(&error, headers);
    answer.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    answer
}
