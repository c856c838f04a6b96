//! The limits of Chapp. Most have their unit in their name, else their doc says it. None of them is a setting. Input
//! beyond a limit is refused with `invalid` unless the limit's doc says otherwise. What only one file needs,
//! such as the size of a key, is a constant there.

mod commands;
mod process;
mod rates;
mod store;
mod timers;
mod uploads;

pub use commands::*;
pub use process::*;
pub use rates::*;
use std::time::Duration;
pub use store::*;
pub use timers::*;
pub use uploads::*;

// ---- Text --------------------------------------------------------------------------------------

/// Maximum characters (Unicode scalar values, as everywhere below) in the name of an account.
pub const NAME_CHARS_MAX: usize = 32;
/// Minimum characters in a password (NIST SP 800-63B, revision 3, §5.1.1.2).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Maximum characters in a password.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Maximum characters in a message.
pub const BODY_CHARS_MAX: usize = 8_000;
/// Maximum characters in a `client_id`.
pub const CLIENT_ID_CHARS_MAX: usize = 64;
/// Maximum characters in a `ref`.
pub const REF_CHARS_MAX: usize = 64;
/// Maximum characters in a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// Maximum characters in a status.
pub const STATUS_CHARS_MAX: usize = 100;
/// Number of avatar colours.
pub const COLORS: u8 = 8;
/// Maximum characters in the name of a room.
pub const ROOM_NAME_CHARS_MAX: usize = 48;
/// Maximum characters in the topic of a room.
pub const TOPIC_CHARS_MAX: usize = 250;
/// Maximum nodes in the tree of a message's text. A text that needs more is kept as plain text.
pub const CONTENT_NODES_MAX: usize = 2_000;
/// Maximum depth of that tree. Markup nested deeper is dropped and its text is kept.
pub const CONTENT_DEPTH_MAX: usize = 8;
/// Maximum nesting of lists when a stored tree is read. A deeper one means that the data file is damaged.
pub const CONTENT_NESTED_MAX: usize = 4 * CONTENT_DEPTH_MAX;
/// Maximum times a text is parsed again without what looks like a link definition.
pub const READINGS_MAX: usize = 8;
/// Maximum characters in the address of a link. A longer address stays plain text.
pub const LINK_CHARS_MAX: usize = 2_000;
/// Maximum people whom one message can mention by name. Further names stay plain text.
pub const MENTIONS_MAX: usize = 50;
/// Maximum people whom `@here` lists one by one. If more are online, it mentions the whole room.
pub const HERE_MAX: usize = 500;
/// Maximum other rooms that one message can link to. Further names stay plain text.
pub const ROOM_LINKS_MAX: usize = 50;
/// Maximum names of people, and of rooms, looked up for one message. One `@` can begin several candidates. Further
/// candidates stay plain text.
pub const NAMES_LOOKED_UP_MAX: usize = 1_000;
/// Maximum different emoji under one message. Another emoji is refused with `conflict`.
pub const REACTIONS_EMOJI_MAX: usize = 20;
/// Maximum reactions under one message, from all people together. Another one is refused with `conflict`.
pub const REACTIONS_MAX: usize = 2_000;
/// Milliseconds in which people can restore a message they deleted: 10 s. After that its text is erased.
pub const UNDO_MS: u64 = 10_000;
/// Maximum deleted messages that one change erases. The next change erases the rest.
pub const ERASED_MAX: usize = 500;

// ---- Rooms and people --------------------------------------------------------------------------

