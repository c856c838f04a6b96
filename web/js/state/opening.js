// Opening: the snapshot after a connection, and the change to another room.

import { without, withPeople, withTimeline } from './parts.js';
import { reconnected } from './search.js';
import { disconnect, emptyTimeline, indexOf } from './timeline.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('../net/wire.js').Room} Room */

/** Rooms whose messages are held; the one opened longest ago is read again when it is opened. */
export const TIMELINES_MAX = 12;

/** @param {State} state @param {import('../net/wire.js').Ready} frame @returns {State} */
export function onReady(state, frame) {
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
    settings: frame.settings ?? null,
    blocked: frame.blocked ?? [],
    saved: Object.fromEntries((frame.saved ?? []).map(([room, id]) => [`${room}:${id}`, /** @type {const} */ (true)])),
    quoted: another ? {} : state.quoted,
    seen: {},
    pinned: another ? {} : state.pinned,
    typing: {},
    asked: {},
    peopleVersion: frame.people_version ?? 0,
    staleProfiles:
      frame.people_version === state.peopleVersion
        ? state.staleProfiles
        : Object.fromEntries(Object.keys(state.people).map((id) => [id, /** @type {const} */ (true)])),
    landed: another ? [] : state.landed,
    people: another ? {} : state.people,
    search: reconnected(state.search, another),
  };
  return withPeople(next, [...frame.people, frame.user]);
}

/**
 * Opens another room, or a certain message of it.
 * @param {State} state @param {number} id
 * @param {{id?: number, at: number, spot?: import('./timeline.js').Spot | null}} how the message, the time, and where the reader was in the room they leave
 * @returns {State}
 */
export function open(state, id, { id: message, at, spot = null }) {
  const room = state.rooms[id];
  if (!room) return state;
  const target = message === undefined ? null : { room: id, id: message, at };
  const same = id === state.view.room;
  const newline = room.unread > 0 ? room.read : null;
  // Back to where the reader was, unless something was posted since.
  const back = !same && !target && newline === null && state.timelines[id]?.phase !== 'empty' ? (state.timelines[id]?.spot ?? null) : null;
  const view = {
    ...state.view,
    room: id,
    page: /** @type {'server' | null} */ (null),
    target,
    following: same ? state.view.following && !target : !target && !back,
    editing: state.view.edits[id]?.id ?? null,
    hold: same ? state.view.hold : null,
  };
  /** @type {State} */
  let next = { ...state, view };
  if (!same) {
    next = withTimeline(next, state.view.room, (t) => ({ ...t, newline: null, spot }));
    next = withTimeline(next, id, (t) => {
      // The window is not where the room opens: it is read again.
      const elsewhere = t.phase === 'ready' && !target && (back ? t.messages[indexOf(t.messages, back.id)]?.id !== back.id : t.moreAfter);
      const stale = /** @type {const} */ ({ phase: 'stale', loading: null, failed: null });
      const opensAt = back ? 'spot' : newline === null ? 'end' : 'newline';
      return { ...t, ...(elsewhere ? stale : {}), newline, opened: t.opened + 1, opensAt, used: at };
    });
    next = forgetOldest(next);
  }
  return next;
}

/** @param {State} state @returns {State} */
function forgetOldest(state) {
  const held = Object.entries(state.timelines).filter(([, t]) => t.phase !== 'empty');
  if (held.length <= TIMELINES_MAX) return state;
  const [id] = held.filter(([room]) => Number(room) !== state.view.room).sort(([, a], [, b]) => (a.used ?? 0) - (b.used ?? 0))[0] ?? [];
  return id === undefined
    ? state
    : withTimeline({ ...state, quoted: without(state.quoted, id) }, Number(id), (t) => ({ ...emptyTimeline(), opened: t.opened }));
}
