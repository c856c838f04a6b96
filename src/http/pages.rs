//! The pages: which file each one is, and what is filled into it.

use super::assets;
use super::response::{Answer, add_retry_after, status};
use super::route::Page;
use crate::error::{Error, Result};
use hyper::HeaderMap;
use hyper::header::{CACHE_CONTROL, ETAG, HOST, HeaderValue, IF_NONE_MATCH};

/// The file of a page. The first visitor is welcomed.
pub fn file(page: Page, is_empty: bool) -> &'static str {
    match page {
        Page::Chat => "index.html",
        Page::Login => "login.html",
        Page::Signup if is_empty => "welcome.html",
        Page::Signup => "signup.html",
    }
}

/// What a page without an error says.
pub fn values(headers: &HeaderMap) -> [(&str, &str); 5] {
    [
        ("address", address(headers)),
        ("name", ""),
        ("error", ""),
        ("hidden", "hidden"),
        ("invalid", "false"),
    ]
}

fn address(headers: &HeaderMap) -> &str {
    headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
}

/// A sign-in page that tells what was wrong, with the name still in it.
///
/// # Errors
/// `not_found`, which would be a mistake of ours.
pub fn with_error(page: Page, is_empty: bool, name: &str, error: &Error, headers: &HeaderMap) -> Result<Answer> {
    let values = [
        ("address", address(headers)),
        ("name", name),
        ("error", &error.title),
        ("hidden", ""),
        ("invalid", "true"),
    ];
    let mut fresh = headers.clone();
    fresh.remove(IF_NONE_MATCH);
    let mut answer = assets::page(file(page, is_empty), &values, &fresh)?;
    *answer.status_mut() = status(error.kind);
    answer.headers_mut().remove(ETAG);
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_retry_after(&mut answer, error);
    Ok(answer)
}
