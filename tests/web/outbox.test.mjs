// What was written is sent once, in order, and never lost: over reloads, refusals, dead tabs and full disks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wellFormed } from '../../web/js/lib/text.js';
import { NO_ANSWER_REASON, Outbox } from '../../web/js/net/outbox.js';
import { FakeStorage, fakeClock } from './fakes.mjs';

let made = 0;
const number = () => {
  made += 1;
  return made;
};

/** A browser with one storage and one clock, in which tabs open and close. */
function browser() {
  const storage = new FakeStorage();
  const clock = fakeClock();
  return {
    storage,
    clock,
    open({ account = 'f1:1-5', tab = `tab${number()}`, uploads = /** @type {any} */ (undefined) } = {}) {
      /** @type {any[]} */
      const sent = [];
      const store = storage.tab();
      const t = { sent, up: true, alive: true, shown: /** @type {any[]} */ ([]), unsaved: 0 };
      const outbox = new Outbox({
        account,
        tab,
        store,
        // A killed tab has no clock any more.
        clock: { ...clock, set: (run, ms) => clock.set(() => t.alive && run(), ms) },
        newId: () => `id${number()}`,
        wellFormed,
        uploads,
        chance: () => 1,
        send: (command) => t.up && sent.push(command) > 0,
        changed: (items) => {
          t.shown = items;
        },
        unsaved: () => {
          t.unsaved += 1;
        },
      });
      storage.tabs.push({ store, heard: (key) => outbox.heard(key) });
      return Object.assign(t, {
        outbox,
        bodies: () => sent.map((command) => command.body),
        states: () => t.shown.map((item) => item.state),
        /** Killed: it stops, and says nothing. */
        kill: () => {
          t.up = t.alive = false;
          outbox.disconnected();
          storage.tabs = storage.tabs.filter((one) => one.store !== store);
        },
      });
    },
  };
}

/** @param {string} client_id @param {string} code @param {object} [more] @returns {any} */
const error = (client_id, code, more = {}) => ({ type: 'error', client_id, code, title: 'The disk is full.', ...more });

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

test('rubbish in storage is left alone', () => {
  const { open, storage } = browser();
  const store = storage.tab();
  store.setItem('chapp:outbox:f1:1-5:a', '{');
  store.setItem('chapp:outbox:f1:1-5:b', '{"room":"x","body":7}');
  store.setItem('other', 'x');
  assert.deepEqual(open().shown, []);
});

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
    // What is written next goes out.
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
