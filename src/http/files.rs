//! Files over HTTP: uploads that go into the store as they arrive, and ranges of stored files.
//!
//! No browser may run an upload: its type comes from its bytes, with `nosniff`; what may contain a program is sent as
//! an attachment; and the policy of each answer is a sandbox.

use super::RequestContext;
use super::request;
use super::response::{self, Answer};
use crate::chat::{Chat, Upload};
use crate::error::{Error, Result};
use crate::limits::{FILE_CHUNK_BYTES, UPLOAD_CHECK_EVERY};
use crate::model::{Attachment, FileId, Viewer};
use crate::wire;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;
use std::sync::Arc;

const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");
/// Browsers keep a file but revalidate it each time, since its permissions can change.
const LIFETIME: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The characters that RFC 8187 allows unescaped in a parameter (`attr-char`).
const ATTR_CHARS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl RequestContext<'_> {
    pub(super) async fn upload(&self, viewer: &Viewer, request: Request<Incoming>) -> Result<Answer> {
        let name = request::name(request.uri().query().unwrap_or_default());
        let mut body = request.into_body();
        let mut upload = self
            .chat()
            .begin_upload(viewer, &name, body.size_hint().exact())
            .await?;
        take(&mut body, &mut upload).await?;
        let file = self.chat().finish_upload(upload).await?;
        Ok(response::json(StatusCode::CREATED, wire::file(&file)))
    }

    pub(super) async fn file(&self, viewer: &Viewer, id: FileId, request: &Request<Incoming>) -> Result<Answer> {
        let file = self.chat().file(viewer, id).await?;
        let tag = format!("\"{id}\"");
        let headers = request.headers();
        if is_known(headers, &tag) {
            return Ok(tagged(response::empty(StatusCode::NOT_MODIFIED), &tag));
        }
        let asked = match *request.method() {
            Method::GET => range(headers, &tag, file.size),
            _ => RangeRequest::All,
        };
        let (status, range) = match asked {
            RangeRequest::All => (StatusCode::OK, 0..file.size),
            RangeRequest::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            RangeRequest::Outside => {
                let mut answer = tagged(response::empty(StatusCode::RANGE_NOT_SATISFIABLE), &tag);
                set(&mut answer, CONTENT_RANGE, &format!("bytes */{}", file.size));
                return Ok(answer);
            }
        };
        let part = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), file.size);
        let mut answer = tagged(Response::new(pieces(self.chat().clone(), id, range.clone())), &tag);
        *answer.status_mut() = status;
        answer
            .headers_mut()
            .insert(CONTENT_LENGTH, (range.end - range.start).into());
        answer
            .headers_mut()
            .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if status == StatusCode::PARTIAL_CONTENT {
            set(&mut answer, CONTENT_RANGE, &part);
        }
        set(&mut answer, CONTENT_TYPE, served_type(&file));
        set(&mut answer, CONTENT_DISPOSITION, &disposition(&file));
        Ok(answer)
    }

    pub(super) async fn preview(&self, viewer: &Viewer, id: FileId, headers: &HeaderMap) -> Result<Answer> {
        let (media_type, bytes) = self.chat().preview(viewer, id).await?;
        let tag = format!("\"{id}-preview\"");
        if is_known(headers, &tag) {
            return Ok(tagged(response::empty(StatusCode::NOT_MODIFIED), &tag));
        }
        let mut answer = tagged(Response::new(response::whole(bytes)), &tag);
        set(&mut answer, CONTENT_TYPE, &media_type);
        Ok(answer)
    }
}

/// Copies a body to the store. It may take as long as it is fast enough.
async fn take(body: &mut Incoming, upload: &mut Upload) -> Result<()> {
    loop {
        match tokio::time::timeout(UPLOAD_CHECK_EVERY, body.frame()).await {
            Err(_) => upload.wait()?,
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(Error::bad_request("The upload was interrupted.").because(error)),
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    upload.take(bytes).await?;
                }
            }
        }
    }
}

fn set(answer: &mut Answer, name: hyper::header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Adds the headers that every answer about a file carries.
fn tagged(mut answer: Answer, tag: &str) -> Answer {
    set(&mut answer, ETAG, tag);
    answer.headers_mut().insert(CACHE_CONTROL, LIFETIME);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
    answer
}

/// Whether the browser has this version (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let tags = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok());
    tags.flat_map(|tags| tags.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The requested part of a file.
#[derive(Debug, PartialEq, Eq)]
enum RangeRequest {
    All,
    Part(Range<u64>),
    Outside,
}

/// Parses `Range` (RFC 9110 §14.2). One that is invalid, or has several parts, requests the whole file.
fn range(headers: &HeaderMap, tag: &str, size: u64) -> RangeRequest {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // The range is for another version of the file (RFC 9110 §13.1.5).
    if headers.contains_key(IF_RANGE) && text(IF_RANGE) != Some(tag) {
        return RangeRequest::All;
    }
    let asked = text(RANGE).and_then(|range| {
        let (unit, part) = range.split_once('=')?;
        let (first, last) = part.trim().split_once('-')?;
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            // A number that does not fit into 64 bits is still a valid number.
            true if !digits.is_empty() => Some(digits.parse().unwrap_or(u64::MAX)),
            _ => None,
        };
        let is_bytes = unit.trim().eq_ignore_ascii_case("bytes");
        match (is_bytes, first.is_empty(), last.is_empty()) {
            (true, true, false) => Some(size.saturating_sub(number(last)?)..size),
            (true, false, true) => Some(number(first)?..size),
            (true, false, false) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then(|| first..size.min(last.saturating_add(1)))
            }
            _ => None,
        }
    });
    match asked {
        None => RangeRequest::All,
        Some(part) if part.start < part.end => RangeRequest::Part(part),
        Some(_) => RangeRequest::Outside,
    }
}

/// The media type to declare: no more than browsers can safely take it for.
fn served_type(file: &Attachment) -> &str {
    match (file.is_shown_inline(), file.media_type.as_str()) {
        (true, "text/plain") => "text/plain; charset=utf-8",
        (true, known) => known,
        (false, _) => "application/octet-stream",
    }
}

/// `Content-Disposition`: inline or attachment, and the name, with an ASCII form for old clients (RFC 6266 §4.3, RFC
/// 8187).
fn disposition(file: &Attachment) -> String {
    let kind = if file.is_shown_inline() { "inline" } else { "attachment" };
    let name = file.name.as_str();
    let plain: String = name
        .chars()
        .map(|c| match c {
            // Some clients decode `%`, and `\` escapes the next character.
            '"' | '\\' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    let full = utf8_percent_encode(name, ATTR_CHARS);
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

/// Streams a part of a file, one chunk at a time as the client takes it.
fn pieces(chat: Arc<Chat>, id: FileId, range: Range<u64>) -> response::Body {
    let next = move |(chat, rest): (Arc<Chat>, Range<u64>)| async move {
        if rest.is_empty() {
            return Ok(None);
        }
        let chunk = FILE_CHUNK_BYTES as u64;
        let index = u32::try_from(rest.start / chunk).map_err(Error::internal)?;
        let bytes = chat.chunk(id, index).await.inspect_err(Error::log)?;
        let from = rest.start % chunk;
        let to = (bytes.len() as u64).min(from + (rest.end - rest.start));
        if to <= from {
            return Err(Error::internal("a file is shorter than it was"));
        }
        let piece = Frame::data(bytes.slice(from as usize..to as usize));
        Ok(Some((piece, (chat, rest.start + (to - from)..rest.end))))
    };
    BodyExt::boxed_unsync(StreamBody::new(stream::try_unfold((chat, range), next)))
}
