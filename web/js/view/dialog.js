// Native dialogs, created when they open and removed when they close. The first focus goes to the autofocus element,
// otherwise to the heading; the browser returns the focus afterwards. Unsaved text is discarded only after a question.

import { button, freshId, h, iconButton } from './dom.js';
import { openOverlay } from './overlay.js';

/**
 * @param {object} options
 * @param {string} options.title
 * @param {import('./dom.js').Child[]} options.body
 * @param {import('./dom.js').Child[]} [options.foot]
 * @param {string} [options.kind] further classes
 * @param {boolean} [options.bare] no heading to be seen: the body is all there is
 * @param {() => void} [options.closed]
 * @returns {{el: HTMLDialogElement, close: () => void}}
 */
export function openDialog({ title, body, foot, kind = '', bare = false, closed }) {
  const id = freshId('dlg');
  const heading = h('h2', { id, tabindex: -1, class: bare ? 'vh' : null }, title);
  const close = () => el.close();
  /** By Esc, the X or a phone's Back. False: it stays open and asks about unsaved text. */
  const leave = () => {
    if (unsaved(el) && !el.querySelector('.dlg__ask')) {
      ask(el, close);
      return false;
    }
    close();
    return true;
  };
  const el = h(
    'dialog',
    { class: `dlg ${kind}`.trim(), 'aria-labelledby': id },
    bare ? heading : h('div', { class: 'dlg__h' }, heading, iconButton('x', 'Close', leave, { class: 'ib ib--l', 'data-tip-end': true })),
    ...body,
    foot && h('div', { class: 'dlg__f' }, ...foot),
  );
  el.addEventListener('close', () => {
    el.remove();
    closeOverlay();
    closed?.();
  });
  // Before the browser handles Esc: it allows no second question.
  el.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  });
  el.addEventListener('cancel', (event) => {
    if (event.target !== el) return;
    event.preventDefault();
    leave();
  });
  el.addEventListener('pointerdown', (event) => {
    // A click on the backdrop closes it, unless that would lose text.
    if (event.target === el && !el.querySelector('form')) el.close();
  });
  document.body.append(el);
  el.showModal();
  const closeOverlay = openOverlay(leave);
  const first = /** @type {HTMLElement | null} */ (el.querySelector('[autofocus]'));
  (first ?? heading).focus();
  return { el, close };
}

/** Whether a form has text that it did not have when it opened. @param {HTMLElement} el */
function unsaved(el) {
  const fields = /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ ([...el.querySelectorAll('form :is(input, textarea)')]);
  const written = fields.some((one) => /^(text|textarea)$/.test(one.type) && !one.closest('.tokens') && one.value !== one.defaultValue);
  return written || el.querySelector('form .tok') !== null;
}

/** @param {HTMLElement} el @param {() => void} close */
function ask(el, close) {
  const back = document.activeElement;
  const stay = () => {
    strip.remove();
    if (back instanceof HTMLElement && back.isConnected) back.focus();
  };
  const keep = button('Keep writing', stay, 'btn--main');
  const strip = h(
    'div',
    { class: 'dlg__f dlg__ask', role: 'group', 'aria-label': 'Unsaved words' },
    h('p', { role: 'alert' }, 'What you wrote is not saved.'),
    button('Throw it away', close, 'btn--danger'),
    keep,
  );
  el.append(strip);
  keep.focus();
}

/** A labelled field with its hint and its error. @param {string} label @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} input @param {{hint?: string, optional?: boolean}} [more] */
export function field(label, input, { hint, optional } = {}) {
  const id = freshId('f');
  input.id = id;
  const hints = hint ? h('p', { class: 'hint', id: `${id}-h` }, hint) : null;
  const error = h('p', { class: 'err', id: `${id}-e`, role: 'alert', hidden: true });
  input.setAttribute('aria-describedby', [hints && `${id}-h`, `${id}-e`].filter(Boolean).join(' '));
  input.classList.add('inp');
  const el = h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label, optional && ' ', optional && h('span', { class: 'opt' }, 'optional')),
    input,
    hints,
    error,
  );
  return {
    el,
    input,
    /** @param {string} words empty: it is right */
    fail(words) {
      error.textContent = words;
      error.hidden = words === '';
      if (words) {
        input.setAttribute('aria-invalid', 'true');
        input.focus();
      } else input.removeAttribute('aria-invalid');
    },
  };
}

/** One question with two answers. @param {{title: string, words: string, yes: string, danger?: boolean, act: () => void}} question */
export function confirm({ title, words, yes, danger = false, act }) {
  const { close } = openDialog({
    title,
    kind: 'dlg--s',
    body: [h('div', { class: 'dlg__b' }, h('p', {}, words))],
    foot: [
      h('button', { type: 'button', class: 'btn', onclick: () => close() }, 'Cancel'),
      h(
        'button',
        {
          type: 'button',
          class: `btn ${danger ? 'btn--danger' : 'btn--main'}`,
          onclick: () => {
            close();
            act();
          },
        },
        yes,
      ),
    ],
  });
}
