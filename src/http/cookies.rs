//! The session cookie.

use crate::limits::SESSION_ABSOLUTE_MS;
use crate::model::Token;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use hyper::HeaderMap;
use hyper::header::{COOKIE, HeaderValue};

/// Characters of the data file's id in the cookie's name.
const ID_CHARS: usize = 6;

/// The session cookie of one data file. Its name distinguishes two Chapps on one host, since browsers share cookies
/// between ports.
pub struct SessionCookie {
    name: String,
}

impl SessionCookie {
    /// The cookie for the data file with this id.
    pub fn new(file_id: &str) -> SessionCookie {
        SessionCookie {
            name: format!("chapp_{}", file_id.chars().take(ID_CHARS).collect::<String>()),
        }
    }

    /// The cookie of a request: `None` if there is none, `Some(None)` if it is not a token.
    pub fn read(&self, headers: &HeaderMap) -> Option<Option<Token>> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .flatten()
            .find(|cookie| cookie.name() == self.name)
            .map(|cookie| Token::from_hex(cookie.value()))
    }

    /// The `Set-Cookie` header for a new session.
    pub fn set(&self, token: &Token) -> HeaderValue {
        let lifetime = Duration::milliseconds(SESSION_ABSOLUTE_MS as i64);
        self.header(token.to_hex(), lifetime)
    }

    /// The `Set-Cookie` header for a session that has ended.
    pub fn clear(&self) -> HeaderValue {
        self.header(String::new(), Duration::ZERO)
    }

    fn header(&self, value: String, lifetime: Duration) -> HeaderValue {
        let cookie = Cookie::build((self.name.as_str(), value))
            .http_only(true)
            .same_site(SameSite::Strict)
            .path("/")
            .max_age(lifetime)
            .build();
        // Hexadecimal digits and our own name always make a valid header.
        HeaderValue::try_from(cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
