// Messages that wait for their files.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser } from './outboxes.mjs';

const file = (/** @type {string} */ id) => ({ id, name: `${id}.png`, type: 'image/png', size: 9 });
const coming = (/** @type {string} */ upload) => ({ upload, name: `${upload}.png`, type: 'image/png', size: 9 });
/** The uploads of one page, of which it has these. @param {string[]} held */
const uploadsOf = (...held) => {
  /** @type {string[]} */
  const asked = [];
  return {
    asked,
    has: (/** @type {string} */ id) => held.includes(id),
    retry: (/** @type {string} */ id) => asked.push(`retry ${id}`),
    drop: (/** @type {string} */ id) => asked.push(`drop ${id}`),
  };
};

test('a message waits for its files, and nothing in its room overtakes it', () => {
  const tab = browser().open({ uploads: uploadsOf('u1', 'u2') });
  tab.outbox.connected();
  tab.outbox.add(1, 'one', { files: [coming('u1'), file('f0'), coming('u2')], reply_to: 7 });
  tab.outbox.add(1, 'two');
  tab.outbox.add(2, 'elsewhere');
  assert.deepEqual(tab.bodies(), ['elsewhere']);
  assert.equal(tab.shown[0].reason, 'its files are on their way');
  tab.outbox.end(tab.sent[0].client_id);
  tab.outbox.arrived('u2', file('f2'));
  assert.equal(tab.sent.length, 1);
  tab.outbox.arrived('u1', file('f1'));
  const { client_id: _, ...post } = tab.sent[1];
  assert.deepEqual(post, { type: 'post', room: 1, body: 'one', reply_to: 7, files: ['f1', 'f0', 'f2'] });
  tab.outbox.end(tab.sent[1].client_id);
  assert.deepEqual(tab.bodies(), ['elsewhere', 'one', 'two']);
});

test('files that have arrived survive a reload with their message', () => {
  const { open } = browser();
  const before = open({ tab: 'same' });
  before.outbox.add(1, '', { files: [file('f1')] });
  before.kill();
  const after = open({ tab: 'same' });
  assert.deepEqual(after.shown[0].files, [file('f1')]);
  after.outbox.connected();
  assert.deepEqual([after.sent[0].body, after.sent[0].files], ['', ['f1']]);
});

test('a file that had not arrived when the page closed is said, and its message can only be deleted', () => {
  const { open, storage } = browser();
  const before = open({ tab: 'same', uploads: uploadsOf('u1') });
  before.outbox.connected();
  const id = before.outbox.add(1, 'one', { files: [coming('u1')] });
  before.kill();
  for (let i = 0; i < 2; i += 1) {
    const after = open({ tab: 'same', uploads: uploadsOf() });
    after.outbox.connected();
    assert.deepEqual(after.sent, []);
    assert.equal(after.shown[0].reason, 'u1.png was still on its way when the page closed, add it again');
    assert.equal(after.shown[0].lost, true);
    after.outbox.retry(id);
    assert.deepEqual([after.sent, after.states()], [[], ['failed']]);
    // The next message is sent.
    after.outbox.add(1, `next ${i}`);
    assert.deepEqual(after.bodies(), [`next ${i}`]);
    after.outbox.end(after.sent[0].client_id);
  }
  open({ tab: 'same' }).outbox.end(id);
  assert.deepEqual(storage.keys('chapp:outbox:'), []);
});

test('another tab leaves the files of a living one alone', () => {
  const { open } = browser();
  const a = open({ uploads: uploadsOf('u1') });
  const b = open({ uploads: uploadsOf() });
  a.outbox.connected();
  b.outbox.connected();
  const id = a.outbox.add(1, 'one', { files: [coming('u1')] });
  assert.deepEqual(b.states(), ['waiting']);
  a.outbox.arrived('u1', file('f1'));
  assert.deepEqual(b.sent, []);
  assert.deepEqual(a.sent[0].files, ['f1']);
  a.outbox.end(id);
  assert.deepEqual(b.shown, []);
});

test('a file that fails fails its message, and both are tried again together', () => {
  const uploads = uploadsOf('u1');
  const tab = browser().open({ uploads });
  tab.outbox.connected();
  const id = tab.outbox.add(1, 'one', { files: [coming('u1')] });
  tab.outbox.lost('u1', 'the disk is full');
  assert.deepEqual([tab.shown[0].state, tab.shown[0].reason], ['failed', 'u1.png: the disk is full']);
  tab.outbox.retry(id);
  assert.deepEqual(uploads.asked, ['retry u1']);
  assert.deepEqual(tab.states(), ['waiting']);
  tab.outbox.arrived('u1', file('f1'));
  assert.deepEqual(tab.sent[0].files, ['f1']);
});

test('a message that is given up takes its uploads along', () => {
  const uploads = uploadsOf('u1');
  const tab = browser().open({ uploads });
  const id = tab.outbox.add(1, 'one', { files: [coming('u1'), file('f1')] });
  tab.outbox.end(id);
  assert.deepEqual(uploads.asked, ['drop u1']);
});

test('what goes on to another room shows its files and does not send them', () => {
  const tab = browser().open();
  tab.outbox.connected();
  tab.outbox.add(2, '', { forward: { room: 1, id: 7 }, files: [file('f1')] });
  assert.deepEqual(tab.shown[0].files, [file('f1')]);
  assert.deepEqual(tab.sent[0].files, undefined);
  assert.deepEqual(tab.sent[0].forward, { room: 1, id: 7 });
});
