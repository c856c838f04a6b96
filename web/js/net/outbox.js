// Messages that were written and are not yet posted. One storage key per message, so that tabs never overwrite each
// other. They survive a reload and are sent in order, one at a time, under the same client_id until the server confirms.
//
// A message belongs to the tab that wrote it (`owner`). When that tab is gone, another one adopts its messages. If two
// tabs send the same message after all, the server keeps one of them, by its client_id.

import { attempt } from '../lib/attempt.js';
import { pause } from './socket.js';
import { parse } from './wire.js';

/** @typedef {import('./wire.js').Command} Command */
/** @typedef {import('./wire.js').ErrorFrame} ErrorFrame */
/** @typedef {import('../lib/throttle.js').Clock} Clock */
/** @typedef {import('../state/state.js').Pending} Pending */
/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Store */
/** @typedef {import('./wire.js').FileInfo | import('./uploads.js').Coming} Attached */
/** @typedef {{reply_to?: number, forward?: {room: number, id: number}, files?: Attached[]}} Extra what a post has beside its text */
/** @typedef {{client_id: string, room: number, body: string, created_at: number, order: number, owner: string, failed?: string, lost?: boolean} & Extra} Item */

/**
 * @typedef {object} Options
 * @property {string} account whose messages these are
 * @property {string} tab this tab, the same after a reload
 * @property {Store} store
 * @property {Clock} clock
 * @property {() => string} newId
 * @property {(text: string) => string} wellFormed
 * @property {(command: Command) => boolean} send false: not connected
 * @property {(items: Pending[]) => void} changed
 * @property {Pick<import('./uploads.js').Uploads, 'has' | 'retry' | 'drop'>} [uploads] what messages wait for
 * @property {() => void} unsaved the browser has no room to keep a message
 * @property {() => number} [chance]
 */

const ANSWER_WITHIN_MS = 20_000;
/** A message that has been refused for this long is shown as not sent; it is still retried. */
const PATIENCE_MS = 15_000;
const RETRY_MS = 1_000;
const ALIVE_EVERY_MS = 4_000;
const ALIVE_FOR_MS = 15_000;
const PASSING = new Set(['storage_full', 'unavailable', 'internal']);
const UPLOAD_REASON = 'its files are on their way';
const BEHIND_REASON = 'an earlier message goes first';
export const NO_ANSWER_REASON = 'the server did not answer';
/** Close codes of a server that could not read the message: sending it again would end the same way. @type {Record<number, string>} */
const UNREADABLE = { 1007: 'the server could not read it', 1009: 'it is too long', 4400: 'the server could not read it' };

export class Outbox {
  /** @type {Map<string, Item>} */
  #items = new Map();
  /** @type {{id: string, timer: unknown} | null} */
  #flight = null;
  /** The message that is being retried; those behind it wait. @type {{id: string, tries: number, since: number, reason: string} | null} */
  #stuck = null;
  /** @type {unknown} */
  #pause = null;
  #online = false;
  #prefix;
  #o;

