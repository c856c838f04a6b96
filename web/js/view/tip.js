// Tips with names, under the pointer or the focus: who has reacted, who has read. One at a time, over everything; Esc,
// a scroll or leaving closes it. Screen readers get the same words as the description of the element.

import { h } from './dom.js';

const AFTER_MS = 350;
const MARGIN_PX = 8;
const GAP_PX = 6;

/** @param {Pick<import('./wires.js').Wires, 'clock'>} wires */
export function mountTips({ clock }) {
  const tip = h('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  document.body.append(tip);
  /** @type {HTMLElement | null} */
  let at = null;
  /** @type {unknown} */
  let timer = null;

  const end = () => {
    if (timer !== null) clock.clear(timer);
    timer = null;
    at = null;
    tip.hidden = true;
  };
  const show = () => {
    const words = at?.dataset.names;
    if (!at?.isConnected || !words) return end();
    tip.textContent = words;
    tip.hidden = false;
    const [box, own] = [at.getBoundingClientRect(), tip.getBoundingClientRect()];
    const above = box.top - own.height - GAP_PX;
    const left = Math.min(Math.max(MARGIN_PX, box.left + (box.width - own.width) / 2), innerWidth - own.width - MARGIN_PX);
    tip.style.setProperty('top', `${above >= MARGIN_PX ? above : box.bottom + GAP_PX}px`);
    tip.style.setProperty('left', `${left}px`);
  };
  /** @param {Event} event */
  const begin = (event) => {
    const next = /** @type {HTMLElement | null} */ (event.target instanceof Element ? event.target.closest('[data-names]') : null);
    if (next === at) return;
    end();
    if (!next || (event.type === 'focusin' && !next.matches(':focus-visible'))) return;
    at = next;
    timer = clock.set(show, AFTER_MS);
  };
  document.addEventListener('pointerover', (event) => event.pointerType !== 'touch' && begin(event));
  document.addEventListener('focusin', begin);
  document.addEventListener('focusout', end);
  document.addEventListener('scroll', end, { capture: true, passive: true });
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || tip.hidden) return;
      // The key closes the tip and nothing else.
      event.stopPropagation();
      end();
    },
    { capture: true },
  );
  mountLabels();
}

/** The style sheet draws the labels of buttons: Esc hides a label until its button is left (WCAG 1.4.13) before it does anything else. */
function mountLabels() {
  const hover = matchMedia('(hover: hover)');
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || event.shiftKey || !hover.matches) return;
      const shown = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-tip]:is(:hover, :focus-visible):not([data-tipless])')]);
      for (const el of shown) {
        el.dataset.tipless = '';
        const back = () => delete el.dataset.tipless;
        for (const leave of ['blur', 'pointerleave']) el.addEventListener(leave, back, { once: true });
      }
      // If the pointer merely rests there, Esc belongs to the element with the focus.
      if (!shown.some((el) => el === document.activeElement && el.getAttribute('aria-expanded') !== 'true')) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}
