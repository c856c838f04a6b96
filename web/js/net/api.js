// The few things that go over plain HTTP. Every answer is a value: nothing here throws.

import { decodePage, decodeUser, parse } from './wire.js';

/**
 * @template T
 * @typedef {{ok: true, value: T} | {ok: false, status: number, code: string, title: string, field?: string}} Answer
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
    const response = await fetch(path, { ...init, signal: stop.signal, credentials: 'same-origin', cache: 'no-store' });
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
  return { ok: false, status: response.status, code: String(body?.code ?? ''), title, field: body?.field };
}

/** @param {'signup' | 'login'} act @param {{name: string, password: string}} who */
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
