// The socket reconnects by itself and detects silence.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, Socket } from '../../web/js/net/socket.js';
import { ready } from './build.mjs';
import { fakeClock } from './fakes.mjs';

class FakeWebSocket {
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  closed = false;
  /** @type {any} */ onopen = null;
  /** @type {any} */ onmessage = null;
  /** @type {any} */ onclose = null;
  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closed = true;
  }
  accept() {
    this.readyState = 1;
    this.onopen?.();
    this.say(ready());
  }
  /** @param {object} frame */
  say(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  /** @param {number} code */
  drop(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

function line() {
  const clock = fakeClock();
  /** @type {FakeWebSocket[]} */
  const tries = [];
  /** @type {any[]} */
  const log = [];
  /** @type {(number | undefined)[]} */
  const codes = [];
  const socket = new Socket({
    url: 'ws://test/ws',
    clock,
    chance: () => 1,
    connect: () => /** @type {any} */ (tries[tries.push(new FakeWebSocket()) - 1]),
    on: {
      frame: (frame) => log.push(frame.type),
      down: (retryAt, code) => {
        log.push(retryAt === null ? 'trying' : retryAt - clock.now());
        codes.push(code);
      },
      refused: () => log.push('refused'),
      signedOut: () => log.push('signed out'),
    },
  });
  socket.start();
  return { clock, tries, log, codes, socket, last: () => /** @type {FakeWebSocket} */ (tries.at(-1)) };
}

test('pauses grow to fifteen seconds, and chance spreads a crowd', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 60].map((n) => pause(n, 1)),
    [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000],
  );
  assert.equal(pause(3, 0), 2000);
});

test('it is online with the first ready, and sends only then', () => {
  const { socket, last } = line();
  assert.ok(!socket.send({ type: 'typing', room: 1 }));
  last().accept();
  assert.ok(socket.send({ type: 'typing', room: 1 }));
  assert.deepEqual(last().sent, [{ type: 'typing', room: 1 }]);
});

test('frames before ready are not for us', () => {
  const { last, log } = line();
  last().readyState = 1;
  last().say({ type: 'pong' });
  assert.deepEqual(log, ['trying']);
});

test('a lost connection is tried again, with growing pauses while it fails', () => {
  const { clock, last, log, tries } = line();
  last().accept();
  last().drop(1006);
  clock.pass(500);
  last().drop(1006);
  clock.pass(1000);
  last().accept();
  assert.deepEqual(log, ['trying', 'ready', 500, 'trying', 1000, 'refused', 'trying', 'ready']);
  assert.equal(tries.length, 3);
});

test('why it was closed is told on', () => {
  const { last, codes } = line();
  last().accept();
  last().drop(4400);
  assert.deepEqual(codes, [undefined, 4400]);
});

test('a server that accepts and drops at once does not get hammered', () => {
  const { clock, last, log } = line();
  for (let i = 0; i < 6; i += 1) {
    last().accept();
    last().drop(1011);
    clock.pass(log.at(-1));
  }
  assert.deepEqual(
    log.filter((entry) => typeof entry === 'number'),
    [500, 1000, 2000, 4000, 8000, 15_000],
  );
});

test('after a steady while the pauses start anew', () => {
  const { clock, last, log } = line();
  last().drop(1006);
  clock.pass(500);
  last().accept();
  clock.pass(12_000);
  last().drop(1001);
  assert.equal(log.at(-1), 500);
});

test('silence is asked about, and no answer is the end', () => {
  const { clock, tries, last } = line();
  last().accept();
  clock.pass(20_000);
  assert.deepEqual(last().sent, [{ type: 'ping' }]);
  last().say({ type: 'pong' });
  clock.pass(20_000);
  assert.equal(last().sent.length, 2);
  clock.pass(10_000);
  assert.ok(tries[0]?.closed);
  assert.equal(tries.length, 2);
});

test('waking up asks at once', () => {
  const { socket, last } = line();
  last().accept();
  socket.nudge();
  socket.nudge();
  assert.deepEqual(last().sent, [{ type: 'ping' }]);
});

test('a network that comes back is tried at once', () => {
  const { socket, tries, last } = line();
  last().drop(1006);
  socket.nudge();
  assert.equal(tries.length, 2);
});

test('a page that goes away lets go, and comes back when it is shown again', () => {
  const { socket, clock, tries, last } = line();
  last().accept();
  socket.rest();
  clock.pass(60_000);
  assert.ok(tries[0]?.closed);
  assert.equal(tries.length, 1);
  socket.nudge();
  assert.equal(tries.length, 2);
});

test('a handshake that never ends is given up', () => {
  const { clock, tries } = line();
  clock.pass(11_000);
  assert.ok(tries[0]?.closed);
  assert.equal(tries.length, 2);
});

test('signed out is for good; flooding waits longer', () => {
  const out = line();
  out.last().accept();
  out.last().drop(4401);
  out.clock.pass(60_000);
  assert.equal(out.log.at(-1), 'signed out');
  assert.equal(out.tries.length, 1);
  const flood = line();
  flood.last().accept();
  flood.last().drop(4429);
  assert.equal(flood.log.at(-1), 8000);
});

test('a token that was replaced is no reason to log in again: the cookie has the new one', () => {
  const { clock, log, tries, last } = line();
  last().accept();
  last().drop(4410);
  clock.pass(500);
  assert.equal(tries.length, 2);
  last().accept();
  assert.ok(!log.includes('signed out'));
});

test('a server that has no place is not asked again before it may have one', () => {
  const w = line();
  w.last().drop(1006);
  assert.deepEqual(w.log.slice(-2), [500, 'refused']);
  w.socket.hold(3000);
  assert.equal(w.log.at(-1), 4000, 'three seconds, and a pause of our own');
  w.clock.pass(3999);
  assert.equal(w.tries.length, 1);
  w.clock.pass(1);
  assert.equal(w.tries.length, 2);
  w.last().accept();
  w.last().drop(1006);
  assert.equal(w.log.at(-1), 2000, 'what was held is over');
});

test('word that there is no place may come while the next try runs, and holds the one after it', () => {
  const w = line();
  w.last().drop(1006);
  w.clock.pass(500);
  assert.equal(w.tries.length, 2);
  w.socket.hold(3000);
  w.last().drop(1006);
  assert.deepEqual(w.log.slice(-2), [4000, 'refused']);
});
