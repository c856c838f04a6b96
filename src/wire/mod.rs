//! JSON to [`Command`] and [`Event`](crate::model::Event) to frames. Pure: no I/O, no state.
//!
//! # The protocol, version 1
//!
//! Names and shapes are fixed, since tools outside this repository speak them: fields are added,
//! never renamed or removed. `tests/wire/` holds a golden example of each frame, which this module
//! and the web client are both tested with.
//!
//! One JSON object per WebSocket text frame (RFC 6455 §5.6). Ids and seqs are integers from 1 to
//! 2^53 - 1, times are milliseconds since the Unix epoch. An object is never written as the array of its values, here or
//! over HTTP. In frames, and in answers over HTTP, both ends ignore fields they do not know, and a client ignores a
//! frame whose `type` it does not know: a newer client may speak to an older server. In the body of a request over HTTP
//! a field that the server does not know is `invalid` (422), and `field` names it: it would look as if it were done.
//!
//! # Nouns
//!
//! Fields with a `?` may be absent.
//!
//! - User: `id` `name` `display_name` `role` (`owner` `admin` `member`) `created_at` `color` (0 to 7)
//!   `status?` `avatar?` (a version; the picture is at `/avatars/ID/VERSION`) `last_seen?` `deactivated?`
//!   (`true`: the account is shut, its sessions are over)
//! - Room, as one member sees it: `id` `kind` (`public` `private` `direct`) `name` (empty for a direct
//!   room) `topic` `archived` `created_at` `member_count` `role` (the viewer's, `owner` `member`) `head`
//!   `read` `unread` (posts of others after `read`; notices and changes do not count) `mentions` (those of
//!   them that are meant for the viewer) `notify` (`all` `mentions` `none`) `favourite` `hidden`
//!   `members?` (of a direct room, the viewer included) `last?` (`{"id","author","sent_at","text","files?"}`: how the
//!   last post begins, unless much has happened since). A `room` frame may carry only some of these, and
//!   always `id`: a client merges it into what it has.
//! - Message: `id` `author` `sent_at` (never goes down within a room, unless the server's clock was set back by
//!   more than a day) `body` `content?` (absent where the body is plain text)
//!   `client_id?` (for its author) `edited_at?` `deleted?` (`true`; then `body` is empty) `deleted_by?`
//!   (where that was not its author) `reply_to?` (a message id in the same room)
//!   `files?` (`[File…]`) `reactions?` (`[{"emoji","users"}…]`) `pinned?` (`{"by","at"}`) `forwarded?`
//!   (`{"room","id","author","sent_at"}`) `mentions?` (`{"users?","room?","here?"}`) `event?`
//! - `event`: this message is no post but a notice, a line about the room: `kind` (`created` `joined`
//!   `left` `added` `removed` `renamed` `topic` `archived` `restored` `owner`) `user?` `text?`. It takes a
//!   seq like a post. A client shows nothing for a kind that it does not know.
//! - `content`: blocks `{"t":"p"|"h","c":[Inline…]}` `{"t":"quote","c":[Block…]}`
//!   `{"t":"code","lang?","text"}` `{"t":"list","start?","c":[[Block…]…]}` `{"t":"rule"}`. Inlines: text, or
//!   `{"t":"b"|"i"|"s","c"}` `{"t":"code","text"}` `{"t":"a","href","c"}` `{"t":"br"}`
//!   `{"t":"user","id","text"}` `{"t":"all","text":"room"|"here"}` `{"t":"room","id","text"}`
//!   `{"t":"emoji","text","name"}`. Where `t` is unknown, a client shows `c` or `text`.
//! - File: `id` (text) `name` `type` (RFC 6838, by its first bytes) `size` (bytes) `width?` `height?` (pixels of
//!   a picture, as it is shown) `preview?` (`true`: a smaller one is at `/files/ID/preview`)
//! - Settings: `share_read` `dnd` (`null` or `{"from","to"}`, minutes of the local day) `dnd_until` (time;
//!   0: not) `sound` `announce` `single_keys`
//!
//! # Client to server
//!
//! Each frame may carry `ref`, text of up to 64 characters that comes back in its answer or `error`:
//!
//! | frame | answer |
//! |---|---|
//! | `post` `room` `client_id` `body` `reply_to?` `files?` (ids; then `body` may be empty) | `posted` once durable, the first answer again for a known `client_id` |
//! | `post` `room` `client_id` `forward` (`{"room","id"}`) | the same; text and files are the other message's |
//! | `edit` `room` `id` `body` | `done` with the seq of the change; for what is so already, of its last one |
//! | `delete` `room` `id`, `undelete` `room` `id` | `done`; undo is for `limits.undo_ms`, then the text is gone |
//! | `react` `room` `id` `emoji` `on`, `pin` `room` `id` `on` | `done` |
//! | `save` `room` `id` `on` | `saved`, also to the viewer's other connections |
//! | `read` `room` `seq` | `read` where it has a `ref`; the viewer's other connections get `read` in any case |
//! | `unread` `room` `id` | `read`, also to the viewer's other connections |
//! | `typing` `room` | none |
//! | `away` `on` | none; somebody is away when all of their connections are |
//! | `sync` `room` `since` | `message`… and `synced`, or `reset` |
//! | `ping` | `pong` |
//!
//! # Server to client
//!
//! `ready`; in rooms `message` `typing` `seen` (`room` `user` `seq`: how far somebody else has read, in
//! rooms of up to `limits.seen_members_max` people) `room` `gone` (`room`: the viewer is no longer in it and
//! hears nothing more of it); about people `person` `presence` (`user` `state` `last_seen?`); the viewer's
//! own `read` (`room` `seq` `unread` `mentions`, as counted at the room's `head`) `settings` `blocked`
//! `saved` (`room` `id` `on`); `trouble` (`what`) to everybody; answers `posted` `done` `synced` `reset` `pong` `error`.
//!
//! Said here beyond the common contract:
//! - Every seq of a room is exactly one `message` frame: `seq` equals `message.id` where it is new;
//!   otherwise the message has changed, and the frame brings its present state.
//! - `ready` also has `presence` (who is here: `{"user","state"}`), `settings`, `blocked` (user ids) and
//!   `saved` (`[[room, id]…]`); its `presence` names at most
//!   [`PRESENCE_MAX`](crate::limits::PRESENCE_MAX) people, whom the viewer writes with first, and its `people`
//!   are the viewer, the first [`PEOPLE_MAX`](crate::limits::PEOPLE_MAX) of those, and who is in a direct room
//!   with the viewer. A `person`
//!   frame comes before the first `presence` of somebody, and a page of history names in `people` whom its
//!   messages name, and in `quoted` the messages that they answer and that are not among them.
//! - `people_version` in `ready` grows with each change of anybody's profile. Where it is another one than before,
//!   a client asks again for the people whom it holds and whom `ready` does not bring.
//! - `seen` with `seq` 0: this member no longer shows how far they read.
//! - Everybody is in the first room, the Lobby: a new account is told by `person` and takes no seq there.
//! - `server.id` in `ready` names the data file (a browser keeps unsent messages by it),
//!   `server.addresses` is how others on the network reach it, and `server.door` who may sign up: `anyone`,
//!   `invite` (with the invite link), `nobody`. A `server` frame brings another `name` or `door` to everybody.
//!   `server.backup_trouble` (`true`; for the owner and admins): the nightly backups fail, or the last one is old.
//! - `server.trouble` in `ready`, and `what` in a `trouble` frame, say why nothing that people write is saved:
//!   `file_removed`, `file_replaced`, `file_overwritten` (somebody has touched the data file of the running server),
//!   `not_writable`, `disk_full`; or that it is saved only where it does not meet the damage: `file_damaged`. A server
//!   may know more. Where `server.trouble` is absent, and with a `what` of `null`, all is well (again). Posts are
//!   answered with `unavailable` or `storage_full` meanwhile; send the same `client_id` again.
//! - A socket that is closed with 4401 has no session any more: log in again. One closed with 4410 has, but its token
//!   was replaced (another password): connect again with the new one, which is in the cookie.
//! - A person has at most [`SESSIONS_PER_PERSON_MAX`](crate::limits::SESSIONS_PER_PERSON_MAX) sessions: a further one
//!   ends that which was used longest ago, with 4401.
//! - `synced.through` may be below the room's head: there is more, ask again since there.
//! - A frame that is no JSON object with a `type` closes the socket with 4400, as does a binary one;
//!   a `type` that this server does not know, or a field of the wrong type, is an `error`.
//! - A frame against RFC 6455 closes with 1002, and so does a close code that no endpoint may send (§7.4: 0 to 999,
//!   1004 to 1006, what is unassigned up to 2999); text or the reason of a close that is not UTF-8 with 1007, a
//!   message of more than [`FRAME_BYTES_MAX`](crate::limits::FRAME_BYTES_MAX) with 1009.
//!
//! # HTTP
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/me` | `user` `settings` |
//! | `PATCH /api/me` `display_name?` `status?` `color?` | `user` |
//! | `PUT /api/me/settings` some of Settings | `settings` |
//! | `PUT /api/me/avatar` (a PNG or JPEG as the body), `DELETE /api/me/avatar` | `user` |
//! | `PUT /api/me/password` `password` `new_password` | 204 and a new token in the cookie; sockets of this session end with 4410, all other sessions with 4401; no link sets the password any more |
//! | `GET /api/me/sessions` | `sessions`: `id` `device` `address` `created_at` `seen_at` `current` |
//! | `DELETE /api/me/sessions/ID`, `DELETE /api/me/sessions` | 204; the latter ends all others |
//! | `PUT /api/me/blocks/USER`, `DELETE /api/me/blocks/USER` | 204 |
//! | `GET /api/me/saved?before&limit` | `saved`: `room` `message` `saved_at`, latest first; `people` `next?` |
//! | `GET /api/people?q&before&limit`, `GET /api/people?ids=1,2` | `people`, newest account first; `more`; for the owner and admins `files`: `user` `bytes` of those who have any |
//! | `GET /api/search?q&room&author&since&until&files&before&limit` | `hits`: `room` `message` `marks`; `people` `next?` |
//! | `GET /api/rooms` | `rooms`: the viewer's |
//! | `GET /api/rooms?browse=1&q&after&limit` | `rooms`: the public ones by name, with `joined`; `next?` (the room to go on `after`) |
//! | `POST /api/rooms` `kind` `name` `topic?` `members?`; `kind: "direct"` `members` | `room` |
//! | `GET /api/rooms/R`, `PATCH /api/rooms/R` `name?` `topic?` `archived?` | `room` |
//! | `PUT /api/rooms/R/me` `notify?` `favourite?` `hidden?` | `room` |
//! | `POST /api/rooms/R/join`, `POST /api/rooms/R/leave` | `room`, 204 |
//! | `GET /api/rooms/R/members?q&before&limit` | `members`: `user` `role`; `more` |
//! | `PUT /api/rooms/R/members/USER` `role?`, `DELETE …` | 204 |
//! | `GET /api/rooms/R/messages?before\|after\|around&limit`, `POST …` | a page, a receipt |
//! | `POST /api/files?name=NAME`, the bytes as the body | `file`; goes into a message by its id, within a day |
//! | `GET /files/ID/NAME`, `GET /files/ID/preview` | the bytes (`Range`, `ETag`), for whoever is in a room where a message shows the file, and for its uploader until one does |
//! | `GET /api/rooms/R/pins?before` | `messages`, newest pin first; `people` `next?` |
//! | `GET /api/rooms/R/seen` | `seen`: `user` `seq` |
//! | `GET /api/qr?text`, `POST /api/qr` `text` (for a link with a code in it) | `size` `path`: a QR code (level M) without its quiet zone, the dark modules as an SVG path |
//! | `POST /api/signup` `name` `password` `invite?` | `user`; `forbidden` with the field `invite` where the door is shut |
//! | `POST /api/signup/check` `invite` | 204 where somebody could sign up with it, else as for a sign-up |
//! | `POST /api/reset` `code` `password` | `user`, and a session; all sessions of before end with 4401 |
//! | `POST /api/reset/check` `code` | `name`: whose password it sets; `not_found` for a link that is over |
//!
//! A request has exactly one valid `Host`, else 400; where its target is absolute, the host in it is the one that counts
//! (RFC 9112 §3.2). Every 401 carries `WWW-Authenticate: Session realm="Chapp"`. A body comes as it is or chunked; in another transfer coding it is `not_implemented` (501).
//!
//! Pages of messages and of pins come as gzip where `Accept-Encoding` takes it and it pays.
//!
//! For the owner and admins (`forbidden` for members):
//!
//! | request | answer |
//! |---|---|
//! | `GET /api/server`, `PATCH /api/server` `name?` `door?` | `server`: `name` `door` `invite?` `version` `started_at` `addresses` `connections` `people` `deactivated` `messages` `storage` (`file_bytes` `free_bytes?` `disk_bytes?`) `files` (`bytes` `bytes_max`) `backup` (`at?` `bytes?` `running`; of the nightly ones, where they are on, `nightly?`: `folder` `at?` `bytes?` `findings?` `failed_at?` `failure?` `stale`) |
//! | `POST /api/server/invite` `ends_at?` | `invite`: `code` `path` `ends_at`; the link before opens nothing any more |
//! | `PATCH /api/server/invite` `ends_at` | `invite`; at most a year from now |
//! | `PATCH /api/people/USER` `role` (owner only; `owner` hands the server over) or `deactivated` | `user` |
//! | `POST /api/people/USER/reset` | `path` `ends_at`: a link that sets a password, once, within a day |
//! | `GET /api/backup` (owner only) | the data file as of now; `HEAD` tells whether one could begin: `conflict` while another is being taken, `storage_full` |
//!
//! `/join#CODE` and `/reset#CODE` are pages, as are `/join/CODE` and `/reset/CODE` of earlier days. Admins act on members; the owner on everybody but themselves.
//!
//! A page may hold fewer than `limit` where what it holds is long: `more_before`, `more_after`, `more` and
//! `next` tell whether there is more, and nothing else does. `next` is the `before` (or `after`) to go on
//! with. Whoever asks for too much at once is answered with 429 and `Retry-After`.
//!
//! Files are received a few at a time, by person. An upload that waits too long for its turn, has to make room for
//! somebody who waits, or is too slow (then with the field `file`) is answered with 503 and `Retry-After`: send it
//! again then. `storage_full` with the field `file` is for a file that does not fit into its sender's share of the
//! space: their files may take as many bytes as are still free for everybody
//! ([`FILES_BYTES_MAX`](crate::limits::FILES_BYTES_MAX) in all), and
//! [`FILE_SHARE_BYTES_MIN`](crate::limits::FILE_SHARE_BYTES_MIN) in any case.
//!
//! A body has at most 128 KiB, a picture 2 MiB. One that is announced longer is answered at once with 413; a client that
//! still sends can read the answer when it has sent everything.
//!
//! A server with too much to do says so: first new sockets, log-ins and sign-ups get 503 with `Retry-After`,
//! then `typing` is dropped and presence comes later, then posts and other acts get `error` with `unavailable`
//! and `retry_after_ms`. Whoever is connected stays so; send the same `client_id` again after that time. A
//! `sync` may be answered with `error` `too_many_requests` and `retry_after_ms`: ask again then.
//! `GET /metrics` tells programs on the server's own computer, whoever shows the token of `--metrics-token-file`
//! (`Authorization: Bearer`, RFC 6750), the owner and admins how it is (Prometheus' text format 0.0.4). `GET /healthz`
//! is 200 while the server runs with a data file that is whole and its own, and `GET /readyz` while it takes changes;
//! else they are 503 with the reason as `title`.
//!
//! # Search
//!
//! Finds messages in the rooms that the viewer is in now, newest first, by all the words of `q`, without
//! regard to case and accents. The last word may be the beginning of one; words in quotation marks follow
//! each other. Chinese, Japanese, Korean and Thai are found by any part of their text. `q` may be empty
//! where `room`, `author` (a user id), `since` or `until` (times; sent then or later, before then) is given, or
//! `files=1` (messages that show files).
//! `marks` are `[start, end]` in Unicode scalars of `body`, in order, without overlaps. `next`, given as
//! `before`, goes on; a search does bounded work, so a page with a `next` may have fewer than `limit` hits
//! (1 to 50), or none.

mod answer;
mod command;
mod content;
pub mod control;
mod frame;
mod message;
mod nouns;
mod object;
mod ready;
mod server;

pub use answer::{
    file, listings, me, members, one_room, own_settings, page, people, pins, post_receipt, rooms, saved_page,
    search_page, seen_by, sessions, user,
};
pub use command::{Command, Incoming, Refused, decode};
pub use frame::{
    CloseCode, blocked, close_frame, done, error, frame, gone, message, person, ping_frame, pong, posted, presence,
    read, reset, room, room_facts, room_role, saved, seen, server, settings, synced, trouble, typing,
};
pub use object::{Object, Word, from_json};
pub use ready::{Ready, ready};
pub use server::{NightlyFacts, ServerFacts, invite, qr, reset_link, reset_owner, server_facts};
