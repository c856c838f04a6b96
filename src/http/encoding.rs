//! Content codings (RFC 9110 §8.4): which ones a client takes, and gzip made for one answer.

use super::response::{Answer, json};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use std::io::Write;

/// Of 9. Higher ones make a page hardly smaller.
const PAGE_LEVEL: u32 = 6;
/// Of 9: half the time of the former, and a tenth larger.
const MESSAGES_LEVEL: u32 = 1;
/// Shorter answers travel in one packet anyway.
const PACKED_BYTES_MIN: usize = 1_024;

/// A page, as gzip (RFC 1952).
pub(super) fn page(text: &str) -> Bytes {
    gzip(text.as_bytes(), PAGE_LEVEL)
}

/// Messages as JSON, compressed where the client takes it and it pays.
///
/// Lengths then tell what is like what (BREACH). Here it tells nobody anything: a client that could add to these
/// messages reads them, no other site can make a browser ask (`gate`), and no token is among them. Nothing
/// that holds one is compressed.
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

/// Whether `Accept-Encoding` names it with a weight above zero (RFC 9110 §12.5.3).
pub(super) fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        name.eq_ignore_ascii_case(encoding) && !refused
    })
}
