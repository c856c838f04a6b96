// The formatting bar over the composer; this browser remembers whether to show it.

import { appearance, setAppearance } from '../lib/appearance.js';
import { h, icon, iconButton, mark } from './dom.js';
import { apply, fenced, linked, prefixed, wrapped } from './writing.js';

/** @typedef {(value: string, from: number, to: number) => import('./writing.js').Change} Format */

/** @param {string} sign @returns {Format} */
const around = (sign) => (value, from, to) => wrapped(value, from, to, sign);
/** @param {string} sign @returns {Format} */
const before = (sign) => (value, from, to) => prefixed(value, from, to, sign);

/** @type {[string, () => Node, Format][]} */
const FORMATS = [
  ['Bold', () => h('b', {}, 'B'), around('**')],
  ['Italic', () => h('i', {}, 'I'), around('*')],
  ['Strikethrough', () => h('s', {}, 'S'), around('~~')],
  ['Link', () => icon('link', 'i--s'), linked],
  ['Code', () => h('code', {}, '</>'), around('`')],
  ['Code block', () => h('code', {}, '{ }'), fenced],
  ['Quote', () => h('span', {}, '”'), before('> ')],
  ['List', () => h('span', {}, '• –'), before('- ')],
];

/** @param {HTMLTextAreaElement} box @param {HTMLElement} row the bar stands before it @param {HTMLElement} next the button that shows it stands before this one */
export function mountFormatting(box, row, next) {
  const buttons = FORMATS.map(([label, face, format], at) =>
    h('button', { type: 'button', 'aria-label': label, tabindex: at === 0 ? 0 : -1, onclick: () => apply(box, format) }, face()),
  );
  const bar = h('div', { class: 'comp__fmt', role: 'toolbar', 'aria-label': 'Formatting', id: 'formatting', hidden: true }, ...buttons);
  // The selection in the text stays.
  bar.addEventListener('pointerdown', (event) => event.preventDefault());
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const rtl = getComputedStyle(bar).direction === 'rtl' ? -1 : 1;
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = buttons.at((at + step * rtl) % buttons.length);
    for (const button of buttons) button.tabIndex = button === to ? 0 : -1;
    event.preventDefault();
    to?.focus();
  });
  row.before(bar);
  const show = (/** @type {boolean} */ on) => {
    bar.hidden = !on;
    mark(toggle, 'aria-pressed', String(on));
  };
  const toggle = iconButton(
    'text',
    'Formatting',
    () => {
      show(bar.hidden === true);
      setAppearance({ format: bar.hidden ? '' : 'on' });
      box.focus();
    },
    { class: 'ib not-phone', 'aria-controls': 'formatting' },
  );
  next.before(toggle);
  show(appearance().format === 'on');
}
