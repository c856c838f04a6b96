// What lies over a phone's screen: a pane, a dialog, a sheet. Each has an entry in the history, so that the phone's
// Back closes the one on top before it leaves the page. On wider screens Back means what it always means.

/** @typedef {{id: number, close: () => boolean | void}} Cover */

const phone = globalThis.matchMedia?.('(max-width: 47.9375rem)');
/** @type {Cover[]} */
let covers = [];
let last = 0;
/** The entry of the history that is before the reader. */
let present = entry();

function entry() {
  return { top: Number(globalThis.history?.state?.top ?? 0), screen: globalThis.history?.state?.screen, path: globalThis.location?.pathname };
}

/** The history was changed by somebody else. */
export function moved() {
  present = entry();
}

/**
 * Something was laid over the screen.
 * @param {() => boolean | void} close called when the reader goes back; false: it stays, since there is a question to answer
 * @returns {() => void} to be called when it is gone, however that came
 */
export function cover(close) {
  if (!phone?.matches) return () => {};
  last += 1;
  const id = last;
  covers = [...covers, { id, close }];
  history.pushState({ ...history.state, top: id }, '');
  moved();
  return () => {
    if (!covers.some((one) => one.id === id)) return;
    covers = covers.filter((one) => one.id !== id);
    // Whoever has gone somewhere else since has taken the entry's place.
    if (history.state?.top === id) history.back();
  };
}

/** After a step in the history: whether it was only about what lies over the screen. */
export function uncovered() {
  const before = present;
  moved();
  const { top, screen, path } = present;
  const above = covers.filter(({ id }) => id > top).reverse();
  for (const one of above) {
    covers = covers.filter(({ id }) => id !== one.id);
    if (one.close() !== false) continue;
    covers = [...covers, one];
    history.pushState({ ...history.state, top: one.id }, '');
    moved();
    return true;
  }
  // Its cover is gone already.
  if (top !== 0 && !covers.some(({ id }) => id === top)) {
    history.back();
    return true;
  }
  return before.top !== 0 && before.path === path && before.screen === screen;
}
