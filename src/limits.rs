//! Every limit of Chapp, with its unit in its name. Nothing here is a setting.

mod commands;
mod process;
mod store;
mod timers;
mod uploads;

pub use commands::*;
pub use process::*;
use std::time::Duration;
pub use store::*;
pub use timers::*;
pub use uploads::*;

// ---- What people write -------------------------------------------------------------------------

/// Characters (Unicode scalars) in a name.
pub const NAME_CHARS_MAX: usize = 32;
/// Characters in a password, at least (NIST SP 800-63B §3.1.1).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Characters in a password, at most.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Characters in a message.
pub const BODY_CHARS_MAX: usize = 8_000;
/// Characters in a `client_id`.
pub const CLIENT_ID_CHARS_MAX: usize = 64;
/// Characters in a `ref`.
pub const REF_CHARS_MAX: usize = 64;
/// Characters in a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// Characters in a status.
pub const STATUS_CHARS_MAX: usize = 100;
/// Avatar colours.
pub const COLORS: u8 = 8;
/// Characters in the name of a room.
pub const ROOM_NAME_CHARS_MAX: usize = 48;
/// Characters in a topic.
pub const TOPIC_CHARS_MAX: usize = 250;
/// Nodes in the tree of a message's text; a text with more of them stays plain.
pub const CONTENT_NODES_MAX: usize = 2_000;
/// Depth of that tree; what lies deeper stays plain text.
pub const CONTENT_DEPTH_MAX: usize = 8;
/// Lists within lists of that tree that are read from the data file; what is deeper is damage.
pub const CONTENT_NESTED_MAX: usize = 4 * CONTENT_DEPTH_MAX;
/// Characters in the address of a link; a longer one stays plain text.
pub const LINK_CHARS_MAX: usize = 2_000;
/// People whom one message can mention by name; further names stay plain text.
pub const MENTIONS_MAX: usize = 50;
/// People whom `@here` names one by one; where more are here, everybody in the room is meant.
pub const HERE_MAX: usize = 500;
/// Other rooms that one message can link to.
pub const ROOM_LINKS_MAX: usize = 50;
/// Names of people, and of rooms, that are looked up for one message: what follows an `@` may be several.
pub const NAMES_LOOKED_UP_MAX: usize = 1_000;
/// Different emoji under one message.
pub const REACTIONS_EMOJI_MAX: usize = 20;
/// Reactions of all people under one message.
pub const REACTIONS_MAX: usize = 2_000;
/// How long a deleted message can be restored by the person who deleted it: 10 s. Then its text is erased.
pub const UNDO_MS: u64 = 10_000;
/// Deleted messages that one change erases.
pub const ERASED_MAX: usize = 500;

// ---- Rooms and people --------------------------------------------------------------------------

/// Rooms of a server, direct ones included.
pub const ROOMS_MAX: u64 = 100_000;
/// Rooms that one person is in, but for direct ones.
pub const ROOMS_PER_PERSON_MAX: usize = 1_000;
/// Direct rooms that one person is in.
pub const DIRECTS_PER_PERSON_MAX: usize = 1_000;
/// Rooms of any kind that somebody is in because the same other person has put them there.
pub const BROUGHT_BY_ONE_MAX: usize = 100;
/// People in a direct room.
pub const DIRECT_MEMBERS_MAX: usize = 10;
/// People whom a new room begins with.
pub const FIRST_MEMBERS_MAX: usize = 100;
/// Seqs at a room's end among which its last post is looked for.
pub const LAST_LOOKED_AT_MAX: usize = 20;
/// Characters of a room's last post that lists of rooms show.
pub const LAST_CHARS_MAX: usize = 200;
/// Public rooms in a page of them, unless it is asked for fewer.
pub const BROWSE_ROOMS_MAX: usize = 1_000;
/// Public rooms that one page of them looks at.
pub const ROOMS_SCAN_MAX: usize = 10_000;
/// Pinned messages in a room.
pub const PINS_MAX: usize = 100;
/// Messages that one person keeps for later.
pub const SAVED_MAX: u64 = 1_000;
/// People whom one person blocks.
pub const BLOCKED_MAX: usize = 500;
/// Members of a room in which everybody sees how far the others have read. In a larger one each
/// message would cost the square of its members.
pub const SEEN_MEMBERS_MAX: u64 = 100;
/// People that one page of a list or a search looks at.
pub const PEOPLE_SCAN_MAX: usize = 10_000;
/// Seqs that a room can be unread back from its head.
pub const UNREAD_BACK_MAX: usize = 5_000;
/// Bytes of the messages, as stored, that a room can be unread back from its head.
pub const UNREAD_BACK_BYTES_MAX: usize = 2 << 20;
/// Mentions that are counted; then they are as many as this.
pub const MENTIONS_COUNTED_MAX: usize = 1_000;
/// Characters in a search for people.
pub const QUERY_CHARS_MAX: usize = 64;

