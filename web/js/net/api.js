// The few things that go over plain HTTP. Every answer is a value: nothing here throws.

import { decodePage, decodeRoom, decodeServer, decodeUser, hasLists, parse } from './wire.js';

/**
 * @template T
 * @typedef {{ok: true, value: T} | {ok: false, status: number, code: string, title: string, field?: string, retry_after_ms?: number}} Answer
 */

const TIMEOUT_MS = 15_000;

/** Words for when there is no answer at all. */
export const NO_ANSWER = 'Chapp did not answer. Check that it is still running, then try again.';

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} init
 * @param {(body: any) => T | null} read
 * @returns {Promise<Answer<T>>}
 */
async function ask(path, init, read) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(path, { cache: 'no-store', ...init, signal: stop.signal, credentials: 'same-origin' });
    const body = parse(await response.text());
    if (!response.ok) return refusal(response, body);
    const value = read(body);
    return value === null ? { ok: false, status: 0, code: 'unreadable', title: NO_ANSWER } : { ok: true, value };
  } catch {
    return { ok: false, status: 0, code: 'no_answer', title: NO_ANSWER };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response @param {any} body an RFC 9457 problem, if it is one @returns {Answer<never>} */
function refusal(response, body) {
  const fallback = response.status === 429 ? 'That was a lot at once. Wait a moment, then try again.' : 'Something went wrong. Try again in a moment.';
  const title = typeof body?.title === 'string' && body.title ? body.title : fallback;
  const seconds = Number(response.headers.get('Retry-After'));
  const wait = seconds > 0 ? { retry_after_ms: seconds * 1000 } : {};
  return { ok: false, status: response.status, code: String(body?.code ?? ''), title, field: body?.field, ...wait };
}

/** @param {'signup' | 'login' | 'reset'} act @param {{name?: string, password: string, invite?: string, code?: string}} who */
export const enter = (act, who) =>
  ask(`/api/${act}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(who) }, (body) => decodeUser(body?.user));

export const whoAmI = () => ask('/api/me', {}, (body) => decodeUser(body?.user));

export const logOut = () => ask('/api/logout', { method: 'POST' }, () => true);

/**
 * @param {number} room
 * @param {{before?: number, after?: number, around?: number, limit: number}} where with none of the three: the latest
 */
export function readPage(room, where) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(where)) query.set(name, String(value));
  return ask(`/api/rooms/${room}/messages?${query}`, {}, decodePage);
}

/** @param {string} method @param {unknown} [body] @returns {RequestInit} */
const withJson = (method, body) => (body === undefined ? { method } : { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const done = () => true;
/** @param {any} body */
const oneUser = (body) => decodeUser(body?.user);
/** @param {any} body */
const oneRoom = (body) => decodeRoom(body?.room);
/** @param {Record<string, string | number | undefined>} values */
const queryOf = (values) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query.set(name, String(value));
  return query;
};

/** @typedef {import('./wire.js').User} User */
/** @typedef {import('./wire.js').Message} Message */
/** @typedef {{people: User[], more: boolean}} PeoplePage */
/** @typedef {{members: {user: User, role: string}[], more: boolean}} MembersPage */
/** @typedef {{saved: {room: number, message: Message, saved_at: number}[], people: User[], next?: number}} SavedPage */
/** @typedef {{id: number, kind: string, name: string, topic: string, archived: boolean, member_count: number, joined: boolean}} Listing */
/** @typedef {{rooms: Listing[], next?: number}} ListingsPage */
/** @typedef {{messages: Message[], people: User[], next?: number}} PinsPage */
/** @typedef {{id: string, device: string, address: string, created_at: number, seen_at: number, current: boolean}} Device */

/** @param {number[]} ids */
export const peopleOf = (ids) =>
  ask(`/api/people?ids=${ids.join(',')}`, {}, (body) => (hasLists(body, { people: true }) ? /** @type {PeoplePage} */ (body) : null));

/** @param {string} q @param {number} [before] @param {number} [limit] */
export const people = (q, before, limit = 100) =>
  ask(`/api/people?${queryOf({ q, before, limit })}`, {}, (body) => (hasLists(body, { people: true }) ? /** @type {PeoplePage} */ (body) : null));

/** A page of the open rooms, or of those of them that hold a text. @param {string} [q] @param {number} [after] */
export const browse = (q, after) =>
  ask(`/api/rooms?${queryOf({ browse: 1, q, after })}`, {}, (body) => (Array.isArray(body?.rooms) ? /** @type {ListingsPage} */ (body) : null));

/** @param {{kind: string, name?: string, topic?: string, members?: number[]}} plan */
export const createRoom = (plan) => ask('/api/rooms', withJson('POST', plan), oneRoom);

/** @param {number} room @param {{name?: string, topic?: string, archived?: boolean}} change */
export const editRoom = (room, change) => ask(`/api/rooms/${room}`, withJson('PATCH', change), oneRoom);

/** @param {number} room @param {{notify?: string, favourite?: boolean, hidden?: boolean}} prefs */
export const arrangeRoom = (room, prefs) => ask(`/api/rooms/${room}/me`, withJson('PUT', prefs), oneRoom);

/** @param {number} room */
export const joinRoom = (room) => ask(`/api/rooms/${room}/join`, withJson('POST'), oneRoom);

/** @param {number} room */
export const leaveRoom = (room) => ask(`/api/rooms/${room}/leave`, withJson('POST'), done);

/** @param {number} room @param {string} q @param {number} [before] @param {number} [limit] */
export const members = (room, q, before, limit = 100) =>
  ask(`/api/rooms/${room}/members?${queryOf({ q, before, limit })}`, {}, (body) => (Array.isArray(body?.members) ? /** @type {MembersPage} */ (body) : null));

/** @param {number} room @param {number} user @param {string} [role] */
export const setMember = (room, user, role) => ask(`/api/rooms/${room}/members/${user}`, withJson('PUT', role === undefined ? undefined : { role }), done);

/** @param {number} room @param {number} user */
export const removeMember = (room, user) => ask(`/api/rooms/${room}/members/${user}`, withJson('DELETE'), done);

/** @param {number} room @param {number} [before] */
export const pins = (room, before) =>
  ask(`/api/rooms/${room}/pins?${queryOf({ before })}`, {}, (body) =>
    hasLists(body, { messages: true, people: true }) ? /** @type {PinsPage} */ (body) : null,
  );

/** @param {number} room */
export const seenBy = (room) =>
  ask(`/api/rooms/${room}/seen`, {}, (body) => (Array.isArray(body?.seen) ? /** @type {{user: number, seq: number}[]} */ (body.seen) : null));

/** @param {number} [before] */
export const saved = (before) =>
  ask(`/api/me/saved?${queryOf({ before, limit: 50 })}`, {}, (body) => (Array.isArray(body?.saved) ? /** @type {SavedPage} */ (body) : null));

/** @typedef {{room: number, message: Message, marks: [number, number][]}} Hit */
/** @typedef {{hits: Hit[], people: User[], next?: number}} SearchPage */

/** @param {{q: string, room?: number | undefined, author?: number | undefined, since?: number | undefined, files?: number | undefined, before?: number | undefined, limit: number}} asked */
export const search = (asked) =>
  ask(`/api/search?${queryOf(asked)}`, {}, (body) => (Array.isArray(body?.hits) && Array.isArray(body?.people) ? /** @type {SearchPage} */ (body) : null));

/** @param {{display_name?: string, status?: string, color?: number}} profile */
export const editProfile = (profile) => ask('/api/me', withJson('PATCH', profile), oneUser);

/** @param {Partial<import('./wire.js').Settings>} settings */
export const editSettings = (settings) =>
  ask('/api/me/settings', withJson('PUT', settings), (body) => /** @type {import('./wire.js').Settings | null} */ (body?.settings ?? null));

/** @param {Blob} picture */
export const setAvatar = (picture) => ask('/api/me/avatar', { method: 'PUT', headers: { 'Content-Type': picture.type }, body: picture }, oneUser);

export const removeAvatar = () => ask('/api/me/avatar', withJson('DELETE'), oneUser);

/** @param {string} password @param {string} new_password */
export const setPassword = (password, new_password) => ask('/api/me/password', withJson('PUT', { password, new_password }), done);

export const devices = () => ask('/api/me/sessions', {}, (body) => (Array.isArray(body?.sessions) ? /** @type {Device[]} */ (body.sessions) : null));

/** All others, without an id. @param {string} [id] */
export const endDevice = (id) => ask(id ? `/api/me/sessions/${id}` : '/api/me/sessions', withJson('DELETE'), done);

/** @param {number} user @param {boolean} on */
export const block = (user, on) => ask(`/api/me/blocks/${user}`, withJson(on ? 'PUT' : 'DELETE'), done);

/** @typedef {import('./wire.js').Server} Server */
/** @typedef {{code: string, path: string, ends_at: number}} Invite */
/** @typedef {{size: number, path: string}} Qr */
/** @param {any} body */
const oneServer = (body) => decodeServer(body?.server);

export const server = () => ask('/api/server', {}, oneServer);

/** @param {{name?: string, door?: string}} change */
export const editServer = (change) => ask('/api/server', withJson('PATCH', change), oneServer);

/** Another link in place of the one that there is. */
export const makeInvite = () => ask('/api/server/invite', withJson('POST'), (body) => /** @type {Invite | null} */ (body?.invite ?? null));

/** @param {number} ends_at */
export const endInvite = (ends_at) => ask('/api/server/invite', withJson('PATCH', { ends_at }), (body) => /** @type {Invite | null} */ (body?.invite ?? null));

/** @param {number} user @param {{role?: string, deactivated?: boolean}} change */
export const editPerson = (user, change) => ask(`/api/people/${user}`, withJson('PATCH', change), oneUser);

/** @param {number} user */
export const offerReset = (user) =>
  ask(`/api/people/${user}/reset`, withJson('POST'), (body) => (body?.path ? /** @type {{path: string, ends_at: number}} */ (body) : null));

/** A text as the dark modules of a QR code. @param {string} text */
export const qr = (text) => ask(`/api/qr?${queryOf({ text })}`, {}, (body) => (body?.size && body.path ? /** @type {Qr} */ (body) : null));

/** Whether a backup could begin now: the browser itself fetches it. */
export const mayBackUp = () => ask('/api/backup', { method: 'HEAD' }, done);

/** Whether a part of the page can be had; the browser keeps it. @param {string} path */
export const reach = (path) => ask(path, { cache: 'default' }, done);

/** What the emoji picker shows. @param {string} path */
export const emoji = (path) => ask(path, { cache: 'default' }, (body) => (Array.isArray(body?.emoji) ? /** @type {EmojiData} */ (body) : null));

/** @typedef {{groups: string[], emoji: [emoji: string, name: string, group: number, codes: string[], tones: number, version?: number][]}} EmojiData */
