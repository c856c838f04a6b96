// Read marks that the page sends by itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEffects } from '../../web/js/effects.js';
import * as select from '../../web/js/state/select.js';

/** @type {() => void} */
let hide = () => {};
globalThis.document = /** @type {any} */ ({ addEventListener: (/** @type {string} */ _, /** @type {() => void} */ listener) => (hide = listener) });

/** A reader who has seen the Lobby up to 3, and a clock that only moves by hand. */
function reader() {
  let now = 10_000;
  /** @type {{at: number, fn: () => void}[]} */
  let timers = [];
  const clock = {
    now: () => now,
    set: (/** @type {() => void} */ fn, /** @type {number} */ ms) => {
      const timer = { at: now + ms, fn };
      timers.push(timer);
      return timer;
    },
    clear: (/** @type {any} */ timer) => {
      timers = timers.filter((one) => one !== timer);
    },
  };
  const state = { rooms: { 1: { read: 3, head: 9 }, 2: { read: 0, head: 4 } }, /** @type {any[]} */ pendingActions: [] };
  /** @type {[number, number][]} */
  const said = [];
  const socket = { send: (/** @type {any} */ { room, seq }) => said.push([room, seq]) > 0 };
  const dispatch = (/** @type {any} */ { room, seq }) => {
    /** @type {any} */ (state.rooms)[room].read = seq;
  };
  const context = /** @type {any} */ ({ store: { state, dispatch }, select, api: {}, socket, clock, account: null });
  const effects = createEffects(context, /** @type {any} */ (() => {}));
  const wait = (/** @type {number} */ ms) => {
    now += ms;
    const due = timers.filter((timer) => timer.at <= now);
    timers = timers.filter((timer) => timer.at > now);
    for (const { fn } of due) fn();
  };
  const shows = (/** @type {number} */ room, /** @type {number} */ seq) => effects.run({ do: 'read', room, seq });
  return { effects, state, said, shows, wait };
}

test('what was read is said even where the reader is elsewhere by then', () => {
  const { said, shows, wait } = reader();
  shows(1, 4);
  shows(1, 5);
  shows(2, 4);
  assert.deepEqual(said, [[1, 4]]);
  wait(2000);
  assert.deepEqual(said, [
    [1, 4],
    [1, 5],
    [2, 4],
  ]);
});

test('what was read is said at once when the page is hidden', () => {
  const { said, shows } = reader();
  shows(1, 4);
  shows(1, 5);
  hide();
  assert.deepEqual(said, [
    [1, 4],
    [1, 5],
  ]);
});

test('what was read before it was marked unread is not said after that', () => {
  const { effects, state, said, shows, wait } = reader();
  shows(1, 4);
  shows(1, 5);
  state.pendingActions = [{ ref: 'u', command: { type: 'unread', room: 1, id: 4 } }];
  wait(2000);
  state.pendingActions = [];
  effects.afterFrame(/** @type {any} */ ({ type: 'read', ref: 'u', room: 1, seq: 3 }), /** @type {any} */ (state));
  hide();
  assert.deepEqual(said, [[1, 4]]);
});
