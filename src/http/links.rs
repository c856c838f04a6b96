//! The links that people share: their pages, and the requests of those pages.
//!
//! The code of a link is behind its `#`, which no browser sends, so no log has it, ours or a proxy's. The page's
//! script moves it into the form and out of the address. Without a script, the form asks for it. Older links have the
//! code in the path and still work.

use super::pages::{self, PageVars};
use super::request::{self, Credentials};
use super::response::{self, Answer};
use super::route::{Link, Page};
use super::{RequestContext, assets};
use crate::error::{Kind, Result};
use crate::model::{Code, SignUpPolicy, User};
use crate::wire;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, StatusCode};
use serde::Deserialize;

#[derive(Deserialize)]
struct InviteCode {
    invite: String,
}

#[derive(Deserialize)]
struct ResetCode {
    code: String,
}

#[derive(Deserialize)]
struct ResetForm {
    code: String,
    password: String,
}

impl RequestContext<'_> {
    /// The page of an invite link.
    pub(super) async fn join_page(&self, headers: &HeaderMap) -> Result<Answer> {
        let server = self.chat().server().await?;
        if server.door != SignUpPolicy::Invited {
            return self.sign_up_page(&Credentials::default(), headers).await;
        }
        let mut vars = PageVars::new(server.name.as_str(), headers);
        vars.asks_code = true;
        assets::page(pages::file(Page::Join, false), &vars.values(), headers)
    }

    /// The page of a password-reset link.
    pub(super) async fn reset_page(&self, headers: &HeaderMap) -> Result<Answer> {
        let server = self.chat().server().await?;
        let mut vars = PageVars::new(server.name.as_str(), headers);
        vars.asks_code = true;
        assets::page(pages::file(Page::Reset, false), &vars.values(), headers)
    }

    /// The page of an older link, with the code in its path. People who are logged in need no invite.
    pub(super) async fn link(&self, link: Link, code: &str, headers: &HeaderMap) -> Result<Answer> {
        match (link, self.viewer().await) {
            (Link::Join, Ok(_)) => Ok(response::see_other("/")),
            (Link::Join, Err(error)) if error.kind == Kind::Unauthenticated => {
                // Only a text with the shape of a code is put into the page.
                let typed = Credentials {
                    invite: Code::parse(code).map(|code| code.in_groups()).unwrap_or_default(),
                    ..Credentials::default()
                };
                self.sign_up_page(&typed, headers).await
            }
            (Link::Join, Err(error)) => Err(error),
            // Also for people who are logged in: the link may be for another account, or they have forgotten the
            // password.
            (Link::Reset, _) => self.known_reset_page(code, headers).await,
        }
    }

    async fn known_reset_page(&self, code: &str, headers: &HeaderMap) -> Result<Answer> {
        let server = self.chat().server().await?;
        let mut vars = PageVars::new(server.name.as_str(), headers);
        vars.code = code;
        let (person, closed);
        match self.chat().reset_target(code).await {
            Ok(user) => {
                person = user;
                vars.name = person.name.as_str();
            }
            Err(error) if error.kind == Kind::NotFound => {
                closed = error.title;
                vars.closed = Some(&closed);
            }
            Err(error) => return Err(error),
        }
        assets::page(pages::file(Page::Reset, false), &vars.values(), headers)
    }

    /// Whether somebody could sign up with an invite. The page asks before anything is typed.
    pub(super) async fn check_invite(&self, request: Request<Incoming>) -> Result<Answer> {
        let asked: InviteCode = request::json(request).await?;
        self.chat().may_sign_up(Code::parse(&asked.invite).as_ref()).await?;
        Ok(response::empty(StatusCode::NO_CONTENT))
    }

    /// The person whose password a link sets. The page asks before anything is typed.
    pub(super) async fn check_reset(&self, request: Request<Incoming>) -> Result<Answer> {
        let asked: ResetCode = request::json(request).await?;
        let target: User = self.chat().reset_target(&asked.code).await?;
        Ok(response::json(StatusCode::OK, wire::reset_target(&target)))
    }

    /// Sets a new password, for a script.
    pub(super) async fn reset(&self, request: Request<Incoming>) -> Result<Answer> {
        let caller = self.caller(request.headers());
        let typed: ResetForm = request::json(request).await?;
        let entered = self
            .chat()
            .reset_password(&typed.code, &typed.password, &caller)
            .await?;
        Ok(self.signed_in(StatusCode::OK, &entered).await)
    }
}
