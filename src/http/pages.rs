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
        Page::Signup | Page::Join if is_empty => "welcome.html",
        Page::Signup | Page::Join => "signup.html",
        Page::Reset => "reset.html",
    }
}

/// What is filled into a page.
pub struct PageVars<'a> {
    server: &'a str,
    address: &'a str,
    /// As somebody typed it, or whose password is set anew.
    pub name: &'a str,
    /// What the invite link said that they came by.
    pub invite: &'a str,
    /// What the link said that sets a password.
    pub code: &'a str,
    /// Whether the code has to be typed: without a script nobody takes it out of the link.
    pub asks_code: bool,
    /// What was wrong.
    pub error: Option<&'a str>,
    /// Why the form is of no use; it is not shown then.
    pub closed: Option<&'a str>,
}

impl<'a> PageVars<'a> {
    /// A page of this server on which nothing was typed yet.
    pub fn new(server: &'a str, headers: &'a HeaderMap) -> PageVars<'a> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        PageVars {
            server,
            address: host.unwrap_or_default(),
            name: "",
            invite: "",
            code: "",
            asks_code: false,
            error: None,
            closed: None,
        }
    }

    /// By the placeholders that they stand for.
    pub fn values(&self) -> [(&'static str, &'a str); 13] {
        let hidden_unless = |shown: bool| if shown { "" } else { "hidden" };
        [
            ("server", self.server),
            ("address", self.address),
            ("name", self.name),
            ("invite", self.invite),
            ("code", self.code),
            ("code_hidden", hidden_unless(self.asks_code)),
            ("name_hidden", hidden_unless(!self.name.is_empty())),
            ("error", self.error.unwrap_or_default()),
            ("hidden", hidden_unless(self.error.is_some())),
            ("invalid", if self.error.is_some() { "true" } else { "false" }),
            ("closed", self.closed.unwrap_or_default()),
            ("closed_hidden", hidden_unless(self.closed.is_some())),
            ("form_hidden", hidden_unless(self.closed.is_none())),
        ]
    }
}

/// A sign-in page that tells what was wrong, with what was typed still in it.
///
/// # Errors
/// `not_found`, which would be a mistake of ours.
pub fn with_error(file: &str, vars: &PageVars, error: &Error, headers: &HeaderMap) -> Result<Answer> {
    let mut fresh = headers.clone();
    fresh.remove(IF_NONE_MATCH);
    let mut answer = assets::page(file, &vars.values(), &fresh)?;
    *answer.status_mut() = status(error.kind);
    answer.headers_mut().remove(ETAG);
    answer
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_retry_after(&mut answer, error);
    Ok(answer)
}
