// The calls over plain HTTP that the first script makes; the others are in `lazy-api.js`. Every answer is a value:
// nothing here throws.

import { decodePage, decodeServer, decodeUser, hasLists, parse } from './wire.js';

/**
 * @template T
 * @typedef {{ok: true, value: T} | {ok: false, status: number, code: string, title: string, field?: string, retry_after_ms?: number}} Answer
 */

const TIMEOUT_MS = 15_000;

/** Shown when there is no answer at all. */
export const NO_ANSWER = 'Chapp did not answer. Check that it is still running, then try again.';

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} init
 * @param {(body: any) => T | null} read
 * @returns {Promise<Answer<T>>}
 */
export async function ask(path, init, read) {
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

/** @param {unknown} body @returns {RequestInit} */
export const posted = (body) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** @param {'signup' | 'login' | 'reset'} act @param {{name?: string, password: string, invite?: string, code?: string}} who */
export const enter = (act, who) => ask(`/api/${act}`, posted(who), (body) => decodeUser(body?.user));

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

export const done = () => true;
/** @param {Record<string, string | number | undefined>} values */
export const queryOf = (values) => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query.set(name, String(value));
  return query;
};

/** @typedef {import('./wire.js').User} User */
/** @typedef {import('./wire.js').Message} Message */
/** @typedef {{people: User[], more: boolean, files?: {user: number, bytes: number}[]}} PeoplePage `files`: what those of each take, for the owner and admins */
/** @typedef {{messages: Message[], people: User[], next?: number}} PinsPage */

/** @param {number[]} ids */
export const peopleOf = (ids) =>
  ask(`/api/people?ids=${ids.join(',')}`, {}, (body) => (hasLists(body, { people: true }) ? /** @type {PeoplePage} */ (body) : null));

/** @param {number} room @param {number} [before] */
export const pins = (room, before) =>
  ask(`/api/rooms/${room}/pins?${queryOf({ before })}`, {}, (body) =>
    hasLists(body, { messages: true, people: true }) ? /** @type {PinsPage} */ (body) : null,
  );

/** @param {number} room */
export const seenBy = (room) =>
  ask(`/api/rooms/${room}/seen`, {}, (body) => (Array.isArray(body?.seen) ? /** @type {{user: number, seq: number}[]} */ (body.seen) : null));

/** @typedef {import('./wire.js').Server} Server */
/** @typedef {{code: string, path: string, ends_at: number}} Invite */
/** @typedef {{size: number, path: string}} Qr */
/** @param {any} body */
export const oneServer = (body) => decodeServer(body?.server);

export const server = () => ask('/api/server', {}, oneServer);

/** The dark modules of a QR code. POST, since the text may hold an invite code. @param {string} text */
export const qr = (text) => ask('/api/qr', posted({ text }), (body) => (body?.size && body.path ? /** @type {Qr} */ (body) : null));

/** Whether a file of the page can still be fetched; the browser caches it. @param {string} path */
export const reach = (path) => ask(path, { cache: 'default' }, done);
