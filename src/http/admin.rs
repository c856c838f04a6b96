//! The routes of the owner and admins.

use super::request;
use super::response::{self, Answer};
use super::route::{AtPerson, AtServer};
use super::{RequestContext, qr};
use crate::chat::{BackupTaken, Chat};
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::limits::{BACKUP_CHUNK_BYTES, BACKUP_CHUNKS_AHEAD};
use crate::model::{Backup, Role, ServerName, SignUpPolicy, UserId, Viewer};
use crate::wire::{self, Word};
use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use std::io::Read;
use std::sync::Arc;
use tokio::sync::mpsc;

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DoorName {
    Anyone,
    Invite,
    Nobody,
}

#[derive(Deserialize)]
struct ServerChange {
    name: Option<String>,
    door: Option<Word<DoorName>>,
}

#[derive(Default, Deserialize)]
struct InviteChange {
    ends_at: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RoleName {
    Owner,
    Admin,
    Member,
}

#[derive(Deserialize)]
struct PersonChange {
    role: Option<Word<RoleName>>,
    deactivated: Option<bool>,
}

#[derive(Deserialize)]
struct QrText {
    text: String,
}

fn ok(body: Vec<u8>) -> Answer {
    response::json(StatusCode::OK, body)
}

impl RequestContext<'_> {
    pub(super) async fn at_server(
        &self,
        viewer: &Viewer,
        asks: AtServer,
        request: Request<Incoming>,
    ) -> Result<Answer> {
        let chat = self.chat();
        match asks {
            AtServer::Show => self.facts(viewer).await,
            AtServer::Edit => {
                let change: ServerChange = request::json(request).await?;
                let name = change.name.as_deref().map(ServerName::parse).transpose()?;
                if let Some(Word(door)) = change.door {
                    let door = match door {
                        DoorName::Anyone => SignUpPolicy::Anyone,
                        DoorName::Invite => SignUpPolicy::Invited,
                        DoorName::Nobody => SignUpPolicy::Nobody,
                    };
                    chat.set_sign_up_policy(viewer, door).await?;
                }
                if let Some(name) = name {
                    chat.rename_server(viewer, name).await?;
                }
                self.facts(viewer).await
            }
            AtServer::MakeInvite => {
                let wanted: InviteChange = request::json_or_nothing(request).await?;
                let invite = chat.make_invite(viewer, wanted.ends_at).await?;
                Ok(response::json(StatusCode::CREATED, wire::invite(&invite)))
            }
            AtServer::EndInvite => {
                let wanted: InviteChange = request::json(request).await?;
                let missing = || Error::bad_request("The field ends_at is missing.").at("ends_at");
                let invite = chat.end_invite(viewer, wanted.ends_at.ok_or_else(missing)?).await?;
                Ok(ok(wire::invite(&invite)))
            }
        }
    }

    async fn facts(&self, viewer: &Viewer) -> Result<Answer> {
        let chat = self.chat();
        let facts = chat.server_facts(viewer).await?;
        let nightly = facts.nightly.folder.as_ref().map(|folder| wire::NightlyFacts {
            folder: folder.display().to_string(),
            nightly: &facts.nightly.nightly,
            is_stale: facts.nightly.is_stale,
        });
        Ok(ok(wire::server_facts(&wire::ServerFacts {
            info: &facts.info,
            counts: facts.counts,
            started_at: facts.started_at,
            addresses: &chat.addresses(),
            connections: chat.hub().connections(),
            file_bytes: facts.storage.file_bytes,
            disk: facts.storage.disk,
            is_backing_up: facts.is_backing_up,
            nightly,
        })))
    }

