// Rooms and people as lists: the sidebar, the switcher, completion, who is here.

import { plural, wordsOf } from '../lib/text.js';
import { LOBBY } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Room} Room */

/** What completion offers, at most. */
export const COMPLETIONS_MAX = 8;

/** @param {User | undefined} user */
export const nameOf = (user) => user?.display_name || user?.name || 'Someone';

/** The others in a direct room. @param {State} state @param {Room} room @returns {User[]} */
export const othersIn = (state, room) =>
  (room.members ?? []).filter((id) => id !== state.me?.id).flatMap((id) => (state.people[id] ? [/** @type {User} */ (state.people[id])] : []));

/** The name of a room; a direct room is named after the others in it. @param {State} state @param {Room | undefined} room */
export function roomName(state, room) {
  if (!room) return '';
  if (room.kind !== 'direct') return room.name;
  const others = othersIn(state, room);
  return others.length === 1 ? nameOf(others[0]) : others.map(firstName).join(', ') || 'Direct message';
}

/**
 * @typedef {object} RoomRow
 * @property {Room} room
 * @property {string} name
 * @property {User[]} others in a direct room
 * @property {boolean} current
 * @property {boolean} muted
 * @property {string | null} draft how what is unfinished in it begins
 */

/** The sidebar's groups, none of them empty but Rooms. @param {State} state @returns {{key: 'favourites' | 'rooms' | 'direct', rows: RoomRow[]}[]} */
export function roomList(state) {
  const shown = Object.values(state.rooms).filter((room) => !room.hidden || room.unread > 0 || room.id === state.view.room);
  const rows = shown.map((room) => ({
    room,
    name: roomName(state, room),
    others: othersIn(state, room),
    current: room.id === state.view.room && state.view.page === null,
    muted: room.notify === 'none',
    draft: state.drafts[room.id] ?? null,
  }));
  const byName = (/** @type {RoomRow} */ a, /** @type {RoomRow} */ b) => a.room.id - b.room.id;
  // The latest conversation first; by the time of its last message where that is held, else by its number.
  const byUse = (/** @type {RoomRow} */ a, /** @type {RoomRow} */ b) => lastAt(state, b.room) - lastAt(state, a.room) || b.room.id - a.room.id;
  const favourites = rows.filter(({ room }) => room.favourite).sort(byName);
  const rooms = rows.filter(({ room }) => !room.favourite && room.kind !== 'direct').sort(byName);
  const direct = rows.filter(({ room }) => !room.favourite && room.kind === 'direct').sort(byUse);
  return [
    ...(favourites.length > 0 ? [{ key: /** @type {const} */ ('favourites'), rows: favourites }] : []),
    { key: 'rooms', rows: rooms },
    { key: 'direct', rows: direct },
  ];
}

/** @param {State} state @param {Room} room */
const lastAt = (state, room) => Math.max(room.last?.sent_at ?? 0, state.timelines[room.id]?.messages.at(-1)?.sent_at ?? 0);

/** The same rows in the order that the reader sees; new rows come last. @param {RoomRow[]} rows @param {number[]} before the rooms as they stand */
export function inOrder(rows, before) {
  const index = (/** @type {RoomRow} */ { room }) => (before.includes(room.id) ? before.indexOf(room.id) : before.length);
  return rows.toSorted((a, b) => index(a) - index(b));
}

/** All rooms: the most recently opened first, then by their last message. @param {State} state @returns {Room[]} */
export const roomsByUse = (state) =>
  Object.values(state.rooms).sort(
    (a, b) => (state.timelines[b.id]?.used ?? 0) - (state.timelines[a.id]?.used ?? 0) || lastAt(state, b) - lastAt(state, a) || a.id - b.id,
  );

/** Whether a room has something unread that the reader wants to hear of. @param {Room} room */
export const waits = (room) => (room.notify === 'none' ? (room.mentions ?? 0) : room.unread) > 0;

/** All rooms in the sidebar's order. @param {State} state @returns {Room[]} */
export const roomOrder = (state) => roomList(state).flatMap(({ rows }) => rows.map(({ room }) => room));

/** Lower case, without marks over letters: what a search compares. @param {string} text */
export const folded = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** How well a name answers a query: 0 begins with it, 1 a word in it does, 2 holds it, 3 not at all. @param {string} name @param {string} query a folded one */
export function match(name, query) {
  const plain = folded(name);
  if (query === '' || plain.startsWith(query)) return 0;
  if (plain.split(/[\s_.-]+/u).some((word) => word.startsWith(query))) return 1;
  return plain.includes(query) ? 2 : 3;
}

