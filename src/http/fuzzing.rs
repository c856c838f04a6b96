//! The request edge without a network, for the fuzz targets. Not part of released builds.

use super::cookies::SessionCookie;
use super::gate::{self, Gate, GateInput};
use super::route::{MemberRoute, NoRoute, Route, route};
use super::{bodies, request, target};
use crate::limits::PAGE_MESSAGES_MAX;
use hyper::header::{COOKIE, HOST, ORIGIN};
use hyper::{HeaderMap, Method, Request};
use std::net::SocketAddr;

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4280);
const FILE_ID: &str = "0123456789abcdef";

/// Takes `METHOD TARGET`, header lines, an empty line and a body through everything that comes before the verbs.
///
/// # Panics
/// When something gets through that must not.
pub fn request(bytes: &[u8]) {
    let (head, body) = match bytes.windows(2).position(|two| two == b"\n\n") {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let Some((method, target)) = split(lines.next().unwrap_or_default(), b' ') else {
        return;
    };
    let mut builder = Request::builder().method(method).uri(target);
    for (name, value) in lines.filter_map(|line| split(line, b':')) {
        builder = builder.header(name, value.trim_ascii());
    }
    let Ok(mut asked) = builder.body(()) else { return };
    let is_settled = target::settle(&mut asked).is_ok();
    let found = find(asked.method(), asked.uri().path());
    if is_settled {
        enter(&asked, found.as_ref());
    }
    parameters(asked.uri().query().unwrap_or_default());
    read(asked.headers(), body);
}

fn split(line: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let middle = line.iter().position(|byte| *byte == at)?;
    Some((&line[..middle], &line[middle + 1..]))
}

fn find(method: &Method, path: &str) -> Option<Route> {
    match route(method, path) {
        Ok(found) => {
            if *method == Method::GET {
                assert_eq!(route(&Method::HEAD, path).as_ref(), Ok(&found));
            }
            Some(found)
        }
        Err(NoRoute::NotFound) => None,
        Err(NoRoute::MethodNotAllowed(methods)) => {
            for method in methods.split(", ") {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                assert!(route(&method, path).is_ok(), "{method} {path}");
            }
            None
        }
    }
}

/// Asserts that no request passes the gate without one `Host`, and no changing request with a cookie passes without
/// an `Origin`.
fn enter(asked: &Request<()>, found: Option<&Route>) {
    let shown = SessionCookie::new(FILE_ID).read(asked.headers());
    let passed = Gate::new(Vec::new()).check(&GateInput {
        route: found,
        method: asked.method(),
        headers: asked.headers(),
        local: LOCAL,
        has_cookie: shown.is_some(),
    });
    if passed.is_err() {
        return;
    }
    assert_eq!(asked.headers().get_all(HOST).iter().count(), 1);
    let changes =
        !matches!(*asked.method(), Method::GET | Method::HEAD) || found == Some(&Route::Member(MemberRoute::Socket));
    if changes && shown.is_some() {
        assert!(asked.headers().contains_key(COOKIE));
        let origin = asked.headers().get(ORIGIN).expect("an origin");
        assert!(origin.as_bytes().starts_with(b"http://"));
    }
}

fn parameters(query: &str) {
    if let Ok((_, size)) = request::page(query) {
        assert!((1..=PAGE_MESSAGES_MAX).contains(&size.get()));
    }
    if let Ok(part) = request::list(query) {
        assert!((1..=PAGE_MESSAGES_MAX).contains(&part.size().get()));
    }
}

fn read(headers: &HeaderMap, body: &[u8]) {
    let _ = (gate::check_json(headers), gate::check_picture(headers));
    let _ = request::typed(body);
    let _ = request::of_json::<request::Credentials>(body);
    let _ = request::of_json::<bodies::Passwords>(body);
    let _ = request::of_json(body).and_then(bodies::NewMessage::parse);
    let _ = request::of_json(body).and_then(bodies::Profile::parse);
    let _ = request::of_json(body).and_then(bodies::Settings::parse);
    let _ = request::of_json(body).and_then(bodies::NewRoom::parse);
    let _ = request::of_json(body).and_then(bodies::RoomChange::parse);
    let _ = request::of_json(body).map(bodies::Arrangement::parse);
    let _ = request::of_json(body).map(bodies::Membership::parse);
}
