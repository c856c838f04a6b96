//! `GET /healthz` and `GET /readyz`, for what watches the server from outside: no session, no secrets.

use super::Visit;
use super::response::{self, Answer};
use crate::error::{Error, Kind, Result};
use crate::limits::READY_RETRY_MS;
use hyper::StatusCode;

const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

/// The server runs and answers.
pub fn alive() -> Answer {
    response::answer(StatusCode::OK, MEDIA_TYPE, "ok\n")
}

impl Visit<'_> {
    /// Whether the server takes changes now.
    pub(super) fn ready(&self) -> Result<Answer> {
        match self.chat().store().readiness() {
            Ok(()) => Ok(response::answer(StatusCode::OK, MEDIA_TYPE, "ready\n")),
            // With a time to come again it is no line in the log each time that somebody looks.
            Err(why) => Err(Error {
                retry_after_ms: Some(READY_RETRY_MS),
                ..Error::new(Kind::Unavailable, why.sentence())
            }),
        }
    }
}
