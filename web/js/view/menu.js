// A menu at a button: arrow keys, Home, End, first letters, Esc. One at a time; the focus goes back where it came from.

import { h, icon } from './dom.js';

/** @typedef {{icon: string, words: string, act: () => void, key?: string, danger?: boolean, checked?: boolean} | null} MenuItem null: a line */

/** @type {(() => void) | null} */
let closeOpen = null;

const MARGIN_PX = 8;
/** Letters typed within this time are one word. */
const WORD_MS = 500;

/** @param {HTMLElement} anchor @param {string} label @param {MenuItem[]} items @param {{x: number, y: number}} [at] instead of at the anchor */
export function openMenu(anchor, label, items, at) {
  closeOpen?.();
  const back = document.activeElement;
  const menu = h('div', { class: 'menu', role: 'menu', 'aria-label': label });
  for (const item of items) {
    if (item === null) {
      menu.append(h('hr', { role: 'separator' }));
      continue;
    }
    const state = item.checked === undefined ? { role: 'menuitem' } : { role: 'menuitemcheckbox', 'aria-checked': String(item.checked) };
    const choose = () => {
      close();
      item.act();
    };
    menu.append(
      h(
        'button',
        { type: 'button', class: `menu__it ${item.danger ? 'menu__it--danger' : ''}`.trim(), tabindex: -1, ...state, onclick: choose },
        icon(item.checked ? 'check' : item.icon),
        item.words,
        item.key && h('kbd', { 'aria-hidden': 'true' }, item.key),
      ),
    );
  }
  // Inside the landmark of its button.
  (anchor.closest('dialog, aside, main, .side') ?? document.body).append(menu);
  position(menu, anchor, at);
  anchor.setAttribute('aria-expanded', 'true');
  const entries = () => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll('button')]);
  entries()[0]?.focus();

  const outside = (/** @type {Event} */ event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) close(false);
  };
  const close = (returning = true) => {
    if (closeOpen !== close) return;
    closeOpen = null;
    anchor.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside, true);
    removeEventListener('resize', leave);
    menu.remove();
    if (returning && back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
  };
  const leave = () => close(false);
  closeOpen = close;
  document.addEventListener('pointerdown', outside, true);
  addEventListener('resize', leave);
  let word = '';
  let lettered = Number.NEGATIVE_INFINITY;
  menu.addEventListener('keydown', (event) => {
    const list = entries();
    const now = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: list.length - 1 }[event.key];
    event.stopPropagation();
    if (to !== undefined) list[(to + list.length) % list.length]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else if (event.key.length === 1 && event.key !== ' ') {
      word = event.timeStamp - lettered < WORD_MS ? word + event.key.toLowerCase() : event.key.toLowerCase();
      lettered = event.timeStamp;
      // One letter moves to the next match; more letters may match the focused item.
      const from = word.length > 1 ? now : now + 1;
      const after = [...list.slice(from), ...list.slice(0, from)];
      after.find((el) => el.textContent?.trim().toLowerCase().startsWith(word))?.focus();
      return;
    } else return;
    event.preventDefault();
  });
}

/** @param {HTMLElement} menu @param {HTMLElement} anchor @param {{x: number, y: number}} [at] */
function position(menu, anchor, at) {
  const box = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const rtl = getComputedStyle(anchor).direction === 'rtl';
  const x = at ? at.x : box.left + size.width > innerWidth - MARGIN_PX || (rtl && box.right > size.width) ? box.right - size.width : box.left;
  const below = at ? at.y : box.bottom + 4;
  const y = below + size.height > innerHeight - MARGIN_PX ? (at ? at.y : box.top - 4) - size.height : below;
  menu.style.left = `${Math.max(MARGIN_PX, Math.min(x, innerWidth - size.width - MARGIN_PX))}px`;
  menu.style.top = `${Math.max(MARGIN_PX, y)}px`;
}
