// What the reader has chosen for this browser: theme, text size, space, the formatting bar. Applied to the root element, and kept.

const KEY = 'chapp:appearance';
const NAMES = /** @type {const} */ (['theme', 'text', 'density', 'notify', 'format']);

/** @typedef {Record<typeof NAMES[number], string>} Appearance */

/** @returns {Appearance} */
export function appearance() {
  /** @type {Appearance} */
  const found = { theme: '', text: '', density: '', notify: '', format: '' };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    for (const name of NAMES) if (typeof kept[name] === 'string') found[name] = kept[name];
  } catch {
    // Storage is switched off, or not ours: then it is as the system has it.
  }
  return found;
}

/** @param {Partial<Appearance>} change */
export function setAppearance(change) {
  const next = { ...appearance(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // For as long as this page lives.
  }
  apply(next);
}

/** @param {Appearance} [chosen] */
export function apply(chosen = appearance()) {
  const root = document.documentElement;
  for (const name of /** @type {const} */ (['theme', 'text', 'density'])) {
    if (chosen[name]) root.dataset[name] = chosen[name];
    else delete root.dataset[name];
  }
}
