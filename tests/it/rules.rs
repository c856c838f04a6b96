//! The permission table: every verb for everybody in every kind of room.

use chapp::clock::Time;
use chapp::error::{Kind, Result};
use chapp::limits::UNDO_MS;
use chapp::model::rules::{self, Access, Whom};
use chapp::model::{Body, LOBBY, MemberRole, Mentions, Message, Notice, Role, RoomId, RoomKind, Seq, UserId};

/// Columns: the Lobby, a public, a private, a direct room; then the same in the archive.
///
/// `y` yes, `f` forbidden, `n` not found, `c` conflict.
type Row = &'static str;

/// The role of the person on the server and in the room.
#[rustfmt::skip]
const ASKERS: [(Role, Option<MemberRole>); 6] = [
    (Role::Owner, Some(MemberRole::Owner)), (Role::Owner, Some(MemberRole::Member)), (Role::Owner, None),
    (Role::Member, Some(MemberRole::Owner)), (Role::Member, Some(MemberRole::Member)), (Role::Member, None),
];

/// The columns of [`ASKERS`], and last who asks for a room that is not there.
#[rustfmt::skip]
const TABLE: [(Verb, [Row; 6], Row); 24] = [
    // The owner of the server, who      | Another member of the server, who   | There is
    // owns it    is in it     is outside | owns it     is in it     is outside | no room
    (Verb::Read,
     ["yyyy yyyy", "yyyy yyyy", "nnnn nnnn", "yyyy yyyy", "yyyy yyyy", "nnnn nnnn"], "n"),
    (Verb::Write,
     ["yyyy ffff", "yyyy ffff", "nnnn nnnn", "yyyy ffff", "yyyy ffff", "nnnn nnnn"], "n"),
    (Verb::Edit(Whose::Own),
     ["yyyy ffff", "yyyy ffff", "nnnn nnnn", "yyyy ffff", "yyyy ffff", "nnnn nnnn"], "n"),
    (Verb::Edit(Whose::OwnDeleted),
     ["cccc ffff", "cccc ffff", "nnnn nnnn", "cccc ffff", "cccc ffff", "nnnn nnnn"], "n"),
    (Verb::Edit(Whose::OwnNotice),
     ["nnnn ffff", "nnnn ffff", "nnnn nnnn", "nnnn ffff", "nnnn ffff", "nnnn nnnn"], "n"),
    (Verb::Edit(Whose::Others),
     ["ffff ffff", "ffff ffff", "nnnn nnnn", "ffff ffff", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Delete(Whose::Own),
     ["yyyy ffff", "yyyy ffff", "nnnn nnnn", "yyyy ffff", "yyyy ffff", "nnnn nnnn"], "n"),
    (Verb::Delete(Whose::OwnDeleted),
     ["yyyy ffff", "yyyy ffff", "nnnn nnnn", "yyyy ffff", "yyyy ffff", "nnnn nnnn"], "n"),
    (Verb::Delete(Whose::OwnNotice),
     ["nnnn ffff", "nnnn ffff", "nnnn nnnn", "nnnn ffff", "nnnn ffff", "nnnn nnnn"], "n"),
    (Verb::Delete(Whose::Others),
     ["yyyf ffff", "yyyf ffff", "nnnn nnnn", "yyyf ffff", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Undelete(Gone::ByMe, UNDO_MS),
     ["yyyy ffff", "yyyy ffff", "nnnn nnnn", "yyyy ffff", "yyyy ffff", "nnnn nnnn"], "n"),
    (Verb::Undelete(Gone::ByMe, UNDO_MS + 1),
     ["cccc ffff", "cccc ffff", "nnnn nnnn", "cccc ffff", "cccc ffff", "nnnn nnnn"], "n"),
    (Verb::Undelete(Gone::ByMeAndErased, 0),
     ["cccc ffff", "cccc ffff", "nnnn nnnn", "cccc ffff", "cccc ffff", "nnnn nnnn"], "n"),
    (Verb::Undelete(Gone::ByAnother, 0),
     ["ffff ffff", "ffff ffff", "nnnn nnnn", "ffff ffff", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Undelete(Gone::No, 0),
     ["cccc ffff", "cccc ffff", "nnnn nnnn", "cccc ffff", "cccc ffff", "nnnn nnnn"], "n"),
    (Verb::Rename,
     ["yyyf yyyf", "yyyf yyyf", "nnnn nnnn", "yyyf yyyf", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Archive,
     ["fyyf fyyf", "fyyf fyyf", "nnnn nnnn", "fyyf fyyf", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Join,
     ["yyyy yyyy", "yyyy yyyy", "yynn yynn", "yyyy yyyy", "yyyy yyyy", "yynn ffnn"], "n"),
    (Verb::Leave,
     ["fyyf fyyf", "fyyf fyyf", "nnnn nnnn", "fyyf fyyf", "fyyf fyyf", "nnnn nnnn"], "n"),
    (Verb::Invite,
     ["yyyf ffff", "yyyf ffff", "nnnn nnnn", "yyyf ffff", "yyyf ffff", "nnnn nnnn"], "n"),
    (Verb::Remove(MemberRole::Member),
     ["fyyf fyyf", "fyyf fyyf", "nnnn nnnn", "fyyf fyyf", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::Remove(MemberRole::Owner),
     ["fyyf fyyf", "fyyf fyyf", "nnnn nnnn", "ffff ffff", "ffff ffff", "nnnn nnnn"], "n"),
    (Verb::HandOver,
     ["fyyf fyyf", "fyyf fyyf", "nnnn nnnn", "fyyf fyyf", "ffff ffff", "nnnn nnnn"], "n"),
    // What can be used is the same for everybody who may write; the caller asks for that first.
    (Verb::Use,
     ["yyyy yyyy", "yyyy yyyy", "yyyy yyyy", "yyyy yyyy", "yyyy yyyy", "yyyy yyyy"], "y"),
];

#[derive(Clone, Copy, Debug)]
enum Whose {
    Own,
    OwnDeleted,
    OwnNotice,
    Others,
}

#[derive(Clone, Copy, Debug)]
enum Gone {
    ByMe,
    ByMeAndErased,
    ByAnother,
    No,
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Read,
    Write,
    Edit(Whose),
    Delete(Whose),
    /// So many milliseconds after it was deleted.
    Undelete(Gone, u64),
    Use,
    Rename,
    Archive,
    Join,
    Leave,
    Invite,
    Remove(MemberRole),
    HandOver,
}

const ME: UserId = UserId(7);
const ANOTHER: UserId = UserId(8);
const DELETED_AT: Time = Time(5_000);

fn message(author: UserId, deleted_by: Option<UserId>, notice: Option<Notice>) -> Message {
    Message {
        id: Seq(3),
        author,
        sent_at: Time(1_000),
        body: Body::empty(),
        content: None,
        client_id: None,
        edited_at: None,
        deleted_by,
        reply_to: None,
        files: Vec::new(),
        reactions: Vec::new(),
        pinned: None,
        forwarded: None,
        mentions: Mentions::default(),
        notice,
    }
}

fn of(whose: Whose) -> Message {
    match whose {
        Whose::Own => message(ME, None, None),
        Whose::OwnDeleted => message(ME, Some(ME), None),
        Whose::OwnNotice => message(ME, None, Some(Notice::Joined)),
        Whose::Others => message(ANOTHER, None, None),
    }
}

fn ask(verb: Verb, who: Option<&Access>) -> Result<()> {
    match verb {
        Verb::Read => rules::may_read(who).map(drop),
        Verb::Write => rules::may_write(who).map(drop),
        Verb::Edit(whose) => rules::may_edit(who, ME, &of(whose)),
        Verb::Delete(whose) => rules::may_delete(who, ME, &of(whose)),
        Verb::Undelete(gone, after) => {
            let (deleted_by, at) = match gone {
                Gone::ByMe => (Some(ME), Some(DELETED_AT)),
                Gone::ByMeAndErased => (Some(ME), None),
                Gone::ByAnother => (Some(ANOTHER), Some(DELETED_AT)),
                Gone::No => (None, None),
            };
            let message = message(ME, deleted_by, None);
            rules::may_undelete(who, ME, &message, at, Time(DELETED_AT.0 + after))
        }
        Verb::Use => rules::may_use(&of(Whose::Others)),
        Verb::Rename => rules::may_manage(who, false),
        Verb::Archive => rules::may_manage(who, true),
        Verb::Join => rules::may_join(who),
        Verb::Leave => rules::may_leave(who),
        Verb::Invite => rules::may_invite(who),
        Verb::Remove(target) => rules::may_remove(who, target),
        Verb::HandOver => rules::may_hand_over(who),
    }
}

fn outcome(answer: Result<()>) -> char {
    let Err(error) = answer else { return 'y' };
    crate::harness::http::assert_is_a_sentence(&error.title);
    match error.kind {
        Kind::Forbidden => 'f',
        Kind::NotFound => 'n',
        Kind::Conflict => 'c',
        other => panic!("{other:?}"),
    }
}

fn row(verb: Verb, server: Role, member: Option<MemberRole>) -> String {
    let of_rooms = |archived: bool| -> String {
        let rooms = [
            (LOBBY, RoomKind::Public),
            (RoomId(2), RoomKind::Public),
            (RoomId(3), RoomKind::Private),
            (RoomId(4), RoomKind::Direct),
        ];
        let standings = rooms.map(|(room, kind)| Access {
            room,
            kind,
            archived,
            server,
            member,
        });
        standings.iter().map(|who| outcome(ask(verb, Some(who)))).collect()
    };
    format!("{} {}", of_rooms(false), of_rooms(true))
}

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for (verb, rows, no_room) in TABLE {
        for ((server, member), expected) in ASKERS.into_iter().zip(rows) {
            let found = row(verb, server, member);
            if found != expected {
                wrong.push(format!(
                    "{verb:?} of {server:?}, {member:?}: {found}, expected {expected}"
                ));
            }
        }
        let found = outcome(ask(verb, None)).to_string();
        if found != no_room {
            wrong.push(format!("{verb:?} in no room: {found}, expected {no_room}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_deleted_or_no_post_cannot_be_used() {
    assert_eq!(outcome(rules::may_use(&of(Whose::Own))), 'y');
    assert_eq!(outcome(rules::may_use(&of(Whose::OwnDeleted))), 'c');
    assert_eq!(outcome(rules::may_use(&of(Whose::OwnNotice))), 'n');
}

#[test]
fn a_room_that_is_not_theirs_answers_like_one_that_is_not_there() {
    let outside = Access {
        room: RoomId(3),
        kind: RoomKind::Private,
        archived: true,
        server: Role::Owner,
        member: None,
    };
    for (verb, ..) in TABLE {
        let answers = [ask(verb, None), ask(verb, Some(&outside))];
        let [there, outside] = answers.map(|answer| answer.map_err(|error| (error.kind, error.title, error.field)));
        assert_eq!(there, outside, "{verb:?}");
    }
}

#[test]
fn an_admin_may_in_rooms_what_the_owner_may_but_remove_the_owner_of_one() {
    for (verb, ..) in TABLE {
        for member in [Some(MemberRole::Owner), Some(MemberRole::Member), None] {
            let as_admin = row(verb, Role::Admin, member);
            match verb {
                Verb::Remove(MemberRole::Owner) => assert_eq!(as_admin, row(verb, Role::Member, member)),
                _ => assert_eq!(as_admin, row(verb, Role::Owner, member), "{verb:?}"),
            }
        }
    }
}

type AboutPeople = fn(Role, Whom) -> Result<()>;
type AboutServer = fn(Role) -> Result<()>;

const ROLES: [Role; 3] = [Role::Owner, Role::Admin, Role::Member];

/// Rows: who asks. Columns: to oneself, the owner, an admin, a member.
#[rustfmt::skip]
const PEOPLE: [(&str, AboutPeople, [Row; 3]); 3] = [
    ("set a role", rules::may_set_role,   ["fyyy", "ffff", "ffff"]),
    ("deactivate", rules::may_deactivate, ["fyyy", "fffy", "ffff"]),
    ("reset",      rules::may_offer_reset, ["fyyy", "fffy", "ffff"]),
];

#[test]
fn people_are_looked_after_by_who_stands_above_them() {
    let whom = [
        Whom::Self_,
        Whom::Other(Role::Owner),
        Whom::Other(Role::Admin),
        Whom::Other(Role::Member),
    ];
    for (verb, rule, rows) in PEOPLE {
        for (who, expected) in ROLES.into_iter().zip(rows) {
            let found: String = whom.map(|whom| outcome(rule(who, whom))).iter().collect();
            assert_eq!(found, expected, "{verb} as {who:?}");
        }
    }
}

#[test]
fn the_server_is_looked_after_by_its_owner_and_admins_and_copied_by_its_owner_alone() {
    let verbs: [(AboutServer, Row); 4] = [
        (rules::may_see_server, "yyf"),
        (rules::may_rename_server, "yyf"),
        (rules::may_set_sign_up_policy, "yyf"),
        (rules::may_back_up, "yff"),
    ];
    for (rule, expected) in verbs {
        let found: String = ROLES.map(|who| outcome(rule(who))).iter().collect();
        assert_eq!(found, expected);
    }
}
