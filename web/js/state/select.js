// Questions about the state. Pure: what is shown is decided here, so that views decide nothing.

import { shownAs } from '../lib/files.js';
import { nameOf } from './lists.js';
import { indexOf } from './timeline.js';

export * from './entries.js';
export * from './lists.js';
export { isForMe } from './rooms.js';
export { hitsOf, marksOf, PAGES_MAX, searchEffect, searchSurface, searchWords, since } from './search.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Pending} Pending */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Message} Message */

/** @typedef {{do: 'sync', room: number, since: number} | {do: 'read', room: number, seq: number} | {do: 'open', room: number, around: number | null} | {do: 'people', users: number[]} | {do: 'seen', room: number} | {do: 'pins', room: number}} Effect */

/** People looked up at once. */
const STRANGERS_MAX = 100;
export const PAGE_MESSAGES = 50;

/** @param {State} state */
export const currentRoom = (state) => state.rooms[state.view.room];
/** @param {State} state */
export const currentTimeline = (state) => state.timelines[state.view.room];

/** What the list shows when it is empty. @param {State} state @returns {'list' | 'loading' | 'trouble' | 'empty'} */
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

/** Whether the window lags behind the room. @param {State} state */
export function isBehind(state) {
  const t = state.timelines[state.view.room];
  const head = state.rooms[state.view.room]?.head ?? 0;
  return state.connection.state === 'online' && t?.phase === 'ready' && (t.syncing !== null || t.loading !== null || head > t.through);
}

/** What the state calls for now. Computed again after every change, so nothing is forgotten. @param {State} state @returns {Effect[]} */
export function effects(state) {
  if (state.connection.state !== 'online') return [];
  /** @type {Effect[]} */
  const found = [];
  const { room: id, attentive, page, following, target, hold } = state.view;
  const room = state.rooms[id];
  const t = state.timelines[id];
  if (!room || !t) return found;
  if (t.phase !== 'ready' && !t.failed) {
    // The page brings the people it names.
    if (!t.loading) found.push({ do: 'open', room: id, around: target ? target.id : messageToOpenAt(room, t) });
    return found;
  }
  const strangers = unknownPeople(state, t);
  if (strangers.length > 0) found.push({ do: 'people', users: strangers });
  if (t.phase !== 'ready') return found;
  if (target && !t.loading && !t.failed && !isHeld(t, target.id)) {
    found.push({ do: 'open', room: id, around: target.id });
    return found;
  }
  if (t.syncing === null && !t.loading && room.head > t.through) found.push({ do: 'sync', room: id, since: t.through });
  if (attentive && page === null && following && hold !== id && !t.moreAfter && !t.loading && t.through > room.read)
    found.push({ do: 'read', room: id, seq: t.through });
  if (!state.pinned[id]) found.push({ do: 'pins', room: id });
  if (!state.seen[id] && room.member_count !== undefined && room.member_count <= (state.limits.seen_members_max ?? 0)) found.push({ do: 'seen', room: id });
  return found;
}

/** Whether this message, or the position it would have, is in the window. @param {Timeline} t @param {number} id */
function isHeld(t, id) {
  const first = t.messages[0]?.id ?? 0;
  const last = t.messages.at(-1)?.id ?? 0;
  return (id >= first || !t.moreBefore) && (id <= last || !t.moreAfter);
}

/** The people that the window names and whose profiles are missing or stale. @param {State} state @param {Timeline} t @returns {number[]} */
function unknownPeople(state, t) {
  const ids = new Set(Object.values(state.rooms).flatMap((room) => [...(room.members ?? []), ...(room.last ? [room.last.author] : [])]));
  for (const user of Object.keys(state.seen[state.view.room] ?? {})) ids.add(Number(user));
  for (const m of t.messages) {
    ids.add(m.author);
    if (m.event?.user) ids.add(m.event.user);
    if (m.forwarded) ids.add(m.forwarded.author);
    if (m.pinned) ids.add(m.pinned.by);
    if (m.deleted_by) ids.add(m.deleted_by);
    for (const user of m.mentions?.users ?? []) ids.add(user);
    for (const reaction of m.reactions ?? []) for (const user of reaction.users.slice(0, 20)) ids.add(user);
  }
  for (const m of Object.values(state.quoted[state.view.room] ?? {})) ids.add(m.author);
  return [...ids].filter((id) => (!state.people[id] || state.staleProfiles[id]) && !state.asked[id]).slice(0, STRANGERS_MAX);
}

/** Where to open: at the end, where the reader was, or around what was read last when more is unread than a page holds. @param {import('../net/wire.js').Room} room @param {Timeline} t */
function messageToOpenAt(room, t) {
  if (t.opensAt === 'spot' && t.spot) return t.spot.id;
  return t.phase === 'empty' && room.unread > PAGE_MESSAGES - 10 ? Math.max(1, room.read) : null;
}

/**
 * Which address to hand on: the one we came by, unless only this computer has it and the server knows a better one.
 * @param {State} state @param {{host: string, origin: string, alone: boolean}} here
 * @returns {{address: string, url: string, alone: boolean}}
 */
