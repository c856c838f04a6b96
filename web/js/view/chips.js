// The files in the composer: chosen, pasted or dropped, each with its progress, until the message is sent.

import { partWords, sizeWords } from '../lib/files.js';
import { button, h, icon, iconButton, mark, patch, say } from './dom.js';
import { iconOf } from './files.js';

/** @typedef {import('../net/uploads.js').Upload} Upload */

/** @param {HTMLFormElement} form @param {HTMLElement} log @param {import('./wires.js').Wires} wires */
export function mountChips(form, log, { watch, send, select }) {
  const input = /** @type {HTMLInputElement} */ (form.querySelector('[data-files]'));
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
  const list = h('ul', { class: 'comp__files', role: 'list', 'aria-label': 'Files in this message', hidden: true });
  /** @type {Map<string, {el: HTMLElement, node: ReturnType<typeof makeChip>['node']}>} */
  const held = new Map();
  form.querySelector('.comp__row')?.before(list);

  form.querySelector('[data-attach]')?.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    send({ do: 'attach', files: [...(input.files ?? [])] });
    // So that the same file can be chosen again.
    input.value = '';
  });
  box.addEventListener('keydown', (event) => {
    if (event.key.toLowerCase() !== 'u' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    input.click();
  });
  box.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Some programs copy text together with a picture of it.
    if (files.length === 0 || event.clipboardData?.types.includes('text/plain')) return;
    event.preventDefault();
    send({ do: 'attach', files });
  });

  watch(
    (s) => [s.uploads, s.view.room, s.connection.state],
    () => {
      const [chips, offline] = watch.now((s) => /** @type {const} */ ([select.chips(s), s.connection.state !== 'online']));
      list.hidden = chips.length === 0;
      patch(list, held, chips, {
        key: (upload) => upload.id,
        make: (upload) => makeChip(upload, send),
        update: (node, upload) => updateChip(node, upload, offline),
      });
      const uploads = watch.now((s) => s.uploads);
      for (const bar of log.querySelectorAll('progress[data-upload]')) {
        const upload = uploads.find(({ id }) => id === /** @type {HTMLElement} */ (bar).dataset.upload);
        if (upload) /** @type {HTMLProgressElement} */ (bar).value = percent(upload);
      }
    },
  );
}

/** @param {Upload} upload */
const percent = ({ sent, size }) => (size > 0 ? Math.floor((100 * sent) / size) : 0);

/** @param {Upload} upload @param {(act: import('../acts/act.js').Act) => void} send */
function makeChip(upload, send) {
  const words = h('small', {});
  const bar = h('progress', { max: 100, 'aria-label': `Uploading ${upload.name}` });
  const again = button('Try again', () => send({ do: 'retryUpload', id: upload.id }), 'lk chip__again');
  const el = h(
    'li',
    { class: 'chip' },
    icon(iconOf(upload.type)),
    h('div', {}, h('b', { title: upload.name }, h('bdi', {}, upload.name)), words, bar, again),
    iconButton('x', `Remove ${upload.name}`, () => send({ do: 'dropUpload', id: upload.id }), { 'data-tip': 'Remove' }),
  );
  return { el, node: { el, words, bar, again } };
}

/** @param {{el: HTMLElement, words: HTMLElement, bar: HTMLProgressElement, again: HTMLElement}} node @param {Upload} upload @param {boolean} offline */
function updateChip({ el, words, bar, again }, upload, offline) {
  const { state, sent, size, reason } = upload;
  mark(el, 'data-state', state);
  say(
    words,
    state === 'failed'
      ? `Not uploaded: ${reason}.`
      : state === 'done'
        ? sizeWords(size)
        : offline
          ? 'Waiting for the connection'
          : state === 'sending'
            ? partWords(sent, size)
            : `Waiting, ${sizeWords(size)}`,
  );
  mark(words, 'role', state === 'failed' ? 'alert' : null);
  bar.hidden = state === 'failed' || state === 'done';
  bar.value = percent(upload);
  again.hidden = state !== 'failed' || upload.refused === true;
}
