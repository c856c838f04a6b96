// The picture viewer: one picture on the whole screen, and the ones before and after it in the room.

import { fileUrl, fitted, sizeWords } from '../lib/files.js';
import { openDialog } from './dialog.js';
import { h, iconButton, mark, say } from './dom.js';
import { save } from './files.js';

/** @param {string} id of the file to begin with @param {import('./wires.js').Wires} wires */
export function openPictures(id, { watch, select, times }) {
  let pictures = watch.now(select.pictures);
  let at = Math.max(
    0,
    pictures.findIndex(({ file }) => file.id === id),
  );
  if (pictures.length === 0) return;
  const name = h('bdi', {});
  const about = h('small', { role: 'status' });
  const stage = h('div', { class: 'pics__stage' });
  const download = h('span', {});
  const back = iconButton('back', 'Previous picture', () => step(-1), { class: 'ib ib--l pics__step', 'data-step': 'back' });
  const next = iconButton('next', 'Next picture', () => step(1), { class: 'ib ib--l pics__step', 'data-step': 'next' });
  const zoom = iconButton('zoom', 'Full size', () => scale(zoom.getAttribute('aria-pressed') !== 'true'), { class: 'ib ib--l', 'aria-pressed': 'false' });
  const { el, close } = openDialog({
    title: 'Picture',
    kind: 'pics',
    bare: true,
    body: [
      h(
        'div',
        { class: 'pics__h' },
        h('p', {}, h('b', {}, name), about),
        zoom,
        download,
        iconButton('x', 'Close', () => close(), { class: 'ib ib--l', 'data-tip-end': true }),
      ),
      h('div', { class: 'pics__b' }, back, stage, next),
    ],
    closed: () => stop(),
  });

  /** @param {boolean} on */
  function scale(on) {
    mark(zoom, 'aria-pressed', String(on));
    mark(stage, 'data-zoom', on ? '' : null);
    // A scrollable area has to be reachable with the keyboard.
    mark(stage, 'tabindex', on ? '0' : null);
    mark(stage, 'role', on ? 'region' : null);
    mark(stage, 'aria-label', on ? 'Picture in full size' : null);
  }

  /** @param {number} by */
  function step(by) {
    if (!pictures[at + by]) return;
    at += by;
    show();
  }

  function show() {
    const one = pictures[at];
    if (!one) return close();
    const { file, message } = one;
    const who = watch.now((s) => select.nameOf(s.people[message.author]));
    say(name, file.name);
    say(about, `${pictures.length > 1 ? `${at + 1} of ${pictures.length}, ` : ''}${sizeWords(file.size)}, ${who}, ${times.full(message.sent_at)}`);
    const shape = fitted(file.width ?? 1, file.height ?? 1, Infinity);
    const image = h('img', { src: fileUrl(file), alt: file.name, ...shape });
    image.addEventListener('click', () => scale(zoom.getAttribute('aria-pressed') !== 'true'));
    stage.replaceChildren(image);
    download.replaceChildren(save(file, 0, 'ib ib--l'));
    mark(back, 'aria-disabled', String(at === 0));
    mark(next, 'aria-disabled', String(at === pictures.length - 1));
    back.hidden = pictures.length === 1;
    next.hidden = pictures.length === 1;
    scale(false);
  }

  // The shown picture may be deleted, or earlier ones may load.
  const stop = watch(
    (s) => [select.currentTimeline(s), s.view.room, s.blocked],
    () => {
      const shown = pictures[at]?.file.id;
      pictures = watch.now(select.pictures);
      const now = pictures.findIndex(({ file }) => file.id === shown);
      if (now < 0) return el.open && close();
      at = now;
      mark(back, 'aria-disabled', String(at === 0));
      mark(next, 'aria-disabled', String(at === pictures.length - 1));
    },
  );
  el.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rtl = getComputedStyle(el).direction === 'rtl' ? -1 : 1;
    const zoomed = zoom.getAttribute('aria-pressed') === 'true' && event.target === stage;
    const act = {
      ArrowLeft: () => !zoomed && step(-rtl),
      ArrowRight: () => !zoomed && step(rtl),
      '+': () => scale(true),
      '-': () => scale(false),
    }[event.key];
    if (!act || zoomed) return;
    event.preventDefault();
    act();
  });
  show();
}