    pub(super) async fn person(
        &self,
        viewer: &Viewer,
        user: UserId,
        asks: AtPerson,
        request: Request<Incoming>,
    ) -> Result<Answer> {
        let chat = self.chat();
        if asks == AtPerson::OfferReset {
            let (code, ends_at) = chat.offer_reset(viewer, user).await?;
            return Ok(response::json(StatusCode::CREATED, wire::reset_link(&code, ends_at)));
        }
        let change: PersonChange = request::json(request).await?;
        let role = change.role.map(|Word(role)| match role {
            RoleName::Owner => Role::Owner,
            RoleName::Admin => Role::Admin,
            RoleName::Member => Role::Member,
        });
        let person = match (role, change.deactivated) {
            (Some(role), None) => chat.set_role(viewer, user, role).await?,
            (None, Some(off)) => chat.set_active(viewer, user, !off).await?,
            _ => return Err(Error::bad_request("Change either role or deactivated.")),
        };
        Ok(ok(wire::user(&person)))
    }

    /// A link with a code in it comes as a body, because a proxy may log addresses.
    pub(super) async fn qr(&self, request: Request<Incoming>) -> Result<Answer> {
        let text = if request.method() == Method::POST {
            request::json::<QrText>(request).await?.text
        } else {
            let query = request.uri().query().unwrap_or_default();
            let text = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "text");
            text.map(|(_, text)| text.into_owned()).unwrap_or_default()
        };
        let (size, path) = qr::draw(&text)?;
        Ok(ok(wire::qr(size, &path)))
    }

    /// Answers HEAD only with whether a backup could begin.
    pub(super) async fn backup(&self, viewer: &Viewer, request: &Request<Incoming>) -> Result<Answer> {
        if request.method() == Method::HEAD {
            self.chat().may_back_up(viewer).await?;
            return Ok(response::empty(StatusCode::OK));
        }
        let taken = self.chat().back_up(viewer).await?;
        let name = format!("attachment; filename=\"chapp-{}.redb\"", date(taken.at));
        let bytes = taken.copy.bytes;
        let (send, receive) = mpsc::channel(BACKUP_CHUNKS_AHEAD);
        let (chat, viewer) = (self.chat().clone(), viewer.clone());
        tokio::spawn(send_backup(chat, viewer, taken, send));
        let chunks = futures_util::stream::unfold(receive, |mut receive| async move {
            let chunk: std::io::Result<Bytes> = receive.recv().await?;
            Some((chunk.map(Frame::data).map_err(Error::internal), receive))
        });
        let mut answer = hyper::Response::new(StreamBody::new(chunks).boxed_unsync());
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(CONTENT_LENGTH, bytes.into());
        headers.insert(
            CONTENT_DISPOSITION,
            HeaderValue::try_from(name).map_err(Error::internal)?,
        );
        Ok(answer)
    }
}

/// Streams the copy as fast as the client takes it. Ends early when the client is gone.
async fn send_backup(chat: Arc<Chat>, viewer: Viewer, taken: BackupTaken, send: mpsc::Sender<std::io::Result<Bytes>>) {
    let backup = Backup {
        at: taken.at,
        bytes: taken.copy.bytes,
    };
    let reading = tokio::task::spawn_blocking(move || {
        let mut file = &taken.copy.file;
        let mut left = taken.copy.bytes;
        while left > 0 {
            let mut chunk = vec![0; BACKUP_CHUNK_BYTES.min(usize::try_from(left).unwrap_or(usize::MAX))];
            let read = file.read_exact(&mut chunk).map(|()| Bytes::from(chunk));
            left = left.saturating_sub(read.as_ref().map_or(left, |chunk| chunk.len() as u64));
            let failed = read.is_err();
            if send.blocking_send(read).is_err() || failed {
                return None;
            }
        }
        Some(taken)
    });
    // The backup counts as running until it is recorded.
    if let Ok(Some(_taken)) = reading.await {
        chat.backed_up(&viewer, backup).await;
    }
}

/// The day in UTC, as `2026-10-14` (the proleptic Gregorian calendar of ISO 8601).
fn date(at: Time) -> String {
    let day = cookie::time::OffsetDateTime::from_unix_timestamp((at.0 / 1000) as i64);
    day.map_or_else(|_| "backup".to_owned(), |day| day.date().to_string())
}
