// Rooms in the state: their frames, unread counts, and the open room.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkTarget } from '../../web/js/acts/rooms.js';
import * as select from '../../web/js/state/select.js';
import { after, asked, heard, ME, MEI, message, opened, page, ready, says, user } from './build.mjs';

const second = { id: 2, kind: 'private', name: 'plans', topic: '', head: 4, read: 2, unread: 2, mentions: 1, member_count: 2, role: 'owner' };
const two = (more = {}) => after(opened(3), heard({ type: 'room', room: { ...second, ...more } }));
const open = (/** @type {number} */ room, /** @type {number | undefined} */ id = undefined) => ({
  type: 'open',
  room,
  at: 7,
  ...(id === undefined ? {} : { id }),
});

test('a room comes whole, and changes by parts', () => {
  const state = after(two(), heard({ type: 'room', room: { id: 2, name: 'designs', member_count: 3 } }));
  assert.deepEqual([state.rooms[2].name, state.rooms[2].member_count, state.rooms[2].unread, state.rooms[2].role], ['designs', 3, 2, 'owner']);
  assert.equal(state.timelines[2].phase, 'empty');
});

test('a part of a room that is not held is nothing', () => {
  assert.equal(after(opened(3), heard({ type: 'room', room: { id: 9, name: 'x' } })).rooms[9], undefined);
});

test('a room that is gone takes all that was held of it along', () => {
  const state = after(two(), open(2), asked('open'), heard({ type: 'gone', room: 2 }));
  assert.deepEqual([state.rooms[2], state.timelines[2], state.seen[2]], [undefined, undefined, undefined]);
});

test('what is meant for the reader is counted, and a notice is not', () => {
  const state = after(
    opened(3),
    says(4, { mentions: { room: true } }),
    says(5, { mentions: { users: [MEI] } }),
    says(6, { body: '', event: { kind: 'joined' } }),
    says(7, { author: ME, mentions: { here: true } }),
  );
  assert.deepEqual([state.rooms[1].unread, state.rooms[1].mentions, state.rooms[1].head], [2, 1, 7]);
});

test('a room opens under the New messages line, and the one that is left loses its own', () => {
  const state = after(two(), open(2));
  assert.deepEqual([state.view.room, state.timelines[2].newline, state.timelines[2].opensAt], [2, 2, 'newline']);
  const back = after(state, open(1));
  assert.deepEqual([back.view.room, back.timelines[2].newline, back.timelines[1].opensAt], [1, null, 'end']);
});

test('a message that is not held is read around it', () => {
  const state = after(opened(300), open(1, 20));
  assert.deepEqual(
    select.effects(state).find((effect) => effect.do === 'open'),
    { do: 'open', room: 1, around: 20 },
  );
  const there = after(state, asked('open'), page('open', [message(19), message(20)], { head: 300, more_before: true, more_after: true }));
  assert.equal(
    select.effects(there).some((effect) => effect.do === 'open'),
    false,
  );
  assert.equal(after(there, { type: 'target/reached' }).view.target, null);
});

test('a room that was marked unread is not read by looking at it', () => {
  const state = after(opened(3), says(4));
  const reads = (/** @type {any} */ s) => select.effects(s).some((effect) => effect.do === 'read');
  assert.ok(reads(state));
  assert.ok(!reads(after(state, { type: 'hold', room: 1 })));
  assert.ok(reads(after(state, { type: 'hold', room: 1 }, heard({ type: 'room', room: second }), open(2), open(1))));
});

test('the addresses of rooms and messages', () => {
  assert.deepEqual(linkTarget('/rooms/3'), { room: 3 });
  assert.deepEqual(linkTarget('/rooms/3/42'), { room: 3, id: 42 });
  for (const path of ['/', '/rooms', '/rooms/x', '/rooms/1/2/3', '/login']) assert.equal(linkTarget(path), null);
});

test('the sidebar has favourites, rooms and direct messages, and hides what is hidden until something is said', () => {
  const rooms = [
    { id: 2, kind: 'public', name: 'b', topic: '', head: 0, read: 0, unread: 0, favourite: true },
    { id: 3, kind: 'direct', name: '', topic: '', head: 0, read: 0, unread: 0, members: [ME, MEI] },
    { id: 4, kind: 'public', name: 'c', topic: '', head: 0, read: 0, unread: 0, hidden: true },
  ];
  const state = after(opened(3), ...rooms.map((room) => heard({ type: 'room', room })));
  const shown = (/** @type {any} */ s) => select.roomList(s).map(({ key, rows }) => `${key}: ${rows.map(({ name }) => name).join(' ')}`);
  assert.deepEqual(shown(state), ['favourites: b', 'rooms: Lobby', 'direct: Mei Tanaka']);
  const said = after(state, heard({ type: 'message', room: 4, seq: 1, message: message(1) }));
  assert.deepEqual(shown(said)[1], 'rooms: Lobby c');
});

