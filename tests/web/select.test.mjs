// Selectors: days, groups, the unread line, the states of one's own messages.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as select from '../../web/js/state/select.js';
import { initialState } from '../../web/js/state/state.js';
import { after, asked, heard, ME, MEI, message, opened, page, ready, says, user } from './build.mjs';

const DAY = 86_400_000;
const dayKey = (/** @type {number} */ at) => String(Math.floor(at / DAY)).padStart(6, '0');
const days = (/** @type {any} */ state) => select.days(state, dayKey);
const entries = (/** @type {any} */ state) => days(state).flatMap((day) => day.entries);
/** @param {any[]} list @param {object} [room] */
const holding = (list, room = {}) =>
  after(initialState(), heard(ready({ head: list.at(-1)?.id ?? 0, read: 1000, ...room })), asked('open'), page('open', list));
const pending = (/** @type {object[]} */ ...items) => ({
  type: 'outbox',
  items: items.map((item, i) => ({ client_id: `p${i}`, room: 1, body: 'x', created_at: 2_000_000, state: 'waiting', ...item })),
});

test('the same author within five minutes is one group', () => {
  const at = 10 * DAY;
  const state = holding([
    message(1, { sent_at: at }),
    message(2, { sent_at: at + 299_999 }),
    message(3, { sent_at: at + 300_000, author: ME }),
    message(4, { sent_at: at + 300_001 }),
    message(5, { sent_at: at + 300_001 + select.GROUP_MS }),
  ]);
  assert.deepEqual(
    entries(state).map((e) => e.kind === 'message' && e.start),
    [true, false, true, true, true],
  );
});

test('a new day is a new section and a new group', () => {
  const state = holding([message(1, { sent_at: 10 * DAY - 1 }), message(2, { sent_at: 10 * DAY })]);
  assert.deepEqual(
    days(state).map((day) => day.key),
    ['000009', '000010'],
  );
  assert.deepEqual(
    entries(state).map((e) => e.kind === 'message' && e.start),
    [true, true],
  );
});

test('a message that waits since yesterday still comes last, under today', () => {
  const state = after(holding([message(1, { sent_at: 10 * DAY })]), pending({ created_at: 9 * DAY }));
  assert.deepEqual(
    days(state).map((day) => [day.key, day.entries.length]),
    [['000010', 2]],
  );
});

test('the New messages line stands above the first unread message of somebody else', () => {
  const list = [message(1), message(2, { author: ME }), message(3), message(4)];
  const state = holding(list, { read: 1, unread: 2 });
  assert.deepEqual(
    entries(state).map((e) => e.key),
    ['m1', 'm2', 'newline', 'm3', 'm4'],
  );
  assert.equal(entries(state).at(-2)?.kind === 'message' && /** @type {any} */ (entries(state).at(-2)).start, true);
});

test('there is no line when all that is new is one’s own, or when it lies further up', () => {
  assert.ok(!entries(holding([message(1), message(2, { author: ME })], { read: 1, unread: 1 })).some((e) => e.kind === 'newline'));
  const state = after(
    initialState(),
    heard(ready({ head: 90, read: 3, unread: 87 })),
    asked('open'),
    page('open', [message(80), message(90)], { more_before: true }),
  );
  assert.ok(!entries(state).some((e) => e.kind === 'newline'));
});

test('one’s own message keeps its key from the first moment to the last', () => {
  const before = after(holding([message(1)]), pending({ client_id: 'a' }));
  const later = after(before, says(2, { author: ME, client_id: 'a' }));
  assert.equal(entries(before).at(-1)?.key, 'ca');
  assert.deepEqual(
    entries(later).map((e) => e.key),
    ['m1', 'ca'],
  );
});

test('a client_id of somebody else hides nothing of ours', () => {
  const state = after(holding([message(1, { client_id: 'a' })]), pending({ client_id: 'a' }));
  assert.deepEqual(
    entries(state).map((e) => e.key),
    ['m1', 'ca'],
  );
});

test('the journey is told: sending, waiting for the connection, failed', () => {
  const state = after(holding([message(1)]), pending({ state: 'sending' }, {}, { state: 'failed', reason: 'no' }));
  const states = (/** @type {any} */ s) =>
    entries(s)
      .slice(1)
      .map((e) => e.kind === 'message' && e.state);
  assert.deepEqual(states(state), ['sending', 'sending', 'failed']);
  assert.deepEqual(states(after(state, { type: 'connection', state: 'offline', retryAt: 1 })), ['queued', 'queued', 'failed']);
});

