// The arithmetic of rooms: heads, read marks, what is unread and what of it is meant for the reader. The server
// counts the same way, so that both arrive at the same numbers.

import { oneLine, wordsOf } from '../lib/text.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('../net/wire.js').Room} Room */
/** @typedef {import('../net/wire.js').Message} Message */

/** Whether a message is meant for the reader. Never from somebody they have blocked. @param {State} state @param {Message} message */
export function isForMe(state, { mentions, author }) {
  const me = state.me?.id ?? 0;
  return Boolean(mentions && author !== me && !state.blocked.includes(author) && (mentions.room || mentions.here || mentions.users?.includes(me)));
}

/** Whether a message names the reader or the whole room: one to everybody who was here may have been sent without them. @param {State} state @param {Message} message */
export const isNamed = (state, { mentions }) => Boolean(mentions?.room || mentions?.users?.includes(state.me?.id ?? 0));

/** @param {State} state @param {number} id @param {(room: Room) => Room} change @returns {State} */
export function withRoom(state, id, change) {
  const held = state.rooms[id];
  if (!held) return state;
  const next = change(held);
  return next === held ? state : { ...state, rooms: { ...state.rooms, [id]: next } };
}

/** @param {State} state @param {number} id @param {number} seq @returns {State} */
export const raiseHead = (state, id, seq) => withRoom(state, id, (room) => (seq > room.head ? { ...room, head: seq } : room));

/** Counts a new message; one that the room's head already includes changes nothing. @param {State} state @param {import('../net/wire.js').MessageFrame} frame @returns {State} */
export function count(state, { room: id, seq, message }) {
  return withRoom(state, id, (room) => {
    const next = { ...room, head: Math.max(room.head, seq) };
    if (seq <= room.head || seq !== message.id || message.event) return next;
    if (message.author === state.me?.id) return room.unread === 0 ? { ...next, read: seq, mentions: 0 } : next;
    return { ...next, unread: room.unread + 1, mentions: (room.mentions ?? 0) + (isForMe(state, message) ? 1 : 0) };
  });
}

/** How much of the last message a room's line shows, as the server sends it. */
const LAST_CHARS_MAX = 200;

/** What was said last: a newer post, an edit of it, or what stands there when it was deleted. @param {State} state @param {import('../net/wire.js').MessageFrame} frame */
export function sayLast(state, { room: id, seq, message }) {
  return withRoom(state, id, (room) => {
    const { last } = room;
    if (message.event || (last ? message.id < last.id : seq !== message.id)) return room;
    if (!message.deleted) return { ...room, last: lastOf(message) };
    if (last?.id !== message.id) return room;
    const t = state.timelines[id];
    const earlier = t?.phase === 'ready' && !t.moreAfter ? t.messages.findLast((m) => m.id < message.id && !m.event && !m.deleted) : undefined;
    return { ...room, last: earlier ? lastOf(earlier) : { ...last, text: 'This message was deleted.' } };
  });
}

/** @param {Message} message */
const lastOf = (message) => ({ id: message.id, author: message.author, sent_at: message.sent_at, text: oneLine(wordsOf(message), LAST_CHARS_MAX) });

/**
 * What the server says about how far the reader has read, unless it counted before messages that we have counted since.
 * @param {State} state @param {import('../net/wire.js').ReadFrame} frame @returns {State}
 */
export function onRead(state, { room: id, seq, unread, mentions, head }) {
  return withRoom(state, id, (room) =>
    head !== undefined && head < room.head
      ? room
      : {
          ...room,
          head: Math.max(room.head, head ?? 0),
          read: seq,
          unread: unread ?? (seq >= room.head ? 0 : room.unread),
          mentions: mentions ?? (seq >= room.head ? 0 : (room.mentions ?? 0)),
        },
  );
}

/** The server has been told that the reader has read this far. @param {State} state @param {number} id @param {number} seq @returns {State} */
export function readSent(state, id, seq) {
  return withRoom(state, id, (room) => {
    if (seq <= room.read) return room;
    const all = seq >= room.head;
    return { ...room, read: seq, unread: all ? 0 : room.unread, mentions: all ? 0 : (room.mentions ?? 0) };
  });
}

/** @param {State} state @param {import('../net/wire.js').RoomPart} part @returns {State} */
export function mergeRoom(state, part) {
  const held = state.rooms[part.id];
  if (!held && (part.head === undefined || part.name === undefined)) return state;
  const head = Math.max(held?.head ?? 0, part.head ?? 0);
  return { ...state, rooms: { ...state.rooms, [part.id]: /** @type {Room} */ ({ unread: 0, read: 0, ...held, ...part, head }) } };
}

/** Forgets a room that the reader is no longer in. @param {State} state @param {number} id @returns {State} */
export function dropRoom(state, id) {
  const { [id]: _room, ...rooms } = state.rooms;
  const { [id]: _timeline, ...timelines } = state.timelines;
  const { [id]: _quoted, ...quoted } = state.quoted;
  const { [id]: _seen, ...seen } = state.seen;
  const { [id]: _pinned, ...pinned } = state.pinned;
  return { ...state, rooms, timelines, quoted, seen, pinned };
}
