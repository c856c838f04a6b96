//! Routing: a pure function from (method, path) to [`Route`].

use crate::model::{FileId, RoomId, Seq, SessionId, UserId};
use hyper::Method;

/// A page of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The chat itself.
    Chat,
    /// The log-in page.
    Login,
    /// The sign-up page, or the welcome for the first visitor.
    Signup,
    /// The sign-up page of an invite link. Its code is behind `#`, so the server does not see it.
    Join,
    /// The page of a password-reset link.
    Reset,
}

/// An older link, with its code in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// An invite link.
    Join,
    /// A password-reset link.
    Reset,
}

/// A request by who may send it. A member handler is reached only through [`MemberRoute`], together with the
/// authenticated viewer. Every new path must choose one of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// For everybody who passes the gate.
    Public(PublicRoute),
    /// For people with a live session. If a role is needed too, the store checks it in the transaction.
    Member(MemberRoute),
}

/// The routes for everybody. Add to them with care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicRoute {
    /// `GET /`, `/rooms/R`, `/rooms/R/M`, `/server`, `/login`, `/signup`, `/join`, `/reset`
    Page(Page),
    /// `GET /join/CODE`, `/reset/CODE`
    Link(Link, String),
    /// `POST /login`, `/signup`, `/reset` from a form without script
    Form(Page),
    /// `GET /-/HASH/…`
    Asset {
        /// The version that the page refers to.
        hash: String,
        /// The path of the file.
        path: String,
    },
    /// `GET /healthz`
    Health,
    /// `GET /readyz`
    Ready,
    /// `GET /metrics`, which checks by itself who asks: a program on this computer, the token, or a role.
    Metrics,
    /// `POST /api/signup`
    Signup,
    /// `POST /api/signup/check`
    CheckInvite,
    /// `POST /api/login`
    Login,
    /// `POST /api/reset`
    Reset,
    /// `POST /api/reset/check`
    CheckReset,
}

/// The routes for people who are logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberRoute {
    /// `POST /api/logout`
    Logout,
    /// `/api/me…`
    Me(Me),
    /// `GET /api/people`
    People,
    /// `GET /api/search`
    Search,
    /// `GET /avatars/USER/VERSION`
    Avatar(UserId, String),
    /// `GET /api/rooms`
    Rooms,
    /// `POST /api/rooms`
    CreateRoom,
    /// `/api/rooms/R…`
    Room(RoomId, InRoom),
    /// `/api/server…`
    Server(AtServer),
    /// `/api/people/USER…`
    Person(UserId, AtPerson),
    /// `GET /api/backup`
    Backup,
    /// `GET` and `POST /api/qr`
    Qr,
    /// `POST /api/files`
    Upload,
    /// `GET /files/ID/NAME`
    File(FileId),
    /// `GET /files/ID/preview`
    Preview(FileId),
    /// `GET /ws`
    Socket,
}

/// The routes below `/api/server`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtServer {
    /// `GET`
    Show,
    /// `PATCH`
    Edit,
    /// `POST …/invite`
    MakeInvite,
    /// `PATCH …/invite`
    EndInvite,
}

/// The routes below `/api/people/USER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtPerson {
    /// `PATCH`
    Edit,
    /// `POST …/reset`
    OfferReset,
}

/// The routes below `/api/me`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Me {
    /// `GET /api/me`
    Show,
    /// `PATCH /api/me`
    Edit,
    /// `PUT /api/me/settings`
    Settings,
    /// `PUT /api/me/avatar`
    SetAvatar,
    /// `DELETE /api/me/avatar`
    RemoveAvatar,
    /// `PUT /api/me/password`
    Password,
    /// `GET /api/me/sessions`
    Sessions,
    /// `DELETE /api/me/sessions`
    EndOthers,
    /// `DELETE /api/me/sessions/ID`
    EndSession(SessionId),
    /// `PUT` and `DELETE /api/me/blocks/USER`
    Block(UserId, bool),
    /// `GET /api/me/saved`
    Saved,
}

/// The routes below `/api/rooms/R`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InRoom {
    /// `GET`
    Show,
    /// `PATCH`
    Edit,
    /// `PUT …/me`
    Arrange,
    /// `POST …/join`
    Join,
    /// `POST …/leave`
    Leave,
    /// `GET …/members`
    Members,
    /// `PUT …/members/USER`
    AddMember(UserId),
    /// `DELETE …/members/USER`
    RemoveMember(UserId),
    /// `GET …/messages`
    History,
    /// `POST …/messages`
    Post,
    /// `GET …/pins`
    Pins,
    /// `GET …/seen`
    Seen,
}