test('what was not posted says why, and offers another try where that helps', () => {
  const items = [
    { reason: 'the disk is full', retrying: true },
    { reason: 'an earlier message goes first' },
    { state: 'failed', reason: 'the disk is full', retrying: true },
  ];
  const state = after(holding([message(1)]), pending(...items, { state: 'failed', reason: 'no' }, {}));
  const told = (/** @type {any} */ s) =>
    entries(s)
      .slice(1)
      .map((e) => e.kind === 'message' && [e.state, e.words, e.retry]);
  assert.deepEqual(told(state), [
    ['queued', 'Waiting: the disk is full', true],
    ['queued', 'Waiting: an earlier message goes first', false],
    ['failed', 'Not sent yet: the disk is full.', true],
    ['failed', 'Not sent: no.', true],
    ['sending', '', false],
  ]);
  assert.deepEqual(told(after(state, { type: 'connection', state: 'offline', retryAt: 1 })).at(-1), ['queued', 'Waiting for the connection', false]);
});

test('the address to hand on is one that others can reach', () => {
  const at = (/** @type {string[] | undefined} */ addresses) =>
    after(initialState(), heard(ready({}, { server: { name: 'Chapp', version: '1', id: 'f1', ...(addresses ? { addresses } : {}) } })));
  const here = { host: 'localhost:4280', origin: 'http://localhost:4280', alone: true };
  const stays = { address: 'localhost:4280', url: 'http://localhost:4280', alone: true };
  assert.deepEqual(select.invitation(at(undefined), here), stays);
  assert.deepEqual(select.invitation(at([]), here), stays);
  assert.deepEqual(select.invitation(at(['192.168.1.20:4280', '10.0.0.1:4280']), here), {
    address: '192.168.1.20:4280',
    url: 'http://192.168.1.20:4280',
    alone: false,
  });
  const named = { host: 'chat.example', origin: 'https://chat.example', alone: false };
  assert.deepEqual(select.invitation(at(['192.168.1.20:4280']), named), { address: 'chat.example', url: 'https://chat.example', alone: false });
});

test('on a phone’s list, where no strip is, trouble is said under one’s name', () => {
  const state = after(opened(0), heard({ type: 'trouble', what: 'disk_full' }));
  assert.equal(select.standing(state), 'Server trouble');
  assert.equal(select.standing(after(state, heard({ type: 'trouble', what: null }))), 'Online');
});

test('logging out is said under one’s name, and so is what went wrong with it', () => {
  const state = opened(0);
  assert.equal(select.standing(state), 'Online');
  const leaving = after(state, { type: 'leaving', busy: true, words: 'Logging out…' });
  assert.equal(select.standing(leaving), 'Logging out…');
  assert.ok(leaving.leaving.busy);
  assert.equal(select.standing(after(leaving, { type: 'leaving', busy: false, words: 'No answer.' })), 'No answer.');
  assert.equal(select.standing(after(leaving, { type: 'leaving', busy: false, words: '' })), 'Online');
});

test('somebody who could not be looked up is asked for again', () => {
  const state = holding([message(1, { author: 77 })]);
  const wanted = (/** @type {any} */ s) => select.effects(s).some((effect) => effect.do === 'people');
  assert.ok(wanted(state));
  const once = after(state, { type: 'people/asked', users: [77] });
  assert.ok(!wanted(once));
  assert.ok(wanted(after(once, { type: 'people/failed', users: [77] })));
});

test('messages on their way are not shown in the middle of the history', () => {
  const state = after(
    initialState(),
    heard(ready({ head: 900, read: 100, unread: 800 })),
    asked('open', 100),
    page('open', [message(99), message(100)], { head: 900, more_after: true }),
    pending({}),
  );
  assert.deepEqual(
    entries(state).map((e) => e.key),
    ['m99', 'm100'],
  );
});

test('what stands in the list’s place', () => {
  const start = after(initialState(), heard(ready()));
  assert.equal(select.surface(initialState()), 'loading');
  assert.equal(select.surface(start), 'loading');
  assert.equal(select.surface(after(start, asked('open'), page('open', []))), 'empty');
  assert.equal(select.surface(after(start, asked('open'), { type: 'page/failed', room: 1, kind: 'open', title: 'No.' })), 'trouble');
  assert.equal(select.surface(after(start, pending({}))), 'list');
  assert.equal(select.surface(opened(3)), 'list');
});

