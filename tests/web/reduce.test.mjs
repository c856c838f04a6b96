// The reducer of frames: seqs, unread counts, presence, typing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TYPING_MS } from '../../web/js/state/reduce.js';
import { effects, isBehind } from '../../web/js/state/select.js';
import { initialState } from '../../web/js/state/state.js';
import { STAGED_FRAMES_MAX, WINDOW_MESSAGES_MAX } from '../../web/js/state/timeline.js';
import { after, asked, edits, heard, ids, line, lobby, ME, MEI, message, messages, opened, page, ready, says, synced, user } from './build.mjs';

const sync = { type: 'sync/asked', room: 1, since: 3 };
const offline = { type: 'connection', state: 'offline', retryAt: null };
const syncEffect = (/** @type {any} */ state) => effects(state).find((effect) => effect.do === 'sync');

test('messages that follow on are shown in order', () => {
  const state = after(opened(3), says(4), says(5));
  assert.deepEqual(ids(state), [1, 2, 3, 4, 5]);
  assert.equal(line(state).through, 5);
  assert.equal(syncEffect(state), undefined);
});

test('a message heard twice is there once', () => {
  const state = after(opened(3), says(4), says(4), says(2));
  assert.deepEqual(ids(state), [1, 2, 3, 4]);
  assert.equal(lobby(state).unread, 1);
});

test('a hole is not shown over: it is asked for', () => {
  const state = after(opened(3), says(6));
  assert.deepEqual(ids(state), [1, 2, 3]);
  assert.deepEqual(syncEffect(state), { do: 'sync', room: 1, since: 3 });
});

