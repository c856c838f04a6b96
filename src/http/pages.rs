//! The pages: their files, and the values of their placeholders.

use super::assets;
use super::response::{Answer, add_retry_after, status};
use super::route::Page;
use crate::error::{Error, Result};
use hyper::HeaderMap;
use hyper::header::{CACHE_CONTROL, ETAG, HOST, HeaderValue, IF_NONE_MATCH};

/// The file of a page. `is_empty` selects the welcome for the first visitor.
pub fn file(page: Page, is_empty: bool) -> &'static str {
    match page {
        Page::Chat => "index.html",
        Page::Login => "login.html",
        Page::Signup | Page::Join if is_empty => "welcome.html",
        Page::Signup | Page::Join => "signup.html",
        Page::Reset => "reset.html",
    }
}

/// The values for a page's placeholders.
pub struct PageVars<'a> {
    server: &'a str,
    address: &'a str,
    /// The name that somebody typed, or the person whose password is set.
    pub name: &'a str,
    /// The code of the invite link. Empty if there is none.
    pub invite: &'a str,
    /// The code of the reset link. Empty if there is none.
    pub code: &'a str,
    /// Whether the code has to be typed, because no script moves it from the link into the form.
    pub asks_code: bool,
    /// The error to show.
    pub error: Option<&'a str>,
    /// Why the form cannot be used. The form is then hidden.
    pub closed: Option<&'a str>,
}

impl<'a> PageVars<'a> {
    /// The values for a page on which nothing was typed yet.
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

    /// Each value with the name of its placeholder.
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

/// A sign-in page that shows the error and keeps what was typed.
///
/// # Errors
/// `not_found`, which would be a bug.
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
