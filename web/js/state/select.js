// Questions about the state. Pure: what is shown is decided here, so that views decide nothing.

import { indexOf } from './timeline.js';

/** @typedef {import('./reduce.js').State} State */
/** @typedef {import('./reduce.js').Pending} Pending */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Message} Message */

/**
 * @typedef {object} Entry one message as it is drawn
 * @property {'message'} kind
 * @property {string} key the same before and after it was posted
 * @property {number | null} id
 * @property {string} clientId
 * @property {User | undefined} author
 * @property {boolean} mine
 * @property {number} at
 * @property {string} body
 * @property {boolean} start has a name above it
 * @property {'posted' | 'sending' | 'queued' | 'failed'} state
 * @property {string} words why it is not posted
 * @property {boolean} retry can be tried again
 */
/** @typedef {{kind: 'newline', key: 'newline'}} Newline */
/** @typedef {{key: string, at: number, entries: (Entry | Newline)[]}} Day */
/** @typedef {{do: 'sync', room: number, since: number} | {do: 'read', room: number, seq: number} | {do: 'open', room: number, around: number | null} | {do: 'person', room: number, user: number, message: number}} Want */

export const GROUP_MS = 5 * 60_000;
export const PAGE_MESSAGES = 50;

/** @param {User | undefined} user */
export const nameOf = (user) => user?.display_name || user?.name || 'Someone';

/** @param {State} state */
export const currentRoom = (state) => state.rooms[state.view.room];
/** @param {State} state */
export const currentTimeline = (state) => state.timelines[state.view.room];

/** What is in the window, then what is on its way, cut into days and groups. @param {State} state @param {(at: number) => string} dayKey @returns {Day[]} */
export function days(state, dayKey) {
  const t = currentTimeline(state);
  if (!t) return [];
  /** @type {Day[]} */
  const found = [];
  /** @type {Entry | null} */
  let last = null;
  let lined = t.newline === null || (t.moreBefore && (t.messages[0]?.id ?? 0) > t.newline + 1);
  for (const entry of entries(state, t)) {
    let day = found.at(-1);
    const key = dayKey(entry.at);
    // Time never falls within a room; a waiting message from yesterday still comes last.
    if (!day || key > day.key) {
      day = { key, at: entry.at, entries: [] };
      found.push(day);
      last = null;
    }
    if (!lined && !entry.mine && entry.id !== null && entry.id > /** @type {number} */ (t.newline)) {
      lined = true;
      last = null;
      day.entries.push({ kind: 'newline', key: 'newline' });
    }
    entry.start = !last || last.author?.id !== entry.author?.id || entry.at - last.at >= GROUP_MS;
    day.entries.push(entry);
    last = entry;
  }
  return found;
}

/** @param {State} state @param {Timeline} t @returns {Entry[]} */
function entries(state, t) {
  const me = state.me?.id;
  const shown = new Set();
  const list = t.messages.map((m) => {
    const mine = m.author === me;
    if (mine && m.client_id) shown.add(m.client_id);
    return entry(mine && m.client_id ? `c${m.client_id}` : `m${m.id}`, state.people[m.author], mine, m.sent_at, m.body, m.id, m.client_id);
  });
  if (t.moreAfter) return list;
  for (const p of [...state.landed, ...state.pending]) {
    if (p.room !== state.view.room || shown.has(p.client_id)) continue;
    shown.add(p.client_id);
    const e = entry(`c${p.client_id}`, state.me ?? undefined, true, p.created_at, p.body, p.seq ?? null, p.client_id);
    e.state = journey(p, state.connection.state);
    e.words = why(e.state, p);
    e.retry = e.state === 'failed' || (e.state === 'queued' && p.retrying === true);
    list.push(e);
  }
  return list;
}

/** @param {string} key @param {User | undefined} author @param {boolean} mine @param {number} at @param {string} body @param {number | null} id @param {string} [clientId] @returns {Entry} */
const entry = (key, author, mine, at, body, id, clientId = '') => ({
  kind: 'message',
  key,
  id,
  clientId,
  author,
  mine,
  at,
  body,
  start: false,
  state: 'posted',
  words: '',
  retry: false,
});

/** @param {Pending} p @param {State['connection']['state']} connection @returns {Entry['state']} */
function journey(p, connection) {
  if (p.state === 'landed') return 'posted';
  if (p.state === 'failed') return 'failed';
  return connection === 'online' && p.reason === undefined ? 'sending' : 'queued';
}

/** @param {Entry['state']} state @param {Pending} p */
function why(state, p) {
  if (state === 'failed') return `Not sent${p.retrying ? ' yet' : ''}: ${p.reason}.`;
  if (state === 'queued') return p.reason === undefined ? 'Waiting for the connection' : `Waiting: ${p.reason}`;
  return '';
}

