// Bytes to frames and back: the protocol, written down as types and checks.
// The only JSON.parse. A frame of an unknown type, or one that is not what it says, is null; unknown fields are left alone.

/**
 * @typedef {{id: number, name: string, display_name: string, role: string, created_at: number}} User
 * @typedef {{id: number, author: number, sent_at: number, body: string, edited_at?: number, deleted?: boolean, client_id?: string}} Message
 * @typedef {{id: number, kind: string, name: string, topic: string, head: number, read: number, unread: number, mentions?: number}} Room
 * @typedef {{body_chars_max: number, frame_bytes_max?: number, page_max?: number, client_id_chars_max?: number, people_max?: number}} Limits
 * @typedef {{messages: Message[], head: number, more_before: boolean, more_after: boolean, people?: User[]}} Page
 * @typedef {'online' | 'away' | 'offline'} Presence
 *
 * @typedef {{type: 'ready', protocol: number, epoch: string, user: User, rooms: Room[], people: User[], presence?: {user: number, state: Presence}[], server: {name: string, version: string, id: string, addresses?: string[]}, limits: Limits}} Ready
 * @typedef {{type: 'message', room: number, seq: number, message: Message}} MessageFrame
 * @typedef {{type: 'posted', ref?: string, client_id: string, room: number, seq: number}} Posted
 * @typedef {{type: 'presence', user: number, state: Presence}} PresenceFrame
 * @typedef {{type: 'person', user: User}} PersonFrame
 * @typedef {{type: 'typing', room: number, user: number}} TypingFrame
 * @typedef {{type: 'read', room: number, seq: number}} ReadFrame
 * @typedef {{type: 'synced', ref?: string, room: number, through: number}} Synced
 * @typedef {{type: 'reset', ref?: string, room: number, head: number}} Reset
 * @typedef {{type: 'error', ref?: string, client_id?: string, code: string, title: string, field?: string, retry_after_ms?: number}} ErrorFrame
 * @typedef {{type: 'pong', ref?: string}} Pong
 * @typedef {Ready | MessageFrame | Posted | PresenceFrame | PersonFrame | TypingFrame | ReadFrame | Synced | Reset | ErrorFrame | Pong} Frame
 *
 * @typedef {{type: 'post', room: number, client_id: string, body: string, ref?: string}
 *   | {type: 'typing', room: number}
 *   | {type: 'read', room: number, seq: number}
 *   | {type: 'sync', room: number, since: number, ref?: string}
 *   | {type: 'ping', ref?: string}} Command
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
const message = shape({ id, author: id, sent_at: count, body: text, client_id: maybe(text) });
const room = shape({ id, name: text, head: count, read: count, unread: count });
const state = (/** @type {unknown} */ value) => value === 'online' || value === 'away' || value === 'offline';

/** @type {Record<string, Check>} */
const FRAMES = {
  ready: shape({
    protocol: id,
    epoch: text,
    user: (value) => user(value) && count(value.created_at),
    rooms: list(room),
    people: list(user),
    presence: maybe(list(shape({ user: id, state }))),
    server: shape({ name: text, version: text, id: text, addresses: maybe(list(text)) }),
    limits: shape({ body_chars_max: id }),
  }),
  message: shape({ room: id, seq: id, message }),
  posted: shape({ client_id: text, room: id, seq: id }),
  presence: shape({ user: id, state }),
  person: shape({ user }),
  typing: shape({ room: id, user: id }),
  read: shape({ room: id, seq: count }),
  synced: shape({ room: id, through: count }),
  reset: shape({ room: id, head: count }),
  error: shape({ code: text, title: text, ref: maybe(text), client_id: maybe(text), retry_after_ms: maybe(count) }),
  pong: () => true,
};

const page = shape({ messages: list(message), head: count, more_before: maybe((v) => typeof v === 'boolean'), people: maybe(list(user)) });

/** @param {unknown} data @returns {Frame | null} */
export function decode(data) {
  const value = typeof data === 'string' ? parse(data) : undefined;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(FRAMES, value.type)) return null;
  return FRAMES[value.type]?.(value) ? value : null;
}

/** Whose things these are. Another server may have had the same address, with somebody else under the same number. @param {Ready} ready */
export const accountOf = ({ server, user }) => `${server.id}:${user.id}-${user.created_at}`;

/** @param {Command} command */
export const encode = (command) => JSON.stringify(command);

/** @param {unknown} value @returns {Page | null} */
export const decodePage = (value) => (page(value) ? /** @type {Page} */ (value) : null);

/** @param {unknown} value @returns {User | null} */
export const decodeUser = (value) => (user(value) ? /** @type {User} */ (value) : null);

/** Text that may not be JSON at all, from the network or from storage. @param {string | null} source @returns {any} */
export function parse(source) {
  if (source === null) return undefined;
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
