// Drafts: the text in the composer, kept per tab and room until it is sent. Two tabs never write the same draft; the
// draft of a closed tab goes to the next tab that has none. To find out, a tab asks who is alive: living tabs answer,
// announce themselves when they open, and any draft written after the question belongs to one of them.

import { attempt } from '../lib/attempt.js';
import { parse } from './wire.js';

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Store */
/** @typedef {{postMessage: (data: string) => void, onmessage: ((event: MessageEvent) => void) | null}} Channel */

export const ANSWER_WITHIN_MS = 1000;
const WHO = 'who?';

/** @param {{store: Store, account: string, tab: string, channel: Channel, clock: import('../lib/throttle.js').Clock}} options */
export function createDrafts({ store, account, tab, channel, clock }) {
  const prefix = (/** @type {number} */ room) => `chapp:draft:${account}:${room}:`;
  /** @type {Set<string>} */
  let alive = new Set();
  channel.onmessage = ({ data }) => {
    if (data === WHO) channel.postMessage(tab);
    else alive.add(data);
  };
  // A tab that opens or reloads after the question was asked has not heard it.
  channel.postMessage(tab);

  /** @param {string} key @returns {{text: string, at: number}} */
  const load = (key) => {
    const value = parse(store.getItem(key));
    return { text: typeof value?.text === 'string' ? value.text : '', at: Number(value?.at) || 0 };
  };
  /** The latest draft that no living tab holds. @param {number} room @param {number} asked when it was asked who lives */
  const orphan = (room, asked) =>
    Array.from({ length: store.length }, (_, i) => store.key(i) ?? '')
      .filter((key) => key.startsWith(prefix(room)) && key !== prefix(room) + tab && !alive.has(key.slice(prefix(room).length)))
      .map((key) => ({ key, ...load(key) }))
      .filter((draft) => draft.text !== '' && draft.at <= asked)
      .reduce((best, draft) => (best && best.at >= draft.at ? best : draft), /** @type {{key: string, text: string, at: number} | null} */ (null));

  const drafts = {
    /** @param {number} room */
    read: (room) => attempt(() => load(prefix(room) + tab).text) ?? '',

    /** @param {number} room @param {string} text */
    keep(room, text) {
      const key = prefix(room) + tab;
      return attempt(() => {
        if (text) store.setItem(key, JSON.stringify({ text, at: clock.now() }));
        else store.removeItem(key);
        return true;
      });
    },

    /** Takes over the draft of a closed tab. @param {number} room @param {(text: string) => boolean} use false: it did not take the text */
    adopt(room, use) {
      alive = new Set();
      const asked = clock.now();
      channel.postMessage(WHO);
      clock.set(() => {
        const left = attempt(() => orphan(room, asked));
        // Stored here before it is removed there, so that it is never in neither place.
        if (left && use(left.text) && drafts.keep(room, left.text)) attempt(() => store.removeItem(left.key));
      }, ANSWER_WITHIN_MS);
    },
  };
  return drafts;
}

/** @typedef {ReturnType<typeof createDrafts>} Drafts */
