// Bytes to frames and back: the protocol, written down as types and checks.
// A frame of an unknown type, or one whose fields do not fit its type, is null; unknown fields are left alone.

/**
 * @typedef {{id: number, name: string, display_name: string, role: string, created_at: number, color?: number, status?: string, avatar?: string, last_seen?: number, deactivated?: boolean}} User
 * @typedef {{emoji: string, users: number[]}} Reaction
 * @typedef {{kind: string, user?: number, text?: string}} Notice
 * @typedef {string | {t: string, c?: Inline[], text?: string, href?: string, id?: number, name?: string}} Inline
 * @typedef {{t: string, c?: any[], text?: string, lang?: string, start?: number}} Block
 * @typedef {{id: string, name: string, type: string, size: number, width?: number, height?: number, preview?: boolean}} FileInfo
 * @typedef {object} Message
 * @property {number} id
 * @property {number} author
 * @property {number} sent_at
 * @property {string} body
 * @property {Block[]} [content]
 * @property {string} [client_id]
 * @property {number} [edited_at]
 * @property {boolean} [deleted]
 * @property {number} [deleted_by]
 * @property {number} [reply_to]
 * @property {FileInfo[]} [files]
 * @property {Reaction[]} [reactions]
 * @property {{by: number, at: number}} [pinned]
 * @property {{room: number, id: number, author: number, sent_at: number}} [forwarded]
 * @property {{users?: number[], room?: boolean, here?: boolean}} [mentions]
 * @property {Notice} [event]
 *
 * @typedef {object} Room
 * @property {number} id
 * @property {string} kind
 * @property {string} name
 * @property {string} topic
 * @property {number} head
 * @property {number} read
 * @property {number} unread
 * @property {number} [mentions]
 * @property {boolean} [archived]
 * @property {number} [member_count]
 * @property {string} [role]
 * @property {string} [notify]
 * @property {boolean} [favourite]
 * @property {boolean} [hidden]
 * @property {number[]} [members]
 * @property {LastPost} [last]
 *
 * @typedef {{id: number, author: number, sent_at: number, text: string, files?: number}} LastPost the beginning of what was posted last
 * @typedef {{id: number} & Partial<Room>} RoomPart
 * @typedef {{body_chars_max: number, frame_bytes_max?: number, page_max?: number, client_id_chars_max?: number, people_max?: number, room_name_chars_max?: number,
 *   topic_chars_max?: number, display_name_chars_max?: number, status_chars_max?: number, undo_ms?: number, seen_members_max?: number, picture_bytes_max?: number, file_bytes_max?: number, files_max?: number}} Limits
 * @typedef {{share_read: boolean, dnd: {from: number, to: number} | null, dnd_until: number, sound: boolean, announce: boolean, single_keys: boolean}} Settings
 * @typedef {{messages: Message[], quoted?: Message[], head: number, more_before: boolean, more_after: boolean, people?: User[]}} Page
 * @typedef {'online' | 'away' | 'offline'} Presence
 *
 * @typedef {{type: 'ready', protocol: number, epoch: string, user: User, rooms: Room[], people: User[], people_version?: number, presence?: {user: number, state: Presence}[], settings?: Settings,
 *   blocked?: number[], saved?: [number, number][], server: {name: string, version: string, id: string, addresses?: string[], door?: Door, backup_trouble?: boolean, trouble?: Trouble | null}, limits: Limits}} Ready
 * @typedef {string} Trouble `disk_full` and the like; a newer server may know more
 * @typedef {'anyone' | 'invite' | 'nobody'} Door
 * @typedef {{name: string, door: Door, invite?: {code: string, path: string, ends_at: number}, version: string, started_at: number, addresses: string[], connections: number,
 *   people: number, deactivated: number, messages: number, storage: {file_bytes: number, free_bytes?: number, disk_bytes?: number},
 *   files: {bytes: number, bytes_max: number}, backup: {at?: number, bytes?: number, running: boolean, nightly?: Nightly}}} Server
 * @typedef {{folder: string, at?: number, bytes?: number, findings?: number, failed_at?: number, failure?: string, stale: boolean}} Nightly
 * @typedef {{type: 'server', server: {name: string, door?: Door}}} ServerFrame
 * @typedef {{type: 'trouble', what: Trouble | null}} TroubleFrame
 * @typedef {{type: 'message', room: number, seq: number, message: Message}} MessageFrame
 * @typedef {{type: 'posted', ref?: string, client_id: string, room: number, seq: number}} Posted
 * @typedef {{type: 'done', ref?: string, room: number, seq: number}} Done
 * @typedef {{type: 'presence', user: number, state: Presence, last_seen?: number}} PresenceFrame
 * @typedef {{type: 'person', user: User}} PersonFrame
 * @typedef {{type: 'typing', room: number, user: number}} TypingFrame
 * @typedef {{type: 'read', ref?: string, room: number, seq: number, unread?: number, mentions?: number, head?: number}} ReadFrame
 * @typedef {{type: 'seen', room: number, user: number, seq: number}} SeenFrame
 * @typedef {{type: 'room', room: RoomPart}} RoomFrame
 * @typedef {{type: 'gone', room: number}} GoneFrame
 * @typedef {{type: 'settings', settings: Settings}} SettingsFrame
 * @typedef {{type: 'blocked', users: number[]}} BlockedFrame
 * @typedef {{type: 'saved', ref?: string, room: number, id: number, on: boolean}} SavedFrame
 * @typedef {{type: 'synced', ref?: string, room: number, through: number}} Synced
 * @typedef {{type: 'reset', ref?: string, room: number, head: number}} Reset
 * @typedef {{type: 'error', ref?: string, client_id?: string, code: string, title: string, field?: string, retry_after_ms?: number}} ErrorFrame
 * @typedef {{type: 'pong', ref?: string}} Pong
 * @typedef {Ready | MessageFrame | Posted | Done | PresenceFrame | PersonFrame | TypingFrame | ReadFrame | SeenFrame | RoomFrame | GoneFrame | SettingsFrame | BlockedFrame
 *   | ServerFrame | TroubleFrame | SavedFrame | Synced | Reset | ErrorFrame | Pong} Frame
 *
 * @typedef {{type: 'edit', room: number, id: number, body: string} | {type: 'delete' | 'undelete' | 'unread', room: number, id: number}
 *   | {type: 'react', room: number, id: number, emoji: string, on: boolean} | {type: 'pin' | 'save', room: number, id: number, on: boolean}} MessageCommand
 * @typedef {{type: 'post', room: number, client_id: string, body?: string, reply_to?: number, files?: string[], forward?: {room: number, id: number}, ref?: string}
 *   | {type: 'typing', room: number}
 *   | {type: 'away', on: boolean}
 *   | {type: 'read', room: number, seq: number, ref?: string}
 *   | {type: 'sync', room: number, since: number, ref?: string}
 *   | {type: 'ping', ref?: string} | (MessageCommand & {ref?: string})} Command
 */

