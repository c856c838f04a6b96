// Files on their way to the server: a few at a time, tried again when the connection breaks, given up when they are
// refused. They live as long as this page: a file that has not arrived by then has to be chosen again.

import { decodeFile, parse } from './wire.js';

/** @typedef {import('./wire.js').FileInfo} FileInfo */
/**
 * @typedef {object} Upload
 * @property {string} id
 * @property {number} room whose composer it is in
 * @property {string} name
 * @property {string} type as the browser sees it
 * @property {number} size
 * @property {number} sent bytes
 * @property {'waiting' | 'sending' | 'done' | 'failed'} state
 * @property {string} [reason]
 * @property {boolean} [refused] would be refused again
 * @property {boolean} [posted] has left the composer, with the message that waits for it
 * @property {FileInfo} [file] once it has arrived
 */
/** @typedef {{name: string, type: string, size: number}} Source a `File` */
/** @typedef {{status: number, body: any, retryAfter: number}} Answer status 0: there was none */
/**
 * @typedef {object} Options
 * @property {import('../lib/throttle.js').Clock} clock
 * @property {() => string} newId
 * @property {(text: string) => string} wellFormed
 * @property {(source: Source, name: string, progress: (sent: number) => void) => {answer: Promise<Answer>, stop: () => void}} send
 * @property {() => import('./wire.js').Limits} limits
 * @property {(uploads: Upload[]) => void} changed
 * @property {(id: string, file: FileInfo) => void} arrived of one that has left the composer
 * @property {(id: string, reason: string) => void} failed of one that has left the composer
 */

const AT_ONCE = 2;
const TRIES_MAX = 4;
const RETRY_MS = 1000;
const PROGRESS_EVERY_MS = 200;
const BROKEN_REASON = 'the connection broke off';

