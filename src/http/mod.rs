//! The request edge: an outer function that gives every request its gate, its answer and its log line, and an inner
//! function that may use `?`.

mod admin;
mod assets;
mod bodies;
mod body;
mod cookies;
mod encoding;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod health;
mod linger;
mod links;
mod members;
mod metrics;
mod pages;
mod pattern;
mod process;
mod qr;
mod request;
mod response;
mod route;
mod scraper;
mod search;
mod target;

use crate::chat::{Caller, Chat, LoggedIn};
use crate::config::{Host, MetricsToken};
use crate::error::{Error, Kind, Result};
use crate::limits::TOO_FAST_PAUSE;
use crate::model::{Code, Token, Viewer};
use crate::{wire, ws};
use body::Bodies;
use bytes::Bytes;
use cookies::SessionCookie;
use gate::{Gate, GateInput};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_VERSION, SET_COOKIE, USER_AGENT};
use hyper::{HeaderMap, Request, StatusCode};
pub use linger::{Linger, Lingering};
use pages::PageVars;
use request::Credentials;
use response::Answer;
use route::{MemberRoute, NoRoute, Page, PublicRoute, Route};
use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The HTTP side of the server.
pub struct Http {
    chat: Arc<Chat>,
    gate: Gate,
    cookie: SessionCookie,
    metrics_token: Option<MetricsToken>,
    bodies: Arc<Bodies>,
}

/// A client's connection.
#[derive(Clone)]
pub struct Connection {
    /// The client's address.
    pub peer: SocketAddr,
    /// Our address.
    pub local: SocketAddr,
    /// Held for as long as the connection lives, also after it became a WebSocket.
    pub permit: Arc<dyn Any + Send + Sync>,
    /// Whether it must linger when it is closed.
    pub linger: Linger,
}

/// A request after the gate.
struct RequestContext<'a> {
    http: &'a Http,
    connection: &'a Connection,
    /// The cookie: `None` if there is none, `Some(None)` if it is not a token.
    presented_token: Option<Option<Token>>,
}

impl Http {
    /// The HTTP side of these verbs. Browsers may use these further names. Clients with the token may read the
    /// metrics.
    pub fn new(chat: Arc<Chat>, hosts: Vec<Host>, metrics_token: Option<MetricsToken>) -> Http {
        let cookie = SessionCookie::new(chat.store().file_id());
        Http {
            bodies: Bodies::new(chat.clone()),
            chat,
            gate: Gate::new(hosts),
            cookie,
            metrics_token,
        }
    }

    /// Answers one request. Never fails: an error is an answer.
    pub async fn handle(&self, connection: &Connection, request: Request<Incoming>) -> Answer {
        let started = Instant::now();
        let method = request.method().clone();
        let found = route::route(&method, request.uri().path());
        let allowed = match &found {
            Err(NoRoute::MethodNotAllowed(methods)) => methods.clone(),
            _ => String::new(),
        };
        let route_pattern = pattern::pattern(request.uri().path());
        let headers = request.headers().clone();
        let (has_body, is_long) = (!request.body().is_end_stream(), linger::is_long(request.body()));
        let mut answer = match self.answer(connection, request, found).await {
            Ok(answer) => answer,
            Err(error) => {
                error.log();
                if !gate::is_safe(&method) {
                    self.chat.count_failure(&error);
                }
                response::problem(&error, &headers)
            }
        };
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            tokio::time::sleep(TOO_FAST_PAUSE).await;
        }
        if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
            answer = response::allow(answer, &allowed);
        }
        // Parts of a refused request may not have been read.
        let is_refused = answer.status().is_client_error() || answer.status().is_server_error();
        connection.linger.set(has_body && is_refused);
        if has_body && is_refused && is_long {
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response::secure(&mut answer);
        tracing::info!(
            method = pattern::method_name(&method),
            route = route_pattern,
            status = answer.status().as_u16(),
            ms = started.elapsed().as_millis() as u64,
            peer = %connection.peer.ip(),
            "request"
        );
        answer
    }

    async fn answer(
        &self,
        connection: &Connection,
        mut request: Request<Incoming>,
        found: std::result::Result<Route, NoRoute>,
    ) -> Result<Answer> {
        target::settle(&mut request)?;
        request.extensions_mut().insert(self.bodies.guest(connection.peer.ip()));
        let presented_token = self.cookie.read(request.headers());
        self.gate.check(&GateInput {
            route: found.as_ref().ok(),
            method: request.method(),
            headers: request.headers(),
            local: connection.local,
            has_cookie: presented_token.is_some(),
        })?;
        let context = RequestContext {
            http: self,
            connection,
            presented_token,
        };
        match found {
            Ok(Route::Public(route)) => context.public(route, request).await,
            Ok(Route::Member(route)) => {
                let viewer = context.viewer().await?;
                context.member(viewer, route, request).await
            }
            Err(NoRoute::NotFound) => Err(Error::not_found("There is nothing at this address.")),
            Err(NoRoute::MethodNotAllowed(methods)) => Err(Error::new(
                Kind::MethodNotAllowed,
                format!("This address takes {methods} only."),
            )),
        }
    }
}

