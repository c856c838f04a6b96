// The outbox when the server refuses a message, is busy, disconnects or does not answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_ANSWER_REASON } from '../../web/js/net/outbox.js';
import { browser, error } from './outboxes.mjs';

test('too fast: it waits as long as it is told, still sending', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.add(1, 'two');
  assert.ok(tab.outbox.refused(error(id, 'too_many_requests', { retry_after_ms: 3000 })));
  clock.pass(2999);
  assert.equal(tab.sent.length, 1);
  assert.deepEqual(tab.states(), ['waiting', 'waiting']);
  clock.pass(1);
  assert.deepEqual(tab.bodies(), ['one', 'one']);
});

test('being too fast is never a failure, however often', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  for (let i = 0; i < 50; i += 1) {
    tab.outbox.refused(error(id, 'too_many_requests', { retry_after_ms: 100 }));
    clock.pass(100);
  }
  assert.equal(tab.sent.length, 51);
});

test('a server with a lot to do is asked again after the time that it said, and then it is sent', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.add(1, 'two');
  assert.ok(tab.outbox.refused(error(id, 'unavailable', { retry_after_ms: 3000 })));
  clock.pass(2999);
  assert.equal(tab.sent.length, 1, 'not before');
  assert.deepEqual(tab.states(), ['waiting', 'waiting'], 'both are kept');
  clock.pass(1001);
  assert.deepEqual(tab.bodies(), ['one', 'one'], 'the same again, and nothing overtakes it');
  tab.outbox.end(id);
  assert.deepEqual(tab.bodies(), ['one', 'one', 'two']);
});

const PASSING = ['storage_full', 'unavailable', 'internal'];

test('what may pass is tried without end, with growing pauses, and nothing overtakes it', () => {
  for (const code of PASSING) {
    const { open, clock } = browser();
    const tab = open();
    tab.outbox.connected();
    const id = tab.outbox.add(1, 'one');
    tab.outbox.add(1, 'two');
    const pauses = [1000, 2000, 4000, 8000, ...Array(20).fill(15_000)];
    for (const [i, pause] of pauses.entries()) {
      assert.equal(tab.sent.length, i + 1);
      tab.outbox.refused(error(id, code));
      clock.pass(pause - 1);
      assert.equal(tab.sent.length, i + 1);
      clock.pass(1);
    }
    tab.outbox.end(id);
    assert.deepEqual([...new Set(tab.bodies())], ['one', 'two']);
    assert.deepEqual(tab.states(), ['sending']);
  }
});

test('what is refused for now says why it waits, and after a while that it is not sent', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.add(1, 'two');
  const refuse = () => tab.outbox.refused(error(id, 'storage_full'));
  refuse();
  assert.deepEqual(
    tab.shown.map(({ state, reason, retrying }) => [state, reason, retrying]),
    [
      ['waiting', 'the disk is full', true],
      ['waiting', 'an earlier message goes first', undefined],
    ],
  );
  for (let i = 0; i < 4; i += 1) {
    clock.pass(15_000);
    assert.equal(tab.shown[0].state, 'failed', 'also while it is tried again');
    refuse();
  }
  tab.outbox.end(id);
  assert.deepEqual(tab.states(), ['sending']);
});

test('the reload of a full disk’s message goes on trying', () => {
  const { open, clock } = browser();
  const tab = open({ tab: 'same' });
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.refused(error(id, 'storage_full'));
  clock.pass(60_000);
  tab.kill();
  const after = open({ tab: 'same' });
  after.outbox.connected();
  assert.deepEqual(after.bodies(), ['one']);
});

test('once the server saves messages again, what waited goes out at once', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.add(1, 'two');
  for (let i = 0; i < 6; i += 1) {
    tab.outbox.refused(error(id, 'unavailable'));
    clock.pass(15_000);
  }
  tab.outbox.refused(error(id, 'unavailable'));
  const tries = tab.sent.length;
  tab.outbox.resume();
  assert.deepEqual([tab.sent.length, tab.bodies().at(-1)], [tries + 1, 'one']);
  tab.outbox.resume();
  assert.equal(tab.sent.length, tries + 1, 'not twice');
  tab.outbox.end(id);
  assert.equal(tab.bodies().at(-1), 'two');
});

test('try again does not wait for the pause, and delete lets the next one go', () => {
  const { open } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.add(1, 'two');
  tab.outbox.refused(error(id, 'storage_full'));
  tab.outbox.retry(id);
  assert.deepEqual(tab.bodies(), ['one', 'one']);
  tab.outbox.refused(error(id, 'storage_full'));
  tab.outbox.end(id);
  assert.deepEqual(tab.bodies(), ['one', 'one', 'two']);
});

test('what the server hangs up on is refused, and the next one goes', () => {
  for (const code of [4400, 1007, 1009]) {
    const tab = browser().open();
    tab.outbox.connected();
    tab.outbox.add(1, 'one');
    tab.outbox.add(1, 'two');
    tab.outbox.disconnected(code);
    assert.deepEqual(tab.states(), ['failed', 'waiting']);
    assert.ok(tab.shown[0].reason);
    tab.outbox.connected();
    assert.deepEqual(tab.bodies(), ['one', 'two']);
  }
});

test('a hang-up while nothing is in flight refuses nothing', () => {
  const tab = browser().open();
  tab.outbox.add(1, 'one');
  tab.outbox.disconnected(4400);
  assert.deepEqual(tab.states(), ['waiting']);
});

test('what can never be right fails at once, and the next one goes', () => {
  for (const code of ['invalid', 'bad_request', 'forbidden', 'not_found', 'of_next_year']) {
    const tab = browser().open();
    tab.outbox.connected();
    const id = tab.outbox.add(1, 'one');
    tab.outbox.add(1, 'two');
    tab.outbox.refused(error(id, code));
    assert.deepEqual(tab.states(), ['failed', 'sending']);
    assert.deepEqual(tab.bodies(), ['one', 'two']);
  }
});

test('try again sends it again under the same client_id; delete forgets it', () => {
  const { open, storage } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.refused(error(id, 'invalid'));
  tab.outbox.retry(id);
  assert.deepEqual(tab.sent[0], tab.sent[1]);
  tab.outbox.refused(error(id, 'invalid'));
  tab.outbox.end(id);
  assert.deepEqual(tab.shown, []);
  assert.deepEqual(storage.keys('chapp:outbox:'), []);
});

test('no answer on a living connection: asked again, and in the end said', () => {
  const { open, clock } = browser();
  const tab = open();
  tab.outbox.connected();
  tab.outbox.add(1, 'one');
  clock.pass(21_000);
  assert.equal(tab.sent.length, 2);
  clock.pass(200_000);
  assert.ok(tab.sent.length > 5);
  assert.deepEqual(tab.states(), ['failed']);
  assert.equal(tab.shown[0].reason, NO_ANSWER_REASON);
});

test('an error about something else is not ours', () => {
  const tab = browser().open();
  tab.outbox.connected();
  tab.outbox.add(1, 'one');
  assert.ok(!tab.outbox.refused(error('other', 'invalid')));
  assert.ok(!tab.outbox.refused({ type: 'error', code: 'bad_request', title: 'No.' }));
});
