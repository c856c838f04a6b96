// The strip that says the connection is gone. An ordinary reconnect is over before it shows.

import { mark, part, refs, say } from './dom.js';

const SHOW_AFTER_MS = 1000;

/**
 * @param {HTMLElement} root
 * @param {import('./wires.js').Wires} wires
 */
export function mountBanner(root, { watch, send, clock }) {
  const strip = /** @type {HTMLElement} */ (root.querySelector('.banner'));
  const parts = refs(root);
  const what = part(parts, 'what');
  const when = part(parts, 'when');
  /** @type {unknown} */
  let showing = null;
  /** @type {unknown} */
  let counting = null;

  const count = (/** @type {number | null} */ retryAt) => {
    if (counting !== null) clock.clear(counting);
    counting = null;
    const left = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - clock.now()) / 1000));
    say(when, left === 0 ? 'Trying now.' : `Trying again in ${left} ${left === 1 ? 'second' : 'seconds'}.`);
    if (left > 0) counting = clock.set(() => count(retryAt), 250);
  };

  part(parts, 'now').addEventListener('click', () => send({ do: 'reconnect' }));

  watch(
    (s) => [s.connection.state, s.connection.retryAt, s.epoch],
    (state, retryAt, epoch) => {
      mark(document.body, 'data-connection', state);
      say(what, epoch === null ? 'Not connected.' : 'Connection lost.');
      if (state === 'online') {
        if (showing !== null) clock.clear(showing);
        if (counting !== null) clock.clear(counting);
        showing = counting = null;
        // The button is about to vanish and may have the focus.
        if (strip.contains(document.activeElement)) send({ do: 'focus', area: 'composer' });
        strip.hidden = true;
        return;
      }
      count(retryAt);
      if (showing !== null || !strip.hidden) return;
      showing = clock.set(() => {
        showing = null;
        strip.hidden = false;
      }, SHOW_AFTER_MS);
    },
  );
}