/// Why a request has no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoute {
    /// The path does not exist.
    NotFound,
    /// The path supports only these methods (for `Allow`, RFC 9110 §10.2.1).
    MethodNotAllowed(String),
}

pub(super) const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Finds the route. `HEAD` is routed like `GET`, and its body is not sent.
///
/// # Errors
/// [`NoRoute`].
pub fn route(method: &Method, path: &str) -> Result<Route, NoRoute> {
    let parts: Vec<&str> = path.strip_prefix('/').ok_or(NoRoute::NotFound)?.split('/').collect();
    let asked = if *method == Method::HEAD { &Method::GET } else { method };
    if let Some(route) = find(asked, &parts) {
        return Ok(route);
    }
    let mut allowed = Vec::new();
    for known in METHODS.iter().filter(|known| find(known, &parts).is_some()) {
        allowed.push(known.as_str());
        if *known == Method::GET {
            allowed.push("HEAD");
        }
    }
    match allowed.is_empty() {
        true => Err(NoRoute::NotFound),
        false => Err(NoRoute::MethodNotAllowed(allowed.join(", "))),
    }
}

/// The complete table. No path is in both halves.
pub(super) fn find(method: &Method, parts: &[&str]) -> Option<Route> {
    let public = public(method.as_str(), parts).map(Route::Public);
    public.or_else(|| member(method.as_str(), parts).map(Route::Member))
}

fn public(method: &str, parts: &[&str]) -> Option<PublicRoute> {
    match (method, parts) {
        ("GET", [""]) => Some(PublicRoute::Page(Page::Chat)),
        ("GET", ["rooms", room]) => id(room, RoomId::parse).map(|_| PublicRoute::Page(Page::Chat)),
        ("GET", ["rooms", room, message]) => {
            id(room, RoomId::parse)?;
            id(message, Seq::parse).map(|_| PublicRoute::Page(Page::Chat))
        }
        ("GET", ["login"]) => Some(PublicRoute::Page(Page::Login)),
        ("POST", ["login"]) => Some(PublicRoute::Form(Page::Login)),
        ("GET", ["signup"]) => Some(PublicRoute::Page(Page::Signup)),
        ("POST", ["signup"]) => Some(PublicRoute::Form(Page::Signup)),
        ("GET", ["server"]) => Some(PublicRoute::Page(Page::Chat)),
        ("GET", ["join"]) => Some(PublicRoute::Page(Page::Join)),
        ("GET", ["reset"]) => Some(PublicRoute::Page(Page::Reset)),
        ("GET", ["join", code]) => Some(PublicRoute::Link(Link::Join, (*code).to_owned())),
        ("GET", ["reset", code]) => Some(PublicRoute::Link(Link::Reset, (*code).to_owned())),
        ("POST", ["reset"]) => Some(PublicRoute::Form(Page::Reset)),
        ("GET", ["healthz"]) => Some(PublicRoute::Health),
        ("GET", ["readyz"]) => Some(PublicRoute::Ready),
        ("GET", ["metrics"]) => Some(PublicRoute::Metrics),
        ("GET", ["-", hash, rest @ ..]) if !rest.is_empty() => Some(PublicRoute::Asset {
            hash: (*hash).to_owned(),
            path: rest.join("/"),
        }),
        ("POST", ["api", "signup"]) => Some(PublicRoute::Signup),
        ("POST", ["api", "login"]) => Some(PublicRoute::Login),
        ("POST", ["api", "reset"]) => Some(PublicRoute::Reset),
        ("POST", ["api", "signup", "check"]) => Some(PublicRoute::CheckInvite),
        ("POST", ["api", "reset", "check"]) => Some(PublicRoute::CheckReset),
        _ => None,
    }
}

