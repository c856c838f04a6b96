//! The error type of the whole program: a kind for programs, a sentence for people, a cause for the log.
//!
//! Only the edges turn a kind into an HTTP status or a frame; nothing below them knows about either.

use std::borrow::Cow;
use std::fmt;

/// The kind of an error, for programs. The codes are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request cannot be parsed.
    BadRequest,
    /// There is no live session.
    Unauthenticated,
    /// The viewer is known, but may not do this.
    Forbidden,
    /// The thing does not exist, or not for this viewer.
    NotFound,
    /// The path exists, but does not support the method.
    MethodNotAllowed,
    /// The name is taken.
    NameTaken,
    /// The change conflicts with the current state.
    Conflict,
    /// A body or frame is over its limit.
    TooLarge,
    /// The body has the wrong media type.
    UnsupportedMediaType,
    /// A value is out of its bounds; `field` names it.
    Invalid,
    /// A rate limit. Comes with a time to wait.
    TooManyRequests,
    /// A part of HTTP that Chapp does not support.
    NotImplemented,
    /// A fault of the server.
    Internal,
    /// The disk of the data file is full, or the person's share of the space for files.
    StorageFull,
    /// The data file cannot be written or read at the moment, or the server is too busy.
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

/// An error, with a sentence for people and a cause for the log.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind, for programs.
    pub kind: Kind,
    /// One sentence for people. Never contains the cause.
    pub title: Cow<'static, str>,
    /// The name of the invalid input. `None` if the error is not about one.
    pub field: Option<&'static str>,
    /// The name of an unknown input, as received. `None` if the error is not about one.
    pub unknown_field: Option<Box<str>>,
    /// Milliseconds to wait before a retry. `None` if waiting does not help.
    pub retry_after_ms: Option<u64>,
    /// The cause, for the log only.
    pub cause: Option<Cow<'static, str>>,
}

/// The result of every operation that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` with the sentence `title`.
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

    /// The request has an unknown field of this name.
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

    /// The thing does not exist for this viewer.
    pub fn not_found(title: impl Into<Cow<'static, str>>) -> Error {
        Error::new(Kind::NotFound, title)
    }

    /// No live session.
    pub fn unauthenticated() -> Error {
        Error::new(Kind::Unauthenticated, "Log in first.")
    }

    /// The client sends too much or too fast, and should wait `retry_after_ms`.
    pub fn too_many(title: impl Into<Cow<'static, str>>, retry_after_ms: u64) -> Error {
        Error {
            retry_after_ms: Some(retry_after_ms),
            ..Error::new(Kind::TooManyRequests, title)
        }
    }

    /// The server is too busy, and the client should wait `retry_after_ms`.
    pub fn overloaded(retry_after_ms: u64) -> Error {
        Error {
            retry_after_ms: Some(retry_after_ms),
            ..Error::new(Kind::Unavailable, "The server has a lot to do. Try again in a moment.")
        }
    }

    /// A fault of the server. `cause` goes to the log.
    pub fn internal(cause: impl fmt::Display) -> Error {
        Error::new(Kind::Internal, "Something went wrong on our side.").because(cause)
    }

    /// Adds the cause for the log.
    pub fn because(mut self, cause: impl fmt::Display) -> Error {
        self.cause = Some(cause.to_string().into());
        self
    }

    /// Sets the name of the invalid input.
    pub fn at(mut self, field: &'static str) -> Error {
        self.field = Some(field);
        self
    }

    /// Whether this is a fault of the server and not of the request. Overload is not one, nor is a person's full
    /// share of the space for files.
    pub fn is_ours(&self) -> bool {
        let is_shed = self.kind == Kind::Unavailable && self.retry_after_ms.is_some();
        let is_own_share = self.kind == Kind::StorageFull && self.field.is_some();
        !is_shed && !is_own_share && matches!(self.kind, Kind::Internal | Kind::StorageFull | Kind::Unavailable)
    }

    /// Logs the cause, if this is a fault of the server. Requests shed in an overload are counted instead, since a
    /// line for each would add to the load.
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
