// A line that says what was done, for a while; longer while it is pointed at or focused.

import { h, icon } from './dom.js';

const SHOWN_MS = 5000;
const SHOWN_MAX = 3;

/** @param {HTMLElement} root @param {Pick<import('../main.js').Wires, 'clock'>} wires */
export function mountToasts(root, { clock }) {
  /** @param {string} words @param {{words: string, act: () => void}} [action] */
  return (words, action) => {
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
    // Over a dialog, only what is in the dialog is seen.
    const place = document.querySelector('dialog:modal');
    if (place && root.parentElement !== place) place.append(root);
    else if (!place && root.parentElement !== document.body) document.body.append(root);
    root.append(el);
    while (root.children.length > SHOWN_MAX) root.firstElementChild?.remove();
    start();
  };
}