fn member(method: &str, parts: &[&str]) -> Option<MemberRoute> {
    match (method, parts) {
        ("GET", ["ws"]) => Some(MemberRoute::Socket),
        ("GET", ["avatars", user, version]) => {
            id(user, UserId::parse).map(|user| MemberRoute::Avatar(user, (*version).to_owned()))
        }
        ("GET", ["files", id, name]) => {
            let id = FileId::parse(id).ok().filter(|_| !name.is_empty())?;
            Some(if *name == "preview" {
                MemberRoute::Preview(id)
            } else {
                MemberRoute::File(id)
            })
        }
        ("POST", ["api", "files"]) => Some(MemberRoute::Upload),
        ("GET", ["api", "server"]) => Some(MemberRoute::Server(AtServer::Show)),
        ("PATCH", ["api", "server"]) => Some(MemberRoute::Server(AtServer::Edit)),
        ("POST", ["api", "server", "invite"]) => Some(MemberRoute::Server(AtServer::MakeInvite)),
        ("PATCH", ["api", "server", "invite"]) => Some(MemberRoute::Server(AtServer::EndInvite)),
        ("PATCH", ["api", "people", user]) => Some(MemberRoute::Person(id(user, UserId::parse)?, AtPerson::Edit)),
        ("POST", ["api", "people", user, "reset"]) => {
            Some(MemberRoute::Person(id(user, UserId::parse)?, AtPerson::OfferReset))
        }
        ("GET", ["api", "backup"]) => Some(MemberRoute::Backup),
        ("GET" | "POST", ["api", "qr"]) => Some(MemberRoute::Qr),
        ("POST", ["api", "logout"]) => Some(MemberRoute::Logout),
        ("GET", ["api", "people"]) => Some(MemberRoute::People),
        ("GET", ["api", "search"]) => Some(MemberRoute::Search),
        ("GET", ["api", "rooms"]) => Some(MemberRoute::Rooms),
        ("POST", ["api", "rooms"]) => Some(MemberRoute::CreateRoom),
        (_, ["api", "me", rest @ ..]) => me(method, rest).map(MemberRoute::Me),
        (_, ["api", "rooms", room, rest @ ..]) => {
            let room = id(room, RoomId::parse)?;
            in_room(method, rest).map(|asked| MemberRoute::Room(room, asked))
        }
        _ => None,
    }
}

fn me(method: &str, parts: &[&str]) -> Option<Me> {
    match (method, parts) {
        ("GET", []) => Some(Me::Show),
        ("PATCH", []) => Some(Me::Edit),
        ("PUT", ["settings"]) => Some(Me::Settings),
        ("PUT", ["avatar"]) => Some(Me::SetAvatar),
        ("DELETE", ["avatar"]) => Some(Me::RemoveAvatar),
        ("PUT", ["password"]) => Some(Me::Password),
        ("GET", ["sessions"]) => Some(Me::Sessions),
        ("DELETE", ["sessions"]) => Some(Me::EndOthers),
        ("DELETE", ["sessions", session]) => SessionId::from_hex(session).map(Me::EndSession),
        ("PUT", ["blocks", user]) => id(user, UserId::parse).map(|user| Me::Block(user, true)),
        ("DELETE", ["blocks", user]) => id(user, UserId::parse).map(|user| Me::Block(user, false)),
        ("GET", ["saved"]) => Some(Me::Saved),
        _ => None,
    }
}

fn in_room(method: &str, parts: &[&str]) -> Option<InRoom> {
    match (method, parts) {
        ("GET", []) => Some(InRoom::Show),
        ("PATCH", []) => Some(InRoom::Edit),
        ("PUT", ["me"]) => Some(InRoom::Arrange),
        ("POST", ["join"]) => Some(InRoom::Join),
        ("POST", ["leave"]) => Some(InRoom::Leave),
        ("GET", ["members"]) => Some(InRoom::Members),
        ("PUT", ["members", user]) => id(user, UserId::parse).map(InRoom::AddMember),
        ("DELETE", ["members", user]) => id(user, UserId::parse).map(InRoom::RemoveMember),
        ("GET", ["messages"]) => Some(InRoom::History),
        ("POST", ["messages"]) => Some(InRoom::Post),
        ("GET", ["pins"]) => Some(InRoom::Pins),
        ("GET", ["seen"]) => Some(InRoom::Seen),
        _ => None,
    }
}

/// Parses a number in a path as an id.
fn id<T>(part: &str, parse: fn(u64) -> crate::error::Result<T>) -> Option<T> {
    // `parse` would also accept a sign.
    let is_number = part.bytes().all(|b| b.is_ascii_digit());
    parse(part.parse().ok().filter(|_| is_number)?).ok()
}
