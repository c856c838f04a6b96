// What the browser tells the page (when to draw, other tabs, network, visibility, leaving and coming back) and what it
// keeps for this tab through a reload.

import { attempt } from './lib/attempt.js';

const TAB_KEY = 'chapp:tab';
const ASKED_KEY = 'chapp:asked';
const RELOADED_KEY = 'chapp:reloaded';
const FRAME_MS = 100;

/** Runs once, before the next frame. A hidden page draws no frames, and still has a title to keep. @param {() => void} run */
export function nextFrame(run) {
  let done = false;
  const once = () => {
    if (!done) run();
    done = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, FRAME_MS);
}

/**
 * The tab's id, the same after a reload. It is in storage only while the page is gone: the copy of a living tab is
 * another tab.
 * @param {() => string} newId
 */
export function takeTabId(newId) {
  const id = sessionStorage.getItem(TAB_KEY) ?? newId();
  sessionStorage.removeItem(TAB_KEY);
  return id;
}

/**
 * Reloads the page to get a file that its version can no longer get.
 * @param {string} file
 * @param {import('./acts/act.js').Act | null} act what the new page does first
 * @returns {boolean} false: it has been reloaded for this file before, which did not help
 */
export function reloadFor(file, act) {
  if (attempt(() => sessionStorage.getItem(RELOADED_KEY)) === file) return false;
  attempt(() => sessionStorage.setItem(RELOADED_KEY, file));
  if (act) attempt(() => sessionStorage.setItem(ASKED_KEY, JSON.stringify(act)));
  location.reload();
  return true;
}

/** What the page was reloaded to do; the second call returns null. @returns {import('./acts/act.js').Act | null} */
export function takeReloadAct() {
  const act = attempt(() => JSON.parse(sessionStorage.getItem(ASKED_KEY) ?? 'null'));
  attempt(() => sessionStorage.removeItem(ASKED_KEY));
  return act ?? null;
}

/**
 * @param {object} options
 * @param {string} options.tab
 * @param {import('./net/socket.js').Socket} options.socket
 * @param {() => import('./account.js').Account | null} options.account
 * @param {() => void} options.someoneIsHere the first sign of somebody
 */
export function listenToBrowser({ tab, socket, account, someoneIsHere }) {
  for (const sign of ['pointermove', 'pointerdown', 'keydown', 'dragenter'])
    addEventListener(sign, someoneIsHere, { capture: true, once: true, passive: true });
  addEventListener('storage', (event) => account()?.outbox.heard(event.key));
  addEventListener('online', () => socket.nudge());
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.nudge());
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    sessionStorage.removeItem(TAB_KEY);
    account()?.reopen();
    socket.nudge();
  });
  addEventListener('pagehide', () => {
    sessionStorage.setItem(TAB_KEY, tab);
    account()?.close();
    socket.rest();
  });
}