test('a search finds the beginning of a name first, then of a word in it, without regard to marks', () => {
  assert.deepEqual(
    select.search(['Wool', 'Öl und Holz', 'gool', 'An Öl'], 'ol', (name) => [name]),
    ['Öl und Holz', 'An Öl', 'Wool', 'gool'],
  );
});

test('an @ is completed with people and groups, a # with rooms', () => {
  const state = opened(3);
  assert.deepEqual(
    select.completions(state, '@', 'me').map(({ insert }) => insert),
    ['@Mei Tanaka'],
  );
  assert.deepEqual(
    select.completions(state, '@', 'he').map(({ insert }) => insert),
    ['@here'],
  );
  assert.deepEqual(
    select.completions(state, '#', 'lob').map(({ insert }) => insert),
    ['#Lobby'],
  );
});

test('what the server finds comes to what is held: members first, who is not in the room below and marked', () => {
  const zoe = user(7, 'Kwaku');
  const kwame = user(8, 'Kwame');
  const held = after(two({ kind: 'public', unread: 0, read: 4 }), open(2), { type: 'people', people: [user(9, 'Kwanza')] });
  const offered = (/** @type {any} */ found) => select.completions(held, '@', 'kwa', found).map(({ name, end }) => `${name}${end && `: ${end}`}`);
  assert.deepEqual(offered({}), ['Kwanza']);
  assert.deepEqual(offered({ members: [kwame], whole: true, people: [zoe, kwame] }), ['Kwame', 'Kwanza: Not in this room', 'Kwaku: Not in this room']);
  // The member list is incomplete, so nobody counts as a non-member.
  assert.deepEqual(offered({ members: [kwame], whole: false, people: [] }), ['Kwanza', 'Kwame']);
});

test('public rooms that one is not in are offered with the word that leads into them', () => {
  const listed = (/** @type {number} */ id, /** @type {string} */ name, /** @type {object} */ more = {}) => ({
    id,
    kind: 'public',
    name,
    topic: '',
    archived: false,
    member_count: 1,
    joined: false,
    ...more,
  });
  const rooms = [listed(1, 'Lobby', { joined: true }), listed(8, 'lobsters'), listed(9, 'lob-old', { archived: true })];
  assert.deepEqual(
    select.completions(opened(3), '#', 'lob', { rooms }).map(({ insert, end }) => [insert, end]),
    [
      ['#Lobby', ''],
      ['#lobsters', 'Join'],
    ],
  );
});

test('rooms by use: the one that was opened last first', () => {
  const state = after(two({ kind: 'public' }), open(2), { type: 'open', room: 1, at: 9 }, heard({ type: 'room', room: { ...second, id: 3 } }));
  assert.deepEqual(
    select.roomsByUse(state).map(({ id }) => id),
    [1, 2, 3],
  );
});

test('a muted room waits only with a mention', () => {
  const room = (/** @type {object} */ more) => /** @type {any} */ ({ unread: 2, mentions: 0, notify: 'all', ...more });
  assert.deepEqual(
    [{}, { unread: 0 }, { notify: 'none' }, { notify: 'none', mentions: 1 }].map((more) => select.waits(room(more))),
    [true, false, false, true],
  );
});

test('people are listed by name, who is here first', () => {
  const list = [user(5, 'zoë'), user(6, 'Ada'), user(MEI, 'Mei')];
  assert.deepEqual(
    select.peopleInOrder(opened(0), list).map(({ name }) => name),
    ['Mei', 'Ada', 'zoë'],
  );
});

test('what the settings, blocks and saved messages of one device say goes for all', () => {
  const settings = { share_read: false, dnd: null, dnd_until: 0, sound: true, announce: true, single_keys: true };
  const state = after(
    opened(0),
    heard(ready({}, { settings, blocked: [5], saved: [[1, 2]] })),
    heard({ type: 'blocked', users: [6] }),
    heard({ type: 'saved', room: 1, id: 3, on: true }),
    heard({ type: 'saved', room: 1, id: 2, on: false }),
  );
  assert.deepEqual([state.settings, state.blocked, state.saved], [settings, [6], { '1:3': true }]);
});