/** @typedef {(value: any) => boolean} Check */

/** @type {Check} */
const text = (value) => typeof value === 'string';
/** Ids start at 1, counts and times at 0; none is beyond 2^53 - 1. @type {Check} */
const id = (value) => Number.isSafeInteger(value) && value >= 1;
/** @type {Check} */
const count = (value) => Number.isSafeInteger(value) && value >= 0;
/** @param {Check} check @returns {Check} */
const list = (check) => (value) => Array.isArray(value) && value.every(check);
/** @param {Check} check @returns {Check} */
const maybe = (check) => (value) => value === undefined || value === null || check(value);
/** @param {Record<string, Check>} fields @returns {Check} */
const shape = (fields) => (value) => typeof value === 'object' && value !== null && Object.entries(fields).every(([name, check]) => check(value[name]));

const user = shape({ id, name: text, display_name: text });
const file = shape({ id: text, name: text, type: text, size: count, width: maybe(id), height: maybe(id) });
const message = shape({ id, author: id, sent_at: count, body: text, client_id: maybe(text), files: maybe(list(file)) });
const last = maybe(shape({ id, author: id, sent_at: count, text }));
const room = shape({ id, name: text, head: count, read: count, unread: count, last });
const flag = (/** @type {unknown} */ value) => typeof value === 'boolean';
const roomPart = shape({
  id,
  name: maybe(text),
  topic: maybe(text),
  head: maybe(count),
  read: maybe(count),
  unread: maybe(count),
  mentions: maybe(count),
  last,
});
const state = (/** @type {unknown} */ value) => value === 'online' || value === 'away' || value === 'offline';