/// Maximum rooms on a server, direct rooms included. Creating another is refused with `conflict`.
pub const ROOMS_MAX: u64 = 100_000;
/// Maximum rooms that one person can be in, not counting direct rooms. Beyond it, joining is refused with `conflict`.
pub const ROOMS_PER_PERSON_MAX: usize = 1_000;
/// Maximum direct rooms that one person can be in. Beyond it, another is refused with `conflict`.
pub const DIRECTS_PER_PERSON_MAX: usize = 1_000;
/// Maximum rooms of any kind to which one person can add the same other person. Beyond it, `conflict`.
pub const ADDED_BY_ONE_MAX: usize = 100;
/// Maximum people in a direct room.
pub const DIRECT_MEMBERS_MAX: usize = 10;
/// Maximum people who can be added to a room as it is created. More can be added later.
pub const FIRST_MEMBERS_MAX: usize = 100;
/// Maximum seqs, back from a room's head, that are searched for its last post. Beyond it, none is shown.
pub const LAST_POST_SCAN_MAX: usize = 20;
/// Maximum characters of a room's last post in a list of rooms. The rest is cut off.
pub const LAST_CHARS_MAX: usize = 200;
/// Public rooms in a page when the request sets no limit.
pub const BROWSE_ROOMS_DEFAULT: usize = 1_000;
/// Maximum public rooms that one page scans. The page then ends early and says where to continue.
pub const ROOMS_SCAN_MAX: usize = 10_000;
/// Maximum pinned messages in a room. Another pin is refused with `conflict`.
pub const PINS_MAX: usize = 100;
/// Maximum messages that one person can save for later. Another one is refused with `conflict`.
pub const SAVED_MAX: u64 = 1_000;
/// Maximum people whom one person can block. Another block is refused with `conflict`.
pub const BLOCKED_MAX: usize = 500;
/// Maximum members of a room that shows everybody how far the others have read. A larger room shows it to nobody: the
/// cost of each message would grow with the square of its members.
pub const SEEN_MEMBERS_MAX: u64 = 100;
/// Maximum people that one page of a list or search scans. The page then ends early and says that there are more.
pub const PEOPLE_SCAN_MAX: usize = 10_000;
/// Maximum seqs behind a room's head from which it can be marked unread.
pub const UNREAD_SEQS_MAX: usize = 5_000;
/// Maximum bytes of stored messages between a room's head and the message from which it is marked unread.
pub const UNREAD_BYTES_MAX: usize = 2 << 20;
/// Maximum unread mentions that are counted. A higher number is reported as this one.
pub const MENTIONS_COUNTED_MAX: usize = 1_000;
/// Maximum characters in a search for people or public rooms.
pub const QUERY_CHARS_MAX: usize = 64;

// ---- The server itself -------------------------------------------------------------------------

/// Maximum characters in the name of the server.
pub const SERVER_NAME_CHARS_MAX: usize = 48;
/// Milliseconds that an invite link lasts by default: 7 days.
pub const INVITE_MS: u64 = 7 * DAY_MS;
/// Maximum milliseconds that an invite link can last: 366 days.
pub const INVITE_MS_MAX: u64 = 366 * DAY_MS;
/// Milliseconds that a password-reset link lasts: 1 day.
pub const RESET_MS: u64 = DAY_MS;
/// Maximum bytes of text in a QR code.
pub const QR_BYTES_MAX: usize = 300;
/// Maximum rows that a backup copies before it lets other work run.
pub const BACKUP_BATCH_ROWS: usize = 20_000;
/// Bytes of copied rows and keys after which a backup lets other work run. The last row may exceed it.
pub const BACKUP_BATCH_BYTES: usize = 8 << 20;
/// Bytes of a backup that are read at a time.
pub const BACKUP_CHUNK_BYTES: usize = 256 << 10;
/// Maximum chunks of a backup buffered for a slow reader. When they are full, reading pauses.
pub const BACKUP_CHUNKS_AHEAD: usize = 2;

// ---- Search ------------------------------------------------------------------------------------