// ---- The server itself -------------------------------------------------------------------------

/// Characters in the name of the server.
pub const SERVER_NAME_CHARS_MAX: usize = 48;
/// An invite link works this long, unless told otherwise: 7 days.
pub const INVITE_MS: u64 = 7 * DAY_MS;
/// An invite link works no longer than this: a year.
pub const INVITE_MS_MAX: u64 = 366 * DAY_MS;
/// A link with which somebody sets another password works this long: a day.
pub const RESET_MS: u64 = DAY_MS;
/// Bytes of a text that is drawn as a QR code.
pub const QR_BYTES_MAX: usize = 300;
/// Rows that a backup copies before it lets others work.
pub const BACKUP_BATCH_ROWS: usize = 20_000;
/// Bytes of a copied row and its key, at least, when a batch is counted.
pub const BACKUP_BATCH_BYTES: usize = 8 << 20;
/// Bytes of a backup that are read at once.
pub const BACKUP_CHUNK_BYTES: usize = 256 << 10;
/// Chunks of a backup that wait for a slow reader; then the reading of it waits.
pub const BACKUP_CHUNKS_AHEAD: usize = 2;

// ---- Search ------------------------------------------------------------------------------------

/// Characters in a search.
pub const SEARCH_CHARS_MAX: usize = 256;
/// Words in a search, each ideograph one.
pub const SEARCH_WORDS_MAX: usize = 32;
/// Messages in a page of hits, unless asked otherwise.
pub const SEARCH_HITS: usize = 20;
/// Messages in a page of hits, at most.
pub const SEARCH_HITS_MAX: usize = 50;
/// Words of one message that can be found, from its beginning on, each ideograph one.
pub const SEARCHABLE_WORDS_MAX: usize = 2_000;
/// Characters of a word that the index keeps; what is longer is told apart by reading the message.
pub const TOKEN_CHARS_MAX: usize = 32;
/// Rows of the log and of the index that one search looks at; long texts count for more. Then it
/// answers with what it has, and goes on when it is asked to.
pub const SEARCH_WORK_MAX: usize = 20_000;
/// Bytes of text that count as much as one row.
pub const SEARCH_WORK_BYTES: usize = 64;
/// Searches through messages that run at once, and searches through people and rooms.
pub const SEARCHES_MAX: usize = 2;
/// Searches that run or wait; then they are shed with 429.
pub const SEARCHES_WAITING_MAX: usize = 64;
/// When a search that was shed may come again.
pub const SEARCH_AGAIN_MS: u64 = 1_000;
/// Entries of the log that are indexed at once; those after the last segment are looked through.
pub const SEGMENT_ENTRIES: u64 = 512;
/// Words of a segment; one with long messages has fewer entries. Ends after the message that passes it.
pub const SEGMENT_WORDS_MAX: usize = 8_192;

// ---- Pictures ----------------------------------------------------------------------------------

/// Bytes of an uploaded picture.
pub const PICTURE_BYTES_MAX: usize = 2 << 20;
/// Pixels a side of an uploaded picture, at least.
pub const PICTURE_SIDE_MIN: u32 = 16;
/// Pixels a side of an uploaded picture, at most.
pub const PICTURE_SIDE_MAX: u32 = 4_096;
/// Pixels a side of a kept picture.
pub const PICTURE_SIDE: u32 = 256;

