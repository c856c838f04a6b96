// Actions on messages (edit, delete, react, pin, save, mark unread) that the server has not confirmed yet: kept in
// the browser's storage and sent again, in order, after every reconnect. All are idempotent, so that is safe.

import { attempt } from '../lib/attempt.js';
import { parse } from './wire.js';

/** @typedef {import('./wire.js').MessageCommand} MessageCommand */
/** @typedef {{ref: string, command: MessageCommand}} PendingAction */
/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Store */

export const PENDING_ACTIONS_MAX = 200;
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
 * @param {(actions: PendingAction[]) => void} options.changed
 */
export function createPendingActions({ store, account, tab, clock, newId, send, changed }) {
  // The old name: browsers may hold actions under it.
  const key = `chapp:deeds:${account}:${tab}`;
  /** @type {PendingAction[]} */
  let actions = load();

  function load() {
    const kept = parse(attempt(() => store.getItem(key)) ?? null);
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.ref === 'string' && Number.isSafeInteger(one.command?.room)) : [];
  }
  const save = () => {
    attempt(() => (actions.length > 0 ? store.setItem(key, JSON.stringify(actions)) : store.removeItem(key)));
    changed(actions);
  };
  /** @param {PendingAction} action */
  const dispatch = ({ ref, command }) => send({ ...command, ref });

  if (actions.length > 0) changed(actions);
  return {
    /** False when too many are pending already. @param {MessageCommand} command */
    add(command) {
      if (actions.length >= PENDING_ACTIONS_MAX) return false;
      const action = { ref: `d:${newId()}`, command };
      actions = [...actions, action];
      save();
      dispatch(action);
      return true;
    },

    /** Sends everything unconfirmed again. */
    connected() {
      for (const action of actions) dispatch(action);
    },

    /** Forgets a confirmed action. False: `ref` is none of ours. @param {string | undefined} ref */
    end(ref) {
      const left = actions.filter((action) => action.ref !== ref);
      if (left.length === actions.length) return false;
      actions = left;
      save();
      return true;
    },

    /** The action that is given up; null where it is tried again, or `ref` is none of ours. @param {import('./wire.js').ErrorFrame} error @returns {PendingAction | null} */
    refused(error) {
      const action = actions.find((one) => one.ref === error.ref);
      if (!action) return null;
      if (PASSING.has(error.code)) {
        clock.set(() => actions.includes(action) && dispatch(action), error.retry_after_ms ?? RETRY_MS);
        return null;
      }
      this.end(action.ref);
      return action;
    },

    /** @param {string | undefined} ref */
    has: (ref) => actions.some((action) => action.ref === ref),
  };
}

/** @typedef {ReturnType<typeof createPendingActions>} PendingActions */
