//! `GET /healthz` and `GET /readyz`, for monitoring: no session, no secrets.

use super::RequestContext;
use super::response::{self, Answer};
use crate::error::{Error, Kind, Result};
use crate::limits::READY_RETRY_MS;
use crate::store::Unready;
use hyper::StatusCode;

const MEDIA_TYPE: &str = "text/plain; charset=utf-8";

impl RequestContext<'_> {
    /// Whether the server runs with its own intact data file. A full disk and overload do not fail this check, since
    /// a restart would not help. [`RequestContext::ready`] reports them.
    pub(super) fn alive(&self) -> Result<Answer> {
        match self.chat().store().readiness() {
            Err(why) if why.needs_repair() => Err(unavailable(why)),
            _ => Ok(response::answer(StatusCode::OK, MEDIA_TYPE, "ok\n")),
        }
    }

    /// Whether the server accepts changes now.
    pub(super) fn ready(&self) -> Result<Answer> {
        match self.chat().store().readiness() {
            Ok(()) => Ok(response::answer(StatusCode::OK, MEDIA_TYPE, "ready\n")),
            Err(why) => Err(unavailable(why)),
        }
    }
}

/// An error with a time to wait is not logged, so a probe does not fill the log.
fn unavailable(why: Unready) -> Error {
    Error {
        retry_after_ms: Some(READY_RETRY_MS),
        ..Error::new(Kind::Unavailable, why.sentence())
    }
}