test('a sync fills the hole, and what came live meanwhile follows', () => {
  const state = after(opened(3), says(6), sync, says(4), says(5), says(6), says(7), synced(6));
  assert.deepEqual(ids(state), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(line(state).through, 7);
  assert.equal(syncEffect(state), undefined);
});

test('a sync in pieces is asked for until it reaches the head', () => {
  const piece = after(opened(3), says(9), sync, says(4), says(5), synced(5));
  assert.deepEqual(ids(piece), [1, 2, 3, 4, 5]);
  assert.deepEqual(syncEffect(piece), { do: 'sync', room: 1, since: 5 });
});

test('a sync skips numbers, because each message comes once in its last state', () => {
  const state = after(opened(3), { ...sync, since: 3 }, edits(7, 2, 'edited'), says(8), synced(8));
  assert.equal(line(state).messages[1].body, 'edited');
  assert.deepEqual(ids(state), [1, 2, 3, 8]);
  assert.equal(line(state).through, 8);
});

test('nothing is applied before a sync is complete', () => {
  const state = after(opened(3), sync, says(9));
  assert.deepEqual(ids(state), [1, 2, 3]);
  assert.deepEqual(ids(after(state, offline)), [1, 2, 3]);
  assert.equal(line(after(state, offline)).syncing, null);
});

test('an endless sync is not kept in memory', () => {
  let state = after(opened(3), sync);
  for (let seq = 4; seq < STAGED_FRAMES_MAX + 100; seq += 1) state = after(state, says(seq));
  assert.equal(line(state).staged.length, STAGED_FRAMES_MAX);
});

test('a changed message is changed in place, and its seq counts', () => {
  const state = after(opened(3), edits(4, 2, 'new words'), says(5));
  assert.deepEqual(ids(state), [1, 2, 3, 5]);
  assert.equal(line(state).messages[1].body, 'new words');
  assert.equal(lobby(state).unread, 1, 'only the post is unread');
});

test('a change of a message outside the window only counts', () => {
  const state = after(opened(100), edits(101, 3, 'long ago'));
  assert.equal(ids(state)[0], 51);
  assert.equal(line(state).through, 101);
});

test('reset: what is held stays on the screen until the latest page is there', () => {
  const state = after(opened(3), says(4), heard({ type: 'reset', room: 1, head: 500 }));
  assert.deepEqual(ids(state), [1, 2, 3, 4]);
  assert.deepEqual(effects(state), [{ do: 'open', room: 1, around: null }]);
  const read = after(state, asked('open'), page('open', messages(451, 500), { more_before: true }));
  assert.equal(ids(read)[0], 451);
  assert.equal(line(read).through, 500);
  assert.equal(line(read).opensAt, 'end');
});

test('coming back to the same history asks for what was missed', () => {
  const state = after(opened(3), offline, heard(ready({ head: 9, read: 3, unread: 6 })));
  assert.deepEqual(ids(state), [1, 2, 3]);
  assert.deepEqual(syncEffect(state), { do: 'sync', room: 1, since: 3 });
});

test('a room is behind from the moment that it is known until the last of it is there', () => {
  const away = after(opened(3), offline);
  const back = after(away, heard(ready({ head: 5, read: 3, unread: 2 })));
  const asking = after(back, sync);
  const story = [opened(3), away, back, asking, after(asking, says(4)), after(asking, says(4), says(5), synced(5))];
  assert.deepEqual(story.map(isBehind), [false, false, true, true, true, false]);
});

test('coming back when nothing was missed asks for nothing', () => {
  const state = after(opened(3), { type: 'pins', room: 1, ids: [2] }, offline, heard(ready({ head: 3, read: 3 })));
  assert.deepEqual(effects(state), []);
});

test('another epoch is another history: all is dropped', () => {
  const state = after(opened(3), heard(ready({ head: 9, read: 3 }, { epoch: 'restored' })));
  assert.deepEqual(line(state).messages, []);
  assert.equal(effects(state)[0]?.do, 'open');
});

test('a head below ours is another history too', () => {
  const state = after(opened(9), heard(ready({ head: 5, read: 5 })));
  assert.deepEqual(line(state).messages, []);
  assert.equal(lobby(state).head, 5);
});

test('the outbox outlives another epoch', () => {
  const pending = [{ client_id: 'a', room: 1, body: 'x', created_at: 1, state: 'waiting' }];
  const state = after(opened(3), { type: 'outbox', items: pending }, heard(ready({}, { epoch: 'restored' })));
  assert.equal(state.pending.length, 1);
});

test('live frames while the first page is read are caught up with', () => {
  const state = after(initialState(), heard(ready({ head: 3, read: 3 })), asked('open'), says(4), page('open', messages(1, 3)));
  assert.deepEqual(ids(state), [1, 2, 3]);
  assert.deepEqual(syncEffect(state), { do: 'sync', room: 1, since: 3 });
});

test('an older page goes in front; one older than the live state is mended by a sync', () => {
  const state = after(opened(100), says(101), asked('before', 51), page('before', messages(1, 50), { head: 100 }));
  assert.equal(ids(state)[0], 1);
  assert.equal(ids(state).length, 101);
  assert.deepEqual(syncEffect(state), { do: 'sync', room: 1, since: 100 });
});

test('a page for a window that is no longer there is dropped', () => {
  const state = after(opened(100), asked('before', 51), { type: 'page/read', room: 1, kind: 'after', page: page('after', messages(1, 2)).page });
  assert.equal(ids(state)[0], 51);
  assert.equal(line(after(opened(100), asked('before', 7), page('before', messages(1, 6)))).messages[0].id, 51);
});

test('the window is bounded, whichever way it grows', () => {
  let state = opened(1000);
  for (let first = 951; first > 400; first -= 50)
    state = after(state, asked('before', first), page('before', messages(first - 50, first - 1), { head: 1000, more_before: true }));
  assert.equal(ids(state).length, WINDOW_MESSAGES_MAX);
  assert.ok(line(state).moreAfter);
  assert.equal(ids(state)[0], 351);
  const last = ids(state).at(-1);
  state = after(state, asked('after', last), page('after', messages(last + 1, last + 50), { head: 1000, more_after: true }));
  assert.equal(ids(state).length, WINDOW_MESSAGES_MAX);
  assert.equal(ids(state).at(-1), last + 50);
  assert.ok(line(state).moreBefore);
});

test('at the end, new messages push old ones out', () => {
  let state = opened(50);
  for (let seq = 51; seq <= 500; seq += 1) state = after(state, says(seq));
  assert.equal(ids(state).length, WINDOW_MESSAGES_MAX);
  assert.equal(ids(state).at(-1), 500);
  assert.ok(line(state).moreBefore);
});

test('who reads further up keeps what they read', () => {
  let state = after(opened(50), { type: 'view', following: false });
  for (let seq = 51; seq <= 500; seq += 1) state = after(state, says(seq));
  assert.equal(ids(state)[0], 1);
  assert.equal(ids(state).length, WINDOW_MESSAGES_MAX);
  assert.ok(line(state).moreAfter);
  assert.equal(line(state).through, 500);
});

test('unread counts what others post, once', () => {
  const state = after(opened(3), says(4), says(4), says(5, { author: ME }), edits(6, 2, 'x'), says(7));
  assert.equal(lobby(state).unread, 2);
  assert.equal(lobby(state).head, 7);
});

test('unread of the server already counts what a sync brings', () => {
  const state = after(opened(3), offline, heard(ready({ head: 5, read: 3, unread: 2 })), sync, says(4), says(5), synced(5));
  assert.equal(lobby(state).unread, 2);
});

test('what one posts, one has read; with something unread before it, it waits with that', () => {
  const own = after(opened(3), says(4, { author: ME }));
  assert.deepEqual([lobby(own).read, lobby(own).unread], [4, 0]);
  const behind = after(opened(3), says(4), says(5, { author: ME }));
  assert.deepEqual([lobby(behind).read, lobby(behind).unread], [3, 1]);
});

test('trouble comes with the first frame or later, and goes with a frame or with another connection', () => {
  const server = { name: 'Chapp', version: '0.1.0', id: 'f1' };
  const met = after(opened(0), heard(ready({}, { server: { ...server, trouble: 'file_damaged' } })));
  assert.equal(met.server.trouble, 'file_damaged');
  const told = after(opened(0), heard({ type: 'trouble', what: 'disk_full' }));
  assert.equal(told.server.trouble, 'disk_full');
  assert.equal(told.server.name, 'Chapp');
  assert.equal(after(told, heard({ type: 'trouble', what: null })).server.trouble, null);
  assert.equal(after(told, heard({ type: 'server', server: { name: 'Mill', door: 'anyone' } })).server.trouble, 'disk_full');
  assert.equal(after(told, heard(ready())).server.trouble, undefined);
});

test('read elsewhere is read here, in the numbers of the server, and it may go back', () => {
  const read = (/** @type {number} */ seq, /** @type {number} */ unread, /** @type {number} */ mentions = 0) =>
    heard({ type: 'read', room: 1, seq, unread, mentions });
  const state = after(opened(3), says(4), says(5, { mentions: { users: [ME] } }), says(6));
  assert.deepEqual([lobby(state).unread, lobby(state).mentions], [3, 1]);
  assert.deepEqual([lobby(after(state, read(5, 1))).unread, lobby(after(state, read(5, 1))).mentions], [1, 0]);
  assert.equal(lobby(after(state, read(6, 0))).unread, 0);
  const back = after(state, read(6, 0), read(3, 3, 1));
  assert.deepEqual([lobby(back).read, lobby(back).unread, lobby(back).mentions, line(back).newline], [3, 3, 1, 3]);
});

test('the answer to a mark of one’s own says from where a room is unread, that to reading does not', () => {
  const answer = (/** @type {string} */ ref) => heard({ type: 'read', ref, room: 1, seq: 3, unread: 1, mentions: 0 });
  const read = after(opened(3), says(4), heard({ type: 'read', room: 1, seq: 4, unread: 0, mentions: 0 }));
  /** @type {any} */
  const marks = { type: 'pendingActions', actions: [{ ref: 'd:1', command: { type: 'unread', room: 1, id: 4 } }] };
  assert.equal(line(after(read, marks, answer('d:1'))).newline, 3);
  assert.notEqual(line(after(read, marks, answer('another'))).newline, 3);
});

test('numbers that were counted before a message that we have counted are not taken', () => {
  const state = after(opened(3), says(4), says(5));
  const mark = (/** @type {number} */ head) => heard({ type: 'read', room: 1, seq: 4, unread: head - 4, mentions: 0, head });
  assert.equal(after(state, mark(4)), state);
  const read = after(state, mark(5), says(6));
  assert.deepEqual([lobby(read).read, lobby(read).unread], [4, 2]);
  // Messages that the counts include are not counted again.
  const ahead = after(state, mark(6), says(6));
  assert.deepEqual([lobby(ahead).read, lobby(ahead).unread], [4, 2]);
});

test('read marks are sent only from somebody who sees the end', () => {
  const state = after(opened(3), says(4));
  const wanted = (/** @type {any} */ s) => effects(s).some((effect) => effect.do === 'read');
  assert.ok(wanted(state));
  assert.ok(!wanted(after(state, { type: 'view', attentive: false })));
  assert.ok(!wanted(after(state, { type: 'view', following: false })));
  assert.ok(!wanted(after(state, { type: 'read/sent', room: 1, seq: 4 })));
  assert.ok(!wanted(after(state, offline)));
});

test('the New messages line is placed at opening and cleared on request', () => {
  const state = after(initialState(), heard(ready({ head: 9, read: 5, unread: 4 })));
  assert.equal(line(state).newline, 5);
  assert.equal(line(after(state, { type: 'newline/clear', room: 1 })).newline, null);
  assert.equal(line(after(initialState(), heard(ready({ head: 9, read: 9 })))).newline, null);
});

test('what comes while nobody looks starts below a line', () => {
  const away = after(opened(3), { type: 'view', attentive: false });
  assert.equal(line(after(away, says(4), says(5))).newline, 3);
  assert.equal(line(after(opened(3), says(4))).newline, null);
  assert.equal(line(after(away, says(4, { author: ME }))).newline, null);
});

test('opening far behind starts where reading stopped', () => {
  const open = (/** @type {object} */ room) => effects(after(initialState(), heard(ready(room))))[0];
  assert.deepEqual(open({ head: 900, read: 100, unread: 800 }), { do: 'open', room: 1, around: 100 });
  assert.deepEqual(open({ head: 900, read: 895, unread: 5 }), { do: 'open', room: 1, around: null });
  assert.deepEqual(open({ head: 900, read: 0, unread: 900 }), { do: 'open', room: 1, around: 1 }, 'joined when nothing had been said');
});

test('a page that failed is not asked for again by itself, until we come back', () => {
  const state = after(initialState(), heard(ready({ head: 3 })), asked('open'), { type: 'page/failed', room: 1, kind: 'open', title: 'No.' });
  assert.deepEqual(effects(state), []);
  assert.equal(effects(after(state, { type: 'page/retry', room: 1 }))[0]?.do, 'open');
  assert.equal(effects(after(state, offline, heard(ready({ head: 3 }))))[0]?.do, 'open');
});

test('who is unknown is asked for once', () => {
  const state = after(opened(3), says(4, { author: 77 }));
  assert.deepEqual(
    effects(state).find((effect) => effect.do === 'people'),
    { do: 'people', users: [77] },
  );
  const asking = after(state, { type: 'people/asked', users: [77] });
  assert.equal(
    effects(asking).find((effect) => effect.do === 'people'),
    undefined,
  );
  assert.equal(after(asking, { type: 'people', people: [user(77, 'Ines')] }).people[77].name, 'Ines');
});

test('presence comes and goes', () => {
  const presence = (/** @type {string} */ state) => heard({ type: 'presence', user: 3, state });
  const state = after(opened(0), heard({ type: 'person', user: user(3) }), presence('online'));
  assert.equal(state.presence[3], 'online');
  assert.equal(after(state, presence('away')).presence[3], 'away');
  assert.equal(after(state, presence('offline')).presence[3], undefined);
});

test('typing ends with silence, with a message, and with the connection', () => {
  const typing = heard({ type: 'typing', room: 1, user: MEI }, 1000);
  const state = after(opened(3), typing);
  assert.deepEqual(Object.keys(state.typing[1] ?? {}), [String(MEI)]);
  assert.deepEqual(after(state, { type: 'tick', at: 1000 + TYPING_MS }).typing[1], {});
  assert.deepEqual(after(state, says(4)).typing[1], {});
  assert.deepEqual(after(state, offline).typing, {});
  assert.deepEqual(after(opened(3), heard({ type: 'typing', room: 1, user: ME })).typing, {});
});

test('a posted message stays on the screen until its own frame is there, in either order', () => {
  const item = { client_id: 'a', room: 1, body: 'x', created_at: 1, state: 'sending' };
  const posted = heard({ type: 'posted', client_id: 'a', room: 1, seq: 4 });
  const mine = says(4, { author: ME, client_id: 'a' });
  const sent = after(opened(3), { type: 'outbox', items: [item] });
  const first = after(sent, posted, { type: 'outbox', items: [] });
  assert.equal(first.landed.length, 1);
  assert.equal(after(first, mine).landed.length, 0);
  assert.equal(after(sent, mine, posted).landed.length, 0);
  assert.deepEqual(ids(after(first, mine)), [1, 2, 3, 4]);
});

test('what is not understood changes nothing', () => {
  const state = opened(3);
  assert.equal(after(state, heard({ type: 'pong' })), state);
  assert.equal(after(state, heard({ type: 'message', room: 9, seq: 1, message: message(1) })), state);
});
