// Toasts: a line that says what was done, for a while, and longer under the pointer or the focus. A refusal stays until
// it is closed.

import { h, icon, iconButton } from './dom.js';

const SHOWN_MS = 5000;
const SHOWN_MAX = 3;

/** @param {HTMLElement} root @param {Pick<import('./wires.js').Wires, 'clock'>} wires */
export function mountToasts(root, { clock }) {
  /** Inside an open dialog, or it would be hidden behind it. @param {HTMLElement} el */
  const show = (el) => {
    const dialog = document.querySelector('dialog:modal');
    if (dialog && root.parentElement !== dialog) dialog.append(root);
    else if (!dialog && root.parentElement !== document.body) document.body.append(root);
    root.append(el);
    while (root.children.length > SHOWN_MAX) root.firstElementChild?.remove();
  };
  /** @param {string} words */
  const refuse = (words) => {
    for (const one of root.querySelectorAll('[data-bad]')) if (one.textContent === words) one.remove();
    const end = () => el.remove();
    const el = h('div', { class: 'toast', 'data-bad': true }, icon('alert', 'i--s'), words, iconButton('x', 'Close', end, { 'data-tip': null }));
    show(el);
  };
  /** @param {string} words @param {{words: string, act: () => void}} [action] */
  const done = (words, action) => {
    /** @type {unknown} */
    let timer = null;
    const end = () => {
      if (timer !== null) clock.clear(timer);
      el.remove();
    };
    const start = () => {
      timer = clock.set(end, SHOWN_MS);
    };
    const wait = () => {
      if (timer !== null) clock.clear(timer);
      timer = null;
    };
    const doIt = () => {
      end();
      action?.act();
    };
    const el = h(
      'div',
      { class: 'toast', onpointerenter: wait, onpointerleave: start, onfocusin: wait, onfocusout: start },
      icon('check', 'i--s'),
      words,
      action && h('button', { type: 'button', class: 'lk', onclick: doIt }, action.words),
    );
    show(el);
    start();
  };
  return Object.assign(done, { refuse });
}