// ---- Files -------------------------------------------------------------------------------------

/// Bytes of a file.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Bytes of all files together. Each commit costs a little more in a larger data file.
pub const FILES_BYTES_MAX: u64 = 4 << 30;
/// Files in one message.
pub const FILES_MAX: usize = 10;
/// Characters in the name of a file.
pub const FILE_NAME_CHARS_MAX: usize = 150;
/// Bytes of a file in one row: with its key and its checksum a little less than a power of two, which is
/// what redb hands out.
pub const FILE_CHUNK_BYTES: usize = (256 << 10) - 128;
/// Pieces of files and the like that wait for their commit while what people say goes before them.
pub const FILE_CHANGES_WAITING_MAX: usize = 64;
/// How long a file stays that no message shows: a day.
pub const UPLOAD_KEPT_MS: u64 = 24 * 60 * 60 * 1000;
/// Rows of forgotten files that one change removes: 16 MiB of bytes.
pub const FILE_CHUNKS_ERASED_MAX: usize = 64;
/// Pixels of the longer side of a preview.
pub const PREVIEW_SIDE: u32 = 768;
/// Bytes of a picture that a preview is made of; a larger one is shown as a file.
pub const PREVIEW_SOURCE_BYTES_MAX: u64 = 24 << 20;
/// Bytes of a picture that needs no preview.
pub const PREVIEW_WORTH_BYTES: u64 = 96 << 10;
/// Pixels a side of a picture that a preview is made of.
pub const PREVIEW_SOURCE_SIDE_MAX: u32 = 12_000;
/// Bytes that decoding a picture for its preview may take.
pub const PREVIEW_DECODE_BYTES_MAX: u64 = 160 << 20;
/// Pieces of files that are read at the same time; further ones wait.
pub const FILE_READS_MAX: usize = 4;

// ---- What browsers call themselves -------------------------------------------------------------

/// Characters kept of what a browser calls itself.
pub const DEVICE_CHARS_MAX: usize = 200;

// ---- Pages -------------------------------------------------------------------------------------

/// Messages in a page of history, unless asked otherwise.
pub const PAGE_MESSAGES: usize = 50;
/// Messages in a page of history, at most.
pub const PAGE_MESSAGES_MAX: usize = 100;
/// Messages in one piece of a catch-up.
pub const SYNC_MESSAGES_MAX: usize = 500;
/// Bytes of messages in a page, as stored (a third of what JSON takes), with what they answer; the last one passes it.
pub const PAGE_BYTES_MAX: usize = 256 << 10;
/// Bytes of messages in one piece of a catch-up, as stored; the piece ends after the message that passes it.
pub const SYNC_BYTES_MAX: usize = 128 << 10;
/// Changes that a catch-up still follows; a client further behind reads the history again.
pub const SYNC_BEHIND_MAX: u64 = 5_000;
/// People named in `ready`.
pub const PEOPLE_MAX: usize = 500;
/// People of whom `ready` says that they are here.
pub const PRESENCE_MAX: usize = 2_000;

// ---- HTTP --------------------------------------------------------------------------------------

/// Bytes of a request body.
pub const REQUEST_BODY_BYTES_MAX: usize = 128 << 10;
/// Bytes of a request's head that hyper buffers; 8 KiB is the least it takes.
pub const REQUEST_HEAD_BYTES_MAX: usize = 16 << 10;
/// Until the head of a request has arrived, on a new or an idle connection.
pub const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Characters of a field's name that nobody knows, when it is named.
pub const FIELD_CHARS_MAX: usize = 64;
/// Until the body of a request has arrived.
pub const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How often it is looked whether people must be told that what they write is not saved, or is again.
pub const TROUBLE_LOOK_EVERY: Duration = Duration::from_secs(1);

/// When a client that was told that the server is not ready may ask again.
pub const READY_RETRY_MS: u64 = 1_000;
/// Characters of the token for the metrics, at least: 16 letters and digits by chance are guessed by nobody.
pub const METRICS_TOKEN_CHARS_MIN: usize = 16;
/// The same, at most.
pub const METRICS_TOKEN_CHARS_MAX: usize = 512;
/// How long the metrics wait for what stands in the data file; then they go without it.
pub const METRICS_READ_TIMEOUT: Duration = Duration::from_millis(500);

