// (state, event) → state. No DOM, no network, no clock: what time it is comes with the event.

import { onReady, open } from './opening.js';
import { without, withPeople, withTimeline } from './parts.js';
import { count, dropRoom, mergeRoom, onRead, raiseHead, readSent, sayLast } from './rooms.js';
import { onHitChanged, onSearch, withoutRoom } from './search.js';
import { applyFrame, applyPage, applySynced, disconnect, emptyTimeline, spoil } from './timeline.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Event} Event */
/** @typedef {import('../net/wire.js').Frame} Frame */
/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {import('../net/wire.js').Page} Page */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').PageKind} PageKind */

export const TYPING_MS = 6000;
/** How many mentions of everybody here are remembered. */
export const HERE_MENTIONS_MAX = 200;

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
    case 'people/asked':
      return { ...state, asked: { ...state.asked, ...Object.fromEntries(event.users.map((user) => [user, /** @type {const} */ (true)])) } };
    case 'people/failed':
      return { ...state, asked: event.users.reduce(without, state.asked) };
    case 'leaving':
      return { ...state, leaving: { busy: event.busy, words: event.words } };
    case 'people':
      return withPeople(state, event.people);
    case 'read/sent':
      return readSent(state, event.room, event.seq);
    case 'view': {
      const { type: _, ...view } = event;
      return { ...state, view: { ...state.view, ...view } };
    }
    case 'open':
      return open(state, event.room, event);
    case 'settled':
      return withTimeline(state, event.room, (t) => (t.opensAt === 'spot' ? { ...t, opensAt: 'end' } : t));
    case 'target/reached':
      return { ...state, view: { ...state.view, target: null } };
    case 'reply':
      return {
        ...state,
        view: { ...state.view, replying: event.id === null ? without(state.view.replying, event.room) : { ...state.view.replying, [event.room]: event.id } },
      };
    case 'edit': {
      const edits = event.edit ? { ...state.view.edits, [event.room]: event.edit } : without(state.view.edits, event.room);
      return { ...state, view: { ...state.view, edits, editing: edits[state.view.room]?.id ?? null } };
    }
    case 'hold':
      return { ...state, view: { ...state.view, hold: event.room } };
    case 'undo': {
      const key = `${event.room}:${event.id}`;
      return { ...state, undo: event.until === null ? without(state.undo, key) : { ...state.undo, [key]: event.until } };
    }
    case 'draft':
      if (!event.on) return event.room in state.drafts ? { ...state, drafts: without(state.drafts, event.room) } : state;
      return { ...state, drafts: { ...state.drafts, [event.room]: event.text ?? '' } };
    case 'uploads':
      return { ...state, uploads: event.uploads };
    case 'pendingActions':
      return settle({ ...state, pendingActions: withActions(state.pendingActions, event.actions) });
    case 'seen':
      return { ...state, seen: { ...state.seen, [event.room]: Object.fromEntries(event.seen.map(({ user, seq }) => [user, seq])) } };
    case 'pins':
      return { ...state, pinned: { ...state.pinned, [event.room]: event.ids } };
    case 'newline/clear':
      return withTimeline(state, event.room, (t) => (t.newline === null ? t : { ...t, newline: null }));
    case 'search/typed':
    case 'search/asked':
    case 'search/failed':
      return { ...state, search: onSearch(state.search, event) };
    case 'search/found':
      return { ...withPeople(state, event.page.people), search: onSearch(state.search, event) };
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
      return onHitChanged(onMessage(state, frame), frame.room, frame.message);
    case 'posted':
      return onPosted(state, frame);
    case 'presence':
      return onPresence(state, frame.user, frame.state, frame.last_seen);
    case 'person':
      return withPeople(state, [frame.user]);
    case 'typing':
      return onTyping(state, frame.room, frame.user, at);
    case 'done':
      return { ...state, pendingActions: state.pendingActions.map((action) => (action.ref === frame.ref ? { ...action, seq: frame.seq } : action)) };
    case 'read':
      return onReadFrame(state, frame);
    case 'seen':
      return withSeen(state, frame.room, frame.user, frame.seq);
    case 'room':
      return onRoom(state, frame.room);
    case 'server':
      return state.server ? { ...state, server: { ...state.server, ...frame.server } } : state;
    case 'trouble':
      return state.server ? { ...state, server: { ...state.server, trouble: frame.what } } : state;
    case 'gone':
      return { ...dropRoom(state, frame.room), search: withoutRoom(state.search, frame.room) };
    case 'settings':
      return { ...state, settings: frame.settings };
    case 'blocked':
      return { ...state, blocked: frame.users };
    case 'saved':
      return { ...state, saved: frame.on ? { ...state.saved, [`${frame.room}:${frame.id}`]: true } : without(state.saved, `${frame.room}:${frame.id}`) };
    case 'synced':
      return withTimeline(raiseHead(state, frame.room, frame.through), frame.room, (t) => applySynced(t, frame.through, state.view.following));
    case 'reset':
      return withTimeline(raiseHead(state, frame.room, frame.head), frame.room, spoil);
    default:
      return state;
  }
}

