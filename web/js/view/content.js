// The text of a message as elements, made from the typed nodes that the server sends. Nothing is parsed here, and
// nothing becomes markup.

import { copy, h, icon } from './dom.js';

/** @typedef {import('../net/wire.js').Block} Block */
/** @typedef {import('../net/wire.js').Inline} Inline */
/** @typedef {import('../net/wire.js').Message} Message */
/**
 * What the text is drawn for.
 * @typedef {object} Reader
 * @property {number} me
 * @property {number} tabIndex of its links and buttons
 * @property {(act: import('../acts/act.js').Act) => void} send
 * @property {import('../lib/throttle.js').Clock} clock
 * @property {(text: string) => {text: string, href?: string}[]} pieces
 * @property {(user: number) => string | undefined} nameOf the name of somebody we know
 */

const COPIED_MS = 3000;
const BIG_EMOJI_MAX = 4;
/** Browsers without RGI_Emoji (before 2023) show emoji at the size of text. */
const EMOJI_ONLY = emojiOnly();

/** @param {HTMLElement} el @param {{body: string, content?: Block[]}} message @param {Reader} reader */
export function drawContent(el, message, reader) {
  el.toggleAttribute('data-big', isBig(message));
  el.replaceChildren(...(message.content ? blocks(message.content, reader) : [plain(message.body, reader)]));
}

/** A few emoji alone are shown large. @param {{body: string, content?: Block[]}} message */
function isBig({ body, content }) {
  const only = content?.length === 1 && content[0]?.t === 'p' ? content[0].c : null;
  const text = only?.every((node) => typeof node === 'string' || node.t === 'emoji')
    ? only.map((node) => (typeof node === 'string' ? node : node.text)).join('')
    : body;
  // Most messages have a letter, and the second expression is slow to compile.
  if (text.length > 64 || (content && !only) || /[a-z]/i.test(text)) return false;
  return EMOJI_ONLY?.test(text.trim()) === true && [...new Intl.Segmenter().segment(text.replace(/\s/g, ''))].length <= BIG_EMOJI_MAX;
}

function emojiOnly() {
  try {
    return /^(?:\p{RGI_Emoji}\s*)+$/v;
  } catch {
    return null;
  }
}

/** Text as it was typed: a message that is not sent yet has no nodes. @param {string} body @param {Reader} reader */
const plain = (body, reader) => h('p', {}, ...reader.pieces(body).map(({ text, href }) => (href ? link(href, [text], reader) : text)));

/** @param {Block[]} list @param {Reader} reader @returns {HTMLElement[]} */
const blocks = (list, reader) => list.map((node) => block(node, reader));

/** @param {Block} node @param {Reader} reader @returns {HTMLElement} */
function block(node, reader) {
  switch (node.t) {
    case 'p':
      return h('p', {}, ...inlines(node.c, reader));
    case 'h':
      return h('h3', {}, ...inlines(node.c, reader));
    case 'quote':
      return h('blockquote', {}, ...blocks(node.c ?? [], reader));
    case 'code':
      return code(node, reader);
    case 'list':
      return list(node, reader);
    case 'rule':
      return h('hr');
    default:
      return h('p', {}, ...(Array.isArray(node.c) ? inlines(node.c, reader) : [node.text ?? '']));
  }
}

/** @param {Block} node @param {Reader} reader */
function list(node, reader) {
  const items = (node.c ?? []).map((item) => h('li', {}, ...blocks(item, reader)));
  return node.start === undefined ? h('ul', {}, ...items) : h('ol', { start: node.start }, ...items);
}

/** @param {Block} node @param {Reader} reader */
function code(node, { tabIndex, clock }) {
  const text = node.text ?? '';
  const words = h('span', { role: 'status' }, 'Copy');
  const copyIt = async () => {
    words.textContent = (await copy(text)) ? 'Copied' : 'Select it and copy by hand';
    clock.set(() => {
      words.textContent = 'Copy';
    }, COPIED_MS);
  };
  return h(
    'div',
    { class: 'codeb' },
    h(
      'div',
      { class: 'codeb__h' },
      node.lang ?? 'Code',
      h('button', { type: 'button', class: 'btn btn--s btn--quiet', tabindex: tabIndex, onclick: copyIt }, icon('copy', 'i--s'), words),
    ),
    h('pre', { tabindex: 0, 'aria-label': `Code${node.lang ? `, ${node.lang}` : ''}` }, h('code', {}, text)),
  );
}

/** @param {Inline[] | undefined} list @param {Reader} reader @returns {(Node | string)[]} */
const inlines = (list = [], reader) => list.map((node) => inline(node, reader));

/** @param {Inline} node @param {Reader} reader @returns {Node | string} */
function inline(node, reader) {
  if (typeof node === 'string') return node;
  const { me, tabIndex, send, nameOf } = reader;
  switch (node.t) {
    case 'b':
      return h('strong', {}, ...inlines(node.c, reader));
    case 'i':
      return h('em', {}, ...inlines(node.c, reader));
    case 's':
      return h('s', {}, ...inlines(node.c, reader));
    case 'code':
      return h('code', {}, node.text);
    case 'br':
      return h('br');
    case 'a':
      return link(node.href ?? '', inlines(node.c, reader), reader);
    case 'emoji':
      return h('span', { title: `:${node.name}:` }, node.text);
    case 'all':
      return h('span', { class: 'at at--me' }, `@${node.text}`);
    case 'user': {
      const user = node.id ?? 0;
      const show = () => send({ do: 'dialog', name: 'profile', user });
      const name = nameOf(user) ?? node.text;
      const title = name === node.text ? null : `@${node.text}`;
      return h('button', { type: 'button', class: user === me ? 'at at--me' : 'at', title, tabindex: tabIndex, onclick: show }, '@', h('bdi', {}, name));
    }
    case 'room': {
      const room = node.id ?? 0;
      return h('a', { class: 'at', href: `/rooms/${room}`, tabindex: tabIndex, onclick: inApp(() => send({ do: 'open', room })) }, `#${node.text}`);
    }
    default:
      return h('span', {}, ...(node.c ? inlines(node.c, reader) : [node.text ?? '']));
  }
}

/** Handles a click inside the page; with a modifier key it is the browser's. @param {() => void} act */
export const inApp = (act) => (/** @type {MouseEvent} */ event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  act();
};

/** @param {string} href @param {(Node | string)[]} words @param {Reader} reader */
function link(href, words, { tabIndex, send }) {
  if (!/^(https?|mailto):/i.test(href)) return h('span', {}, ...words);
  const own = href.startsWith(`${location.origin}/rooms/`) ? href.slice(location.origin.length).match(/^\/rooms\/(\d+)(?:\/(\d+))?$/) : null;
  if (own) {
    const [room, id] = [Number(own[1]), own[2] ? Number(own[2]) : undefined];
    return h('a', { href, tabindex: tabIndex, onclick: inApp(() => send({ do: 'open', room, ...(id ? { id } : {}) })) }, ...words);
  }
  return h('a', { href, target: '_blank', rel: 'noreferrer', title: href, tabindex: tabIndex }, ...words);
}
