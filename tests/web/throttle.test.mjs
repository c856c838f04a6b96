import assert from 'node:assert/strict';
import { test } from 'node:test';
import { throttle } from '../../web/js/lib/throttle.js';
import { fakeClock } from './fakes.mjs';

test('the first call is at once, the last one is never lost', () => {
  const clock = fakeClock();
  /** @type {number[]} */
  const calls = [];
  const call = throttle((/** @type {number} */ n) => calls.push(n), 100, clock);
  call(1);
  call(2);
  call(3);
  assert.deepEqual(calls, [1]);
  clock.pass(100);
  assert.deepEqual(calls, [1, 3]);
  clock.pass(500);
  call(4);
  assert.deepEqual(calls, [1, 3, 4]);
});

test('flush does it now, cancel never', () => {
  const clock = fakeClock();
  let count = 0;
  const call = throttle(() => (count += 1), 100, clock);
  call();
  call();
  call.flush();
  assert.equal(count, 2);
  call();
  call.cancel();
  clock.pass(1000);
  assert.equal(count, 2);
  call.flush();
  assert.equal(count, 2);
});

test('after a cancel the next call is at once', () => {
  const clock = fakeClock();
  let count = 0;
  const call = throttle(() => (count += 1), 100, clock);
  call();
  call.cancel();
  call();
  assert.equal(count, 2);
});
