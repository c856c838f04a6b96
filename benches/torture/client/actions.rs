//! The actions of a client: those of the plan, and those after the faults have ended.

use super::{Client, Left, OUTBOX_MAX, Outgoing};
use crate::link::Link;
use crate::plan::Action;
use crate::record::Post;
use crate::replica::number;
use serde_json::json;
use std::net::SocketAddr;
use tokio::time::Instant;

const EMOJI: &str = "👍";
/// Long posts in flight. The author receives them as well, so more could make its own queue overflow.
const IN_FLIGHT_MAX: usize = 12;

impl Client {
    pub(super) async fn perform(&mut self, link: &mut Link, action: Action) -> Result<Option<Left>, String> {
        let own = |back: usize| self.acknowledged.iter().nth_back(back).cloned();
        match action {
            Action::Leave(how_long) => return Ok(Some(Left::Away(how_long))),
            Action::Die(how_long) => return Ok(Some(Left::Dead(how_long))),
            Action::Forget(how_long) => {
                self.outbox.clear();
                self.record().count("forgot", 1);
                return Ok(Some(Left::Dead(how_long)));
            }
            Action::Post { room, words } => self.post(link, self.rooms[room % self.rooms.len()], words).await?,
            Action::React { room, back, on } => {
                let room = self.rooms[room % self.rooms.len()];
                let messages = self.replica.rooms.get(&room).map(|room| &room.messages);
                if let Some(id) = messages.and_then(|messages| messages.keys().nth_back(back)) {
                    let frame = json!({"type": "react", "room": room, "id": id, "emoji": EMOJI, "on": on});
                    self.record().count("reactions", 1);
                    link.send(&frame).await?;
                }
            }
            Action::Again { back } => {
                if let Some(client_id) = own(back) {
                    let room = self.record().posts[&client_id].room;
                    self.record().count("asked again", 1);
                    let body = format!("{client_id} again");
                    link.send(&json!({"type": "post", "room": room, "client_id": client_id, "body": body}))
                        .await?;
                }
            }
            Action::Edit { back } => {
                if let Some(client_id) = own(back) {
                    let Some((room, id, number)) = self.next_edit(&client_id) else {
                        return Ok(None);
                    };
                    let body = format!("{client_id} edit {number}");
                    let reference = format!("e {client_id} {number}");
                    link.send(&json!({"type": "edit", "ref": reference, "room": room, "id": id, "body": body}))
                        .await?;
                }
            }
            Action::Delete { back } => {
                if let Some(client_id) = own(back) {
                    let Some((room, id)) = self.record().posts[&client_id].answer else {
                        return Ok(None);
                    };
                    self.record().count("deletions", 1);
                    let reference = format!("d {client_id} 0");
                    link.send(&json!({"type": "delete", "ref": reference, "room": room, "id": id}))
                        .await?;
                }
            }
        }
        Ok(None)
    }

    fn next_edit(&self, client_id: &str) -> Option<(u64, u64, u64)> {
        let mut record = self.record();
        record.count("edits", 1);
        let post = record.posts.get_mut(client_id)?;
        post.edits.0 += 1;
        let (room, id) = post.answer?;
        Some((room, id, post.edits.0))
    }

    async fn post(&mut self, link: &mut Link, room: u64, words: usize) -> Result<(), String> {
        if self.outbox.len() >= OUTBOX_MAX {
            return Ok(());
        }
        self.post_text(link, room, &"words ".repeat(words)).await
    }

    async fn post_text(&mut self, link: &mut Link, room: u64, text: &str) -> Result<(), String> {
        self.written += 1;
        let client_id = format!("{}-{}", self.name, self.written);
        let post = Post {
            writer: self.number,
            room,
            number: self.written,
            answer: None,
            refused: false,
            edits: (0, 0),
            deleted: false,
        };
        self.record().sent(&client_id, post);
        let body = format!("{client_id} {text}");
        let frame = json!({"type": "post", "room": room, "client_id": client_id, "body": body.trim_end()});
        self.outbox.push(Outgoing {
            client_id,
            frame: frame.clone(),
            in_flight: true,
        });
        link.send(&frame).await
    }

    /// Posts this text `times` times, a few at once, and waits until all are acknowledged.
    pub async fn post_and_wait(&mut self, room: u64, text: &str, times: usize, end: Instant) -> Result<(), String> {
        let mut link = self.connect().await?;
        for said in 1..=times {
            self.post_text(&mut link, room, text).await?;
            let waiting = if said == times { 0 } else { IN_FLIGHT_MAX };
            while self.outbox.len() > waiting {
                let frame = link.next(end).await?.ok_or("no answer to a loud post")?;
                self.receive(&mut link, &frame).await?;
            }
        }
        Ok(())
    }

    /// Resends every acknowledged post with its `client_id`, and checks the answers.
    pub async fn resend_all(&self, server: SocketAddr, end: Instant) -> Result<(), String> {
        let mut link = Link::open(server, &self.cookie).await?;
        let mine: Vec<(String, u64)> = {
            let record = self.record();
            let mine = record.posts.iter().filter(|(_, post)| post.writer == self.number);
            mine.filter(|(_, post)| post.answer.is_some())
                .map(|(id, post)| (id.clone(), post.room))
                .collect()
        };
        for some in mine.chunks(OUTBOX_MAX) {
            for (client_id, room) in some {
                let body = format!("{client_id} again");
                link.send(&json!({"type": "post", "room": room, "client_id": client_id, "body": body}))
                    .await?;
            }
            let mut answers = 0;
            while answers < some.len() {
                let frame = link.next(end).await?.ok_or("no answer to what was asked again")?;
                if frame["type"] == "posted" {
                    answers += 1;
                    let client_id = frame["client_id"].as_str().unwrap_or_default();
                    self.record()
                        .answered(client_id, (number(&frame["room"]), number(&frame["seq"])));
                } else if frame["type"] == "error" {
                    return Err(format!("asked again: {frame}"));
                }
            }
        }
        Ok(())
    }
}
