//! What a request carries: a bounded body as JSON or a form, and parameters in its address.

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

/// What somebody typed on a sign-in page, or a script sent in its place.
#[derive(Default, Deserialize)]
pub struct Credentials {
    /// As typed.
    pub name: String,
    /// As typed.
    pub password: String,
    /// Of the invite link that they came by.
    #[serde(default)]
    pub invite: String,
    /// Of the link that sets a password anew.
    #[serde(skip)]
    pub code: String,
}

/// The body as JSON of this shape.
///
/// # Errors
/// `unsupported_media_type`, `too_large`, or those of [`of_json`].
pub async fn json<T: DeserializeOwned>(request: Request<Incoming>) -> Result<T> {
    gate::check_json(request.headers())?;
    of_json(&body::read(request, REQUEST_BODY_BYTES_MAX).await?)
}

/// JSON of this shape, and nothing else: what would be passed over in silence would look as if it were done.
///
/// # Errors
/// `bad_request`; `invalid` for a field that nobody knows, which it names.
pub fn of_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut unknown: Option<String> = None;
    let read = serde_ignored::deserialize(&mut json, |path| {
        // serde_ignored marks the inside of an Option so.
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

/// The body as JSON of this shape, or nothing where there is no body.
///
/// # Errors
/// Those of [`json`].
pub async fn json_or_nothing<T: DeserializeOwned + Default>(request: Request<Incoming>) -> Result<T> {
    match request.body().is_end_stream() {
        true => Ok(T::default()),
        false => json(request).await,
    }
}

/// The body as a picture.
///
/// # Errors
/// `unsupported_media_type`, `too_large`, `bad_request`.
pub async fn picture(request: Request<Incoming>) -> Result<Bytes> {
    gate::check_picture(request.headers())?;
    body::read(request, PICTURE_BYTES_MAX).await
}

/// The body as a form of a page without script (`application/x-www-form-urlencoded`).
///
/// # Errors
/// `too_large`, `bad_request`.
pub async fn form(request: Request<Incoming>) -> Result<Credentials> {
    Ok(typed(&body::read(request, REQUEST_BODY_BYTES_MAX).await?))
}

/// What was typed into a form.
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

/// The parameter `name`, or nothing.
pub fn name(query: &str) -> String {
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let name = parameters.find(|(key, _)| key == "name");
    name.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Which page of a room's history is asked for.
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

/// Which part of a list is asked for.
#[derive(Default)]
pub struct ListPart {
    /// Below this.
    pub before: Option<u64>,
    /// After this.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: Option<PageSize>,
    /// Whose names hold this.
    pub query: String,
    /// These alone.
    pub ids: Option<Vec<UserId>>,
    /// All there are, not only one's own.
    pub browse: bool,
}

impl ListPart {
    /// At most so many, also where nothing is said.
    pub fn size(&self) -> PageSize {
        self.limit.unwrap_or_default()
    }
}

/// Which part of a list is asked for.
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

/// A number in the address.
///
/// # Errors
/// `invalid`, naming the parameter.
pub fn number(value: &str, field: &'static str) -> Result<u64> {
    let number = value.parse::<u64>();
    number.map_err(|_| Error::invalid(field, format!("{field} is a whole number.")))
}
