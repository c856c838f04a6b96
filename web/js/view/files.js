// The files of a message: pictures, whose space is reserved before they load, players, and cards for the rest.

import { filesNamed, fileUrl, fitted, pictureUrl, shownAs, sizeWords, typeWords } from '../lib/files.js';
import { h, icon, part, patch, say } from './dom.js';

/** @typedef {import('../net/wire.js').FileInfo} FileInfo */
/** @typedef {import('../net/outbox.js').Attached} Attached */
/** @typedef {import('./wires.js').Wires} Wires */

/** @type {WeakMap<HTMLElement, Map<string, {el: HTMLElement, node: null}>>} */
const drawn = new WeakMap();

/** @param {HTMLElement | null} list @param {import('./message.js').MessageNode} node @param {import('../state/entries.js').Entry} entry @param {Wires} wires @returns {HTMLElement | null} */
export function drawFiles(list, node, entry, wires) {
  const files = entry.blocked && !node.unfolded ? [] : entry.files;
  say(part(node.refs, 'attached'), filesNamed(files));
  if (files.length === 0) {
    list?.remove();
    return null;
  }
  const box = list ?? h('div', { class: 'files' });
  if (!list) part(node.refs, 'text').after(box);
  const held = drawn.get(box) ?? new Map();
  drawn.set(box, held);
  patch(box, held, [...files], {
    key: (file) => ('upload' in file ? file.upload : file.id),
    make: (file) => ({ el: make(file, wires, node.article.tabIndex), node: null }),
    update: () => {},
  });
  return box;
}

/** @param {Attached} file @param {Wires} wires @param {number} tabIndex */
function make(file, wires, tabIndex) {
  if ('upload' in file) return coming(file);
  switch (shownAs(file)) {
    case 'picture':
      return picture(file, wires, tabIndex);
    case 'video':
    case 'sound':
      return player(file, tabIndex);
    default:
      return card(file, tabIndex);
  }
}

/** @param {{name: string, size: number}} file */
const caption = (file) => [h('bdi', {}, file.name), ', ', h('bdi', {}, sizeWords(file.size))];

/** @param {FileInfo} file @param {Wires} wires @param {number} tabIndex */
function picture(file, { send }, tabIndex) {
  const { width, height } = fitted(file.width ?? 1, file.height ?? 1);
  const image = h('img', { src: pictureUrl(file), alt: '', width, height, loading: 'lazy', decoding: 'async', draggable: 'false' });
  const open = h(
    'button',
    {
      type: 'button',
      tabindex: tabIndex,
      'aria-label': `Open picture: ${file.name}`,
      'aria-haspopup': 'dialog',
      onclick: () => send({ do: 'pictures', id: file.id }),
    },
    image,
  );
  const figure = h('figure', { class: 'pic' }, open, h('figcaption', {}, ...caption(file)));
  image.addEventListener('error', () => figure.replaceWith(card(file, open.tabIndex)), { once: true });
  return figure;
}

/** @param {FileInfo} file @param {number} tabIndex */
function player(file, tabIndex) {
  const props = { src: fileUrl(file), controls: true, preload: 'metadata', tabindex: tabIndex, 'aria-label': file.name };
  const media = shownAs(file) === 'video' ? h('video', { ...props, class: 'clip' }) : h('audio', { ...props, class: 'clip' });
  const figure = h('figure', { class: 'pic' }, media, h('figcaption', {}, ...caption(file), ' ', save(file, tabIndex, 'ib')));
  // This browser cannot play it.
  media.addEventListener('error', () => figure.replaceWith(card(file, media.tabIndex)), { once: true });
  return figure;
}

/** @param {FileInfo} file @param {number} tabIndex */
const card = (file, tabIndex) =>
  h(
    'div',
    { class: 'file' },
    h('span', { class: 'file__i' }, icon(iconOf(file.type))),
    h('div', {}, h('b', {}, h('bdi', {}, file.name)), h('small', {}, h('bdi', {}, `${typeWords(file.name)}, ${sizeWords(file.size)}`))),
    save(file, tabIndex, 'ib ib--l'),
  );

/** @param {string} type */
export const iconOf = (type) => (type.startsWith('image/') ? 'image' : 'file');

/** @param {FileInfo} file @param {number} tabIndex @param {string} kind */
export const save = (file, tabIndex, kind) =>
  h(
    'a',
    {
      class: kind,
      href: fileUrl(file),
      download: file.name,
      tabindex: tabIndex,
      'aria-label': `Download ${file.name}`,
      'data-tip': 'Download',
      'data-tip-end': true,
    },
    icon('download'),
  );

/** A file that has not arrived yet. @param {import('../net/uploads.js').Coming} file */
const coming = (file) =>
  h(
    'div',
    { class: 'file' },
    h('span', { class: 'file__i' }, icon(iconOf(file.type))),
    h(
      'div',
      {},
      h('b', {}, h('bdi', {}, file.name)),
      h('small', {}, `${typeWords(file.name)}, ${sizeWords(file.size)}`),
      h('progress', { max: 100, value: 0, 'aria-label': `Uploading ${file.name}`, 'data-upload': file.upload }),
    ),
  );