/** @param {State} state @param {import('../net/wire.js').MessageFrame} frame @returns {State} */
function onMessage(state, frame) {
  const room = state.rooms[frame.room];
  if (!room) return state;
  const { message } = frame;
  const isNews = frame.seq > room.head && frame.seq === message.id && !message.event && message.author !== state.me?.id;
  const typing = state.typing[frame.room]?.[message.author] ? withoutTyping(state.typing, frame.room, message.author) : state.typing;
  const quoted = state.quoted[frame.room]?.[message.id]
    ? { ...state.quoted, [frame.room]: { ...state.quoted[frame.room], [message.id]: message } }
    : state.quoted;
  // Only a frame that comes by itself was sent while the reader was here; a sync brings what they missed.
  const calls = isNews && message.mentions?.here && state.timelines[frame.room]?.syncing === null;
  const hereMentions = calls ? [...state.hereMentions, `${frame.room}:${message.id}`].slice(-HERE_MENTIONS_MAX) : state.hereMentions;
  const next = { ...state, typing, quoted, hereMentions };
  const seen = frame.seq === message.id ? withSeen(next, frame.room, message.author, frame.seq) : next;
  return withTimeline(withPin(sayLast(count(seen, frame), frame), frame.room, message), frame.room, (t) => {
    // Nobody is looking, and everything before this was read: the New line goes above it.
    const away = !state.view.attentive || state.view.page !== null || frame.room !== state.view.room;
    const newline = isNews && away && room.unread === 0 ? frame.seq - 1 : t.newline;
    return { ...applyFrame(t, frame, state.view.following || frame.room !== state.view.room), newline };
  });
}

/** Only where the pins have been read. @param {State} state @param {number} room @param {Message} message @returns {State} */
function withPin(state, room, message) {
  const held = state.pinned[room];
  const on = message.pinned !== undefined && !message.deleted;
  if (!held || held.includes(message.id) === on) return state;
  return { ...state, pinned: { ...state.pinned, [room]: on ? [...held, message.id] : held.filter((id) => id !== message.id) } };
}

/** Only where the read marks have been read: they come when a room is opened. @param {State} state @param {number} room @param {number} user @param {number} seq @returns {State} */
function withSeen(state, room, user, seq) {
  const held = state.seen[room];
  // They no longer show how far they read.
  if (held && seq === 0) return { ...state, seen: { ...state.seen, [room]: without(held, user) } };
  if (!held || user === state.me?.id || (held[user] ?? -1) >= seq) return state;
  return { ...state, seen: { ...state.seen, [room]: { ...held, [user]: seq } } };
}

/** @param {State} state @param {import('../net/wire.js').RoomPart} part @returns {State} */
function onRoom(state, part) {
  const next = mergeRoom(state, part);
  if (!next.rooms[part.id] || next.timelines[part.id]) return next;
  return { ...next, timelines: { ...next.timelines, [part.id]: emptyTimeline() } };
}

/** A room was marked unread, here or elsewhere: the New line shows from where. @param {State} state @param {import('../net/wire.js').ReadFrame} frame @returns {State} */
function onReadFrame(state, frame) {
  // The answers to our own commands have a ref, and those to reading never go back.
  const isMark = frame.ref === undefined || state.pendingActions.some((action) => action.ref === frame.ref);
  const back = frame.seq < (state.rooms[frame.room]?.read ?? 0) && isMark;
  const next = onRead(state, frame);
  return back && next !== state ? withTimeline(next, frame.room, (t) => ({ ...t, newline: frame.seq })) : next;
}

