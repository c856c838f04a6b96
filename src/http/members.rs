//! The routes of members: each is one verb of `chat`.

use super::encoding;
use super::request::{self, ListPart};
use super::response::{self, Answer};
use super::route::{InRoom, Me};
use super::{RequestContext, bodies};
use crate::error::Result;
use crate::limits::BROWSE_ROOMS_DEFAULT;
use crate::model::{PageSize, RoomId, UserId, Viewer};
use crate::wire;
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use hyper::{Request, StatusCode};

/// A version of a picture never changes. `private`, because a shared cache must not serve it to strangers.
const PICTURE_LIFETIME: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

fn ok(body: Vec<u8>) -> Answer {
    response::json(StatusCode::OK, body)
}

fn done() -> Answer {
    response::empty(StatusCode::NO_CONTENT)
}

fn asked(request: &Request<Incoming>) -> Result<ListPart> {
    request::list(request.uri().query().unwrap_or_default())
}

/// The id below which the next page of people begins.
fn below(part: &ListPart) -> Result<Option<UserId>> {
    let before = part.before.map(UserId::parse).transpose();
    before.map_err(|error| error.at("before"))
}

impl RequestContext<'_> {
    pub(super) async fn me(&self, viewer: &Viewer, asks: Me, request: Request<Incoming>) -> Result<Answer> {
        let chat = self.chat();
        match asks {
            Me::Show => Ok(ok(wire::me(&viewer.user, &chat.settings(viewer).await?))),
            Me::Edit => {
                let patch = request::json::<bodies::Profile>(request).await?.parse()?;
                Ok(ok(wire::user(&chat.edit_profile(viewer, patch).await?)))
            }
            Me::Settings => {
                let patch = request::json::<bodies::Settings>(request).await?.parse()?;
                Ok(ok(wire::own_settings(&chat.edit_settings(viewer, patch).await?)))
            }
            Me::SetAvatar => {
                let upload = request::picture(request).await?;
                Ok(ok(wire::user(&chat.set_picture(viewer, Some(upload)).await?)))
            }
            Me::RemoveAvatar => Ok(ok(wire::user(&chat.set_picture(viewer, None).await?))),
            Me::Password => {
                let caller = self.caller(request.headers());
                let typed: bodies::Passwords = request::json(request).await?;
                let change = chat.change_password(viewer, &caller, &typed.password, &typed.new_password);
                let token = change.await?;
                let mut answer = done();
                answer.headers_mut().insert(SET_COOKIE, self.http.cookie.set(&token));
                Ok(answer)
            }
            Me::Sessions => Ok(ok(wire::sessions(&chat.sessions(viewer).await?, viewer.session))),
            Me::EndOthers => chat.end_other_sessions(viewer).await.map(|()| done()),
            Me::EndSession(id) => chat.end_session(viewer, id).await.map(|()| done()),
            Me::Block(user, on) => chat.block(viewer, user, on).await.map(|()| done()),
            Me::Saved => {
                let part = asked(&request)?;
                let page = chat.saved(viewer, part.before, part.size()).await?;
                Ok(ok(wire::saved_page(&page, &viewer.user)))
            }
        }
    }

    pub(super) async fn people(&self, viewer: &Viewer, request: &Request<Incoming>) -> Result<Answer> {
        let part = asked(request)?;
        let page = match &part.ids {
            Some(ids) => self.chat().people_of(ids).await?,
            None => self.chat().people(&part.query, below(&part)?, part.size()).await?,
        };
        let files = self.chat().file_usage_of_each(viewer, &page).await?;
        Ok(ok(wire::people(&page, files.as_deref())))
    }

    pub(super) async fn avatar(&self, user: UserId, version: &str) -> Result<Answer> {
        let jpeg = self.chat().picture(user, version).await?;
        let mut answer = response::answer(StatusCode::OK, "image/jpeg", jpeg);
        answer.headers_mut().insert(CACHE_CONTROL, PICTURE_LIFETIME);
        Ok(answer)
    }

    pub(super) async fn rooms(&self, viewer: &Viewer, request: &Request<Incoming>) -> Result<Answer> {
        let part = asked(request)?;
        if !part.browse {
            return Ok(ok(wire::rooms(&self.chat().rooms(viewer).await?)));
        }
        let after = part.after.map(RoomId::parse).transpose();
        let after = after.map_err(|error| error.at("after"))?;
        let count = part.limit.map_or(BROWSE_ROOMS_DEFAULT, PageSize::get);
        let page = self.chat().browse(viewer, &part.query, after, count).await?;
        Ok(ok(wire::listings(&page)))
    }

    pub(super) async fn create_room(&self, viewer: &Viewer, request: Request<Incoming>) -> Result<Answer> {
        let plan = request::json::<bodies::NewRoom>(request).await?.parse()?;
        let (view, is_new) = self.chat().create_room(viewer, plan).await?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok(response::json(status, wire::one_room(&view)))
    }

    pub(super) async fn in_room(
        &self,
        viewer: &Viewer,
        room: RoomId,
        asks: InRoom,
        request: Request<Incoming>,
    ) -> Result<Answer> {
        let chat = self.chat();
        match asks {
            InRoom::Show => Ok(ok(wire::one_room(&chat.room(viewer, room).await?))),
            InRoom::Edit => {
                let patch = request::json::<bodies::RoomChange>(request).await?.parse()?;
                Ok(ok(wire::one_room(&chat.edit_room(viewer, room, patch).await?)))
            }
            InRoom::Arrange => {
                let prefs = request::json::<bodies::Arrangement>(request).await?.parse();
                Ok(ok(wire::one_room(&chat.arrange_room(viewer, room, prefs).await?)))
            }
            InRoom::Join => Ok(ok(wire::one_room(&chat.join_room(viewer, room).await?))),
            InRoom::Leave => chat.remove_member(viewer, room, viewer.user.id).await.map(|()| done()),
            InRoom::Members => {
                let part = asked(&request)?;
                let page = chat
                    .members(viewer, room, &part.query, below(&part)?, part.size())
                    .await?;
                Ok(ok(wire::members(&page)))
            }
            InRoom::AddMember(user) => {
                let role = request::json_or_nothing::<bodies::Membership>(request).await?.parse();
                match role {
                    Some(role) => chat.set_member_role(viewer, room, user, role).await?,
                    None => drop(chat.add_member(viewer, room, user).await?),
                }
                Ok(done())
            }
            InRoom::RemoveMember(user) => chat.remove_member(viewer, room, user).await.map(|()| done()),
            InRoom::History => {
                let (anchor, size) = request::page(request.uri().query().unwrap_or_default())?;
                let page = chat.history(viewer, room, anchor, size).await?;
                Ok(encoding::messages(wire::page(&page, &viewer.user), request.headers()))
            }
            InRoom::Post => {
                let (client_id, content) = request::json::<bodies::NewMessage>(request).await?.parse()?;
                let posted = chat.post(viewer, room, client_id, content).await?.await?;
                let status = if posted.repeated {
                    StatusCode::OK
                } else {
                    StatusCode::CREATED
                };
                Ok(response::json(status, wire::post_receipt(posted.room, posted.seq)))
            }
            InRoom::Pins => {
                let page = chat.pins(viewer, room, asked(&request)?.before).await?;
                Ok(encoding::messages(wire::pins(&page, &viewer.user), request.headers()))
            }
            InRoom::Seen => Ok(ok(wire::seen_by(&chat.read_positions(viewer, room).await?))),
        }
    }
}
