// Messages are sent once, in order, and never lost: through reloads, closed tabs and full storage.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, error } from './outboxes.mjs';

test('one at a time, in the order they were written', () => {
  const tab = browser().open();
  tab.outbox.connected();
  const [a, b] = ['one', 'two', 'three'].map((body) => tab.outbox.add(1, body));
  assert.deepEqual(tab.bodies(), ['one']);
  tab.outbox.end(a ?? '');
  tab.outbox.end(b ?? '');
  assert.deepEqual(tab.bodies(), ['one', 'two', 'three']);
});

test('nothing goes out without a connection, everything after', () => {
  const tab = browser().open();
  const id = tab.outbox.add(1, 'one');
  assert.deepEqual(tab.sent, []);
  assert.deepEqual(tab.states(), ['waiting']);
  tab.outbox.connected();
  assert.deepEqual(tab.sent, [{ type: 'post', room: 1, client_id: id, body: 'one' }]);
  assert.deepEqual(tab.states(), ['sending']);
});

test('a lost connection sends the same again under the same client_id', () => {
  const tab = browser().open();
  tab.outbox.connected();
  tab.outbox.add(1, 'one');
  tab.outbox.disconnected();
  tab.outbox.connected();
  assert.equal(tab.sent.length, 2);
  assert.deepEqual(tab.sent[0], tab.sent[1]);
});

test('it is over once: posted and its own message may both say so', () => {
  const { open, storage } = browser();
  const tab = open();
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  tab.outbox.end(id);
  tab.outbox.end(id);
  assert.deepEqual(tab.shown, []);
  assert.deepEqual(storage.keys('chapp:outbox:'), []);
});

test('a reload finds what was not posted, in order', () => {
  const { open } = browser();
  const before = open({ tab: 'same' });
  for (const body of ['one', 'two']) before.outbox.add(1, body);
  before.kill();
  const reloaded = open({ tab: 'same' });
  assert.deepEqual(
    reloaded.shown.map((item) => item.body),
    ['one', 'two'],
  );
  reloaded.outbox.connected();
  assert.deepEqual(reloaded.bodies(), ['one']);
});

test('what failed stays failed over a reload, with its reason', () => {
  const { open } = browser();
  const before = open({ tab: 'same' });
  before.outbox.connected();
  before.outbox.refused(error(before.outbox.add(1, 'one'), 'invalid'));
  const after = open({ tab: 'same' });
  after.outbox.connected();
  assert.deepEqual(after.sent, []);
  assert.equal(after.shown[0].reason, 'the disk is full');
});

test('another person, account or server on the same browser sees none of it', () => {
  const { open } = browser();
  open({ account: 'f1:1-5' }).outbox.add(1, 'mine');
  for (const account of ['f1:12-5', 'f1:1-6', 'f2:1-5', 'f1:1-55']) {
    const other = open({ account });
    other.outbox.connected();
    assert.deepEqual(other.shown, []);
    assert.deepEqual(other.sent, []);
  }
});

test('two tabs show each other’s messages and do not send them twice', () => {
  const { open } = browser();
  const [a, b] = [open(), open()];
  b.outbox.connected();
  const id = a.outbox.add(1, 'one');
  assert.deepEqual(
    b.shown.map((item) => item.body),
    ['one'],
  );
  assert.deepEqual(b.sent, []);
  a.outbox.connected();
  assert.equal(a.sent.length, 1);
  a.outbox.end(id);
  assert.deepEqual(b.shown, []);
});

test('two tabs never overwrite each other', () => {
  const { open, storage } = browser();
  const [a, b] = [open(), open()];
  a.outbox.add(1, 'from a');
  b.outbox.add(1, 'from b');
  a.outbox.add(1, 'from a again');
  assert.equal(storage.keys('chapp:outbox:f1:1-5:').length, 3);
  assert.equal(open().shown.length, 3);
});

test('what a closed tab left behind is adopted by the next one at once', () => {
  const { open } = browser();
  const gone = open();
  gone.outbox.add(1, 'left behind');
  gone.outbox.close();
  gone.kill();
  const next = open();
  next.outbox.connected();
  assert.deepEqual(next.bodies(), ['left behind']);
});

test('what a killed tab left behind is adopted when it has been silent for a while', () => {
  const { open, clock } = browser();
  const gone = open();
  const left = open();
  left.outbox.connected();
  gone.outbox.add(1, 'left behind');
  gone.kill();
  clock.pass(10_000);
  assert.deepEqual(left.bodies(), []);
  clock.pass(10_000);
  assert.deepEqual(left.bodies(), ['left behind']);
});

test('a tab that lives keeps its messages, however long it is offline', () => {
  const { open, clock } = browser();
  const offline = open();
  const other = open();
  other.outbox.connected();
  offline.outbox.add(1, 'wait');
  clock.pass(600_000);
  assert.deepEqual(other.bodies(), []);
});

test('no room in the browser: it is sent all the same, and said', () => {
  const { open, storage } = browser();
  const tab = open();
  storage.full = true;
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one');
  assert.equal(tab.unsaved, 1);
  assert.deepEqual(tab.bodies(), ['one']);
  tab.outbox.end(id);
  assert.deepEqual(tab.shown, []);
});

test('what comes from storage is made well formed', () => {
  const { open, storage } = browser();
  storage.tab().setItem('chapp:outbox:f1:1-5:a', JSON.stringify({ room: 1, body: 'half \ud83d', owner: 'gone' }));
  const tab = open();
  tab.outbox.connected();
  assert.deepEqual(tab.bodies(), ['half \ufffd']);
});

test('a message that waits can be deleted', () => {
  const { open, storage } = browser();
  const tab = open();
  tab.outbox.end(tab.outbox.add(1, 'one'));
  assert.deepEqual(tab.shown, []);
  assert.deepEqual(storage.keys('chapp:outbox:'), []);
});

test('rubbish in storage is left alone', () => {
  const { open, storage } = browser();
  const store = storage.tab();
  store.setItem('chapp:outbox:f1:1-5:a', '{');
  store.setItem('chapp:outbox:f1:1-5:b', '{"room":"x","body":7}');
  store.setItem('other', 'x');
  assert.deepEqual(open().shown, []);
});
