// Lists of rooms and people: last messages, order, presence.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direction } from '../../web/js/lib/appearance.js';
import { decode } from '../../web/js/net/wire.js';
import * as select from '../../web/js/state/select.js';
import { reactorNames } from '../../web/js/view/reactions.js';
import { after, heard, ME, MEI, message, opened, ready, says, user } from './build.mjs';

const NOOR = 3;
/** Direct rooms 5 and 6 beside the Lobby: nothing of theirs is held but what the server says about them. */
const direct = (/** @type {number} */ id, /** @type {number} */ other, /** @type {object} */ more = {}) =>
  heard({ type: 'room', room: { id, kind: 'direct', name: '', topic: '', head: 9, read: 9, unread: 0, members: [ME, other], ...more } });
const last = (/** @type {number} */ sent_at, /** @type {object} */ more = {}) => ({ last: { id: 9, author: MEI, sent_at, text: 'the sign copy', ...more } });
const two = () => after(opened(3), { type: 'people', people: [user(NOOR, 'Noor Rahimi')] }, direct(5, MEI, last(2000)), direct(6, NOOR, last(1000)));
const told = (/** @type {number} */ room, /** @type {number} */ seq, /** @type {object} */ more = {}) =>
  heard({ type: 'message', room, seq, message: message(seq, more) });
const order = (/** @type {any} */ state) =>
  select
    .roomList(state)
    .find(({ key }) => key === 'direct')
    ?.rows.map(({ room }) => room.id);

test('direct messages stand by what was said last, opened or not, and a new message moves its own up', () => {
  const state = two();
  assert.deepEqual(order(state), [5, 6]);
  assert.deepEqual(order(after(state, told(6, 10, { sent_at: 3000 }))), [6, 5]);
  assert.deepEqual(order(after(state, { type: 'open', room: 6, at: 9 })), [5, 6], 'not because it was opened');
});

test('a server that does not say what was last leaves the order to what is held', () => {
  const state = after(opened(3), direct(5, MEI), direct(6, NOOR));
  assert.deepEqual(order(state), [6, 5]);
  assert.equal(select.preview(state, 5), null);
  assert.deepEqual(order(after(state, told(5, 10, { sent_at: 3000 }))), [5, 6]);
});

test('rows stay where they are while the order is held, and new ones come after them', () => {
  const rows = select.roomList(after(two(), told(6, 10, { sent_at: 3000 }), direct(7, 8, last(9000)))).find(({ key }) => key === 'direct')?.rows ?? [];
  assert.deepEqual(
    [rows, select.inOrder(rows, [5, 6])].map((list) => list.map(({ room }) => room.id)),
    [
      [7, 6, 5],
      [5, 6, 7],
    ],
  );
});

test('the line of a room follows its last message: new, edited, deleted, brought back', () => {
  const line = (/** @type {any} */ state) => select.preview(state, 5);
  const state = two();
  assert.deepEqual(line(state), { who: '', text: 'the sign copy', at: 2000 }, 'between two, without a name');
  const said = after(state, told(5, 10, { sent_at: 3000, author: ME, body: 'On my way' }));
  assert.deepEqual(line(said), { who: 'You', text: 'On my way', at: 3000 });
  const edit = after(said, heard({ type: 'message', room: 5, seq: 11, message: message(10, { sent_at: 3000, author: ME, body: 'On the way' }) }));
  assert.equal(line(edit)?.text, 'On the way');
  const older = after(edit, heard({ type: 'message', room: 5, seq: 12, message: message(4, { body: 'an old one, edited' }) }));
  assert.equal(line(older)?.text, 'On the way');
  const gone = after(older, heard({ type: 'message', room: 5, seq: 13, message: message(10, { sent_at: 3000, author: ME, body: '', deleted: true }) }));
  assert.deepEqual(line(gone), { who: 'You', text: 'This message was deleted.', at: 3000 });
  const back = after(gone, heard({ type: 'message', room: 5, seq: 14, message: message(10, { sent_at: 3000, author: ME, body: 'On the way' }) }));
  assert.equal(line(back)?.text, 'On the way');
});

test('where the room is held, the line of a deleted message is the one before it', () => {
  const state = after(opened(3), says(4, { body: 'four' }), heard({ type: 'message', room: 1, seq: 5, message: message(4, { body: '', deleted: true }) }));
  assert.equal(select.preview(state, 1)?.text, 'message 3');
});

test('nothing is shown of whom the reader has blocked, and their name is not asked for in vain', () => {
  const state = after(two(), heard({ type: 'blocked', users: [MEI] }));
  assert.deepEqual(select.preview(state, 5), { who: '', text: '', at: 2000 });
});

