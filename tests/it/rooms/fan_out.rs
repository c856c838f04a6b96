//! Many connections, few of them in a room: exactly those get its messages while people join, leave and reconnect.

use super::*;
use std::collections::{BTreeSet, HashMap};

const PEOPLE: usize = 16;
const ROOMS: usize = 8;
const STEPS: u64 = 160;

/// A server with its people and sockets, and the expected members of each room.
struct Model {
    site: Site,
    people: Vec<Person>,
    rooms: HashMap<u64, BTreeSet<usize>>,
    /// Each socket with the index of its person, in order of connection.
    sockets: Vec<(usize, Socket)>,
}

impl Model {
    fn new() -> Model {
        let site = Site::new();
        let people: Vec<Person> = (0..PEOPLE).map(|n| site.sign_up(&format!("Person {n}"))).collect();
        let rooms = (0..ROOMS).map(|n| {
            let (by, other) = (n % PEOPLE, (n * 3 + 1) % PEOPLE);
            let room = make_with(&site, &people[by], "public", &format!("Room {n}"), &[&people[other]]);
            (room, BTreeSet::from([by, other]))
        });
        let rooms = rooms.collect();
        let sockets = (0..PEOPLE * 2).map(|n| (n % PEOPLE, site.socket(&people[n % PEOPLE])));
        let sockets = sockets.collect();
        Model {
            site,
            people,
            rooms,
            sockets,
        }
    }

    /// Joins or leaves the room; the last member stays.
    fn toggle_membership(&mut self, room: u64, person: usize) {
        let members = self.rooms.get_mut(&room).unwrap();
        let verb = match members.contains(&person) {
            true if members.len() == 1 => return,
            true => "leave",
            false => "join",
        };
        let path = format!("/api/rooms/{room}/{verb}");
        let status = ask(&self.site, &self.people[person], "POST", &path).status;
        assert!(matches!(status, 200 | 204), "{path}: {status}");
        if !members.remove(&person) {
            members.insert(person);
        }
    }

    /// Closes one connection and opens another.
    fn reconnect(&mut self, index: usize) {
        let (person, socket) = self.sockets.swap_remove(index);
        socket.leave();
        let socket = self.site.socket(&self.people[person]);
        self.sockets.push((person, socket));
    }

    /// Posts into a room; each socket of a member must get it once, and no other socket at all.
    fn check(&mut self, room: u64, text: &str) {
        let members = &self.rooms[&room];
        let author = *members.first().unwrap();
        let body = json!({"client_id": text, "body": text});
        let path = format!("/api/rooms/{room}/messages");
        let posted = send(&self.site, &self.people[author], "POST", &path, Some(body));
        assert_eq!(posted.status, 201);
        let end = format!("end of {text}");
        assert_eq!(self.site.say(&self.people[0], &end, &end).status, 201);
        for (person, socket) in &mut self.sockets {
            let frames = socket.until(|frame| frame["message"]["body"] == end.as_str());
            let received = frames.iter().filter(|frame| frame["message"]["body"] == text).count();
            let expected = usize::from(members.contains(person));
            assert_eq!(received, expected, "{text}, to {person} of {members:?}");
        }
    }
}

#[test]
fn a_small_room_reaches_all_its_members_and_nobody_else_while_people_come_and_go() {
    let mut model = Model::new();
    let mut rooms: Vec<u64> = model.rooms.keys().copied().collect();
    rooms.sort_unstable();
    for step in 0..STEPS {
        // Pseudorandom, and the same in every run.
        let random = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let room = rooms[(random % ROOMS as u64) as usize];
        match random >> 8 & 3 {
            0 => model.reconnect((random >> 12) as usize % (PEOPLE * 2)),
            _ => model.toggle_membership(room, (random >> 12) as usize % PEOPLE),
        }
        model.check(room, &format!("step {step}"));
    }
}

#[test]
fn what_is_for_one_person_reaches_each_of_their_connections() {
    let mut model = Model::new();
    let (site, saver) = (&model.site, 5);
    assert_eq!(site.say(&model.people[0], "worth it", "worth it").status, 201);
    let mut saving = site.socket(&model.people[saver]);
    let id = site.head(&model.people[saver]);
    saving.send(&json!({"type": "save", "ref": "r", "room": 1, "id": id, "on": true}));
    assert_eq!(
        saving.until(|frame| frame["ref"] == "r").pop().unwrap()["type"],
        "saved"
    );
    assert_eq!(site.say(&model.people[0], "end", "end").status, 201);
    for (whose, socket) in &mut model.sockets {
        let frames = socket.until(|frame| frame["message"]["body"] == "end");
        let saved = of_type(&frames, "saved").len();
        assert_eq!(saved, usize::from(*whose == saver), "{whose}");
    }
}
