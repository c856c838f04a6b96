// Overlays: a pane, a dialog or a sheet over a phone's screen. Each has an entry in the history, so that the phone's
// Back closes the topmost before it leaves the page. On wider screens Back means what it always means.

/** @typedef {{id: number, close: () => boolean | void}} Overlay */

const phone = globalThis.matchMedia?.('(max-width: 47.9375rem)');
/** @type {Overlay[]} */
let overlays = [];
let last = 0;
/** The current entry of the history. */
let present = entry();

function entry() {
  return { top: Number(globalThis.history?.state?.top ?? 0), screen: globalThis.history?.state?.screen, path: globalThis.location?.pathname };
}

/** To be called after every change of the history that is made elsewhere. */
export function moved() {
  present = entry();
}

/**
 * @param {() => boolean | void} close called when the reader goes back; false: it stays, since there is a question to answer
 * @returns {() => void} to be called when the overlay is gone, for whatever reason
 */
export function openOverlay(close) {
  if (!phone?.matches) return () => {};
  last += 1;
  const id = last;
  overlays = [...overlays, { id, close }];
  history.pushState({ ...history.state, top: id }, '');
  moved();
  return () => {
    if (!overlays.some((one) => one.id === id)) return;
    overlays = overlays.filter((one) => one.id !== id);
    // Otherwise the reader has gone somewhere else, and that took the place of this entry.
    if (history.state?.top === id) history.back();
  };
}

/** Closes the overlays that a step in the history has left. @returns {boolean} whether the step was about overlays only */
export function settleOverlays() {
  const before = present;
  moved();
  const { top, screen, path } = present;
  const above = overlays.filter(({ id }) => id > top).reverse();
  for (const one of above) {
    overlays = overlays.filter(({ id }) => id !== one.id);
    if (one.close() !== false) continue;
    overlays = [...overlays, one];
    history.pushState({ ...history.state, top: one.id }, '');
    moved();
    return true;
  }
  // The overlay of this entry is gone already.
  if (top !== 0 && !overlays.some(({ id }) => id === top)) {
    history.back();
    return true;
  }
  return before.top !== 0 && before.path === path && before.screen === screen;
}