/** @template T @param {T[]} list @param {string} query @param {(item: T) => string[]} names @returns {T[]} the best first */
export function search(list, query, names) {
  const plain = folded(query.trim());
  const rank = (/** @type {T} */ item) => Math.min(...names(item).map((name) => match(name, plain)));
  return list
    .map((item) => ({ item, rank: rank(item) }))
    .filter(({ rank: r }) => r < 3)
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Online people first, then by name. @param {State} state @param {User[]} users @returns {User[]} */
export const peopleInOrder = (state, users) =>
  users.toSorted((a, b) => Number(b.id in state.presence) - Number(a.id in state.presence) || nameOf(a).localeCompare(nameOf(b)));

/** Everybody we know but the reader. @param {State} state @returns {User[]} */
export const knownPeople = (state) =>
  peopleInOrder(
    state,
    Object.values(state.people).filter((user) => user.id !== state.me?.id),
  );

/** @typedef {import('../net/lazy-api.js').Listing} Listing */
/** @typedef {{insert: string, name: string, hint: string, end: string, user?: User, room?: Room | Listing}} Completion */
/**
 * What the server has found beside what is held: members of this room, whether that is all of them that have such a name, people and public rooms.
 * @typedef {{members?: User[], whole?: boolean, people?: User[], rooms?: Listing[]}} Found
 */

/** Public rooms that the reader is not in, and could come into. @param {State} state @param {Listing[]} listed */
export const otherRooms = (state, listed) => listed.filter((room) => !state.rooms[room.id] && !room.archived);

/** What an `@` or `#` in the composer can become. @param {State} state @param {'@' | '#'} mark @param {string} query @param {Found} [found] @returns {Completion[]} */
export function completions(state, mark, query, found = {}) {
  if (mark === '#') {
    const rooms = [...Object.values(state.rooms).filter((room) => room.kind !== 'direct'), ...otherRooms(state, found.rooms ?? [])];
    return search(rooms, query, (room) => [room.name])
      .slice(0, COMPLETIONS_MAX)
      .map((room) => ({ insert: `#${room.name}`, name: room.name, hint: room.topic, end: state.rooms[room.id] ? '' : 'Join', room }));
  }
  const groups = [
    { insert: '@here', name: 'here', hint: tellsHere(state), end: '' },
    { insert: '@room', name: 'room', hint: tells(Math.max(0, (state.rooms[state.view.room]?.member_count ?? 1) - 1)), end: '' },
  ];
  const inRoom = membership(state, found);
  const known = knownPeople(state);
  const ids = new Set(known.map((user) => user.id).concat(state.me?.id ?? 0));
  const more = [...(found.members ?? []), ...(found.people ?? [])].filter((user) => !ids.has(user.id) && ids.add(user.id));
  const people = search([...known, ...more], query, (user) => [user.name, nameOf(user)])
    .map((user) => ({
      insert: `@${user.name}`,
      name: nameOf(user),
      hint: [state.presence[user.id] ?? 'offline', nameOf(user) === user.name ? '' : `@${user.name}`].filter(Boolean).join(' · '),
      end: inRoom(user) ? '' : 'Not in this room',
      user,
    }))
    .sort((a, b) => Number(a.end !== '') - Number(b.end !== ''));
  return [...people.slice(0, COMPLETIONS_MAX), ...search(groups, query, ({ name }) => [name])].slice(0, COMPLETIONS_MAX);
}

/** The known members of the current room. @param {State} state @param {Found} found @returns {(user: User) => boolean} */
function membership(state, { members, whole }) {
  const room = state.rooms[state.view.room];
  if (!room || room.id === LOBBY) return () => true;
  if (room.members) return (user) => room.members?.includes(user.id) === true;
  return (user) => !members || !whole || members.some((member) => member.id === user.id);
}

/** @param {number} count */
const tells = (count) => `tells ${plural(count, 'person', 'people')}`;

/** Everybody here is in the Lobby, and who is in a direct room is known; of other rooms only the server knows. @param {State} state */
function tellsHere(state) {
  const room = state.rooms[state.view.room];
  const here = Object.keys(state.presence).map(Number);
  if (room?.id !== LOBBY && !room?.members) return 'tells who is here now';
  return tells(here.filter((id) => id !== state.me?.id && (room.id === LOBBY || room.members?.includes(id))).length);
}

/** The people who are online, by name. @param {State} state @returns {{user: User, away: boolean, you: boolean}[]} */
export function hereNow(state) {
  return Object.entries(state.presence)
    .flatMap(([id, where]) => {
      const user = state.people[Number(id)];
      return user ? [{ user, away: where === 'away', you: user.id === state.me?.id }] : [];
    })
    .sort((a, b) => nameOf(a.user).localeCompare(nameOf(b.user)));
}

/** The names of the people who are typing, in the order in which they started. @param {State} state */
export function typingNames(state) {
  const users = state.typing[state.view.room] ?? {};
  return Object.keys(users).map((id) => nameOf(state.people[Number(id)]));
}

/** What a message without text shows. @param {number} count */
const filesWord = (count) => (count === 0 ? '' : count === 1 ? 'A file' : `${count} files`);

/** The last message, for the room's line; nothing from people whom the reader has blocked. @param {State} state @param {number} id @returns {{who: string, text: string, at: number} | null} */
export function preview(state, id) {
  const room = state.rooms[id];
  const t = state.timelines[id];
  const held = t && !t.moreAfter ? t.messages.findLast((m) => !m.event && !m.deleted) : undefined;
  const last = room?.last ?? (held && { ...held, text: wordsOf(held) });
  if (!last) return null;
  if (state.blocked.includes(last.author)) return { who: '', text: '', at: last.sent_at };
  // With two people, it is clear who wrote it.
  const alone = room?.kind === 'direct' && (room.members ?? []).length === 2;
  const who = last.author === state.me?.id ? 'You' : alone ? '' : firstName(state.people[last.author]);
  return { who, text: last.text || filesWord(room?.last?.files ?? 0), at: last.sent_at };
}

/** @template {{user: User}} T @param {State} state @param {T[]} members @returns {{here: T[], gone: T[]}} who is here now and who is not, each by name */
export function byPresence(state, members) {
  const known = members.map((one) => ({ ...one, user: state.people[one.user.id] ?? one.user }));
  const sorted = known.sort((a, b) => nameOf(a.user).localeCompare(nameOf(b.user)));
  return { here: sorted.filter(({ user }) => user.id in state.presence), gone: sorted.filter(({ user }) => !(user.id in state.presence)) };
}

/** @param {User | undefined} user */
const firstName = (user) => nameOf(user).split(/\s/u)[0] ?? '';
