//! `GET /api/search`: its parameters and its answer.

use super::RequestContext;
use super::request::number;
use super::response::{self, Answer};
use crate::clock::Time;
use crate::error::Result;
use crate::model::{HitCount, RoomId, SearchQuery, SearchTerms, UserId, Viewer};
use crate::wire;
use hyper::StatusCode;

impl RequestContext<'_> {
    pub(super) async fn search(&self, viewer: &Viewer, query: &str) -> Result<Answer> {
        let page = self.chat().search(viewer, parse(query)?).await?;
        Ok(response::json(StatusCode::OK, wire::search_page(&page, &viewer.user)))
    }
}

/// Parses the parameters.
///
/// # Errors
/// `invalid`, naming the parameter.
fn parse(query: &str) -> Result<SearchQuery> {
    let mut asked = SearchQuery::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "q" => asked.sought = SearchTerms::parse(&value)?,
            "room" => asked.room = Some(RoomId::parse(number(&value, "room")?)?),
            "author" => {
                let author = UserId::parse(number(&value, "author")?);
                asked.author = Some(author.map_err(|error| error.at("author"))?);
            }
            "since" => asked.since = Some(Time(number(&value, "since")?)),
            "until" => asked.until = Some(Time(number(&value, "until")?)),
            "files" => asked.with_files = number(&value, "files")? > 0,
            "before" => asked.before = Some(number(&value, "before")?),
            "limit" => asked.size = HitCount::parse(number(&value, "limit")?)?,
            _ => {}
        }
    }
    asked.check()
}
