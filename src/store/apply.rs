//! Changes as they are made: each is checked, then written, and says what became of it.

use super::engine::transaction::Wrote;
use super::rows::schema::Tables;
use super::store_error::StoreError;
use super::{accounts, acts, admin, files, host, marks, members, messages, people, rooms, saved, sessions};
use crate::error::Result;
use crate::model::{Change, Event};

/// What became of a change.
pub(super) struct Done {
    /// For the one who asked.
    pub answer: Event,
    told: Told,
    /// Whether there is something to commit.
    wrote: bool,
}

/// What the others hear of a change.
enum Told {
    Nothing,
    /// What the one hears who asked.
    Answer,
    Events(Vec<Event>),
}

impl Done {
    /// It happened, and everybody hears of it whom it concerns.
    pub fn told(answer: Event) -> Done {
        let (told, wrote) = (Told::Answer, true);
        Done { answer, told, wrote }
    }

    /// It happened as several events, of which one is the answer.
    pub fn tells(answer: Event, events: Vec<Event>) -> Done {
        let (told, wrote) = (Told::Events(events), true);
        Done { answer, told, wrote }
    }

    /// It happened; it concerns the one who asked.
    pub fn answered(answer: Event) -> Done {
        let (told, wrote) = (Told::Nothing, true);
        Done { answer, told, wrote }
    }

    /// There was nothing to do.
    pub fn nothing(answer: Event) -> Done {
        let (told, wrote) = (Told::Nothing, false);
        Done { answer, told, wrote }
    }
}

/// What became of each change of a batch, in order.
pub(super) type Outcomes = Vec<Result<Done>>;

/// What everybody hears of them.
pub(super) fn told(outcomes: &Outcomes) -> Vec<Event> {
    let mut events = Vec::with_capacity(outcomes.len());
    for done in outcomes.iter().flatten() {
        match &done.told {
            Told::Nothing => {}
            Told::Answer => events.push(done.answer.clone()),
            Told::Events(told) => events.extend_from_slice(told),
        }
    }
    events
}

/// Makes each change, or none.
pub(super) fn apply_all(
    tables: &mut Tables<'_>,
    changes: &[Change],
) -> std::result::Result<(Outcomes, Wrote), StoreError> {
    let mut outcomes = Vec::with_capacity(changes.len());
    let mut wrote = Wrote::Nothing;
    for change in changes {
        outcomes.push(match apply(tables, change) {
            Err(StoreError::Refused(error)) => Err(error),
            done => Ok(done?),
        });
        if outcomes
            .last()
            .is_some_and(|outcome| outcome.as_ref().is_ok_and(|done| done.wrote))
        {
            wrote = Wrote::Something;
        }
    }
    Ok((outcomes, wrote))
}

/// Checks, then writes: a change that is refused has written nothing.
fn apply(tables: &mut Tables<'_>, change: &Change) -> std::result::Result<Done, StoreError> {
    match change {
        Change::SignUp(new) => accounts::sign_up(tables, new),
        Change::OpenSession(new) => sessions::open(tables, new),
        Change::TouchSession { id, address, at } => sessions::touch(tables, *id, address, *at),
        Change::CloseSession { id } => sessions::close(tables, *id),
        Change::CloseOtherSessions { user, keep } => sessions::close_others(tables, *user, *keep),
        Change::DropSessions { at } => sessions::drop_expired(tables, *at),
        Change::SetPassword(new) => accounts::set_password(tables, new),
        Change::EditProfile { user, patch } => people::edit(tables, *user, patch),
        Change::SetPicture { user, picture } => people::set_picture(tables, *user, picture.as_ref()),
        Change::EditSettings { user, patch } => people::edit_settings(tables, *user, patch),
        Change::Seen { user, at } => people::seen(tables, *user, *at),
        Change::Block { user, other, on } => people::block(tables, *user, *other, *on),
        Change::Post(new) => messages::post(tables, new),
        Change::Act { by, place, act, at } => acts::act(tables, *by, *place, act, *at),
        Change::Erase { before } => acts::erase(tables, *before),
        Change::File(change) => files::apply(tables, change),
        Change::Save {
            user,
            place,
            on,
            at,
            by,
        } => saved::save(tables, *user, *place, *on, *at, *by),
        Change::MarkRead { user, room, seq, by } => marks::read(tables, *user, *room, *seq, *by),
        Change::MarkUnread { user, place, by } => marks::unread_from(tables, *user, *place, *by),
        Change::CreateRoom(new) => rooms::create(tables, new),
        Change::EditRoom { by, room, patch, at } => rooms::edit(tables, *by, *room, patch, *at),
        Change::AddMember { by, room, user, at } => members::add(tables, *by, *room, *user, *at),
        Change::RemoveMember { by, room, user, at } => members::remove(tables, *by, *room, *user, *at),
        Change::SetMemberRole {
            by,
            room,
            user,
            role,
            at,
        } => members::hand_over(tables, *by, *room, *user, *role, *at),
        Change::ArrangeRoom { user, room, prefs } => rooms::arrange(tables, *user, *room, prefs),
        Change::Server { by, deed, at } => admin::act(tables, *by, deed, *at),
        Change::ResetPassword(new) => admin::reset_password(tables, new),
        Change::Host(act) => host::apply(tables, act),
    }
}
