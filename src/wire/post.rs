//! The contents of a post, with the same shape over the socket and HTTP.

use super::object::Object;
use crate::error::{Error, Result};
use crate::model::{Body, FileId, MessageRef, PostContent, RoomId, Seq};
use serde::Deserialize;

/// Names a message to forward.
#[derive(Deserialize)]
pub struct Forward {
    room: u64,
    id: u64,
}

/// The fields of a post besides its room and its client id.
pub struct PostFields {
    /// Required, unless there are files or a forward.
    pub body: Option<String>,
    /// The message it replies to.
    pub reply_to: Option<u64>,
    /// Ids of uploaded files.
    pub files: Vec<String>,
    /// The message to forward. If present, the other fields are ignored.
    pub forward: Option<Object<Forward>>,
}

impl PostFields {
    /// Checks the fields.
    ///
    /// # Errors
    /// `bad_request` for a body that is missing, `invalid` for a field out of bounds, which the error names.
    pub fn parse(self) -> Result<PostContent> {
        if let Some(Object(from)) = self.forward {
            return Ok(PostContent::Forward(MessageRef {
                room: RoomId::parse(from.room).map_err(|error| error.at("forward"))?,
                id: Seq::parse(from.id).map_err(|error| error.at("forward"))?,
            }));
        }
        let body = match self.files.is_empty() {
            true => Body::parse(&self.body.ok_or_else(|| missing("body"))?)?,
            false => Body::parse_or_empty(&self.body.unwrap_or_default())?,
        };
        let reply_to = self.reply_to.map(Seq::parse).transpose();
        Ok(PostContent::Text {
            body,
            reply_to: reply_to.map_err(|error| error.at("reply_to"))?,
            files: FileId::parse_all(&self.files)?,
        })
    }
}

pub(super) fn missing(field: &'static str) -> Error {
    Error::bad_request(format!("The field {field} is missing.")).at(field)
}
