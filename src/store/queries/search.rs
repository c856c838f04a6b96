//! Searches: which rooms a viewer may search, and the users that the hits name.

use super::access::{active_user, require_member};
use super::members;
use super::messages::people_named_in;
use crate::model::{SearchPage, SearchQuery, UserId};
use crate::store::rows::schema::Source;
use crate::store::search::scan;
use crate::store::store_error::StoreError;

pub fn search(source: &impl Source, viewer: UserId, query: &SearchQuery) -> Result<SearchPage, StoreError> {
    let who = active_user(source, viewer)?;
    let rooms = match query.room {
        Some(room) => vec![require_member(source, viewer, room)?.1],
        None => members::rooms_of(source, who)?,
    };
    let (hits, next) = scan::find(source, query, rooms.into_iter().collect())?;
    Ok(SearchPage {
        people: people_named_in(source, hits.iter().map(|hit| &hit.message))?,
        hits,
        next,
    })
}
