// The page's one socket: it reconnects by itself, with growing pauses, and notices when the other end is gone.

import { decode, encode } from './wire.js';

/** @typedef {import('./wire.js').Frame} Frame */
/** @typedef {import('./wire.js').Command} Command */
/** @typedef {import('../lib/throttle.js').Clock} Clock */

/**
 * @typedef {object} Listener
 * @property {(frame: Frame) => void} frame
 * @property {(retryAt: number | null, code?: number) => void} down lost, or not reached; null while the next try runs
 * @property {() => void} refused the handshake failed: no status is told to scripts
 * @property {() => void} signedOut
 */

const RETRY_MS = 500;
const RETRY_MS_MAX = 15_000;
const READY_WITHIN_MS = 10_000;
const QUIET_MS = 20_000;
const ANSWER_WITHIN_MS = 8_000;
const TICK_MS = 2_000;
/** A connection that lasted this long resets the pauses; one that is dropped sooner does not. */
const STEADY_MS = 10_000;

const SIGNED_OUT = 4401;
const FLOODING = 4429;
/** After flooding the server, the pauses start here. */
const FLOODING_TRIES = 4;

/** How long to wait before try number `tries`: half of it random, so that a crowd does not reconnect at once. @param {number} tries @param {number} chance 0..1 */
export function pause(tries, chance) {
  const whole = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** tries);
  return whole / 2 + (whole / 2) * chance;
}

export class Socket {
  /** @type {WebSocket | null} */
  #ws = null;
  #ready = false;
  #opened = false;
  #tries = 0;
  #upSince = 0;
  #heard = 0;
  /** @type {number | null} */
  #asked = null;
  #notBefore = 0;
  /** @type {unknown} */
  #timer = null;
  #stopped = false;

  #url;
  #on;
  #clock;
  #connect;
  #chance;

  /** @param {{url: string, on: Listener, clock: Clock, connect?: (url: string) => WebSocket, chance?: () => number}} options */
  constructor({ url, on, clock, connect = (at) => new WebSocket(at), chance = Math.random }) {
    this.#url = url;
    this.#on = on;
    this.#clock = clock;
    this.#connect = connect;
    this.#chance = chance;
  }

  get online() {
    return this.#ready;
  }

  start() {
    this.#clearTimer();
    if (this.#stopped || this.#ws) return;
    this.#on.down(null);
    this.#ready = false;
    this.#opened = false;
    this.#asked = null;
    const ws = this.#connect(this.#url);
    this.#ws = ws;
    ws.onopen = () => {
      this.#opened = true;
    };
    ws.onmessage = (event) => this.#hear(event.data);
    ws.onclose = (event) => this.#lost(event.code);
    this.#wait(READY_WITHIN_MS, () => this.#lost(0));
  }

  /** Closes for good: logged out, or leaving. */
  stop() {
    this.#stopped = true;
    this.#clearTimer();
    this.#drop();
  }

  /** Closes because the page is going away; if it comes back as it was, `nudge` reconnects. */
  rest() {
    this.#clearTimer();
    this.#drop();
  }

  /** False: not connected. @param {Command} command */
  send(command) {
    if (!this.#ready || this.#ws?.readyState !== 1) return false;
    this.#ws.send(encode(command));
    return true;
  }

  /** The server has no room for another socket: waits at least this long, plus a random part. @param {number} ms */
  hold(ms) {
    this.#notBefore = this.#clock.now() + ms;
    if (!this.#stopped && !this.#ws && this.#timer !== null) this.#later();
  }

  /** A try is worth while: the page is visible again, or the network is back. */
  nudge() {
    if (this.#stopped) return;
    if (this.#ready) this.#ping();
    else if (!this.#ws) this.retry();
  }

  /** Tries at once instead of waiting. */
  retry() {
    if (this.#ws) return;
    this.#tries = Math.min(this.#tries, 2);
    this.start();
  }

  /** @param {unknown} data */
  #hear(data) {
    this.#heard = this.#clock.now();
    this.#asked = null;
    const frame = decode(data);
    if (!frame) return;
    if (frame.type === 'ready') {
      this.#ready = true;
      this.#upSince = this.#heard;
      this.#wait(TICK_MS, () => this.#beat());
    }
    if (this.#ready) this.#on.frame(frame);
  }

  /** Pings a silent server; if it stays silent, the connection is lost. */
  #beat() {
    const now = this.#clock.now();
    if (this.#asked !== null && now - this.#asked >= ANSWER_WITHIN_MS) return this.#lost(0);
    if (now - this.#upSince >= STEADY_MS) this.#tries = 0;
    if (this.#asked === null && now - this.#heard >= QUIET_MS) this.#ping();
    this.#wait(TICK_MS, () => this.#beat());
  }

  #ping() {
    if (this.#asked !== null) return;
    this.#asked = this.#clock.now();
    this.send({ type: 'ping' });
  }

  /** @param {number} code */
  #lost(code) {
    const never = !this.#opened;
    this.#drop();
    this.#clearTimer();
    if (this.#stopped) return;
    if (code === SIGNED_OUT) {
      this.#stopped = true;
      this.#on.signedOut();
      return;
    }
    if (code === FLOODING) this.#tries = Math.max(this.#tries, FLOODING_TRIES);
    this.#later(code);
    if (never) this.#on.refused();
  }

  /** Schedules the next try. @param {number} [code] */
  #later(code) {
    const held = Math.max(0, this.#notBefore - this.#clock.now());
    const wait = held + pause(this.#tries, this.#chance());
    this.#tries += 1;
    this.#wait(wait, () => this.start());
    this.#on.down(this.#clock.now() + wait, code);
  }

  /** Closes without waiting for the other end: on a dead network that takes minutes. */
  #drop() {
    const ws = this.#ws;
    this.#ws = null;
    this.#ready = false;
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
  }

  /** @param {number} ms @param {() => void} run */
  #wait(ms, run) {
    this.#clearTimer();
    this.#timer = this.#clock.set(run, ms);
  }

  #clearTimer() {
    if (this.#timer !== null) this.#clock.clear(this.#timer);
    this.#timer = null;
  }
}
