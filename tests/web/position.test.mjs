// The reader's position in each room, and the edit or reply in progress.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TIMELINES_MAX } from '../../web/js/state/opening.js';
import { HERE_MENTIONS_MAX, reduce } from '../../web/js/state/reduce.js';
import * as select from '../../web/js/state/select.js';
import { after, asked, heard, ids, line, ME, message, messages, opened, page, says, synced } from './build.mjs';

const second = { id: 2, kind: 'private', name: 'plans', topic: '', head: 4, read: 4, unread: 0, member_count: 2, role: 'owner' };
const two = (/** @type {number} */ head) => after(opened(head), heard({ type: 'room', room: second }));
/** @param {number} room @param {object} [more] */
const open = (room, more = {}) => ({ type: 'open', room, at: 7, ...more });
const spot = { id: 60, offset: -12 };
const openEffect = (/** @type {any} */ state) => select.effects(state).find((effect) => effect.do === 'open');

test('a room is found again where it was left, without being read anew', () => {
  const back = after(two(100), open(2, { spot }), open(1));
  assert.deepEqual([line(back).opensAt, line(back).spot, line(back).phase, back.view.following], ['spot', spot, 'ready', false]);
  assert.equal(ids(back).length, 50);
  const settled = after(back, { type: 'settled', room: 1 });
  assert.equal(line(settled).opensAt, 'end');
});

test('a room that was left at its end opens there', () => {
  const back = after(two(100), open(2, { spot: null }), open(1));
  assert.deepEqual([line(back).opensAt, back.view.following], ['end', true]);
});

test('where something has come meanwhile, the room opens at the line', () => {
  const back = after(two(100), open(2, { spot }), says(101), open(1));
  assert.deepEqual([line(back).opensAt, line(back).newline, back.view.following], ['newline', 100, true]);
});

test('a place that the window has lost meanwhile is read again', () => {
  // One's own message from elsewhere is not new, but still moves the window.
  const away = after(two(100), open(2, { spot }));
  const own = Array.from({ length: 300 }, (_, i) => says(101 + i, { author: ME }));
  const back = after(away, ...own, open(1));
  assert.equal(
    ids(back).some((/** @type {number} */ id) => id === spot.id),
    false,
  );
  assert.deepEqual([line(back).phase, line(back).opensAt], ['stale', 'spot']);
  assert.deepEqual(openEffect(back), { do: 'open', room: 1, around: spot.id });
  const read = after(back, asked('open'), page('open', messages(40, 90), { head: 400, more_before: true, more_after: true }));
  assert.deepEqual([line(read).phase, line(read).opensAt, line(read).spot], ['ready', 'spot', spot]);
});

test('a window further up is kept for whoever comes back to it', () => {
  const up = after(two(300), asked('open'), page('open', messages(40, 90), { head: 300, more_before: true, more_after: true }));
  const back = after(up, open(2, { spot }), open(1));
  assert.deepEqual([line(back).phase, line(back).opensAt, ids(back)[0]], ['ready', 'spot', 40]);
});

test('a link to a message is stronger than the place', () => {
  const back = after(two(100), open(2, { spot }), open(1, { id: 90 }));
  assert.equal(line(back).opensAt, 'end');
  assert.deepEqual(back.view.target, { room: 1, id: 90, at: 7 });
});

test('places are forgotten with the messages of the rooms that were not opened for long', () => {
  let state = after(two(100), open(2, { spot }));
  for (let id = 3; id < TIMELINES_MAX + 4; id += 1) {
    state = after(state, heard({ type: 'room', room: { ...second, id } }), open(id));
    state = reduce(state, { type: 'page/asked', room: id, kind: 'open', at: 0 });
    state = reduce(state, { type: 'page/read', room: id, kind: 'open', page: { messages: messages(1, 4), head: 4, more_before: false, more_after: false } });
  }
  const back = after(state, open(1));
  assert.deepEqual([line(back).phase, line(back).spot, back.view.following], ['empty', null, true]);
});

test('what is being edited waits in its room, with its words', () => {
  const editing = after(
    two(5),
    { type: 'edit', room: 1, edit: { id: 5, from: 'composer' } },
    { type: 'edit', room: 1, edit: { id: 5, from: 'composer', body: 'half' } },
  );
  assert.equal(editing.view.editing, 5);
  const away = after(editing, open(2));
  assert.equal(away.view.editing, null);
  const back = after(away, open(1));
  assert.deepEqual([back.view.editing, back.view.edits[1]], [5, { id: 5, from: 'composer', body: 'half' }]);
  const done = after(back, { type: 'edit', room: 1, edit: null });
  assert.deepEqual([done.view.editing, done.view.edits], [null, {}]);
});

/** Whether message `id` is washed as meant for the reader. @param {any} state @param {number} id */
const washed = (state, id) =>
  select
    .days(state, () => '2026-10-14')
    .flatMap(({ entries }) => entries)
    .some((entry) => entry.kind === 'message' && entry.id === id && entry.forMe);

test('only a call to everybody here that found the reader here was meant for them', () => {
  const here = { mentions: { here: true } };
  const live = after(opened(3), says(4, here));
  assert.ok(washed(live, 4));
  // From the history or a sync: this does not count as presence.
  const read = after(opened(3), asked('open'), page('open', [message(4, here)], { head: 4 }));
  assert.ok(!washed(read, 4));
  const missed = after(opened(3), heard({ type: 'room', room: { id: 1, head: 4 } }), { type: 'sync/asked', room: 1, since: 3 }, says(4, here), synced(4));
  assert.ok(!washed(missed, 4));
  for (const mentions of [{ room: true }, { users: [ME] }]) assert.ok(washed(after(opened(3), asked('open'), page('open', [message(4, { mentions })])), 4));
});

test('calls that are remembered have an end', () => {
  const state = after(opened(0), ...Array.from({ length: HERE_MENTIONS_MAX + 5 }, (_, i) => says(i + 1, { mentions: { here: true } })));
  assert.deepEqual([state.hereMentions.length, state.hereMentions.at(-1)], [HERE_MENTIONS_MAX, `1:${HERE_MENTIONS_MAX + 5}`]);
});