/** What stands in the list's place when there is nothing to list. @param {State} state @returns {'list' | 'loading' | 'trouble' | 'empty'} */
export function surface(state) {
  const t = currentTimeline(state);
  const bare = !t || t.messages.length === 0;
  const waiting = [...state.pending, ...state.landed].some((p) => p.room === state.view.room);
  if (!bare || waiting) return 'list';
  if (t?.failed) return 'trouble';
  return t?.phase === 'ready' && !t.moreBefore && !t.moreAfter ? 'empty' : 'loading';
}

/** What to say at an end of the list, or null where the history itself ends. @param {Timeline} t @param {'before' | 'after'} side @returns {{words: string, again: boolean} | null} */
export function edge(t, side) {
  const more = side === 'before' ? t.moreBefore : t.moreAfter;
  const reread = side === 'after' && (t.failed?.kind === 'open' || t.failed?.kind === 'latest');
  if (!more && !reread) return null;
  const which = side === 'before' ? 'earlier' : 'later';
  if (reread || t.failed?.kind === side) return { words: reread ? 'The latest messages did not load.' : `The ${which} messages did not load.`, again: true };
  return { words: t.loading?.kind === side ? `Loading ${which} messages` : '', again: false };
}

/** What should be done now. Asked again after every change, so nothing is forgotten. @param {State} state @returns {Want[]} */
export function wants(state) {
  if (state.connection.state !== 'online') return [];
  /** @type {Want[]} */
  const found = [];
  const { room: id, attentive, following } = state.view;
  const room = state.rooms[id];
  const t = state.timelines[id];
  if (!room || !t) return found;
  if (t.phase !== 'ready') {
    if (!t.loading && !t.failed) found.push({ do: 'open', room: id, around: t.phase === 'empty' ? openAround(room) : null });
    return found;
  }
  if (t.syncing === null && !t.loading && room.head > t.through) found.push({ do: 'sync', room: id, since: t.through });
  if (attentive && following && !t.moreAfter && !t.loading && t.through > room.read) found.push({ do: 'read', room: id, seq: t.through });
  const stranger = t.messages.findLast((m) => !state.people[m.author] && !state.asked[m.author]);
  if (stranger) found.push({ do: 'person', room: id, user: stranger.author, message: stranger.id });
  return found;
}

/** Where to open: at the end, or around what was read last when more is unread than a page holds. @param {import('../net/wire.js').Room} room */
const openAround = (room) => (room.unread > PAGE_MESSAGES - 10 ? Math.max(1, room.read) : null);

/** Who is here, by name. @param {State} state @returns {{user: User, away: boolean, you: boolean}[]} */
export function hereNow(state) {
  return Object.entries(state.presence)
    .flatMap(([id, where]) => {
      const user = state.people[Number(id)];
      return user ? [{ user, away: where === 'away', you: user.id === state.me?.id }] : [];
    })
    .sort((a, b) => nameOf(a.user).localeCompare(nameOf(b.user)));
}

/** The names of who is typing, who started first first. @param {State} state */
export function typingNames(state) {
  const users = state.typing[state.view.room] ?? {};
  return Object.keys(users).map((id) => nameOf(state.people[Number(id)]));
}

/** The last thing said, for the room's line. @param {State} state @param {number} id @returns {{who: string, text: string, at: number} | null} */
export function preview(state, id) {
  const t = state.timelines[id];
  const last = t && !t.moreAfter ? t.messages.at(-1) : undefined;
  if (!last) return null;
  const mine = last.author === state.me?.id;
  return { who: mine ? 'You' : firstName(state.people[last.author]), text: last.body, at: last.sent_at };
}

/** @param {User | undefined} user */
const firstName = (user) => nameOf(user).split(/\s/u)[0] ?? '';

/**
 * Which address to hand on: the one we came by, unless only this computer has it and the server knows a better one.
 * @param {State} state @param {{host: string, origin: string, alone: boolean}} here
 * @returns {{address: string, url: string, alone: boolean}}
 */
export function invitation(state, { host, origin, alone }) {
  const better = alone ? state.server?.addresses?.[0] : undefined;
  return better ? { address: better, url: `http://${better}`, alone: false } : { address: host, url: origin, alone };
}

/** What stands under the reader's own name. @param {State} state */
export const standing = (state) => state.leaving.words || (state.connection.state === 'online' ? 'Online' : 'Connecting');

/** Messages the reader has not seen, in all rooms. @param {State} state */
export const unreadTotal = (state) => Object.values(state.rooms).reduce((sum, room) => sum + room.unread, 0);

/** Not yet sent, by this person on this browser. @param {State} state */
export const unsent = (state) => state.pending.length;

/** Which message the keyboard starts on: the last one read. @param {Timeline | undefined} t */
export function startingPoint(t) {
  if (!t || t.newline === null) return null;
  return t.messages[indexOf(t.messages, t.newline + 1) - 1]?.id ?? null;
}
