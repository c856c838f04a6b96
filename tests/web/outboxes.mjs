// A fake browser whose tabs have outboxes.

import { wellFormed } from '../../web/js/lib/text.js';
import { Outbox } from '../../web/js/net/outbox.js';
import { FakeStorage, fakeClock } from './fakes.mjs';

let made = 0;
const number = () => {
  made += 1;
  return made;
};

/** A browser with one storage and one clock, in which tabs open and close. */
export function browser() {
  const storage = new FakeStorage();
  const clock = fakeClock();
  return {
    storage,
    clock,
    open({ account = 'f1:1-5', tab = `tab${number()}`, uploads = /** @type {any} */ (undefined) } = {}) {
      /** @type {any[]} */
      const sent = [];
      const store = storage.tab();
      const t = { sent, up: true, alive: true, shown: /** @type {any[]} */ ([]), unsaved: 0 };
      const outbox = new Outbox({
        account,
        tab,
        store,
        // The timers of a killed tab never fire.
        clock: { ...clock, set: (run, ms) => clock.set(() => t.alive && run(), ms) },
        newId: () => `id${number()}`,
        wellFormed,
        uploads,
        chance: () => 1,
        send: (command) => t.up && sent.push(command) > 0,
        changed: (items) => {
          t.shown = items;
        },
        unsaved: () => {
          t.unsaved += 1;
        },
      });
      storage.tabs.push({ store, heard: (key) => outbox.heard(key) });
      return Object.assign(t, {
        outbox,
        bodies: () => sent.map((command) => command.body),
        states: () => t.shown.map((item) => item.state),
        /** Killed: it stops, and says nothing. */
        kill: () => {
          t.up = t.alive = false;
          outbox.disconnected();
          storage.tabs = storage.tabs.filter((one) => one.store !== store);
        },
      });
    },
  };
}

/** @param {string} client_id @param {string} code @param {object} [more] @returns {any} */
export const error = (client_id, code, more = {}) => ({ type: 'error', client_id, code, title: 'The disk is full.', ...more });