/// Maximum characters in a search.
pub const SEARCH_CHARS_MAX: usize = 256;
/// Maximum words in a search. Each ideograph counts as a word.
pub const SEARCH_WORDS_MAX: usize = 32;
/// Messages in a page of hits when the request sets no limit.
pub const SEARCH_HITS: usize = 20;
/// Maximum messages in a page of hits.
pub const SEARCH_HITS_MAX: usize = 50;
/// Words at the beginning of a message that are indexed. Later ones cannot be found. Each ideograph is a word.
pub const SEARCHABLE_WORDS_MAX: usize = 2_000;
/// Maximum characters of a word in the index. Longer words are told apart by reading the message.
pub const TOKEN_CHARS_MAX: usize = 32;
/// Rows of the log and the index that one search may read, where long texts count as several. After that, the search
/// returns what it has found and the client can ask for more.
pub const SEARCH_WORK_MAX: usize = 20_000;
/// Bytes of text that count as one row of [`SEARCH_WORK_MAX`].
pub const SEARCH_WORK_BYTES: usize = 64;
/// Maximum searches through messages that run at once. Others wait. The same number applies separately to searches for
/// people and rooms.
pub const SEARCHES_MAX: usize = 2;
/// Maximum searches that run or wait. Another one is refused with `too_many_requests` (429).
pub const SEARCHES_WAITING_MAX: usize = 64;
/// Milliseconds after which a client may retry a search that was refused.
pub const SEARCH_AGAIN_MS: u64 = 1_000;
/// Log entries in one segment of the search index. Entries after the last segment are scanned.
pub const SEGMENT_ENTRIES: u64 = 512;
/// Words after which a segment ends early, at the end of the message that reaches this number.
pub const SEGMENT_WORDS_MAX: usize = 8_192;

// ---- Pictures ----------------------------------------------------------------------------------

/// Maximum bytes of an uploaded profile picture. A larger one is refused with `too_large`.
pub const PICTURE_BYTES_MAX: usize = 2 << 20;
/// Minimum width and height of an uploaded profile picture, in pixels.
pub const PICTURE_SIDE_MIN: u32 = 16;
/// Maximum width and height of an uploaded profile picture, in pixels.
pub const PICTURE_SIDE_MAX: u32 = 4_096;
/// Width and height of a stored profile picture, in pixels.
pub const PICTURE_SIDE: u32 = 256;

// ---- Files -------------------------------------------------------------------------------------

/// Maximum bytes of a file. A larger one is refused with `too_large`.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Maximum bytes of all files together; beyond it, `storage_full`. Commits get slower as the data file grows.
pub const FILES_BYTES_MAX: u64 = 4 << 30;
/// Maximum files in one message.
pub const FILES_MAX: usize = 10;
/// Maximum characters in the name of a file. A longer name is shortened.
pub const FILE_NAME_CHARS_MAX: usize = 150;
/// Bytes of a file in one row. With its key and checksum the row stays just below a power of two, the sizes that redb
/// allocates.
pub const FILE_CHUNK_BYTES: usize = (256 << 10) - 128;
/// Maximum file changes, such as chunks, that wait while messages are committed first. Beyond it, the oldest go
/// ahead.
pub const FILE_CHANGES_WAITING_MAX: usize = 64;
/// Milliseconds that a file is kept while no message shows it: 1 day. After that it is erased.
pub const UPLOAD_KEPT_MS: u64 = DAY_MS;
/// Maximum rows of unreferenced files that one change erases: 16 MiB. The next change erases the rest.
pub const FILE_CHUNKS_ERASED_MAX: usize = 64;
/// Maximum pixels of the longer side of a preview. A larger picture is scaled down.
pub const PREVIEW_SIDE: u32 = 768;
/// Maximum bytes of a picture that gets a preview. A larger one is shown as a file.
pub const PREVIEW_SOURCE_BYTES_MAX: u64 = 24 << 20;
/// Maximum bytes of a picture that is shown without a preview, because one would save little.
pub const PREVIEW_WORTH_BYTES: u64 = 96 << 10;
/// Maximum width and height of a picture that gets a preview, in pixels. A larger one is shown as a file.
pub const PREVIEW_SOURCE_SIDE_MAX: u32 = 12_000;
/// Maximum bytes of memory for decoding a picture. If it needs more, no preview is made.
pub const PREVIEW_DECODE_BYTES_MAX: u64 = 160 << 20;
/// Maximum file chunks that are read at once. Further reads wait.
pub const FILE_READS_MAX: usize = 4;

// ---- Devices -----------------------------------------------------------------------------------

/// Characters of a client's `User-Agent` that a session keeps. The rest is cut off.
pub const DEVICE_CHARS_MAX: usize = 200;

