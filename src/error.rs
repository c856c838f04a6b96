//! One error for the whole program: a kind for programs, a sentence for people, a cause for the log.
//!
//! Only the edges turn a kind into an HTTP status or a frame; nothing below them knows about either.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, as a program sees it. The codes are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be understood.
    BadRequest,
    /// There is no live session.
    Unauthenticated,
    /// Somebody known may not do this.
    Forbidden,
    /// It is not there, or not there for this viewer.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// Somebody already has this name.
    NameTaken,
    /// The change contradicts the present state.
    Conflict,
    /// A body or frame is over its limit.
    TooLarge,
    /// A body of another media type than the one asked for.
    UnsupportedMediaType,
    /// A value is out of its bounds; `field` names it.
    Invalid,
    /// A rate limit; comes with a time to wait.
    TooManyRequests,
    /// A part of HTTP that Chapp does without.
    NotImplemented,
    /// Our fault.
    Internal,
    /// The disk with the data file is full.
    StorageFull,
    /// The data file cannot be written or read at the moment.
    Unavailable,
    /// The request's `Host` is not one of ours.
    WrongHost,
}

impl Kind {
    /// The stable code that the protocol shows for this kind.
    pub fn code(self) -> &'static str {
        match self {
            Kind::BadRequest => "bad_request",
            Kind::Unauthenticated => "unauthenticated",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::MethodNotAllowed => "method_not_allowed",
            Kind::NameTaken => "name_taken",
            Kind::Conflict => "conflict",
            Kind::TooLarge => "too_large",
            Kind::UnsupportedMediaType => "unsupported_media_type",
            Kind::Invalid => "invalid",
            Kind::TooManyRequests => "too_many_requests",
            Kind::NotImplemented => "not_implemented",
            Kind::Internal => "internal",
            Kind::StorageFull => "storage_full",
            Kind::Unavailable => "unavailable",
            Kind::WrongHost => "wrong_host",
        }
    }
}

/// An error on its way to a person, with its cause on its way to the log.
#[derive(Clone, Debug)]
pub struct Error {
    /// What programs decide by.
    pub kind: Kind,
    /// One sentence for people. Never holds the cause.
    pub title: Cow<'static, str>,
    /// The name of the input that was wrong.
    pub field: Option<&'static str>,
    /// The same for an input that nobody knows: its name as it came.
    pub unknown_field: Option<Box<str>>,
    /// How long to wait before trying again, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// For the log only.
    pub cause: Option<Cow<'static, str>>,
}

/// What everything that can fail returns.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` that tells people `title`.
    pub fn new(kind: Kind, title: impl Into<Cow<'static, str>>) -> Error {
        Error {
            kind,
            title: title.into(),
            field: None,
            unknown_field: None,
            retry_after_ms: None,
            cause: None,
        }
    }

    /// The value of `field` is out of bounds.
    pub fn invalid(field: &'static str, title: impl Into<Cow<'static, str>>) -> Error {
        Error {
            field: Some(field),
            ..Error::new(Kind::Invalid, title)
        }
    }

    /// Nobody knows the field of this name.
    pub fn unknown_field(name: Box<str>) -> Error {
        Error {
            unknown_field: Some(name),
            ..Error::new(Kind::Invalid, "This server knows no such field here.")
        }
    }

    /// The request makes no sense.
    pub fn bad_request(title: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::BadRequest, title)
    }

    /// Nothing by that name for this viewer.
    pub fn not_found(title: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::NotFound, title)
    }

    /// No live session.
    pub fn unauthenticated() -> Error {
        Error::new(Kind::Unauthenticated, "Log in first.")
    }

    /// Too much, too fast: wait `retry_after_ms`.
    pub fn too_many(title: impl Into<Cow<'static, str>>, retry_after_ms: u64) -> Error {
        Error {
            retry_after_ms: Some(retry_after_ms),
            ..Error::new(Kind::TooManyRequests, title)
        }
    }

    /// The server has too much to do: wait `retry_after_ms`.
    pub fn overloaded(retry_after_ms: u64) -> Error {
        Error {
            retry_after_ms: Some(retry_after_ms),
            ..Error::new(Kind::Unavailable, "The server has a lot to do. Try again in a moment.")
        }
    }

    /// Our own fault; `cause` goes to the log.
    pub fn internal(cause: impl fmt::Display) -> Error {
        Error::new(Kind::Internal, "Something went wrong on our side.").because(cause)
    }

    /// Adds the cause for the log.
    pub fn because(mut self, cause: impl fmt::Display) -> Error {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// Names the input that was wrong.
    pub fn at(mut self, field: &'static str) -> Error {
        self.field = Some(field);
        self
    }

    /// Whether this is a fault of ours and not of the request. What is shed in an overload is none, nor is somebody's own
    /// share of the space that is full.
    pub fn is_ours(&self) -> bool {
        let is_shed = self.kind == Kind::Unavailable && self.retry_after_ms.is_some();
        let is_own_share = self.kind == Kind::StorageFull && self.field.is_some();
        !is_shed && !is_own_share && matches!(self.kind, Kind::Internal | Kind::StorageFull | Kind::Unavailable)
    }

    /// Writes the cause to the log, where this is a fault of ours. What is shed in an overload is counted
    /// instead: a line for each would be a load of its own.
    pub fn log(&self) {
        if self.is_ours() {
            tracing::error!(
                code = self.kind.code(),
                cause = self.cause.as_deref().unwrap_or("none given"),
                "{}",
                self.title
            );
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Error {}
