// (state, event) → state. No DOM, no network, no clock: what time it is comes with the event.

import { applyFrame, applyPage, applySynced, disconnect, emptyTimeline, indexOf, spoil } from './timeline.js';

/** @typedef {import('../net/wire.js').Frame} Frame */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Room} Room */
/** @typedef {import('../net/wire.js').Page} Page */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').PageKind} PageKind */

/**
 * A message on its way: `waiting` to be sent, `sending`, `failed` with a reason, or `landed` under a seq that the window has not reached yet.
 * @typedef {{client_id: string, room: number, body: string, created_at: number, state: 'waiting' | 'sending' | 'failed' | 'landed', reason?: string, retrying?: boolean, seq?: number}} Pending
 */

/**
 * @typedef {object} State
 * @property {string | null} epoch
 * @property {User | null} me
 * @property {import('../net/wire.js').Ready['server'] | null} server
 * @property {import('../net/wire.js').Limits} limits
 * @property {{state: 'connecting' | 'online' | 'offline', retryAt: number | null}} connection
 * @property {Record<number, User>} people
 * @property {Record<number, 'online' | 'away'>} presence
 * @property {Record<number, Room>} rooms
 * @property {Record<number, Timeline>} timelines
 * @property {Record<number, Record<number, number>>} typing room → user → when it was last heard
 * @property {Pending[]} pending as the outbox holds them
 * @property {Pending[]} landed
 * @property {Record<number, true>} asked people we have asked for
 * @property {{room: number, attentive: boolean, following: boolean}} view what the reader has before them
 * @property {{busy: boolean, words: string}} leaving logging out, and what there is to say about it
 */

/**
 * @typedef {{type: 'frame', frame: Frame, at: number}
 *   | {type: 'connection', state: 'connecting' | 'online' | 'offline', retryAt: number | null}
 *   | {type: 'outbox', items: Pending[]}
 *   | {type: 'page/asked', room: number, kind: PageKind, at: number}
 *   | {type: 'page/read', room: number, kind: PageKind, page: Page}
 *   | {type: 'page/failed', room: number, kind: PageKind, title: string}
 *   | {type: 'page/retry', room: number}
 *   | {type: 'sync/asked', room: number, since: number}
 *   | {type: 'sync/failed', room: number}
 *   | {type: 'person/asked', user: number}
 *   | {type: 'person/failed', user: number}
 *   | {type: 'leaving', busy: boolean, words: string}
 *   | {type: 'people', people: User[]}
 *   | {type: 'read/sent', room: number, seq: number}
 *   | {type: 'view', room?: number, attentive?: boolean, following?: boolean}
 *   | {type: 'newline/clear', room: number}
 *   | {type: 'tick', at: number}} Event
 */

export const LOBBY = 1;
export const TYPING_MS = 6000;

/** @returns {State} */
export const initialState = () => ({
  epoch: null,
  me: null,
  server: null,
  limits: { body_chars_max: 8000, page_max: 100 },
  connection: { state: 'connecting', retryAt: null },
  people: {},
  presence: {},
  rooms: {},
  timelines: {},
  typing: {},
  pending: [],
  landed: [],
  asked: {},
  view: { room: LOBBY, attentive: true, following: true },
  leaving: { busy: false, words: '' },
});

/** @param {State} state @param {Event} event @returns {State} */
export function reduce(state, event) {
  switch (event.type) {
    case 'frame':
      return settle(onFrame(state, event.frame, event.at));
    case 'connection':
      return onConnection(state, event);
    case 'outbox':
      return { ...state, pending: event.items };
    case 'page/asked':
      return withTimeline(state, event.room, (t) => ({ ...t, loading: { kind: event.kind, at: event.at }, failed: null }));
    case 'page/read':
      return settle(onPage(state, event.room, event.kind, event.page));
    case 'page/failed':
      return withTimeline(state, event.room, (t) => ({ ...t, loading: null, failed: { kind: event.kind, title: event.title } }));
    case 'page/retry':
      return withTimeline(state, event.room, (t) => ({ ...t, failed: null }));
    case 'sync/asked':
      return withTimeline(state, event.room, (t) => ({ ...t, syncing: event.since, staged: [] }));
    case 'sync/failed':
      return withTimeline(state, event.room, disconnect);
    case 'person/asked':
      return { ...state, asked: { ...state.asked, [event.user]: true } };
    case 'person/failed':
      return { ...state, asked: without(state.asked, event.user) };
    case 'leaving':
      return { ...state, leaving: { busy: event.busy, words: event.words } };
    case 'people':
      return withPeople(state, event.people);
    case 'read/sent':
      return markRead(state, event.room, event.seq);
    case 'view':
      return {
        ...state,
        view: { room: event.room ?? state.view.room, attentive: event.attentive ?? state.view.attentive, following: event.following ?? state.view.following },
      };
    case 'newline/clear':
      return withTimeline(state, event.room, (t) => (t.newline === null ? t : { ...t, newline: null }));
    case 'tick':
      return quietTyping(state, event.at);
  }
}