/** @param {Options} options */
export function createUploads({ clock, newId, wellFormed, send, limits, changed, arrived, failed }) {
  /** @type {Map<string, {upload: Upload, source: Source, tries: number, at: number, stop: (() => void) | null}>} */
  const held = new Map();
  let online = true;

  const tell = () => changed([...held.values()].map(({ upload }) => upload));
  /** @param {string} id @param {Partial<Upload>} change */
  const set = (id, change) => {
    const one = held.get(id);
    if (one) one.upload = { ...one.upload, ...change };
  };
  /** @param {number} room */
  const inComposer = (room) => [...held.values()].filter(({ upload }) => upload.room === room && !upload.posted);

  const pump = () => {
    const now = [...held.values()];
    const free = AT_ONCE - now.filter(({ upload }) => upload.state === 'sending').length;
    if (!online || free <= 0) return;
    for (const { upload } of now.filter((one) => one.upload.state === 'waiting' && one.at <= clock.now()).slice(0, free)) begin(upload.id);
  };

  /** @param {string} id */
  const begin = (id) => {
    const one = held.get(id);
    if (!one) return;
    set(id, { state: 'sending', sent: 0 });
    let shown = 0;
    const { answer, stop } = send(one.source, one.upload.name, (sent) => {
      set(id, { sent });
      if (clock.now() - shown < PROGRESS_EVERY_MS) return;
      shown = clock.now();
      tell();
    });
    one.stop = stop;
    tell();
    answer.then((found) => {
      // Removed or started again in the meantime.
      if (held.get(id) !== one || one.stop !== stop) return;
      one.stop = null;
      landed(id, found);
    });
  };

  /** @param {string} id @param {Answer} answer */
  const landed = (id, { status, body, retryAfter }) => {
    const one = held.get(id);
    const file = status === 201 ? decodeFile(body?.file) : null;
    if (!one) return;
    if (file) {
      set(id, { state: 'done', sent: one.upload.size, file });
      if (one.upload.posted) {
        held.delete(id);
        arrived(id, file);
      }
    } else if (status === 0) again(id, BROKEN_REASON, RETRY_MS * 2 ** one.tries, true);
    else if (status === 429 || status === 503) {
      // A busy server does not count as a failed try, unless it names the file: then the upload itself was too slow.
      again(id, reasonOf(body), retryAfter * 1000, body?.field === 'file');
    } else fail(id, reasonOf(body), status !== 507 && status !== 500);
    tell();
    pump();
  };

  /** @param {string} id @param {string} reason @param {number} ms @param {boolean} counts */
  const again = (id, reason, ms, counts) => {
    const one = held.get(id);
    if (!one) return;
    // Without a connection, nothing counts as a failed try.
    if (counts && online) one.tries += 1;
    if (one.tries >= TRIES_MAX) return fail(id, reason, false);
    one.at = clock.now() + ms;
    set(id, { state: 'waiting', sent: 0 });
    clock.set(pump, ms);
  };

  /** @param {string} id @param {string} reason @param {boolean} refused */
  const fail = (id, reason, refused) => {
    set(id, { state: 'failed', reason, refused });
    if (held.get(id)?.upload.posted) failed(id, reason);
  };

  const uploads = {
    /** Puts chosen files into the composer of a room. @param {number} room @param {Source[]} sources */
    add(room, sources) {
      const { file_bytes_max = Infinity, files_max = 10 } = limits();
      for (const source of sources) {
        const { type, size } = source;
        const name = wellFormed(source.name);
        const id = newId();
        /** @type {Upload} */
        const upload = { id, room, name, type, size, sent: 0, state: 'waiting' };
        const reason =
          inComposer(room).length >= files_max
            ? `a message has at most ${files_max} files`
            : size > file_bytes_max
              ? `a file has at most ${Math.floor(file_bytes_max / 2 ** 20)} MiB`
              : size === 0
                ? 'it is empty'
                : '';
        // Says only once that there are too many.
        if (inComposer(room).length > files_max) break;
        held.set(id, { upload: reason ? { ...upload, state: 'failed', reason, refused: true } : upload, source, tries: 0, at: 0, stop: null });
      }
      tell();
      pump();
    },

    /** @param {string} id */
    retry(id) {
      const one = held.get(id);
      if (one?.upload.state !== 'failed') return;
      const { reason: _, refused: __, ...upload } = one.upload;
      one.upload = { ...upload, state: 'waiting', sent: 0 };
      [one.tries, one.at] = [0, 0];
      tell();
      pump();
    },

    /** Removes a file that is no longer wanted. @param {string} id */
    drop(id) {
      const one = held.get(id);
      if (!one) return;
      held.delete(id);
      one.stop?.();
      tell();
      pump();
    },

    /** Takes the files out of a composer for its message: those that have arrived, and placeholders for the others. @param {number} room @returns {(FileInfo | Coming)[]} */
    take(room) {
      const taken = inComposer(room).map(({ upload }) => {
        const { id, name, type, size, file } = upload;
        if (file) held.delete(id);
        else set(id, { posted: true });
        return file ?? { upload: id, name, type, size };
      });
      tell();
      return taken;
    },

    /** The files in the composers, for the next page of this tab. @returns {Kept[]} */
    kept: () =>
      [...held.values()]
        .filter(({ upload }) => !upload.posted && upload.state !== 'failed')
        .map(({ upload: { room, name, file } }) => ({ room, name, ...(file ? { file } : {}) })),

    /** Puts the files of the previous page back into the composers, if they had arrived. @param {any} kept @returns {string[]} the names of what had not */
    restore(kept) {
      if (!Array.isArray(kept)) return [];
      /** @type {string[]} */
      const lost = [];
      for (const one of kept) {
        const file = decodeFile(one?.file);
        if (!file || !Number.isSafeInteger(one.room)) {
          if (typeof one?.name === 'string') lost.push(one.name);
          continue;
        }
        const id = newId();
        const { name, type, size } = file;
        held.set(id, { upload: { id, room: one.room, name, type, size, sent: size, state: 'done', file }, source: file, tries: 0, at: 0, stop: null });
      }
      tell();
      return lost;
    },

    /** Whether this page still has it. @param {string} id */
    has: (id) => held.has(id),

    connected() {
      online = true;
      for (const one of held.values()) one.at = 0;
      pump();
    },

    disconnected() {
      online = false;
    },
  };
  return uploads;
}

/** @typedef {{upload: string, name: string, type: string, size: number}} Coming a file of a message that has not arrived yet */
/** @typedef {{room: number, name: string, file?: FileInfo}} Kept */
/** @typedef {ReturnType<typeof createUploads>} Uploads */

/** "The disk is full." as the end of another sentence. @param {any} body an RFC 9457 problem, if it is one */
function reasonOf(body) {
  const title = typeof body?.title === 'string' ? body.title.trim().replace(/\.+$/, '') : '';
  return title ? title.charAt(0).toLowerCase() + title.slice(1) : 'something went wrong';
}

/** Over plain HTTP, with progress, which `fetch` does not report. @type {Options['send']} */
export function post(source, name, progress) {
  const request = new XMLHttpRequest();
  /** @type {Promise<Answer>} */
  const answer = new Promise((resolve) => {
    const none = () => resolve({ status: 0, body: undefined, retryAfter: 1 });
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () =>
      resolve({ status: request.status, body: parse(request.responseText), retryAfter: Number(request.getResponseHeader('Retry-After')) || 1 });
    request.onerror = none;
    request.onabort = none;
    request.open('POST', `/api/files?name=${encodeURIComponent(name)}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.send(/** @type {File} */ (source));
  });
  return { answer, stop: () => request.abort() };
}
