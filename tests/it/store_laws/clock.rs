//! Data written while the clock was years ahead does not have to wait for those years.

use super::world::*;
use chapp::clock::Time;
use chapp::limits::DAY_MS;
use chapp::model::*;

const NOW: Time = Time(1_000_000_000_000);
const YEARS_MS: u64 = 14 * 365 * DAY_MS;

fn delete(id: Seq, at: Time) -> Change {
    Change::MessageAction {
        by: UserId(1),
        target: MessageRef { room: LOBBY, id },
        act: MessageAction::Delete,
        at,
    }
}

#[test]
fn text_that_was_deleted_by_a_wrong_clock_is_erased() {
    let world = World::of_people(1);
    let store = &world.store;
    for at in [NOW, Time(NOW.0 + YEARS_MS), Time(NOW.0 + DAY_MS)] {
        let posted = wait(store.commit(post_at(1, &format!("at {}", at.0), at.0))).unwrap();
        wait(store.commit(delete(seq(&posted), at))).unwrap();
    }
    let before = Time(NOW.0 - chapp::limits::UNDO_MS);
    assert!(wait(store.has_deleted(before)).unwrap());
    let erased = wait(store.commit(Change::Erase { before })).unwrap();
    assert!(matches!(erased, Event::Erased { count: 1 }), "{erased:?}");
    assert!(
        !wait(store.has_deleted(before)).unwrap(),
        "those of now have their time"
    );
}

#[test]
fn a_file_that_was_sent_by_a_wrong_clock_and_never_posted_is_erased() {
    let world = World::of_people(1);
    let store = &world.store;
    for (number, at) in [(1, NOW), (2, Time(NOW.0 + YEARS_MS)), (3, Time(NOW.0 + DAY_MS))] {
        let id = FileId([number; 16]);
        let keep = FileChange::Keep {
            id,
            index: 0,
            bytes: vec![7; 9].into(),
            at,
        };
        wait(store.commit(Change::File(keep))).unwrap();
    }
    let before = Time(NOW.0 - chapp::limits::UPLOAD_KEPT_MS);
    assert!(wait(store.has_unattached(before)).unwrap());
    let erase = Change::File(FileChange::Erase { before });
    // Its bytes, and its entry among the unattached files.
    let erased = wait(store.commit(erase)).unwrap();
    assert!(
        matches!(erased, Event::File(FileEvent::Erased { count: 2 })),
        "{erased:?}"
    );
    assert!(!wait(store.has_unattached(before)).unwrap());
    assert_eq!(store.chunk(FileId([1; 16]), 0).unwrap().len(), 9);
}