// ---- Pages -------------------------------------------------------------------------------------

/// Messages in a page of history when the request sets no limit.
pub const PAGE_MESSAGES: usize = 50;
/// Maximum messages in a page of history.
pub const PAGE_MESSAGES_MAX: usize = 100;
/// Maximum messages in one answer to a catch-up. The client asks for the rest.
pub const SYNC_MESSAGES_MAX: usize = 500;
/// Stored bytes of messages and quoted messages after which a page ends; the last message may exceed it. JSON takes
/// three times as much.
pub const PAGE_BYTES_MAX: usize = 256 << 10;
/// Stored bytes of messages after which one answer to a catch-up ends. The last message may exceed it.
pub const SYNC_BYTES_MAX: usize = 128 << 10;
/// Maximum changes that a catch-up can replay. A client further behind is told to reload the history.
pub const SYNC_BEHIND_MAX: u64 = 5_000;
/// Maximum people whose profiles `ready` includes, or whom one request asks for. `ready` leaves the others out.
pub const PEOPLE_MAX: usize = 500;
/// Maximum online people whom `ready` lists. The others are left out.
pub const PRESENCE_MAX: usize = 2_000;

// ---- HTTP --------------------------------------------------------------------------------------

/// Maximum bytes of a request body, unless the route sets another limit. A larger one is refused with `too_large`.
pub const REQUEST_BODY_BYTES_MAX: usize = 128 << 10;
/// Maximum bytes of a request's head, buffered by hyper, which needs 8 KiB or more. Beyond it, hyper refuses the
/// request.
pub const REQUEST_HEAD_BYTES_MAX: usize = 16 << 10;
/// Time in which a request's head must arrive, on a new or an idle connection. After that the connection is closed.
pub const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum characters of an unknown field's name in an error message. The rest is cut off.
pub const FIELD_CHARS_MAX: usize = 64;
/// Time in which a request's body must arrive. After that it is refused with `bad_request`.
pub const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Interval at which the server checks whether it can save messages, to announce when that changes.
pub const TROUBLE_LOOK_EVERY: Duration = Duration::from_secs(1);

/// Milliseconds after which a client may retry when the server is not ready.
pub const READY_RETRY_MS: u64 = 1_000;
/// Minimum characters of the metrics token. Nobody guesses 16 random letters and digits.
pub const METRICS_TOKEN_CHARS_MIN: usize = 16;
/// Maximum characters of the metrics token.
pub const METRICS_TOKEN_CHARS_MAX: usize = 512;
/// Time that a scrape waits for values from the data file. After that it is answered without them.
pub const METRICS_READ_TIMEOUT: Duration = Duration::from_millis(500);

// ---- Sockets -----------------------------------------------------------------------------------

