// Messages as they are rendered: with unconfirmed actions and related data.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as select from '../../web/js/state/select.js';
import { after, asked, heard, ME, MEI, message, opened, page, says, user } from './build.mjs';

const dayKey = () => '2026-10-14';
const entries = (/** @type {any} */ state) => select.days(state, dayKey).flatMap((day) => day.entries);
/** @param {any} state @param {number} id @returns {any} */
const entry = (state, id) => entries(state).find((one) => one.kind === 'message' && one.id === id);
const pending = (/** @type {any[]} */ ...commands) => ({
  type: 'pendingActions',
  actions: commands.map((command, i) => ({ ref: `d${i}`, command: { room: 1, ...command } })),
});

test('what was done shows at once, and is taken back where it is given up', () => {
  const state = opened(3);
  const done = after(state, pending({ type: 'edit', id: 1, body: 'other words' }, { type: 'pin', id: 2, on: true }, { type: 'delete', id: 3 }));
  assert.deepEqual([entry(done, 1).message.body, entry(done, 2).message.pinned.by, entry(done, 3).message.deleted], ['other words', ME, true]);
  assert.equal(entry(done, 3).message.body, '');
  const given = after(done, pending());
  assert.deepEqual([entry(given, 1).message.body, entry(given, 2).message.pinned, entry(given, 3).message.deleted], ['message 1', undefined, undefined]);
});

test('a reaction is there once for each person, whichever came first', () => {
  const state = after(opened(2), heard({ type: 'message', room: 1, seq: 3, message: message(1, { reactions: [{ emoji: '👍', users: [MEI] }] }) }));
  const on = after(state, pending({ type: 'react', id: 1, emoji: '👍', on: true }, { type: 'react', id: 1, emoji: '🎉', on: true }));
  assert.deepEqual(entry(on, 1).message.reactions, [
    { emoji: '👍', users: [MEI, ME] },
    { emoji: '🎉', users: [ME] },
  ]);
  const both = after(on, heard({ type: 'message', room: 1, seq: 4, message: message(1, { reactions: [{ emoji: '👍', users: [MEI, ME] }] }) }));
  assert.deepEqual(entry(both, 1).message.reactions[0], { emoji: '👍', users: [MEI, ME] });
  const off = after(state, pending({ type: 'react', id: 1, emoji: '👍', on: false }));
  assert.deepEqual(entry(off, 1).message.reactions, [{ emoji: '👍', users: [MEI] }]);
});

test('a confirmed action stays until its change is in the window', () => {
  const doing = after(opened(3), pending({ type: 'edit', id: 1, body: 'new' }));
  const confirmed = after(doing, heard({ type: 'done', ref: 'd0', room: 1, seq: 4 }), pending());
  assert.equal(entry(confirmed, 1).message.body, 'new');
  assert.equal(confirmed.pendingActions.length, 1);
  const seen = after(confirmed, heard({ type: 'message', room: 1, seq: 4, message: message(1, { body: 'new', edited_at: 9 }) }));
  assert.deepEqual([entry(seen, 1).message.body, seen.pendingActions.length], ['new', 0]);
});

test('a notice is a line of its own, and one of a kind that nobody knows is none', () => {
  const state = after(opened(1), says(2, { body: '', event: { kind: 'added', user: ME } }), says(3, { body: '', event: { kind: 'of_next_year' } }), says(4));
  assert.deepEqual(
    entries(state).map((one) => one.kind),
    ['message', 'notice', 'message'],
  );
  const line = /** @type {any} */ (entries(state)[1]);
  assert.deepEqual([line.notice.kind, line.subject.id, line.author.id], ['added', ME, MEI]);
  assert.equal(entry(state, 4).start, true, 'what follows has a name above it');
});

test('an answer knows what it answers, in the window or beside it', () => {
  const state = after(opened(2), says(3, { reply_to: 1 }));
  assert.equal(entry(state, 3).quote.body, 'message 1');
  const beside = after(
    opened(0),
    heard({ type: 'room', room: { id: 1, head: 60 } }),
    asked('open'),
    page('open', [message(60, { reply_to: 5 })], { head: 60, more_before: true, quoted: [message(5)] }),
  );
  assert.equal(entry(beside, 60).quote.body, 'message 5');
});

test('who has read the last message is told, without its author and the reader', () => {
  const state = after(opened(3), {
    type: 'seen',
    room: 1,
    seen: [
      { user: 5, seq: 3 },
      { user: 6, seq: 2 },
      { user: MEI, seq: 3 },
      { user: ME, seq: 3 },
    ],
  });
  assert.equal(entry(state, 3).seenBy, null, 'not before their name is known');
  assert.deepEqual(
    select.effects(state).filter((effect) => effect.do === 'people'),
    [{ do: 'people', users: [5, 6] }],
  );
  const known = after(state, { type: 'people', people: [user(5), user(6)] });
  assert.deepEqual([entry(known, 3).seenBy, entry(known, 2).seenBy], [[5], null]);
  assert.deepEqual(entry(after(known, heard({ type: 'seen', room: 1, user: 6, seq: 3 })), 3).seenBy, [5, 6]);
});

test('a name in a message is asked for, and its message is drawn anew when it comes', () => {
  const state = after(opened(2), says(3, { body: '@kwame', mentions: { users: [7] } }));
  assert.ok(select.effects(state).some((effect) => effect.do === 'people' && effect.users.includes(7)));
  const known = after(state, { type: 'people', people: [user(7, 'Kwame Mensah')] });
  assert.notEqual(entry(state, 3).names, entry(known, 3).names);
});

test('whom the reader has blocked is folded, and what is kept is marked', () => {
  const state = after(opened(2), heard({ type: 'blocked', users: [MEI] }), heard({ type: 'saved', room: 1, id: 2, on: true }));
  assert.deepEqual([entry(state, 1).blocked, entry(state, 2).saved, entry(state, 1).saved], [true, true, false]);
});

test('who may do what to a message', () => {
  const state = after(opened(2), says(3, { author: ME }));
  const rights = (/** @type {any} */ m, s = state) => select.rights(s, m);
  assert.deepEqual(
    [rights(message(1)).edit, rights(message(1)).delete, rights(message(3, { author: ME })).edit, rights(message(3, { author: ME })).delete],
    [false, false, true, true],
  );
  const owner = after(state, heard({ type: 'room', room: { id: 1, role: 'owner' } }));
  assert.equal(rights(message(1), owner).delete, true);
  const archived = after(owner, heard({ type: 'room', room: { id: 1, archived: true } }));
  assert.deepEqual([rights(message(1), archived).act, rights(message(1), archived).delete], [false, false]);
  assert.equal(select.closed(archived)?.restore, true);
  assert.equal(select.lastOwn(state), 3);
});
