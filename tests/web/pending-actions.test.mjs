// Unconfirmed actions: kept, sent again in order, given up only when the server refuses them for good.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPendingActions, PENDING_ACTIONS_MAX } from '../../web/js/net/pending-actions.js';
import { FakeStorage, fakeClock } from './fakes.mjs';

/** @param {{store?: any, online?: boolean}} [options] */
function world({ store = new FakeStorage().tab(), online = true } = {}) {
  const clock = fakeClock();
  /** @type {any[]} */
  const sent = [];
  /** @type {any[]} */
  let seen = [];
  let count = 0;
  const net = { online };
  const pendingActions = createPendingActions({
    store,
    account: 'a',
    tab: 't',
    clock,
    newId: () => String(++count),
    send: (command) => {
      if (net.online) sent.push(command);
      return net.online;
    },
    changed: (list) => {
      seen = list;
    },
  });
  return { clock, sent, store, pendingActions, net, seen: () => seen };
}
const pin = (/** @type {number} */ id) => ({ type: /** @type {const} */ ('pin'), room: 1, id, on: true });

test('an action is sent at once, and kept until it is done', () => {
  const w = world();
  w.pendingActions.add(pin(1));
  assert.deepEqual(w.sent, [{ ...pin(1), ref: 'd:1' }]);
  assert.equal(w.seen().length, 1);
  assert.equal(w.pendingActions.end('d:1'), true);
  assert.equal(w.pendingActions.end('d:1'), false);
  assert.deepEqual([w.seen(), w.store.length], [[], 0]);
});

test('without network it waits, also through a reload, and goes out in order', () => {
  const w = world({ online: false });
  w.pendingActions.add(pin(1));
  w.pendingActions.add(pin(2));
  assert.deepEqual(w.sent, []);
  const again = world({ store: w.store });
  assert.equal(again.seen().length, 2);
  again.pendingActions.connected();
  assert.deepEqual(
    again.sent.map(({ id }) => id),
    [1, 2],
  );
});

test('what the server refuses for good is given up, what passes is tried again', () => {
  const w = world();
  w.pendingActions.add(pin(1));
  w.pendingActions.add(pin(2));
  assert.equal(w.pendingActions.refused({ type: 'error', ref: 'd:1', code: 'conflict', title: 'That message is deleted.' })?.command.id, 1);
  assert.equal(w.pendingActions.refused({ type: 'error', ref: 'd:2', code: 'too_many_requests', title: 'x', retry_after_ms: 500 }), null);
  assert.equal(w.pendingActions.has('d:2'), true);
  w.clock.pass(500);
  assert.equal(w.sent.length, 3);
  assert.equal(w.pendingActions.refused({ type: 'error', ref: 'sync:1', code: 'conflict', title: 'x' }), null);
});

test('there is an end to what is kept', () => {
  const w = world({ online: false });
  for (let i = 1; i <= PENDING_ACTIONS_MAX; i += 1) assert.equal(w.pendingActions.add(pin(i)), true);
  assert.equal(w.pendingActions.add(pin(1)), false);
});