  /** @param {Options} options */
  constructor(options) {
    this.#o = options;
    this.#prefix = `chapp:outbox:${options.account}:`;
    for (const key of this.#keys(this.#prefix)) this.#load(key);
    this.#stayAlive();
    this.#tell();
  }

  /** @param {number} room @param {string} body @param {Extra} [extra] @returns {string} its client_id */
  add(room, body, extra = {}) {
    const now = this.#o.clock.now();
    const order = Math.max(now, ...[...this.#items.values()].map((item) => item.order + 1));
    const item = { client_id: this.#o.newId(), room, body, created_at: now, order, owner: this.#o.tab, ...extra };
    this.#items.set(item.client_id, item);
    this.#save(item);
    this.#tell();
    this.#pump();
    return item.client_id;
  }

  /** Tries a failed or delayed message again now. @param {string} id */
  retry(id) {
    const item = this.#items.get(id);
    if (!item || this.#flight?.id === id) return;
    if (item.lost) return;
    const { failed: _, ...again } = item;
    this.#free(id);
    this.#items.set(id, { ...again, owner: this.#o.tab });
    for (const file of coming(item)) this.#o.uploads?.retry(file.upload);
    this.#save({ ...again, owner: this.#o.tab });
    this.#tell();
    this.#pump();
  }

  /** Forgets a message that was posted or given up. @param {string} id */
  end(id) {
    if (this.#flight?.id === id) this.#land();
    this.#free(id);
    const item = this.#items.get(id);
    if (!item || !this.#items.delete(id)) return;
    for (const file of coming(item)) this.#o.uploads?.drop(file.upload);
    attempt(() => this.#o.store.removeItem(this.#prefix + id));
    this.#tell();
    this.#pump();
  }

  /** A file that a message was waiting for has arrived. @param {string} upload @param {import('./wire.js').FileInfo} file */
  arrived(upload, file) {
    const item = this.#waitingFor(upload);
    if (!item) return;
    const files = item.files?.map((one) => ('upload' in one && one.upload === upload ? file : one));
    const next = { ...item, ...(files ? { files } : {}) };
    this.#items.set(item.client_id, next);
    this.#save(next);
    this.#tell();
    this.#pump();
  }

  /** A file that a message was waiting for will not arrive. @param {string} upload @param {string} reason */
  lost(upload, reason) {
    const item = this.#waitingFor(upload);
    const file = item && coming(item).find((one) => one.upload === upload);
    if (item && file) this.#fail(item, `${file.name}: ${reason}`);
  }

  /** @param {string} upload */
  #waitingFor(upload) {
    return [...this.#items.values()].find((item) => coming(item).some((file) => file.upload === upload));
  }

  connected() {
    this.#online = true;
    this.#pump();
  }

  /** The server saves messages again: ends the pause. */
  resume() {
    this.#wake();
    this.#pump();
  }

  /** @param {number} [code] why the socket was closed */
  disconnected(code = 0) {
    const item = this.#items.get(this.#flight?.id ?? '');
    const refusal = UNREADABLE[code];
    this.#online = false;
    this.#stuck = null;
    this.#wake();
    this.#land();
    if (item && refusal) this.#fail(item, refusal);
    else this.#tell();
  }

  /** Handles a refusal. False: it is not about one of these messages. @param {ErrorFrame} error */
  refused(error) {
    const id = error.client_id ?? error.ref ?? '';
    const item = this.#items.get(id);
    if (!item) return false;
    const inFlight = this.#flight?.id === id;
    if (inFlight) this.#land();
    if (error.code === 'too_many_requests') this.#rest(error.retry_after_ms ?? RETRY_MS);
    else if (PASSING.has(error.code)) this.#again(item, reasonOf(error.title), error.retry_after_ms);
    else this.#fail(item, reasonOf(error.title));
    return true;
  }

  /** The `storage` event: another tab wrote, posted or deleted. @param {string | null} key null: everything was cleared */
  heard(key) {
    if (key === null || !key.startsWith(this.#prefix)) return;
    const id = key.slice(this.#prefix.length);
    if (this.#read(key) === null) this.end(id);
    else if (this.#flight?.id !== id) {
      this.#load(key);
      this.#tell();
      this.#pump();
    }
  }

  /** This tab is going away: another may send its messages. */
  close() {
    attempt(() => this.#o.store.removeItem(this.#aliveKey(this.#o.tab)));
  }

  #pump() {
    if (!this.#online || this.#flight || this.#pause !== null) return;
    this.#loseFiles();
    // No message overtakes one in the same room that is waiting for its files.
    const held = new Set();
    const item = this.#sorted().find((one) => {
      if (one.failed !== undefined || !this.#isOurs(one)) return false;
      if (coming(one).length > 0) held.add(one.room);
      return !held.has(one.room);
    });
    if (!item) return;
    const { client_id, room, body, reply_to, forward, files = [] } = item;
    const ids = files.flatMap((file) => ('id' in file ? [file.id] : []));
    const says = forward ? { forward } : { body, ...(reply_to === undefined ? {} : { reply_to }), ...(ids.length > 0 ? { files: ids } : {}) };
    if (!this.#o.send({ type: 'post', room, client_id, ...says })) return;
    const timer = this.#o.clock.set(() => {
      this.#land();
      this.#again(item, NO_ANSWER_REASON);
    }, ANSWER_WITHIN_MS);
    this.#flight = { id: client_id, timer };
    this.#tell();
  }

  /** Fails the messages whose files were still on their way when their page closed. */
  #loseFiles() {
    for (const item of this.#sorted()) {
      const file = coming(item).find(({ upload }) => !this.#o.uploads?.has(upload));
      if (item.failed !== undefined || !file || !this.#isOurs(item)) continue;
      this.#fail({ ...item, lost: true }, `${file.name} was still on its way when the page closed, add it again`);
    }
  }

  /** No message is on its way any more. */
  #land() {
    if (this.#flight) this.#o.clock.clear(this.#flight.timer);
    this.#flight = null;
  }

  /** Retries a message for as long as it takes, ahead of all others. @param {Item} item @param {string} reason @param {number} [wait] what the server asks for, before our own pause */
  #again({ client_id: id }, reason, wait = 0) {
    if (this.#stuck?.id !== id) {
      this.#stuck = { id, tries: 0, since: this.#o.clock.now(), reason };
      this.#o.clock.set(() => this.#tell(), PATIENCE_MS);
    }
    const tries = this.#stuck.tries + 1;
    this.#stuck = { ...this.#stuck, tries, reason };
    this.#rest(wait + pause(tries, this.#o.chance?.() ?? Math.random()));
  }

  /** Lets the messages behind it go on. @param {string} id */
  #free(id) {
    if (this.#stuck?.id !== id) return;
    this.#stuck = null;
    this.#wake();
  }

  /** @param {Item} item @param {string} reason */
  #fail(item, reason) {
    const failed = { ...item, failed: reason };
    this.#free(item.client_id);
    this.#items.set(item.client_id, failed);
    this.#save(failed);
    this.#tell();
    this.#pump();
  }

  /** Sends nothing for a while. @param {number} ms */
  #rest(ms) {
    this.#wake();
    this.#pause = this.#o.clock.set(() => {
      this.#pause = null;
      this.#pump();
    }, ms);
    this.#tell();
  }

  #wake() {
    if (this.#pause !== null) this.#o.clock.clear(this.#pause);
    this.#pause = null;
  }

  /** @param {Item} item */
  #isOurs(item) {
    return item.owner === this.#o.tab || !this.#isAlive(item.owner);
  }

  /** @param {string} tab */
  #isAlive(tab) {
    const seen = Number(this.#read(this.#aliveKey(tab)));
    return this.#o.clock.now() - seen < ALIVE_FOR_MS;
  }

  /** Records that this tab is alive, and sends what dead tabs left behind. */
  #stayAlive() {
    this.#put(this.#aliveKey(this.#o.tab), String(this.#o.clock.now()));
    this.#pump();
    this.#o.clock.set(() => this.#stayAlive(), ALIVE_EVERY_MS);
  }

  /** @param {string} tab */
  #aliveKey(tab) {
    return `chapp:tab:${this.#o.account}:${tab}`;
  }

  #sorted() {
    return [...this.#items.values()].sort((a, b) => a.order - b.order || (a.client_id < b.client_id ? -1 : 1));
  }

  #tell() {
    this.#o.changed(
      this.#sorted().map((item) => {
        const { client_id, room, body, created_at, reply_to, forward, files, lost } = item;
        const extra = {
          ...(reply_to === undefined ? {} : { reply_to }),
          ...(forward ? { forward } : {}),
          ...(files ? { files } : {}),
          ...(lost ? { lost } : {}),
        };
        return { client_id, room, body, created_at, ...extra, ...this.#journey(item) };
      }),
    );
  }

  /** @param {Item} item @returns {Pick<Pending, 'state' | 'reason' | 'retrying'>} */
  #journey(item) {
    if (item.failed !== undefined) return { state: 'failed', reason: item.failed };
    if (this.#stuck?.id === item.client_id) {
      const long = this.#o.clock.now() - this.#stuck.since >= PATIENCE_MS;
      return { state: long ? 'failed' : 'waiting', reason: this.#stuck.reason, retrying: true };
    }
    if (this.#flight?.id === item.client_id) return { state: 'sending' };
    if (coming(item).length > 0) return { state: 'waiting', reason: UPLOAD_REASON };
    return this.#stuck && this.#isOurs(item) ? { state: 'waiting', reason: BEHIND_REASON } : { state: 'waiting' };
  }

  /** @param {Item} item */
  #save({ client_id, ...rest }) {
    if (!this.#put(this.#prefix + client_id, JSON.stringify(rest))) this.#o.unsaved();
  }

  /** @param {string} key */
  #load(key) {
    const value = parse(this.#read(key));
    if (typeof value?.body !== 'string' || !Number.isSafeInteger(value.room)) return;
    const id = key.slice(this.#prefix.length);
    const { room, failed } = value;
    const body = this.#o.wellFormed(value.body);
    const { reply_to, forward, files, lost } = value;
    const extra = {
      ...(Array.isArray(files) && files.length > 0 && files.every(isFile) ? { files } : {}),
      ...(lost === true ? { lost } : {}),
      ...(Number.isSafeInteger(reply_to) ? { reply_to } : {}),
      ...(Number.isSafeInteger(forward?.room) && Number.isSafeInteger(forward?.id) ? { forward } : {}),
    };
    const item = {
      client_id: id,
      room,
      body,
      created_at: Number(value.created_at) || 0,
      order: Number(value.order) || 0,
      owner: String(value.owner ?? ''),
      ...extra,
    };
    this.#items.set(id, typeof failed === 'string' ? { ...item, failed } : item);
  }

  /** @param {string} prefix */
  #keys(prefix) {
    /** @type {string[]} */
    const keys = [];
    attempt(() => {
      for (let i = 0; i < this.#o.store.length; i += 1) {
        const key = this.#o.store.key(i);
        if (key?.startsWith(prefix)) keys.push(key);
      }
    });
    return keys;
  }

  /** @param {string} key */
  #read(key) {
    return attempt(() => this.#o.store.getItem(key)) ?? null;
  }

  /** @param {string} key @param {string} value @returns {boolean} false when there is no room */
  #put(key, value) {
    const isKept = attempt(() => {
      this.#o.store.setItem(key, value);
      return true;
    });
    return isKept === true;
  }
}

/** @param {any} value from storage */
const isFile = (value) => [value?.name, value?.type, value?.id ?? value?.upload].every((text) => typeof text === 'string') && Number.isSafeInteger(value.size);

/** The files that a message is waiting for. @param {Item} item @returns {import('./uploads.js').Coming[]} */
const coming = ({ files = [] }) => files.flatMap((file) => ('upload' in file ? [file] : []));

/** "The disk is full." becomes the end of "Not sent: the disk is full". @param {string} title */
function reasonOf(title) {
  const plain = title.trim().replace(/\.+$/, '');
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}
