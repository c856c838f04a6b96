//! The client's files, embedded in the executable by `build.rs`. Debug builds read them from `web/`.

use super::encoding::{self, accepted, accepts};
use super::response::{Answer, answer, empty};
use crate::error::{Error, Result};
use bytes::Bytes;
use flate2::read::GzDecoder;
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::Read;

#[derive(RustEmbed)]
#[cfg_attr(debug_assertions, folder = "web")]
#[cfg_attr(not(debug_assertions), folder = "$OUT_DIR/web")]
struct Web;

#[cfg(debug_assertions)]
#[path = "../../build/partials.rs"]
mod partials;

/// Part of the path of every asset. It changes with any of them, so browsers can keep them forever.
const HASH: &str = env!("CHAPP_ASSETS_HASH");
const PREFIX: &str = concat!("/-/", env!("CHAPP_ASSETS_HASH"));

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// An asset, in the best encoding that the browser accepts.
///
/// # Errors
/// `not_found`, also for another version: a browser would keep the wrong file under that hash forever.
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

/// A page with its placeholders filled in, or `304` if the browser has it.
///
/// The page is compressed if the browser accepts it, although a value may be what somebody typed. Its length then
/// only reveals what else is on the page (BREACH), and no page holds a secret that its own form or link did not
/// bring. The session is in a cookie, which no page shows.
///
/// # Errors
/// `not_found`, which would be a bug.
pub fn page(name: &str, values: &[(&str, &str)], request: &HeaderMap) -> Result<Answer> {
    let (file, _) = best(name, &HeaderMap::new()).ok_or_else(|| Error::not_found("There is no such page."))?;
    let text = fill(&whole(&String::from_utf8_lossy(&file))?, values);
    let digest = Sha256::digest(&text);
    let tag: String = digest[..12].iter().map(|b| format!("{b:02x}")).collect();
    // The tag is strong, so each encoding has its own (RFC 9110 §8.8.3.3).
    let encoding = accepts(accepted(request), "gzip").then_some("gzip");
    let tag = format!("\"{tag}{}\"", encoding.map_or("", |_| "-gzip"));
    let known = request.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut answer = match known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag)) {
        true => empty(StatusCode::NOT_MODIFIED),
        false => {
            let body = if encoding.is_some() {
                encoding::page(&text)
            } else {
                text.into()
            };
            answer(StatusCode::OK, "text/html; charset=utf-8", body)
        }
    };
    encoded(&mut answer, encoding);
    answer.headers_mut().insert(CACHE_CONTROL, REVALIDATE);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    Ok(answer)
}

/// A page with its partials. In release builds they are already inserted.
#[cfg(not(debug_assertions))]
fn whole(page: &str) -> Result<&str> {
    Ok(page)
}

#[cfg(debug_assertions)]
fn whole(page: &str) -> Result<String> {
    let read = |path: &str| Some(String::from_utf8_lossy(&Web::get(path)?.data).into_owned());
    partials::insert(page, read).map_err(|_| Error::not_found("There is no such page."))
}

/// Replaces `{{key}}`. Values become text, never markup. Release builds replace the first two at build time.
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

/// Made from the `emojis` crate by `build.rs`. Release builds embed it with the other files.
#[cfg(debug_assertions)]
const EMOJI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/emoji.json"));

/// The best encoding of an asset. It is decompressed for the few clients that accept no encoding.
fn best(path: &str, request: &HeaderMap) -> Option<(Bytes, Option<&'static str>)> {
    #[cfg(debug_assertions)]
    if path == "emoji.json" {
        return Some((Bytes::from_static(EMOJI), None));
    }
    for (encoding, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted(request), encoding)
            && let Some(file) = Web::get(&format!("{path}.{ending}"))
        {
            return Some((bytes(file), Some(encoding)));
        }
    }
    if let Some(file) = Web::get(path) {
        return Some((bytes(file), None));
    }
    let mut plain = Vec::new();
    GzDecoder::new(&*Web::get(&format!("{path}.gz"))?.data)
        .read_to_end(&mut plain)
        .ok()?;
    Some((plain.into(), None))
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