/** @param {State} state @param {Frame} frame @param {number} at @returns {State} */
function onFrame(state, frame, at) {
  switch (frame.type) {
    case 'ready':
      return onReady(state, frame);
    case 'message':
      return onMessage(state, frame);
    case 'posted':
      return onPosted(state, frame);
    case 'presence':
      return onPresence(state, frame.user, frame.state);
    case 'person':
      return withPeople(state, [frame.user]);
    case 'typing':
      return onTyping(state, frame.room, frame.user, at);
    case 'read':
      return markRead(state, frame.room, frame.seq);
    case 'synced':
      return withTimeline(raiseHead(state, frame.room, frame.through), frame.room, (t) => applySynced(t, frame.through, state.view.following));
    case 'reset':
      return withTimeline(raiseHead(state, frame.room, frame.head), frame.room, spoil);
    default:
      return state;
  }
}

/** @param {State} state @param {import('../net/wire.js').Ready} frame @returns {State} */
function onReady(state, frame) {
  const another = state.epoch !== null && state.epoch !== frame.epoch;
  /** @type {Record<number, Room>} */
  const rooms = {};
  /** @type {Record<number, Timeline>} */
  const timelines = {};
  for (const room of frame.rooms) {
    const held = state.timelines[room.id];
    const known = Math.max(held?.through ?? 0, state.rooms[room.id]?.head ?? 0);
    rooms[room.id] = room;
    if (!held || another || room.head < known) {
      timelines[room.id] = { ...emptyTimeline(), newline: room.unread > 0 ? room.read : null, opened: held?.opened ?? 0 };
    } else {
      const missed = held.newline === null && room.unread > 0 && !state.view.attentive;
      timelines[room.id] = { ...disconnect(held), failed: null, newline: missed ? room.read : held.newline };
    }
  }
  /** @type {State['presence']} */
  const presence = {};
  for (const { user, state: where } of frame.presence ?? []) if (where !== 'offline') presence[user] = where;
  presence[frame.user.id] ??= 'online';
  const next = {
    ...state,
    epoch: frame.epoch,
    me: frame.user,
    server: frame.server,
    limits: { ...state.limits, ...frame.limits },
    connection: { state: /** @type {const} */ ('online'), retryAt: null },
    rooms,
    timelines,
    presence,
    typing: {},
    asked: {},
    landed: another ? [] : state.landed,
    people: another ? {} : state.people,
  };
  return withPeople(next, [...frame.people, frame.user]);
}

/** @param {State} state @param {import('../net/wire.js').MessageFrame} frame @returns {State} */
function onMessage(state, frame) {
  const room = state.rooms[frame.room];
  if (!room) return state;
  const { message } = frame;
  const mine = message.author === state.me?.id;
  const isNew = frame.seq > room.head && frame.seq === message.id;
  const unread = isNew && !mine ? room.unread + 1 : room.unread;
  const typing = state.typing[frame.room]?.[message.author] ? withoutTyping(state.typing, frame.room, message.author) : state.typing;
  const next = { ...state, typing, rooms: { ...state.rooms, [room.id]: { ...room, unread, head: Math.max(room.head, frame.seq) } } };
  return withTimeline(next, frame.room, (t) => {
    // Nobody is looking and all before has been read: the line goes above what comes now.
    const newline = isNew && !mine && !state.view.attentive && room.unread === 0 ? frame.seq - 1 : t.newline;
    return { ...applyFrame(t, frame, state.view.following), newline };
  });
}

/** The outbox forgets it now; it stays on the screen until its message is in the window. @param {State} state @param {import('../net/wire.js').Posted} frame @returns {State} */
function onPosted(state, frame) {
  const item = state.pending.find((p) => p.client_id === frame.client_id);
  const next = raiseHead(state, frame.room, frame.seq);
  if (!item || next.landed.some((p) => p.client_id === frame.client_id)) return next;
  return { ...next, landed: [...next.landed, { ...item, state: 'landed', seq: frame.seq }] };
}

/** Lets go of landed messages that the window has reached. @param {State} state @returns {State} */
function settle(state) {
  if (state.landed.length === 0) return state;
  const landed = state.landed.filter((p) => {
    const t = state.timelines[p.room];
    return t?.phase === 'ready' && !t.moreAfter && t.through < /** @type {number} */ (p.seq);
  });
  return landed.length === state.landed.length ? state : { ...state, landed };
}