test('who said the last thing is asked for where they are not known', () => {
  const state = after(two(), direct(7, MEI, last(1, { author: 77 })));
  assert.ok(select.effects(state).some((effect) => effect.do === 'people' && effect.users.includes(77)));
});

test('what was posted last is read as the server sends it, and refused where it is not that', () => {
  const frame = { type: 'room', room: { id: 5, ...last(2000) } };
  assert.deepEqual(decode(JSON.stringify(frame)), frame);
  assert.equal(decode(JSON.stringify({ type: 'room', room: { id: 5, last: { id: 1 } } })), null);
});

test('a row shows how its draft begins', () => {
  const state = after(two(), { type: 'draft', room: 6, on: true, text: 'Oak for the long table' });
  const drafts = select.roomOrder(state).map(({ id }) => state.drafts[id] ?? null);
  assert.deepEqual(drafts, [null, null, 'Oak for the long table']);
  assert.equal(after(state, { type: 'draft', room: 6, on: false }).drafts[6], undefined);
});

test('members are here now or not, each by name, and change over with their presence', () => {
  const members = [MEI, NOOR, ME].map((id) => ({ user: user(id, `older name ${id}`), role: 'member' }));
  const names = (/** @type {any} */ state) => {
    const { here, gone } = select.byPresence(state, members);
    return [here, gone].map((list) => list.map(({ user: one }) => one.display_name));
  };
  assert.deepEqual(names(two()), [['Mei Tanaka', 'Robin Ashdown'], ['Noor Rahimi']]);
  assert.deepEqual(names(after(two(), heard({ type: 'presence', user: MEI, state: 'offline', last_seen: 5 }))), [
    ['Robin Ashdown'],
    ['Mei Tanaka', 'Noor Rahimi'],
  ]);
});

test('what is pinned is counted: as the server lists it, then by what changes', () => {
  const pinned = { by: MEI, at: 1 };
  const state = after(opened(3), { type: 'pins', room: 1, ids: [2] }, says(4, { pinned }));
  assert.deepEqual(state.pinned[1], [2, 4]);
  assert.deepEqual(after(state, heard({ type: 'message', room: 1, seq: 5, message: message(2) })).pinned[1], [4]);
  const deleted = heard({ type: 'message', room: 1, seq: 5, message: message(4, { pinned, deleted: true }) });
  assert.deepEqual(after(state, deleted).pinned[1], [2]);
  assert.equal(after(opened(3), says(4, { pinned })).pinned[1], undefined, 'not before it was asked for');
});

test('completion says who is here and how many are told', () => {
  const lobby = after(opened(3, { member_count: 14 }), { type: 'people', people: [user(NOOR, 'Noor Rahimi')] });
  const hints = (/** @type {any} */ state, /** @type {string} */ query) => select.completions(state, '@', query).map(({ name, hint }) => [name, hint]);
  assert.deepEqual(hints(lobby, 'mei'), [['Mei Tanaka', 'online']]);
  assert.deepEqual(hints(lobby, 'noor'), [['Noor Rahimi', 'offline']]);
  assert.deepEqual(hints(lobby, 'room'), [['room', 'tells 13 people']]);
  assert.deepEqual(hints(lobby, 'here'), [['here', 'tells 1 person']]);
  assert.deepEqual(hints(after(lobby, heard(ready({ kind: 'public', id: 8, name: 'open' })), { type: 'open', room: 8, at: 1 }), 'here'), [
    ['here', 'tells who is here now'],
  ]);
});

test('a blocked direct room says one sentence and has one way out', () => {
  const state = after(two(), heard({ type: 'blocked', users: [MEI] }), { type: 'open', room: 5, at: 1 });
  assert.deepEqual(select.closed(state), { words: 'You have blocked Mei Tanaka. Nothing can be sent here.', icon: 'ban', restore: false, unblock: MEI });
});

test('who has reacted is named, the reader first, and at last counted', () => {
  const names = (/** @type {number[]} */ users) => reactorNames(users, ME, (id) => `P${id}`);
  assert.equal(names([5, ME]), 'You, P5');
  assert.equal(names(Array.from({ length: 15 }, (_, i) => i + 2)).endsWith('P13 and 3 more'), true);
});

test('the page runs as its language does, unless the reader has chosen', () => {
  const found = ['ar', 'ar-EG', 'he-IL', 'fa', 'ur-PK', 'en-GB', 'de', 'arn', ''].map((language) => direction('', language));
  assert.deepEqual(found, ['rtl', 'rtl', 'rtl', 'rtl', 'rtl', 'ltr', 'ltr', 'ltr', 'ltr']);
  assert.deepEqual([direction('ltr', 'ar'), direction('rtl', 'en'), direction('sideways', 'en')], ['ltr', 'rtl', 'ltr']);
});