test('an end of the list says what it is doing', () => {
  const line = (/** @type {any} */ state) => /** @type {any} */ (select.currentTimeline(state));
  assert.equal(select.edge(line(opened(3)), 'before'), null);
  assert.deepEqual(select.edge(line(opened(100)), 'before'), { words: '', again: false });
  assert.equal(select.edge(line(after(opened(100), asked('before', 51))), 'before')?.words, 'Loading earlier messages');
  assert.equal(
    select.edge(line(after(opened(100), asked('before', 51), { type: 'page/failed', room: 1, kind: 'before', title: 'No.' })), 'before')?.again,
    true,
  );
});

test('who is here, by name, with oneself among them', () => {
  const state = after(opened(0), heard({ type: 'person', user: user(3, 'Amara') }), heard({ type: 'presence', user: 3, state: 'away' }));
  assert.deepEqual(
    select.hereNow(state).map((one) => [one.user.name, one.away, one.you]),
    [
      ['Amara', true, false],
      ['Mei Tanaka', false, false],
      ['Robin Ashdown', false, true],
    ],
  );
});

test('the room’s line shows who said what last', () => {
  assert.equal(select.preview(opened(0), 1), null);
  assert.deepEqual(select.preview(after(opened(3), says(4, { body: 'Hello' })), 1), { who: 'Mei', text: 'Hello', at: 1_004_000 });
  assert.equal(select.preview(after(opened(3), says(4, { author: ME })), 1)?.who, 'You');
});

test('the keyboard starts at the last message that was read', () => {
  const state = holding([message(1), message(2), message(3)], { read: 2, unread: 1 });
  assert.equal(select.startingPoint(select.currentTimeline(state)), 2);
  assert.equal(select.startingPoint(select.currentTimeline(opened(3))), null);
});

test('typing names people in the order they were heard', () => {
  const state = after(opened(0), heard({ type: 'typing', room: 1, user: MEI }));
  assert.deepEqual(select.typingNames(state), ['Mei Tanaka']);
});

test('the link to hand on is one that lets somebody in, or none', () => {
  const now = 1000;
  const invite = { path: '/join#k7q2-wren-h5xd-m8tf', ends_at: 1001 };
  const over = { ...invite, ends_at: 1000 };
  const link = (/** @type {string | undefined} */ door, /** @type {any} */ by) =>
    select.linkToHandOn(after(opened(1), { type: 'frame', frame: { type: 'server', server: { name: 'Millrace', door } }, at: 1 }), 'http://a', by, now);
  assert.equal(link('anyone', invite), 'http://a/join#k7q2-wren-h5xd-m8tf');
  assert.equal(link('anyone', over), 'http://a/signup');
  assert.equal(link('anyone', undefined), 'http://a/signup');
  assert.equal(link('invite', invite), 'http://a/join#k7q2-wren-h5xd-m8tf');
  assert.equal(link('invite', over), null);
  assert.equal(link('invite', undefined), null);
  assert.equal(link('nobody', invite), null);
});

test('while the page of the server is before the reader, the room behind it is neither current nor read', () => {
  const unread = after(opened(3), says(4));
  assert.ok(select.effects(unread).some((effect) => effect.do === 'read'));
  const away = after(unread, { type: 'view', page: 'server' });
  assert.ok(!select.effects(away).some((effect) => effect.do === 'read'));
  assert.ok(select.roomList(away).every(({ rows }) => rows.every(({ current }) => !current)));
  const back = after(away, { type: 'open', room: 1, at: 5 });
  assert.ok(select.effects(back).some((effect) => effect.do === 'read'));
});

test('another name of the server is shown without a new connection, and an admin looks after it', () => {
  const renamed = after(opened(1), { type: 'frame', frame: { type: 'server', server: { name: 'Millrace', door: 'invite' } }, at: 1 });
  assert.deepEqual([renamed.server?.name, renamed.server?.door, renamed.server?.id], ['Millrace', 'invite', 'f1']);
  assert.equal(select.looksAfter(renamed), false);
  const admin = after(renamed, { type: 'frame', frame: { type: 'person', user: { ...user(ME), role: 'admin' } }, at: 1 });
  assert.equal(select.looksAfter(admin), true);
});