/** @param {State} state @param {number} room @param {PageKind} kind @param {Page} page */
function onPage(state, room, kind, page) {
  const next = withTimeline(raiseHead(state, room, page.head), room, (t) => applyPage(t, kind, page));
  return withPeople(recount(next, room), page.people ?? []);
}

/** @param {State} state @param {Extract<Event, {type: 'connection'}>} event @returns {State} */
function onConnection(state, event) {
  const connection = { state: event.state, retryAt: event.retryAt };
  if (event.state === 'online') return { ...state, connection };
  /** @type {Record<number, Timeline>} */
  const timelines = {};
  for (const [id, t] of Object.entries(state.timelines)) timelines[Number(id)] = disconnect(t);
  return { ...state, connection, timelines, typing: {} };
}

/** @param {State} state @param {number} user @param {'online' | 'away' | 'offline'} where @returns {State} */
function onPresence(state, user, where) {
  if (state.presence[user] === where) return state;
  return { ...state, presence: where === 'offline' ? without(state.presence, user) : { ...state.presence, [user]: where } };
}

/** @param {State} state @param {number} room @param {number} user @param {number} at @returns {State} */
function onTyping(state, room, user, at) {
  if (user === state.me?.id) return state;
  return { ...state, typing: { ...state.typing, [room]: { ...state.typing[room], [user]: at } } };
}

/** @param {State['typing']} typing @param {number} room @param {number} user */
const withoutTyping = (typing, room, user) => ({ ...typing, [room]: without(typing[room] ?? {}, user) });

/** @template T @param {Record<number, T>} users @param {number} user @returns {Record<number, T>} */
function without(users, user) {
  const { [user]: _, ...others } = users;
  return others;
}

/** @param {State} state @param {number} at @returns {State} */
function quietTyping(state, at) {
  let typing = state.typing;
  for (const [room, users] of Object.entries(typing)) {
    for (const [user, heard] of Object.entries(users)) if (at - heard >= TYPING_MS) typing = withoutTyping(typing, Number(room), Number(user));
  }
  return typing === state.typing ? state : { ...state, typing };
}

/** The reader has read up to `seq`. @param {State} state @param {number} id @param {number} seq @returns {State} */
function markRead(state, id, seq) {
  const room = state.rooms[id];
  if (!room || seq <= room.read) return state;
  return { ...state, rooms: { ...state.rooms, [id]: { ...room, read: seq, unread: unreadAfter(state, room, seq) } } };
}

/** The server counts every change; what we hold tells which of them are posts of others. @param {State} state @param {number} id @returns {State} */
function recount(state, id) {
  const room = state.rooms[id];
  const unread = room ? unreadAfter(state, room, room.read) : 0;
  return room && unread !== room.unread ? { ...state, rooms: { ...state.rooms, [id]: { ...room, unread } } } : state;
}

/** @param {State} state @param {Room} room @param {number} seq */
function unreadAfter(state, room, seq) {
  if (seq >= room.head) return 0;
  const t = state.timelines[room.id];
  if (!t) return room.unread;
  const others = (/** @type {number} */ from, /** @type {number} */ to) =>
    t.messages.slice(indexOf(t.messages, from + 1), indexOf(t.messages, to + 1)).filter((m) => m.author !== state.me?.id).length;
  const whole = t.phase === 'ready' && !t.moreAfter && t.through >= room.head && (!t.moreBefore || (t.messages[0]?.id ?? 0) <= seq + 1);
  if (whole) return others(seq, room.head);
  return Math.max(0, room.unread - others(room.read, seq));
}

/** @param {State} state @param {number} id @param {number} seq @returns {State} */
function raiseHead(state, id, seq) {
  const room = state.rooms[id];
  return room && seq > room.head ? { ...state, rooms: { ...state.rooms, [id]: { ...room, head: seq } } } : state;
}

/** @param {State} state @param {number} id @param {(t: Timeline) => Timeline} change @returns {State} */
function withTimeline(state, id, change) {
  const held = state.timelines[id];
  if (!held) return state;
  const next = change(held);
  return next === held ? state : { ...state, timelines: { ...state.timelines, [id]: next } };
}

/** @param {State} state @param {User[]} users @returns {State} */
function withPeople(state, users) {
  if (users.length === 0) return state;
  const people = { ...state.people };
  for (const user of users) people[user.id] = user;
  const me = state.me && people[state.me.id] ? /** @type {User} */ (people[state.me.id]) : state.me;
  return { ...state, people, me };
}