/** @type {Record<string, Check>} */
const FRAMES = {
  ready: shape({
    protocol: id,
    epoch: text,
    user: (value) => user(value) && count(value.created_at),
    rooms: list(room),
    people: list(user),
    people_version: maybe(count),
    presence: maybe(list(shape({ user: id, state }))),
    server: shape({ name: text, version: text, id: text, addresses: maybe(list(text)), trouble: maybe(text) }),
    limits: shape({ body_chars_max: id }),
  }),
  message: shape({ room: id, seq: id, message }),
  posted: shape({ client_id: text, room: id, seq: id }),
  done: shape({ room: id, seq: id }),
  room: shape({ room: roomPart }),
  gone: shape({ room: id }),
  seen: shape({ room: id, user: id, seq: count }),
  settings: shape({ settings: (value) => typeof value === 'object' && value !== null }),
  blocked: shape({ users: list(id) }),
  saved: shape({ room: id, id, on: flag }),
  server: shape({ server: shape({ name: text, door: maybe(text) }) }),
  trouble: shape({ what: (value) => value === null || text(value) }),
  presence: shape({ user: id, state }),
  person: shape({ user }),
  typing: shape({ room: id, user: id }),
  read: shape({ room: id, seq: count, unread: maybe(count), mentions: maybe(count), head: maybe(count) }),
  synced: shape({ room: id, through: count }),
  reset: shape({ room: id, head: count }),
  error: shape({ code: text, title: text, ref: maybe(text), client_id: maybe(text), retry_after_ms: maybe(count) }),
  pong: () => true,
};

const page = shape({ messages: list(message), head: count, more_before: maybe(flag), quoted: maybe(list(message)), people: maybe(list(user)) });

/** @param {unknown} data @returns {Frame | null} */
export function decode(data) {
  const value = typeof data === 'string' ? parse(data) : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(FRAMES, value.type)) return null;
  return FRAMES[value.type]?.(value) ? value : null;
}

/** Names an account across servers: another server may once have had this address, with another person under the same id. @param {Ready} ready */
export const accountOf = ({ server, user }) => `${server.id}:${user.id}-${user.created_at}`;

/** @param {Command} command */
export const encode = (command) => JSON.stringify(command);

/** @param {unknown} value @returns {Page | null} */
export const decodePage = (value) => (page(value) ? /** @type {Page} */ (value) : null);

/** @param {unknown} value @returns {User | null} */
export const decodeUser = (value) => (user(value) ? /** @type {User} */ (value) : null);

/** Whether an answer has these lists. @param {any} value @param {{messages?: boolean, people?: boolean}} parts */
export const hasLists = (value, { messages, people }) => (!messages || list(message)(value?.messages)) && (!people || list(user)(value?.people));

/** @param {unknown} value @returns {FileInfo | null} */
export const decodeFile = (value) => (file(value) ? /** @type {FileInfo} */ (value) : null);

/** @param {unknown} value @returns {Room | null} */
export const decodeRoom = (value) => (room(value) ? /** @type {Room} */ (value) : null);

const facts = shape({
  name: text,
  door: text,
  invite: maybe(shape({ path: text, ends_at: count })),
  version: text,
  started_at: count,
  addresses: list(text),
  connections: count,
  people: count,
  messages: count,
  storage: shape({ file_bytes: count, free_bytes: maybe(count), disk_bytes: maybe(count) }),
  files: shape({ bytes: count, bytes_max: count }),
  backup: shape({
    at: maybe(count),
    bytes: maybe(count),
    running: flag,
    nightly: maybe(
      shape({ folder: text, at: maybe(count), bytes: maybe(count), findings: maybe(count), failed_at: maybe(count), failure: maybe(text), stale: flag }),
    ),
  }),
});

/** @param {unknown} value @returns {Server | null} */
export const decodeServer = (value) => (facts(value) ? /** @type {Server} */ (value) : null);

/** Parses text from the network or from storage; undefined where it is not JSON. @param {string | null} source @returns {any} */
export function parse(source) {
  if (source === null) return undefined;
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