/** A confirmed action stays until its change is in the window. @param {State['pendingActions']} held @param {import('../net/pending-actions.js').PendingAction[]} actions @returns {State['pendingActions']} */
function withActions(held, actions) {
  const confirmed = held.filter((action) => action.seq !== undefined && !actions.some((one) => one.ref === action.ref));
  return [...confirmed, ...actions.map((action) => held.find((one) => one.ref === action.ref) ?? action)];
}

/** The outbox forgets the message now; it stays on the screen until the window has it. @param {State} state @param {import('../net/wire.js').Posted} frame @returns {State} */
function onPosted(state, frame) {
  const item = state.pending.find((p) => p.client_id === frame.client_id);
  const next = raiseHead(state, frame.room, frame.seq);
  if (!item || next.landed.some((p) => p.client_id === frame.client_id)) return next;
  return { ...next, landed: [...next.landed, { ...item, state: 'landed', seq: frame.seq }] };
}

/** Lets go of landed messages and confirmed actions that the window has reached. @param {State} state @returns {State} */
function settle(state) {
  const pendingActions = state.pendingActions.filter(({ seq, command }) => {
    const t = state.timelines[command.room];
    return seq === undefined || (t?.phase === 'ready' && t.through < seq);
  });
  return settleLanded(pendingActions.length === state.pendingActions.length ? state : { ...state, pendingActions });
}

/** @param {State} state @returns {State} */
function settleLanded(state) {
  if (state.landed.length === 0) return state;
  const landed = state.landed.filter((p) => {
    const t = state.timelines[p.room];
    return t?.phase === 'ready' && !t.moreAfter && t.through < /** @type {number} */ (p.seq);
  });
  return landed.length === state.landed.length ? state : { ...state, landed };
}

/** @param {State} state @param {number} room @param {PageKind} kind @param {Page} page */
function onPage(state, room, kind, page) {
  // The new window may have missed a pin: the pins are read again.
  const pinned = kind === 'open' || kind === 'latest' ? without(state.pinned, room) : state.pinned;
  const next = withTimeline(raiseHead({ ...state, pinned }, room, page.head), room, (t) => applyPage(t, kind, page));
  return withPeople(withQuoted(next, room, page.quoted ?? []), page.people ?? []);
}

/** @param {State} state @param {number} room @param {Message[]} messages @returns {State} */
function withQuoted(state, room, messages) {
  if (messages.length === 0) return state;
  const quoted = { ...state.quoted[room] };
  for (const message of messages) quoted[message.id] = message;
  return { ...state, quoted: { ...state.quoted, [room]: quoted } };
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

/** @param {State} state @param {number} user @param {'online' | 'away' | 'offline'} where @param {number} [last_seen] @returns {State} */
function onPresence(state, user, where, last_seen) {
  const held = state.people[user];
  const known = held && last_seen !== undefined ? { ...state, people: { ...state.people, [user]: { ...held, last_seen } } } : state;
  if (known.presence[user] === where) return known;
  return { ...known, presence: where === 'offline' ? without(known.presence, user) : { ...known.presence, [user]: where } };
}

/** @param {State} state @param {number} room @param {number} user @param {number} at @returns {State} */
function onTyping(state, room, user, at) {
  if (user === state.me?.id) return state;
  return { ...state, typing: { ...state.typing, [room]: { ...state.typing[room], [user]: at } } };
}

/** @param {State['typing']} typing @param {number} room @param {number} user */
const withoutTyping = (typing, room, user) => ({ ...typing, [room]: without(typing[room] ?? {}, user) });

/** @param {State} state @param {number} at @returns {State} */
function quietTyping(state, at) {
  let typing = state.typing;
  for (const [room, users] of Object.entries(typing)) {
    for (const [user, heard] of Object.entries(users)) if (at - heard >= TYPING_MS) typing = withoutTyping(typing, Number(room), Number(user));
  }
  return typing === state.typing ? state : { ...state, typing };
}
