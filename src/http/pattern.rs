//! What the log shows instead of a request's path. The path may contain something private: a code, the name of a
//! file, or text that somebody typed.

use super::route::{AtPerson, AtServer, InRoom, Link, METHODS, Me, MemberRoute, Page, PublicRoute, Route, find};
use hyper::Method;

/// Shown for a path that is not ours.
const UNKNOWN: &str = "unknown";

/// The pattern of a path that exists for any method.
pub fn pattern(path: &str) -> &'static str {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let found = METHODS.iter().find_map(|method| find(method, &parts));
    found.map_or(UNKNOWN, |route| route.pattern())
}

/// The name of a method. An unknown one is not logged, since it may be any text.
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
            Route::Public(route) => route.pattern(),
            Route::Member(route) => route.pattern(),
        }
    }
}

impl PublicRoute {
    fn pattern(&self) -> &'static str {
        match self {
            PublicRoute::Page(page) | PublicRoute::Form(page) => page.pattern(),
            PublicRoute::Link(Link::Join, _) => "/join/{code}",
            PublicRoute::Link(Link::Reset, _) => "/reset/{code}",
            PublicRoute::Asset { .. } => "/-/{asset}",
            PublicRoute::Health => "/healthz",
            PublicRoute::Ready => "/readyz",
            PublicRoute::Metrics => "/metrics",
            PublicRoute::Signup => "/api/signup",
            PublicRoute::CheckInvite => "/api/signup/check",
            PublicRoute::Login => "/api/login",
            PublicRoute::Reset => "/api/reset",
            PublicRoute::CheckReset => "/api/reset/check",
        }
    }
}

impl MemberRoute {
    fn pattern(&self) -> &'static str {
        match self {
            MemberRoute::Logout => "/api/logout",
            MemberRoute::Me(asks) => asks.pattern(),
            MemberRoute::People => "/api/people",
            MemberRoute::Search => "/api/search",
            MemberRoute::Avatar(..) => "/avatars/{user}/{version}",
            MemberRoute::Rooms | MemberRoute::CreateRoom => "/api/rooms",
            MemberRoute::Room(_, asks) => asks.pattern(),
            MemberRoute::Server(AtServer::Show | AtServer::Edit) => "/api/server",
            MemberRoute::Server(AtServer::MakeInvite | AtServer::EndInvite) => "/api/server/invite",
            MemberRoute::Person(_, AtPerson::Edit) => "/api/people/{user}",
            MemberRoute::Person(_, AtPerson::OfferReset) => "/api/people/{user}/reset",
            MemberRoute::Backup => "/api/backup",
            MemberRoute::Qr => "/api/qr",
            MemberRoute::Upload => "/api/files",
            MemberRoute::File(_) => "/files/{id}/{name}",
            MemberRoute::Preview(_) => "/files/{id}/preview",
            MemberRoute::Socket => "/ws",
        }
    }
}

impl Page {
    fn pattern(self) -> &'static str {
        match self {
            // Also for the address of a room or a message: it is the same page.
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
