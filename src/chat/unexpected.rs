//! The error for an event that a change never causes.

use crate::error::Error;
use crate::model::Event;

pub(super) fn unexpected(event: &Event) -> Error {
    Error::internal(format!("the store answered with another event: {event:?}"))
}
