// Avatars: somebody's picture, or their initials on their colour.

import { initials } from '../lib/text.js';
import { nameOf } from '../state/lists.js';
import { h, mark } from './dom.js';

/** @typedef {import('../net/wire.js').User} User */

/** One of eight tints. @param {User | undefined} user */
const hue = (user) => String((user?.color ?? ((user?.id ?? 1) - 1) % 8) + 1);

/** Draws somebody into an avatar; keeps what is already drawn. @param {HTMLElement} el @param {User | undefined} user */
export function drawAvatar(el, user) {
  mark(el, 'data-hue', hue(user));
  const wanted = user?.avatar ? `/avatars/${user.id}/${user.avatar}` : '';
  const dot = el.querySelector('.pr');
  const image = el.querySelector('img');
  if (wanted) {
    if (image?.getAttribute('src') === wanted) return;
    const fresh = h('img', { src: wanted, alt: '', width: 256, height: 256, decoding: 'async' });
    // The initials show until the picture has loaded, or if it is gone.
    fresh.addEventListener('error', () => fresh.replaceWith(initials(nameOf(user))));
    el.replaceChildren(fresh, ...(dot ? [dot] : []));
    return;
  }
  const words = initials(nameOf(user));
  if (image || el.firstChild?.textContent !== words || el.firstChild === dot) el.replaceChildren(h('span', {}, words), ...(dot ? [dot] : []));
}

/** @param {User | undefined} user @param {string} [size] `xs`, `s`, `m`, `l` @param {string | null} [presence] */
export function avatar(user, size = '', presence = null) {
  const dots = { online: 'on', away: 'away', offline: 'off' };
  const dot = presence && h('span', { class: 'pr', 'data-p': dots[/** @type {'online'} */ (presence)] });
  const el = h('span', { class: `av ${size && `av--${size}`}`.trim(), 'aria-hidden': 'true' }, dot);
  drawAvatar(el, user);
  return el;
}
