//! Answers: their shapes, and the headers that all of them carry.

use crate::error::{Error, Kind};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// The type of answer that hyper sends.
pub type Answer = Response<Body>;

/// A body, complete or streamed. A streamed body that fails breaks off the connection.
pub type Body = UnsyncBoxBody<Bytes, Error>;

/// A complete body.
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
    font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; \
    require-trusted-types-for 'script'; trusted-types chapp";

/// Headers of every answer.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    ),
    (
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Headers of every answer that a browser could show as a document.
const DOCUMENT_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(POLICY),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ),
];

/// The challenge of every 401 (RFC 9110 §11.6.1): a session is missing. None of the registered schemes means a log-in
/// page, and a browser does not ask for a password by an unknown scheme.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Session realm=\"Chapp\"");

/// Adds the headers that every answer carries, without replacing a policy or challenge of its own. An answer that
/// says nothing about caching gets `no-store`.
pub fn secure(answer: &mut Answer) {
    let is_part = is_part_of_a_page(answer.headers());
    let is_challenge = answer.status() == StatusCode::UNAUTHORIZED;
    let headers = answer.headers_mut();
    if is_challenge {
        headers.entry(WWW_AUTHENTICATE).or_insert(CHALLENGE);
    }
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    for (name, value) in DOCUMENT_HEADERS.into_iter().filter(|_| !is_part) {
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Whether an answer is a script or style sheet, which is never a document: with `nosniff` no browser shows it as
/// one, and it is subject to the page's policy. (A worker's script would need a policy of its own. There is none
/// yet.)
fn is_part_of_a_page(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    matches!(
        media_type,
        Some(b"text/css; charset=utf-8" | b"text/javascript; charset=utf-8")
    )
}

/// An answer with this media type.
pub fn answer(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(body));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// An answer with a JSON body.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, "application/json", body)
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(whole(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

/// A redirect that the client follows with GET (RFC 9110 §15.4.4).
pub fn see_other(path: &'static str) -> Answer {
    let mut answer = empty(StatusCode::SEE_OTHER);
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
    answer
}

/// The HTTP status for a kind of error.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::BadRequest => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Kind::NameTaken | Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        Kind::WrongHost => StatusCode::MISDIRECTED_REQUEST,
    }
}

/// A problem (RFC 9457), or only its title if a browser asked for a page.
pub fn problem(error: &Error, request: &HeaderMap) -> Answer {
    let status = status(error.kind);
    let asks_for_page = request
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut answer = match asks_for_page {
        true => answer(status, "text/plain; charset=utf-8", error.title.to_string()),
        false => answer(status, "application/problem+json", problem_json(error, status)),
    };
    add_retry_after(&mut answer, error);
    answer
}

/// Adds `Retry-After` (RFC 9110 §10.2.3), in whole seconds.
pub fn add_retry_after(answer: &mut Answer, error: &Error) {
    let seconds = match error.retry_after_ms {
        Some(ms) => ms.div_ceil(1000),
        None if error.kind == Kind::Unavailable => 1,
        None => return,
    };
    answer.headers_mut().insert(RETRY_AFTER, seconds.into());
}

/// Adds `Allow` with the methods of a path.
pub fn allow(mut answer: Answer, methods: &str) -> Answer {
    if let Ok(methods) = HeaderValue::from_str(methods) {
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}

fn problem_json(error: &Error, status: StatusCode) -> Vec<u8> {
    #[derive(Serialize)]
    struct Problem<'a> {
        status: u16,
        code: &'static str,
        title: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<&'a str>,
    }
    let problem = Problem {
        status: status.as_u16(),
        code: error.kind.code(),
        title: &error.title,
        field: error.field.or(error.unknown_field.as_deref()),
    };
    serde_json::to_vec(&problem).unwrap_or_default()
}