// ---- Sockets -----------------------------------------------------------------------------------

/// Bytes of one frame and of one message from a client: a body of the longest kind, each character
/// escaped as `\uD83D\uDE00`, and its envelope.
pub const FRAME_BYTES_MAX: usize = 128 << 10;
/// Bytes that tungstenite reads at once. Its default, 128 KiB, is paid for by every connection.
pub const SOCKET_READ_BYTES: usize = 256;
/// Bytes that the kernel holds for a reader who is slow, asked for by SO_SNDBUF.
pub const SOCKET_SEND_BYTES: usize = 256 << 10;
/// Events that a fan-out that is behind delivers in one go, and those of one more commit.
pub const EVENTS_AT_ONCE_MAX: usize = 128;
/// Sockets that a message goes to in one system call, where io_uring is used. 1,000 sockets in 2 calls cost a
/// tenth less than in 16.
pub const SENDS_AT_ONCE_MAX: usize = 512;
/// The same where the system gives no ring so large: before Linux 5.12 it counts as locked memory.
pub const SENDS_AT_ONCE_FEW: usize = 64;
/// Bytes that wait for a slow reader behind that; then the client is closed with 4408.
pub const CLIENT_QUEUE_BYTES_MAX: usize = 1 << 20;
/// Posts of one connection that wait for their commit; then its reading pauses.
pub const POSTS_IN_FLIGHT_MAX: usize = 64;
/// Quiet sockets that are pinged one right after the other; then there is a pause,
pub const PINGS_AT_ONCE_MAX: usize = 64;
/// so long, for those who have something to say and for the answers: ten thousand take 1.6 s.
pub const PINGS_PAUSE: Duration = Duration::from_millis(10);
/// Written bytes that the other end does not take for this long, or questions of the kernel that it does not
/// answer, end a connection (Linux: RFC 5482). With [`PRESENCE_GRACE`], a client that vanished is gone within 15 s.
pub const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that carries nothing for this long is asked for by the kernel (RFC 9293 §3.8.4).
pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(5);
/// How often it is asked again.
pub const KEEPALIVE_EVERY: Duration = Duration::from_secs(2);
/// Connections of one person at a time.
pub const SOCKETS_PER_PERSON_MAX: usize = 64;
/// Addresses of this computer that `ready` names.
pub const ADDRESSES_MAX: usize = 8;
/// How long a closing socket may take to take what was written to it.
pub const SOCKET_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same for one that was closed with 4408: it is slow, and should still hear why.
pub const SLOW_SOCKET_CLOSE_TIMEOUT: Duration = WRITE_STALL_TIMEOUT;
/// How long somebody is still here after their last connection went (a reload is no departure).
pub const PRESENCE_GRACE: Duration = Duration::from_secs(3);

// ---- Rates (switched off by `--rate-limits off`) ------------------------------------------------

