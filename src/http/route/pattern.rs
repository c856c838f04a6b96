//! What the log says of a request in place of its path, which may hold what is nobody else's business: a code, the name
//! of a file, or whatever somebody typed.

use super::{AtServer, InRoom, Link, METHODS, Me, Page, Route, Who, find};
use hyper::Method;

/// Of a path that is not ours.
const UNKNOWN: &str = "unknown";

/// The pattern of a path, by whichever method it is asked for.
pub fn pattern(path: &str) -> &'static str {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let found = METHODS.iter().find_map(|method| find(method, &parts));
    found.map_or(UNKNOWN, |route| route.pattern())
}

/// A method by its name; one that is not ours may be anything.
pub fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}

impl Route {
    fn pattern(&self) -> &'static str {
        match self {
            Route::Page(page) | Route::Form(page) => page.pattern(),
            Route::Link(Link::Join, _) => "/join/{code}",
            Route::Link(Link::Reset, _) => "/reset/{code}",
            Route::Asset { .. } => "/-/{asset}",
            Route::Health => "/healthz",
            Route::Ready => "/readyz",
            Route::Metrics => "/metrics",
            Route::Signup => "/api/signup",
            Route::CheckInvite => "/api/signup/check",
            Route::Login => "/api/login",
            Route::Reset => "/api/reset",
            Route::CheckReset => "/api/reset/check",
            Route::Logout => "/api/logout",
            Route::Me(asks) => asks.pattern(),
            Route::People => "/api/people",
            Route::Search => "/api/search",
            Route::Avatar(..) => "/avatars/{user}/{version}",
            Route::Rooms | Route::CreateRoom => "/api/rooms",
            Route::Room(_, asks) => asks.pattern(),
            Route::Server(AtServer::Show | AtServer::Edit) => "/api/server",
            Route::Server(AtServer::MakeInvite | AtServer::EndInvite) => "/api/server/invite",
            Route::Person(_, Who::Edit) => "/api/people/{user}",
            Route::Person(_, Who::OfferReset) => "/api/people/{user}/reset",
            Route::Backup => "/api/backup",
            Route::Qr => "/api/qr",
            Route::Upload => "/api/files",
            Route::File(_) => "/files/{id}/{name}",
            Route::Preview(_) => "/files/{id}/preview",
            Route::Socket => "/ws",
        }
    }
}

impl Page {
    fn pattern(self) -> &'static str {
        match self {
            // Also with a room and a message behind it: it is one page.
            Page::Chat => "/",
            Page::Login => "/login",
            Page::Signup => "/signup",
            Page::Join => "/join",
            Page::Reset => "/reset",
        }
    }
}

impl Me {
    fn pattern(&self) -> &'static str {
        match self {
            Me::Show | Me::Edit => "/api/me",
            Me::Settings => "/api/me/settings",
            Me::SetAvatar | Me::RemoveAvatar => "/api/me/avatar",
            Me::Password => "/api/me/password",
            Me::Sessions | Me::EndOthers => "/api/me/sessions",
            Me::EndSession(_) => "/api/me/sessions/{id}",
            Me::Block(..) => "/api/me/blocks/{user}",
            Me::Saved => "/api/me/saved",
        }
    }
}

impl InRoom {
    fn pattern(&self) -> &'static str {
        match self {
            InRoom::Show | InRoom::Edit => "/api/rooms/{room}",
            InRoom::Arrange => "/api/rooms/{room}/me",
            InRoom::Join => "/api/rooms/{room}/join",
            InRoom::Leave => "/api/rooms/{room}/leave",
            InRoom::Members => "/api/rooms/{room}/members",
            InRoom::AddMember(_) | InRoom::RemoveMember(_) => "/api/rooms/{room}/members/{user}",
            InRoom::History | InRoom::Post => "/api/rooms/{room}/messages",
            InRoom::Pins => "/api/rooms/{room}/pins",
            InRoom::Seen => "/api/rooms/{room}/seen",
        }
    }
}
