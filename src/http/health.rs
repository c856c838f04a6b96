//! `GET /healthz` and `GET /readyz`, for what watches the server from outside: no session, no secrets.

use super::RequestContext;
use super::response::{self, Answer};
use crate::error::{Error, Kind, Result};
use crate::limits::READY_RETRY_MS;
use crate::store::Unready;
use hyper::StatusCode;

const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

impl RequestContext<'_> {
    /// Whether the server runs with a data file that is whole and its own. A disk that is full and a server with a lot
    /// to do pass, and no restart helps them: that is for [`RequestContext::ready`] to say.
    pub(super) fn alive(&self) -> Result<Answer> {
        match self.chat().store().readiness() {
            Err(why) if why.needs_repair() => Err(unavailable(why)),
            _ => Ok(response::answer(StatusCode::OK, MEDIA_TYPE, "ok\n")),
        }
    }

    /// Whether the server takes changes now.
    pub(super) fn ready(&self) -> Result<Answer> {
        match self.chat().store().readiness() {
            Ok(()) => Ok(response::answer(StatusCode::OK, MEDIA_TYPE, "ready\n")),
            Err(why) => Err(unavailable(why)),
        }
    }
}

/// With a time to come again it is no line in the log each time that somebody looks.
fn unavailable(why: Unready) -> Error {
    Error {
        retry_after_ms: Some(READY_RETRY_MS),
        ..Error::new(Kind::Unavailable, why.sentence())
    }
}