/// Maximum bytes of a frame and of a message from a client: the longest body with each character escaped as
/// `\uD83D\uDE00`, and its envelope. Beyond it, the socket is closed.
pub const FRAME_BYTES_MAX: usize = 128 << 10;
/// Bytes that count as one frame when a client's input can no longer be parsed.
pub const DRAINED_BYTES: usize = 16 << 10;
/// Size of tungstenite's read buffer in bytes. Every connection pays for it, and the default is 128 KiB.
pub const SOCKET_READ_BYTES: usize = 256;
/// Bytes of a socket's send buffer in the kernel, requested with SO_SNDBUF.
pub const SOCKET_SEND_BYTES: usize = 256 << 10;
/// Events after which a fan-out that has fallen behind stops collecting further commits into one delivery.
pub const EVENTS_AT_ONCE_MAX: usize = 128;
/// Maximum sends in one io_uring system call. For 1,000 sockets, 2 calls cost a tenth less than 16.
pub const SENDS_AT_ONCE_MAX: usize = 512;
/// The same where the system refuses a ring that large: before Linux 5.12 it counts as locked memory.
pub const SENDS_AT_ONCE_FEW: usize = 64;
/// Maximum queued frames of one socket that are written in one system call.
pub const SLICES_MAX: usize = 64;
/// Maximum bytes queued for a slow client beyond the kernel's buffer. Then its socket is closed with 4408.
pub const CLIENT_QUEUE_BYTES_MAX: usize = 1 << 20;
/// Maximum commands of one connection that wait for their answer. Beyond it, reading from that connection pauses.
pub const ANSWERS_PENDING_MAX: usize = 64;
/// Maximum quiet sockets that are pinged in a row. Then the sweep pauses for [`PINGS_PAUSE`].
pub const PINGS_AT_ONCE_MAX: usize = 64;
/// Pause between two runs of pings, in which other work gets its turn. Ten thousand pings take 1.6 s.
pub const PINGS_PAUSE: Duration = Duration::from_millis(10);
/// Time after which a connection ends when its peer acknowledges neither written bytes nor the kernel's keep-alive
/// probes (Linux: RFC 5482). With [`PRESENCE_GRACE`], a client that vanished is offline within 15 s.
pub const WRITE_STALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Time without traffic after which the kernel sends keep-alive probes (RFC 9293 §3.8.4).
pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(5);
/// Interval between keep-alive probes.
pub const KEEPALIVE_EVERY: Duration = Duration::from_secs(2);
/// Maximum sockets of one person at a time. Another one is refused with `too_many_requests`.
pub const SOCKETS_PER_PERSON_MAX: usize = 64;
/// Milliseconds after which a client of a person with too many sockets may retry.
pub const SOCKETS_RETRY_MS: u64 = 10_000;
/// Maximum addresses of this computer that `ready` lists. The others are left out.
pub const ADDRESSES_MAX: usize = 8;
/// Time that a closing socket gets to deliver its last bytes. After that it is dropped.
pub const SOCKET_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same for a socket closed with 4408: its client is slow, and should still receive the reason.
pub const SLOW_SOCKET_CLOSE_TIMEOUT: Duration = WRITE_STALL_TIMEOUT;
/// Time that people stay online after their last connection closes, so that a reload does not show them leaving.
pub const PRESENCE_GRACE: Duration = Duration::from_secs(3);

// ---- Passwords ---------------------------------------------------------------------------------

/// Maximum passwords that wait for the hashing thread. Beyond it, log-ins are refused with `too_many_requests` (429).
pub const HASH_QUEUE_MAX: usize = 16;
/// Milliseconds after which a client refused by it may retry: half of the queue is done by then.
pub const HASH_RETRY_MS: u64 = 1_000;
/// Memory of argon2id in KiB. With its passes and lanes, this is OWASP's minimum.
pub const ARGON2_KIB: u32 = 19 * 1024;
/// Passes of argon2id. See [`ARGON2_KIB`].
pub const ARGON2_PASSES: u32 = 2;
/// Lanes of argon2id. See [`ARGON2_KIB`].
pub const ARGON2_LANES: u32 = 1;

/// Maximum times one log-in or password change compares the password. It repeats only if the hash was replaced
/// meanwhile.
pub const PASSWORD_CHECKS_MAX: usize = 3;

// ---- Sessions ----------------------------------------------------------------------------------

/// Milliseconds of a day.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// Milliseconds without use after which a session ends: 30 days.
pub const SESSION_IDLE_MS: u64 = 30 * DAY_MS;
/// Milliseconds after which every session ends: 180 days.
pub const SESSION_ABSOLUTE_MS: u64 = 180 * DAY_MS;
/// Minimum milliseconds between two records of a session's last use: 1 hour.
pub const SESSION_TOUCH_MS: u64 = 60 * 60 * 1000;

/// Maximum sessions of one person. A new one ends the session used least recently.
pub const SESSIONS_PER_PERSON_MAX: usize = 50;
/// Maximum expired sessions that one change removes. The next change removes the rest.
pub const SESSIONS_DROPPED_MAX: usize = 1_000;
/// Sessions that a sweep checks before it yields to other work.
pub const SESSIONS_SWEPT_AT_ONCE_MAX: usize = 100;
/// Interval at which expired sessions are removed.
pub const SESSIONS_DROP_EVERY: Duration = Duration::from_secs(60 * 60);
