//! Which request means what: a pure function from (method, path) to [`Route`].

use crate::model::RoomId;
use hyper::Method;

/// A page of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The chat itself.
    Chat,
    /// Log in.
    Login,
    /// Sign up; for the first visitor, the welcome.
    Signup,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /`, `/login`, `/signup`
    Page(Page),
    /// `POST /login`, `/signup` from a form without script
    Form(Page),
    /// `GET /-/HASH/…`
    Asset {
        /// The version that the page wants.
        hash: String,
        /// Which file.
        path: String,
    },
    /// `GET /healthz`
    Health,
    /// `POST /api/signup`
    Signup,
    /// `POST /api/login`
    Login,
    /// `POST /api/logout`
    Logout,
    /// `GET /api/me`
    Me,
    /// `GET /api/rooms`
    Rooms,
    /// `GET /api/rooms/R/messages`
    History(RoomId),
    /// `POST /api/rooms/R/messages`
    Post(RoomId),
    /// `GET /ws`
    Socket,
}

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who passes the gate.
    Anybody,
    /// Whoever shows a live session.
    Member,
}

impl Route {
    /// Access is for members, unless it says otherwise here.
    pub fn access(&self) -> Access {
        match self {
            Route::Page(_) | Route::Form(_) | Route::Asset { .. } | Route::Health | Route::Signup | Route::Login => {
                Access::Anybody
            }
            _ => Access::Member,
        }
    }
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// No such path.
    NotFound,
    /// The path takes these methods only (for `Allow`, RFC 9110 §10.2.1).
    MethodNotAllowed(&'static str),
}

/// Finds the route. `HEAD` is a `GET` whose body is not sent.
///
/// # Errors
/// [`NoRoute`].
pub fn route(method: &Method, path: &str) -> Result<Route, NoRoute> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let posts = *method == Method::POST;
    let read = |route| {
        if reads {
            Ok(route)
        } else {
            Err(NoRoute::MethodNotAllowed("GET, HEAD"))
        }
    };
    let post = |route| {
        if posts {
            Ok(route)
        } else {
            Err(NoRoute::MethodNotAllowed("POST"))
        }
    };
    let form = |page| match (reads, posts) {
        (true, _) => Ok(Route::Page(page)),
        (_, true) => Ok(Route::Form(page)),
        _ => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
    };
    let parts: Vec<&str> = path.strip_prefix('/').ok_or(NoRoute::NotFound)?.split('/').collect();
    match parts.as_slice() {
        [""] => read(Route::Page(Page::Chat)),
        ["login"] => form(Page::Login),
        ["signup"] => form(Page::Signup),
        ["healthz"] => read(Route::Health),
        ["ws"] => read(Route::Socket),
        ["api", "signup"] => post(Route::Signup),
        ["api", "login"] => post(Route::Login),
        ["api", "logout"] => post(Route::Logout),
        ["api", "me"] => read(Route::Me),
        ["api", "rooms"] => read(Route::Rooms),
        ["api", "rooms", room, "messages"] => {
            let room = room.parse().ok().and_then(|room| RoomId::parse(room).ok());
            let room = room.ok_or(NoRoute::NotFound)?;
            match (reads, posts) {
                (true, _) => Ok(Route::History(room)),
                (_, true) => Ok(Route::Post(room)),
                _ => Err(NoRoute::MethodNotAllowed("GET, HEAD, POST")),
            }
        }
        ["-", hash, rest @ ..] if !rest.is_empty() => read(Route::Asset {
            hash: (*hash).to_owned(),
            path: rest.join("/"),
        }),
        _ => Err(NoRoute::NotFound),
    }
}