/// Requests over HTTP that one person may make at once; pictures of people are not counted.
pub const REQUESTS_BURST: u32 = 120;
/// Requests over HTTP a second that one person may make on; faster is answered with 429.
pub const REQUESTS_PER_SECOND: u32 = 30;
/// Rooms that one person may make at once; direct ones are not counted.
pub const ROOMS_MADE_BURST: u32 = 100;
/// Rooms a day that one person may make on.
pub const ROOMS_MADE_PER_DAY: u32 = 100;
/// Times that one person can be told to be typing at once; what comes faster is told to nobody.
pub const TYPING_BURST: u32 = 3;
/// Times a second that one person can be told to be typing on.
pub const TYPING_PER_SECOND: u32 = 1;
/// Who types and how far people have read is told this often at most, unless something else is to be told.
pub const SIGNALS_EVERY: Duration = Duration::from_secs(1);
/// Signals that wait to be told; when there are more, they are told at once.
pub const SIGNALS_WAITING_MAX: usize = 4_096;
/// How far people have read is written this often at most.
pub const READ_MARKS_EVERY: Duration = Duration::from_secs(1);
/// How long somebody who looks at their rooms waits for that to be written.
pub const READ_MARKS_TIMEOUT: Duration = Duration::from_millis(500);
/// People in rooms of whom that waits to be written; when there are more, it is written at once.
pub const READ_MARKS_WAITING_MAX: usize = 4_096;
/// What somebody is (here, away, gone) is told this often at most; then it is what they are by then.
pub const PRESENCE_EVERY: Duration = Duration::from_secs(2);
/// Frames that one connection may send at once.
pub const FRAMES_BURST: u32 = 60;
/// Frames a second that one connection may send on; faster is flooding and closes with 4429.
pub const FRAMES_PER_SECOND: u32 = 30;
/// Posts that one person may send at once.
pub const POSTS_BURST: u32 = 20;
/// Posts a second that one person may send on; faster is answered with `too_many_requests`.
pub const POSTS_PER_SECOND: u32 = 5;
/// How long the answer to a request waits that came too fast: a client that asks without a pause costs less.
pub const TOO_FAST_PAUSE: Duration = Duration::from_millis(250);
/// Sockets that one person may open at once.
pub const SOCKETS_OPENED_BURST: u32 = SOCKETS_PER_PERSON_MAX as u32;
/// Sockets a second that one person may open on: each begins with all that a client shows.
pub const SOCKETS_OPENED_PER_SECOND: u32 = 2;
/// Catch-ups that one person may ask for at once, over all connections.
pub const SYNCS_BURST: u32 = 300;
/// Catch-ups a second that one person may ask for on.
pub const SYNCS_PER_SECOND: u32 = 30;
/// Messages in a catch-up that count as one more.
pub const SYNC_MESSAGES_COUNTED: usize = 25;
/// People whose rates are remembered.
pub const POSTS_BUCKETS_MAX: usize = 10_000;
/// Log-ins for one name from one network that cost no waiting.
pub const LOGIN_FREE_TRIES: u32 = 5;
/// The longest wait between two log-ins for one name from one network.
pub const LOGIN_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// Log-ins and sign-ups from one network (an IPv4 address, an IPv6 /64) in a minute.
pub const LOGIN_PER_NETWORK_PER_MINUTE: u32 = 30;
/// Names and networks whose tries are remembered.
pub const LOGIN_BUCKETS_MAX: usize = 10_000;
/// When a client that was turned away from an overloaded server may come again.
pub const SHED_RETRY_MS: u64 = 3_000;

// ---- Passwords ---------------------------------------------------------------------------------

/// Passwords that wait for the hashing thread; then log-ins are shed with 429.
pub const HASH_QUEUE_MAX: usize = 16;
/// argon2id memory in KiB, passes and lanes: OWASP's minimum.
pub const ARGON2_KIB: u32 = 19 * 1024;
/// See [`ARGON2_KIB`].
pub const ARGON2_PASSES: u32 = 2;
/// See [`ARGON2_KIB`].
pub const ARGON2_LANES: u32 = 1;

/// Times that one log-in or password change compares a password: again only where its hash was replaced meanwhile.
pub const PASSWORD_CHECKS_MAX: usize = 3;

// ---- Sessions ----------------------------------------------------------------------------------

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A session that nobody used for this long is over: 30 days.
pub const SESSION_IDLE_MS: u64 = 30 * DAY_MS;
/// Every session is over after this long: 180 days.
pub const SESSION_ABSOLUTE_MS: u64 = 180 * DAY_MS;
/// A session's last use is written down this often: once an hour.
pub const SESSION_TOUCH_MS: u64 = 60 * 60 * 1000;

/// Sessions of one person; where there is another one, that which was used longest ago ends.
pub const SESSIONS_PER_PERSON_MAX: usize = 50;
/// Expired sessions that one change forgets.
pub const SESSIONS_DROPPED_MAX: usize = 1_000;
/// Sessions of connections that are looked at in one go; then everybody else has their turn.
pub const SESSIONS_SWEPT_AT_ONCE_MAX: usize = 100;
/// How often expired sessions are forgotten.
pub const SESSIONS_DROP_EVERY: Duration = Duration::from_secs(60 * 60);
