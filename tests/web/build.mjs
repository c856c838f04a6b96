// Builders of frames and actions for the tests of the state.

import { reduce } from '../../web/js/state/reduce.js';
import { initialState } from '../../web/js/state/state.js';

export const ME = 1;
export const MEI = 2;
export const EPOCH = 'e1';

/** @param {number} id @param {string} [name] */
export const user = (id, name = `Person ${id}`) => ({ id, name, display_name: name, role: 'member', created_at: 1 });

/** @param {number} id @param {object} [more] */
export const message = (id, more = {}) => ({ id, author: MEI, sent_at: 1_000_000 + id * 1000, body: `message ${id}`, ...more });

/** @param {number} from @param {number} to */
export const messages = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => message(from + i));

/** @param {object} [room] @param {object} [more] */
export const ready = (room = {}, more = {}) => ({
  type: 'ready',
  protocol: 1,
  epoch: EPOCH,
  user: user(ME, 'Robin Ashdown'),
  rooms: [{ id: 1, kind: 'public', name: 'Lobby', topic: '', head: 0, read: 0, unread: 0, ...room }],
  people: [user(MEI, 'Mei Tanaka')],
  presence: [
    { user: ME, state: 'online' },
    { user: MEI, state: 'online' },
  ],
  server: { name: 'Chapp', version: '0.1.0', id: 'f1' },
  limits: { body_chars_max: 8000, page_max: 100 },
  ...more,
});

/** @param {any} frame @param {number} [at] */
export const heard = (frame, at = 5_000_000) => ({ type: 'frame', frame, at });
/** A message frame; new unless it says otherwise. @param {number} seq @param {object} [more] */
export const says = (seq, more = {}) => heard({ type: 'message', room: 1, seq, message: message(seq, more) });
/** @param {number} seq @param {number} id @param {string} body */
export const edits = (seq, id, body) => heard({ type: 'message', room: 1, seq, message: message(id, { body }) });
/** @param {number} through */
export const synced = (through) => heard({ type: 'synced', room: 1, through });

/** @param {string} kind @param {any[]} list @param {object} [more] @returns {any} */
export const page = (kind, list, more = {}) => ({
  type: 'page/read',
  room: 1,
  kind,
  page: { messages: list, head: list.at(-1)?.id ?? 0, more_before: false, more_after: false, people: [], ...more },
});
/** @param {string} kind @param {number} [at] @returns {any} */
export const asked = (kind, at = 0) => ({ type: 'page/asked', room: 1, kind, at });

/** @param {any} state @param {...any} events */
export const after = (state, ...events) => events.reduce(reduce, state);

/** A room that was opened at its end and holds messages 1..head. @param {number} head @param {object} [room] */
export const opened = (head, room = {}) =>
  after(
    initialState(),
    heard(ready({ head, read: head, ...room })),
    asked('open'),
    page('open', messages(Math.max(1, head - 49), head), { head, more_before: head > 50 }),
  );

/** @param {any} state */
export const ids = (state) => state.timelines[1].messages.map((/** @type {any} */ m) => m.id);
/** @param {any} state */
export const line = (state) => state.timelines[1];
/** @param {any} state */
export const lobby = (state) => state.rooms[1];
