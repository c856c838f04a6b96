//! The contents of a request: a bounded body as JSON or a form, and parameters in its address.

use super::{body, gate};
use crate::error::{Error, Result};
use crate::limits::{FIELD_CHARS_MAX, PICTURE_BYTES_MAX, QUERY_CHARS_MAX, REQUEST_BODY_BYTES_MAX};
use crate::model::{Anchor, PageSize, Seq, UserId};
use crate::wire::Object;
use bytes::Bytes;
use hyper::Request;
use hyper::body::{Body, Incoming};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The fields of a sign-in page, sent by its form or a script.
#[derive(Default, Deserialize)]
pub struct Credentials {
    /// The name, as typed.
    pub name: String,
    /// The password, as typed.
    pub password: String,
    /// The code of the invite link. Empty if there is none.
    #[serde(default)]
    pub invite: String,
    /// The code of the reset link. Empty if there is none.
    #[serde(skip)]
    pub code: String,
}

/// Parses the body as JSON of this shape.
///
/// # Errors
/// `unsupported_media_type`, `too_large`, or those of [`of_json`].
pub async fn json<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T> {
    gate::check_json(request.headers())?;
    of_json(&body::read(request, REQUEST_BODY_BYTES_MAX).await?)
}

/// Parses JSON of this shape and rejects other fields: ignoring them would look as if they had been applied.
///
/// # Errors
/// `bad_request`; `invalid` for an unknown field, which the error names.
pub fn of_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut unknown: Option<String> = None;
    let read = serde_ignored::deserialize(&mut json, |path| {
        // serde_ignored writes `?` for the inside of an Option.
        unknown.get_or_insert_with(|| path.to_string().replace(".?", ""));
    });
    let read = read
        .and_then(|Object(body)| json.end().map(|()| body))
        .map_err(|cause| {
            let title = match cause.classify() {
                serde_json::error::Category::Data => "A field of the body is missing or has the wrong type.",
                _ => "The body is not valid JSON.",
            };
            Error::bad_request(title).because(cause)
        })?;
    match unknown {
        None => Ok(read),
        Some(name) => Err(Error::unknown_field(name.chars().take(FIELD_CHARS_MAX).collect())),
    }
}

/// Parses the body as JSON of this shape. An empty body gives the default.
///
/// # Errors
/// Those of [`json`].
pub async fn json_or_nothing<T: DeserializeOwned + Default>(request: Request<Incoming>) -> Result<T> {
    match request.body().is_end_stream() {
        true => Ok(T::default()),
        false => json(request).await,
    }
}

/// Reads the body as a picture.
///
/// # Errors
/// `unsupported_media_type`, `too_large`, `bad_request`.
pub async fn picture(request: Request<Incoming>) -> Result<Bytes> {
    gate::check_picture(request.headers())?;
    body::read(request, PICTURE_BYTES_MAX).await
}

/// Parses the body as a form of a page without script (`application/x-www-form-urlencoded`).
///
/// # Errors
/// `too_large`, `bad_request`.
pub async fn form(request: Request<Incoming>) -> Result<Credentials> {
    Ok(typed(&body::read(request, REQUEST_BODY_BYTES_MAX).await?))
}

/// Parses the fields of a form.
pub fn typed(body: &[u8]) -> Credentials {
    let mut typed = Credentials::default();
    for (key, value) in form_urlencoded::parse(body) {
        match &*key {
            "name" => typed.name = value.into_owned(),
            "password" => typed.password = value.into_owned(),
            "invite" => typed.invite = value.into_owned(),
            "code" => typed.code = value.into_owned(),
            _ => {}
        }
    }
    typed
}

/// The parameter `name`, or an empty text.
pub fn name(query: &str) -> String {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let name = parameters.find(|(key, _)| key == "name");
    name.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Parses which page of a room's history is requested.
///
/// # Errors
/// `invalid`, naming the parameter; `bad_request` for more than one of `before`, `after`, `around`.
pub fn page(query: &str) -> Result<(Anchor, PageSize)> {
    let mut anchor = Anchor::Latest;
    let mut size = PageSize::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let number = |field| number(&value, field);
        let new = match &*key {
            "limit" => {
                size = PageSize::parse(number("limit")?)?;
                continue;
            }
            "before" => Anchor::Before(Seq::parse(number("before")?)?),
            "after" => Anchor::After(Seq::parse(number("after")?)?),
            "around" => Anchor::Around(Seq::parse(number("around")?)?),
            _ => continue,
        };
        if anchor != Anchor::Latest {
            return Err(Error::bad_request("A page lies before, after or around one message."));
        }
        anchor = new;
    }
    Ok((anchor, size))
}

/// The requested part of a list.
#[derive(Default)]
pub struct ListPart {
    /// Only entries below this one. `None` for no bound.
    pub before: Option<u64>,
    /// Only entries after this one. `None` for no bound.
    pub after: Option<u64>,
    /// Maximum entries. `None` if the request does not say.
    pub limit: Option<PageSize>,
    /// Only entries whose names contain this text.
    pub query: String,
    /// Only these people. `None` for everybody.
    pub ids: Option<Vec<UserId>>,
    /// All public rooms, and not only the viewer's own rooms.
    pub browse: bool,
}

impl ListPart {
    /// The maximum number of entries, with the default filled in.
    pub fn size(&self) -> PageSize {
        self.limit.unwrap_or_default()
    }
}

/// Parses which part of a list is requested.
///
/// # Errors
/// `invalid`, naming the parameter.
pub fn list(query: &str) -> Result<ListPart> {
    let mut part = ListPart::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "before" => part.before = Some(number(&value, "before")?),
            "after" => part.after = Some(number(&value, "after")?),
            "limit" => part.limit = Some(PageSize::parse(number(&value, "limit")?)?),
            "q" if value.chars().count() > QUERY_CHARS_MAX => {
                let title = format!("Search for at most {QUERY_CHARS_MAX} characters.");
                return Err(Error::invalid("q", title));
            }
            "q" => part.query = value.trim().to_owned(),
            "ids" => {
                let ids = value.split(',').filter(|id| !id.is_empty());
                let ids = ids.map(|id| UserId::parse(number(id, "ids")?));
                part.ids = Some(ids.collect::<Result<_>>()?);
            }
            "browse" => part.browse = value == "1",
            _ => {}
        }
    }
    Ok(part)
}

/// Parses a number in the address.
///
/// # Errors
/// `invalid`, naming the parameter.
pub fn number(value: &str, field: &'static str) -> Result<u64> {
    let number = value.parse::<u64>();
    number.map_err(|_| Error::invalid(field, format!("{field} is a whole number.")))
}
