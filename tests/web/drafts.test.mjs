// Drafts belong to their tab and survive its end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_WITHIN_MS, createDrafts } from '../../web/js/net/drafts.js';
import { FakeStorage, fakeClock } from './fakes.mjs';

/** A browser whose tabs hear each other. */
function browser() {
  const storage = new FakeStorage();
  const clock = fakeClock();
  /** @type {Set<any>} */
  const channels = new Set();
  return {
    storage,
    clock,
    /** @param {string} tab */
    open(tab, account = 'f1:1-5') {
      const channel = {
        onmessage: /** @type {any} */ (null),
        /** @param {string} data */
        postMessage: (data) => {
          for (const other of [...channels]) if (other !== channel) other.onmessage({ data });
        },
      };
      channels.add(channel);
      const drafts = createDrafts({ store: storage.tab(), account, tab, channel, clock });
      return {
        ...drafts,
        close: () => channels.delete(channel),
        adopted(takes = true) {
          /** @type {string[]} */
          const offered = [];
          drafts.adopt(1, (text) => offered.push(text) > 0 && takes);
          clock.pass(ANSWER_WITHIN_MS);
          return offered;
        },
      };
    },
  };
}

test('a draft survives the reload of its tab', () => {
  const { open } = browser();
  const before = open('a');
  before.keep(1, 'half a thou');
  before.close();
  assert.equal(open('a').read(1), 'half a thou');
});

test('two living tabs neither share nor overwrite a draft', () => {
  const { open } = browser();
  const [a, b] = [open('a'), open('b')];
  a.keep(1, 'from a');
  assert.equal(b.read(1), '');
  assert.deepEqual(b.adopted(), []);
  b.keep(1, 'from b');
  assert.equal(a.read(1), 'from a');
  b.keep(1, '');
  assert.equal(a.read(1), 'from a');
});

test('a tab that opens while another asks who lives keeps what is written in it', () => {
  const { open, clock } = browser();
  const a = open('a');
  /** @type {string[]} */
  const offered = [];
  a.adopt(1, (text) => offered.push(text) > 0);
  clock.pass(ANSWER_WITHIN_MS - 1);
  const b = open('b');
  b.keep(1, 'f');
  clock.pass(1);
  assert.deepEqual([offered, b.read(1)], [[], 'f']);
});

test('a tab that is asked for while it reloads keeps its draft', () => {
  const { open, clock } = browser();
  const before = open('b');
  before.keep(1, 'half a thou');
  before.close();
  clock.pass(1);
  const a = open('a');
  /** @type {string[]} */
  const offered = [];
  a.adopt(1, (text) => offered.push(text) > 0);
  const after = open('b');
  clock.pass(ANSWER_WITHIN_MS);
  assert.deepEqual([offered, after.read(1)], [[], 'half a thou']);
});

test('what was written after the question is of a tab that lives, though it was not heard', () => {
  const { open, clock } = browser();
  const a = open('a');
  /** @type {string[]} */
  const offered = [];
  a.adopt(1, (text) => offered.push(text) > 0);
  clock.pass(1);
  const b = open('b');
  b.close();
  b.keep(1, 'f');
  clock.pass(ANSWER_WITHIN_MS);
  assert.deepEqual([offered, b.read(1)], [[], 'f']);
});

test('the latest draft of a tab that is gone goes to one tab, once', () => {
  const { open, clock, storage } = browser();
  for (const tab of ['a', 'c', 'b']) {
    const gone = open(tab);
    gone.keep(1, `from ${tab}`);
    gone.close();
    clock.pass(1);
  }
  const next = open('d');
  assert.deepEqual(next.adopted(), ['from b']);
  assert.equal(next.read(1), 'from b');
  assert.deepEqual(open('e').adopted(), ['from c']);
  assert.equal(storage.keys('chapp:draft:').length, 3);
});

test('an orphan stays where it is when there is no place for it', () => {
  const { open } = browser();
  const gone = open('a');
  gone.keep(1, 'left');
  gone.close();
  const busy = open('b');
  assert.deepEqual(busy.adopted(false), ['left']);
  assert.equal(busy.read(1), '');
  assert.deepEqual(open('c').adopted(), ['left']);
});

test('a draft is not shown to another account, server or room', () => {
  const { open } = browser();
  const gone = open('a');
  gone.keep(1, 'mine');
  gone.keep(11, 'of another room');
  gone.close();
  for (const account of ['f2:1-5', 'f1:1-6', 'f1:2-5']) {
    const other = open('a', account);
    assert.deepEqual(other.adopted(), []);
    other.close();
  }
  assert.deepEqual(open('b').adopted(), ['mine']);
});

test('no room in the browser, or rubbish in storage, is no drama', () => {
  const { open, storage } = browser();
  storage.tab().setItem('chapp:draft:f1:1-5:1:x', '{');
  const tab = open('a');
  assert.deepEqual(tab.adopted(), []);
  storage.full = true;
  tab.keep(1, 'text');
  assert.equal(tab.read(1), '');
});
