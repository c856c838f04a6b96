//! Content codings (RFC 9110 §8.4): which ones a client accepts, and gzip for a single answer.

use super::response::{Answer, json};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use std::io::Write;

/// Out of 9. Higher levels hardly make a page smaller.
const PAGE_LEVEL: u32 = 6;
/// Out of 9. It takes half the time of level 6, and the result is a tenth larger.
const MESSAGES_LEVEL: u32 = 1;
/// Minimum bytes worth compressing: a shorter answer fits in one packet anyway.
const PACKED_BYTES_MIN: usize = 1_024;

/// A page as gzip (RFC 1952).
pub(super) fn page(text: &str) -> Bytes {
    gzip(text.as_bytes(), PAGE_LEVEL)
}

/// Messages as JSON, compressed if the client accepts it and it pays off.
///
/// The length of a compressed answer reveals repetitions (BREACH). Here that reveals nothing: a client that could add
/// to these messages can read them, no other site can make a browser send the request (`gate`), and they contain no
/// token. Answers that contain one are never compressed.
pub(super) fn messages(text: Vec<u8>, request: &HeaderMap) -> Answer {
    if text.len() < PACKED_BYTES_MIN || !accepts(accepted(request), "gzip") {
        return json(StatusCode::OK, text);
    }
    let mut answer = json(StatusCode::OK, gzip(&text, MESSAGES_LEVEL));
    answer
        .headers_mut()
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    answer
}

fn gzip(bytes: &[u8], level: u32) -> Bytes {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
    match gzip.write_all(bytes).and_then(|()| gzip.finish()) {
        Ok(bytes) => bytes.into(),
        Err(never) => unreachable!("a Vec takes all: {never}"),
    }
}

pub(super) fn accepted(request: &HeaderMap) -> &str {
    let encodings = request.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    encodings.unwrap_or_default()
}

/// Whether `Accept-Encoding` lists this encoding with a weight above zero (RFC 9110 §12.5.3).
pub(super) fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        name.eq_ignore_ascii_case(encoding) && !refused
    })
}
