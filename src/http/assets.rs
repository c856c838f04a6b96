//! The client's files, baked into the executable by `build.rs`. Debug builds read them from `web/`.

use super::response::{Answer, answer, empty};
use crate::error::{Error, Result};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[cfg_attr(debug_assertions, folder = "web")]
#[cfg_attr(not(debug_assertions), folder = "$OUT_DIR/web")]
struct Web;

/// Stands in the path of every asset: another one as soon as any of them has changed, so that browsers
/// keep them for good.
const HASH: &str = env!("CHAPP_ASSETS_HASH");
const PREFIX: &str = concat!("/-/", env!("CHAPP_ASSETS_HASH"));

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// An asset, in the best encoding that the browser takes.
///
/// # Errors
/// `not_found`, also for a file of another version: kept for good under the wrong hash, it would
/// never be mended.
pub fn asset(hash: &str, path: &str, request: &HeaderMap) -> Result<Answer> {
    let is_other_version = hash != HASH && !cfg!(debug_assertions);
    if is_other_version || path.ends_with(".html") || path.ends_with(".br") || path.ends_with(".gz") {
        return Err(Error::not_found("There is no such file."));
    }
    let (body, encoding) = best(path, request).ok_or_else(|| Error::not_found("There is no such file."))?;
    let mut answer = answer(StatusCode::OK, media_type(path), body);
    encoded(&mut answer, encoding);
    let lifetime = if cfg!(debug_assertions) { REVALIDATE } else { IMMUTABLE };
    answer.headers_mut().insert(CACHE_CONTROL, lifetime);
    Ok(answer)
}

/// A page with its placeholders filled in; `304` where the browser has it already.
///
/// # Errors
/// `not_found`, which would be a mistake of ours.
pub fn page(name: &str, values: &[(&str, &str)], request: &HeaderMap) -> Result<Answer> {
    let file = Web::get(name).ok_or_else(|| Error::not_found("There is no such page."))?;
    let text = String::from_utf8_lossy(&file.data);
    let (body, encoding) = match text.contains("{{") {
        true => (Bytes::from(fill(&text, values)), None),
        false => best(name, request).unwrap_or((bytes(file), None)),
    };
    let digest = Sha256::digest(&body);
    let tag: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = request.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut answer = match known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag)) {
        true => empty(StatusCode::NOT_MODIFIED),
        false => answer(StatusCode::OK, "text/html; charset=utf-8", body),
    };
    encoded(&mut answer, encoding);
    answer.headers_mut().insert(CACHE_CONTROL, REVALIDATE);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    Ok(answer)
}

/// Replaces `{{key}}`; values become text, never markup. In release builds the first two are done.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let built_in = [("assets", PREFIX), ("version", env!("CARGO_PKG_VERSION"))];
    let mut parts = text.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (key, rest) = part.split_once("}}").unwrap_or(("", part));
        let value = values
            .iter()
            .chain(&built_in)
            .find(|(known, _)| *known == key)
            .map_or("", |(_, value)| value);
        out.push_str(&html_escape::encode_quoted_attribute(value));
        out.push_str(rest);
    }
    out
}

/// Made of the `emojis` crate by `build.rs`; release builds hold it among the others.
#[cfg(debug_assertions)]
const EMOJI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/emoji.json"));

fn best(path: &str, request: &HeaderMap) -> Option<(Bytes, Option<&'static str>)> {
    #[cfg(debug_assertions)]
    if path == "emoji.json" {
        return Some((Bytes::from_static(EMOJI), None));
    }
    let accepted = request
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, encoding)
            && let Some(file) = Web::get(&format!("{path}.{ending}"))
        {
            return Some((bytes(file), Some(encoding)));
        }
    }
    Some((bytes(Web::get(path)?), None))
}

/// Whether `Accept-Encoding` names it with a weight above zero (RFC 9110 §12.5.3).
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        name.eq_ignore_ascii_case(encoding) && !refused
    })
}

fn encoded(answer: &mut Answer, encoding: Option<&'static str>) {
    answer
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

fn bytes(file: EmbeddedFile) -> Bytes {
    match file.data {
        Cow::Borrowed(baked) => Bytes::from_static(baked),
        Cow::Owned(read) => read.into(),
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
