// What the reader has chosen for this browser: theme, text size, density, direction, notifications, the formatting bar.
// Applied to the root element and kept in storage.

import { attempt } from './attempt.js';

const KEY = 'chapp:appearance';
const NAMES = /** @type {const} */ (['theme', 'text', 'density', 'direction', 'notify', 'format']);

/** @typedef {Record<typeof NAMES[number], string>} Appearance */

/** @returns {Appearance} */
export function appearance() {
  /** @type {Appearance} */
  const found = { theme: '', text: '', density: '', direction: '', notify: '', format: '' };
  const kept = attempt(() => JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  for (const name of NAMES) if (typeof kept?.[name] === 'string') found[name] = kept[name];
  return found;
}

/** @param {Partial<Appearance>} change */
export function setAppearance(change) {
  const next = { ...appearance(), ...change };
  attempt(() => localStorage.setItem(KEY, JSON.stringify(next)));
  apply(next);
}

/** @param {Appearance} [chosen] */
export function apply(chosen = appearance()) {
  const root = document.documentElement;
  for (const name of /** @type {const} */ (['theme', 'text', 'density'])) {
    if (chosen[name]) root.dataset[name] = chosen[name];
    else delete root.dataset[name];
  }
  root.dir = direction(chosen.direction, navigator.language);
  colourBrowser(chosen.theme);
}

/** Languages that are written from right to left, by their code and by their script. */
const RIGHT_TO_LEFT = /^(ar|arc|ckb|dv|fa|he|iw|ks|ku-arab|nqo|pa-arab|ps|sd|syr|ug|ur|yi)(-|$)/i;

/** @param {string} chosen none: as the language of the browser is written @param {string} [language] @returns {'ltr' | 'rtl'} */
export function direction(chosen, language = '') {
  if (chosen === 'ltr' || chosen === 'rtl') return chosen;
  return RIGHT_TO_LEFT.test(language) ? 'rtl' : 'ltr';
}

/** Gives the browser's own bar the colour that the page names for the theme. @param {string} theme */
function colourBrowser(theme) {
  const metas = /** @type {HTMLMetaElement[]} */ ([...document.querySelectorAll('meta[name="theme-color"]')]);
  for (const meta of metas) meta.dataset.system ??= meta.content;
  const wanted = metas.find((meta) => theme && meta.media.includes(theme));
  for (const meta of metas) meta.content = (wanted ?? meta).dataset.system ?? '';
}