impl RequestContext<'_> {
    fn chat(&self) -> &Arc<Chat> {
        &self.http.chat
    }

    async fn viewer(&self) -> Result<Viewer> {
        match &self.presented_token {
            Some(Some(token)) => self.chat().viewer(token, self.connection.peer.ip()).await,
            _ => Err(Error::unauthenticated()),
        }
    }

    fn caller(&self, headers: &HeaderMap) -> Caller {
        let device = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Caller {
            address: self.connection.peer.ip().to_canonical(),
            device: device.unwrap_or_default().to_owned(),
        }
    }

    async fn public(&self, route: PublicRoute, request: Request<Incoming>) -> Result<Answer> {
        match route {
            PublicRoute::Page(page) => self.page(page, request.headers()).await,
            PublicRoute::Link(link, code) => self.link(link, &code, request.headers()).await,
            PublicRoute::Form(page) => self.form(page, request).await,
            PublicRoute::Asset { hash, path } => assets::asset(&hash, &path, request.headers()),
            PublicRoute::Health => self.alive(),
            PublicRoute::Ready => self.ready(),
            PublicRoute::Metrics => self.metrics(request.headers()).await,
            PublicRoute::Signup => self.sign_up(request).await,
            PublicRoute::CheckInvite => self.check_invite(request).await,
            PublicRoute::Login => self.log_in(request).await,
            PublicRoute::Reset => self.reset(request).await,
            PublicRoute::CheckReset => self.check_reset(request).await,
        }
    }

    /// Sign-up from a script.
    async fn sign_up(&self, request: Request<Incoming>) -> Result<Answer> {
        let caller = self.caller(request.headers());
        let typed: Credentials = request::json(request).await?;
        let entered = self
            .chat()
            .sign_up(&typed.name, &typed.password, &typed.invite, &caller);
        let entered = entered.await?;
        Ok(self.signed_in(StatusCode::CREATED, &entered).await)
    }

    /// Log-in from a script.
    async fn log_in(&self, request: Request<Incoming>) -> Result<Answer> {
        let caller = self.caller(request.headers());
        let typed: Credentials = request::json(request).await?;
        let entered = self.chat().log_in(&typed.name, &typed.password, &caller).await?;
        Ok(self.signed_in(StatusCode::OK, &entered).await)
    }

    /// Answers with the account and the cookie of its new session.
    async fn signed_in(&self, status: StatusCode, entered: &LoggedIn) -> Answer {
        self.replace_session().await;
        let mut answer = response::json(status, wire::user(&entered.user));
        answer
            .headers_mut()
            .insert(SET_COOKIE, self.http.cookie.set(&entered.token));
        answer
    }

    /// Ends the browser's previous session: each log-in gets a new token.
    async fn replace_session(&self) {
        if let Some(Some(old)) = &self.presented_token {
            // Not worth refusing the log-in for. The session expires by itself.
            let _ = self.chat().log_out(old.id()).await;
        }
    }

    async fn member(&self, viewer: Viewer, route: MemberRoute, mut request: Request<Incoming>) -> Result<Answer> {
        request.extensions_mut().insert(self.http.bodies.member(viewer.user.id));
        // A page may show hundreds of pictures at once, and everybody must be able to log out.
        if !matches!(route, MemberRoute::Avatar(..) | MemberRoute::Logout) {
            self.chat().throttle_request(&viewer)?;
        }
        match route {
            MemberRoute::Logout => {
                self.chat().log_out(viewer.session).await?;
                let mut answer = response::empty(StatusCode::NO_CONTENT);
                answer.headers_mut().insert(SET_COOKIE, self.http.cookie.clear());
                Ok(answer)
            }
            MemberRoute::Me(asks) => self.me(&viewer, asks, request).await,
            MemberRoute::People => self.people(&viewer, &request).await,
            MemberRoute::Server(asks) => self.at_server(&viewer, asks, request).await,
            MemberRoute::Person(user, asks) => self.person(&viewer, user, asks, request).await,
            MemberRoute::Backup => self.backup(&viewer, &request).await,
            MemberRoute::Qr => self.qr(request).await,
            MemberRoute::Search => self.search(&viewer, request.uri().query().unwrap_or_default()).await,
            MemberRoute::Avatar(user, version) => self.avatar(user, &version).await,
            MemberRoute::Rooms => self.rooms(&viewer, &request).await,
            MemberRoute::CreateRoom => self.create_room(&viewer, request).await,
            MemberRoute::Room(room, asks) => self.in_room(&viewer, room, asks, request).await,
            MemberRoute::Upload => self.upload(&viewer, request).await,
            MemberRoute::File(id) => self.file(&viewer, id, &request).await,
            MemberRoute::Preview(id) => self.preview(&viewer, id, request.headers()).await,
            MemberRoute::Socket => self.socket(viewer, request),
        }
    }

    fn socket(&self, viewer: Viewer, request: Request<Incoming>) -> Result<Answer> {
        let headers = request.headers().clone();
        let (chat, permit) = (self.chat().clone(), self.connection.permit.clone());
        match ws::upgrade(chat, viewer, permit, linger::into_stream, request) {
            Ok(upgrade) => Ok(upgrade.map(|_| response::whole(Bytes::new()))),
            // RFC 6455 §4.4: the answer names the supported version.
            Err(error) if error.kind == Kind::BadRequest => {
                let mut answer = response::problem(&error, &headers);
                answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, 13.into());
                Ok(answer)
            }
            Err(error) => Err(error),
        }
    }

    async fn page(&self, page: Page, headers: &HeaderMap) -> Result<Answer> {
        match (page, self.viewer().await) {
            (Page::Chat, Ok(_)) => self.filled("index.html", headers).await,
            // Also for people who are logged in: the link may be for another account, or they have forgotten the
            // password.
            (Page::Reset, _) => self.reset_page(headers).await,
            // A browser keeps the part behind `#` across a redirect, unless the redirect has one of its own.
            (Page::Join, Ok(_)) => Ok(response::see_other("/#")),
            (_, Ok(_)) => Ok(response::see_other("/")),
            (page, Err(error)) if error.kind == Kind::Unauthenticated => {
                let is_empty = self.chat().is_empty().await?;
                match page {
                    Page::Chat | Page::Login if is_empty => Ok(response::see_other("/signup")),
                    Page::Chat => Ok(response::see_other("/login")),
                    Page::Signup => self.sign_up_page(&Credentials::default(), headers).await,
                    Page::Join => self.join_page(headers).await,
                    page => self.filled(pages::file(page, is_empty), headers).await,
                }
            }
            (_, Err(error)) => Err(error),
        }
    }

    async fn filled(&self, file: &str, headers: &HeaderMap) -> Result<Answer> {
        let server = self.chat().server().await?;
        let vars = PageVars::new(server.name.as_str(), headers);
        assets::page(file, &vars.values(), headers)
    }

    /// Shows the form if it is of use, and otherwise why not.
    async fn sign_up_page(&self, typed: &Credentials, headers: &HeaderMap) -> Result<Answer> {
        let server = self.chat().server().await?;
        let is_empty = self.chat().is_empty().await?;
        let mut vars = PageVars::new(server.name.as_str(), headers);
        vars.invite = &typed.invite;
        let refused = self.chat().may_sign_up(Code::parse(&typed.invite).as_ref()).await;
        let refused = refused.map_err(|error| match error.kind {
            Kind::Forbidden => Ok(error.title),
            _ => Err(error),
        });
        let closed = match refused {
            Ok(()) => None,
            Err(title) => Some(title?),
        };
        vars.closed = closed.as_deref();
        assets::page(pages::file(Page::Signup, is_empty), &vars.values(), headers)
    }

    /// Sign-up or log-in from a form without script. Redirects to the chat, or shows the same page with the error.
    async fn form(&self, page: Page, request: Request<Incoming>) -> Result<Answer> {
        let headers = request.headers().clone();
        let caller = self.caller(&headers);
        let typed = request::form(request).await?;
        let (chat, password) = (self.chat(), &typed.password);
        let entered = match page {
            Page::Signup => chat.sign_up(&typed.name, password, &typed.invite, &caller).await,
            Page::Reset => chat.reset_password(&typed.code, password, &caller).await,
            _ => chat.log_in(&typed.name, password, &caller).await,
        };
        match entered {
            Ok(entered) => {
                self.replace_session().await;
                let mut answer = response::see_other("/");
                answer
                    .headers_mut()
                    .insert(SET_COOKIE, self.http.cookie.set(&entered.token));
                Ok(answer)
            }
            Err(error) => {
                error.log();
                let server = chat.server().await?;
                let mut vars = PageVars::new(server.name.as_str(), &headers);
                (vars.name, vars.invite, vars.code) = (&typed.name, &typed.invite, &typed.code);
                vars.error = Some(&error.title);
                vars.asks_code = error.field == Some("invite") || page == Page::Reset && error.kind == Kind::NotFound;
                let file = pages::file(page, chat.is_empty().await?);
                chat.count_failure(&error);
                pages::with_error(file, &vars, &error, &headers)
            }
        }
    }
}
