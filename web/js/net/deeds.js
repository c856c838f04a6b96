// What people do to messages and the server has not confirmed yet: kept until it has, and sent again, in order,
// after every reconnect. Each is the same done twice, so sending it again is safe.

import { parse } from './wire.js';

/** @typedef {import('./wire.js').DeedCommand} DeedCommand */
/** @typedef {{ref: string, command: DeedCommand}} Deed */
/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Store */

export const DEEDS_MAX = 200;
const RETRY_MS = 1_000;
const PASSING = new Set(['too_many_requests', 'storage_full', 'unavailable', 'internal']);

/**
 * @param {object} options
 * @param {Store} options.store
 * @param {string} options.account
 * @param {string} options.tab
 * @param {import('../lib/throttle.js').Clock} options.clock
 * @param {() => string} options.newId
 * @param {(command: import('./wire.js').Command) => boolean} options.send false: not connected
 * @param {(deeds: Deed[]) => void} options.changed
 */
export function createDeeds({ store, account, tab, clock, newId, send, changed }) {
  const key = `chapp:deeds:${account}:${tab}`;
  /** @type {Deed[]} */
  let deeds = load();

  function load() {
    const kept = parse(attempt(() => store.getItem(key)) ?? null);
    return Array.isArray(kept) ? kept.filter((d) => typeof d?.ref === 'string' && Number.isSafeInteger(d.command?.room)) : [];
  }
  const save = () => {
    attempt(() => (deeds.length > 0 ? store.setItem(key, JSON.stringify(deeds)) : store.removeItem(key)));
    changed(deeds);
  };
  /** @param {Deed} deed */
  const dispatch = ({ ref, command }) => send({ ...command, ref });

  if (deeds.length > 0) changed(deeds);
  return {
    /** False when there are too many already. @param {DeedCommand} command */
    add(command) {
      if (deeds.length >= DEEDS_MAX) return false;
      const deed = { ref: `d:${newId()}`, command };
      deeds = [...deeds, deed];
      save();
      dispatch(deed);
      return true;
    },

    /** All that was not confirmed goes out again. */
    connected() {
      for (const deed of deeds) dispatch(deed);
    },

    /** Whether this was about one of ours. @param {string | undefined} ref */
    end(ref) {
      const left = deeds.filter((deed) => deed.ref !== ref);
      if (left.length === deeds.length) return false;
      deeds = left;
      save();
      return true;
    },

    /** The refused one, where it is given up; null where it is none of ours or is tried again. @param {import('./wire.js').ErrorFrame} error @returns {Deed | null} */
    refused(error) {
      const deed = deeds.find((one) => one.ref === error.ref);
      if (!deed) return null;
      if (PASSING.has(error.code)) {
        clock.set(() => deeds.includes(deed) && dispatch(deed), error.retry_after_ms ?? RETRY_MS);
        return null;
      }
      this.end(deed.ref);
      return deed;
    },

    /** @param {string | undefined} ref */
    has: (ref) => deeds.some((deed) => deed.ref === ref),
  };
}

/** No room left, or storage is switched off: then it is only in memory. @template T @param {() => T} run @returns {T | undefined} */
function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** @typedef {ReturnType<typeof createDeeds>} Deeds */