export function invitation(state, { host, origin, alone }) {
  const better = alone ? state.server?.addresses?.[0] : undefined;
  return better ? { address: better, url: `http://${better}`, alone: false } : { address: host, url: origin, alone };
}

/**
 * The link to hand on: the invite where there is one that works, else the sign-up page where it needs none.
 * @param {State} state
 * @param {string} url of this server
 * @param {{path: string, ends_at: number} | undefined} invite as those who look after the server know it
 * @param {number} now
 * @returns {string | null}
 */
export function linkToHandOn(state, url, invite, now) {
  const door = state.server?.door ?? 'anyone';
  if (door === 'nobody') return null;
  if (invite && invite.ends_at > now) return `${url}${invite.path}`;
  return door === 'anyone' ? `${url}/signup` : null;
}

/** The line under the reader's own name. @param {State} state */
export const standing = (state) =>
  state.leaving.words || (state.connection.state !== 'online' ? 'Connecting' : state.server?.trouble ? 'Server trouble' : 'Online');

/**
 * Until when the reader is left alone, in their own words' time: a pause ends at a time, quiet hours at a minute of the day.
 * @param {import('../net/wire.js').Settings | null} settings @param {number} now @param {number} minute of the local day
 * @returns {{pause: number} | {hours: number} | null}
 */
export function quietUntil(settings, now, minute) {
  if (!settings) return null;
  if (settings.dnd_until > now) return { pause: settings.dnd_until };
  const { dnd } = settings;
  if (!dnd) return null;
  const within = dnd.from < dnd.to ? minute >= dnd.from && minute < dnd.to : minute >= dnd.from || minute < dnd.to;
  return within ? { hours: dnd.to } : null;
}

/** Messages the reader has not seen, in all rooms. @param {State} state */
export const unreadTotal = (state) => Object.values(state.rooms).reduce((sum, room) => sum + (room.notify === 'none' ? (room.mentions ?? 0) : room.unread), 0);

/** How many messages of this person on this browser are not sent yet. @param {State} state */
export const unsent = (state) => state.pending.length;

/** Which message the keyboard starts on: the last one read. @param {Timeline | undefined} t */
export function startingPoint(t) {
  if (!t || t.newline === null) return null;
  return t.messages[indexOf(t.messages, t.newline + 1) - 1]?.id ?? null;
}

/** How many unread mentions and direct messages there are, in all rooms. @param {State} state */
export const urgentTotal = (state) =>
  Object.values(state.rooms).reduce((sum, room) => sum + (room.notify === 'none' ? 0 : room.kind === 'direct' ? room.unread : (room.mentions ?? 0)), 0);

/** Whether the reader manages a room. @param {State} state @param {import('../net/wire.js').Room | undefined} room */
export const canManage = (state, room) => Boolean(room && room.kind !== 'direct' && (room.role === 'owner' || looksAfter(state)));

/** Whether the reader is the server's owner or an admin. @param {State} state */
export const looksAfter = (state) => state.me?.role === 'owner' || state.me?.role === 'admin';

/** Why the reader cannot write here, and what they can do about it. @param {State} state @returns {{words: string, icon: string, restore: boolean, unblock?: number} | null} */
export function closed(state) {
  const room = currentRoom(state);
  if (room?.archived) return { words: 'This room is archived. It can be read, not written to.', icon: 'archive', restore: canManage(state, room) };
  const other = room?.kind === 'direct' && (room.members ?? []).length === 2 ? (room.members ?? []).find((id) => id !== state.me?.id) : undefined;
  if (other !== undefined && state.blocked.includes(other))
    return { words: `You have blocked ${nameOf(state.people[other])}. Nothing can be sent here.`, icon: 'ban', restore: false, unblock: other };
  return null;
}

/** The files in the composer of this room. @param {State} state */
export const chips = (state) => state.uploads.filter((upload) => upload.room === state.view.room && !upload.posted);

/** The pictures of this room that are held, in the order in which they are shown. @param {State} state */
export const pictures = (state) =>
  (currentTimeline(state)?.messages ?? []).flatMap((message) =>
    message.deleted || state.blocked.includes(message.author)
      ? []
      : (message.files ?? []).filter((file) => shownAs(file) === 'picture').map((file) => ({ file, message })),
  );

/** What the reader can do to a message. @param {State} state @param {Message} message */
export function rights(state, message) {
  const room = currentRoom(state);
  const open = Boolean(room && !room.archived) && !message.deleted && !message.event;
  const mine = message.author === state.me?.id;
  return { act: open, edit: open && mine && !message.forwarded, delete: open && (mine || canManage(state, room)), unread: !message.event };
}

/** The reader's last message here, to be edited. @param {State} state @returns {number | null} */
export function lastOwn(state) {
  const found = currentTimeline(state)?.messages.findLast((m) => m.author === state.me?.id && !m.event && !m.deleted && !m.forwarded);
  return found?.id ?? null;
}

/** @param {State} state @param {number} user @returns {'online' | 'away' | 'offline'} */
export const presenceOf = (state, user) => state.presence[user] ?? 'offline';
