// One message in the list. The same element from the moment it is sent: only what it says about itself changes.

import { clone, mark, part, say } from './dom.js';

/** @typedef {import('../state/select.js').Entry} Entry */
/** @typedef {Pick<import('../main.js').Wires, 'send' | 'text' | 'times' | 'select' | 'clock'>} Tools */
/** @typedef {{el: HTMLElement, article: HTMLElement, refs: import('./dom.js').Refs, entry: Entry | null, unsent: HTMLElement | null, timer: unknown}} MessageNode */

/** Shorter waits are not worth a word. */
const SLOW_MS = 400;

let made = 0;

/** @returns {MessageNode} */
export function makeMessage() {
  const { el, refs } = clone('t-message');
  const article = /** @type {HTMLElement} */ (el.firstElementChild);
  made += 1;
  const ids = ['who', 'text', 'time', 'state'].map((name) => {
    const id = `m${made}-${name}`;
    part(refs, name).id = id;
    return id;
  });
  article.setAttribute('aria-labelledby', ids.join(' '));
  return { el, article, refs, entry: null, unsent: null, timer: null };
}

/** @param {MessageNode} node @param {Entry} entry @param {Tools} tools @param {() => void} grew the row changed its height by itself */
export function updateMessage(node, entry, tools, grew) {
  const { article, refs, entry: old } = node;
  node.entry = entry;
  if (!old || old.author !== entry.author) {
    const name = tools.select.nameOf(entry.author);
    say(part(refs, 'who'), name);
    say(part(refs, 'avatar'), tools.text.initials(name));
    mark(part(refs, 'avatar'), 'data-hue', tools.text.hue(entry.author?.id ?? 0));
  }
  if (old?.start !== entry.start) mark(article, 'data-start', entry.start ? '' : null);
  if (old?.at !== entry.at) {
    const time = /** @type {HTMLTimeElement} */ (part(refs, 'time'));
    time.dateTime = tools.times.iso(entry.at);
    time.title = tools.times.full(entry.at);
    say(time, tools.times.clock(entry.at));
    say(part(refs, 'gutter'), tools.times.gutter(entry.at));
  }
  if (old?.body !== entry.body) write(part(refs, 'text'), tools.text.pieces(entry.body), article.tabIndex);
  if (old?.id !== entry.id) mark(article, 'data-id', entry.id === null ? null : String(entry.id));
  if (old?.state !== entry.state || old.words !== entry.words || old.retry !== entry.retry) showState(node, entry, tools, grew);
}

/** @param {HTMLElement} el @param {{text: string, href?: string}[]} pieces @param {number} tabIndex */
function write(el, pieces, tabIndex) {
  el.replaceChildren(
    ...pieces.map(({ text, href }) => {
      if (!href) return document.createTextNode(text);
      const link = document.createElement('a');
      link.href = href;
      link.target = '_blank';
      link.rel = 'noreferrer';
      link.textContent = text;
      link.tabIndex = tabIndex;
      return link;
    }),
  );
}

/** @param {MessageNode} node @param {Entry} entry @param {Tools} tools @param {() => void} grew */
function showState(node, entry, tools, grew) {
  const { article, refs } = node;
  if (node.timer !== null) tools.clock.clear(node.timer);
  node.timer = null;
  mark(article, 'data-state', entry.state === 'posted' ? null : entry.state);
  node.unsent?.remove();
  node.unsent = null;
  const line = part(refs, 'state');
  line.hidden = true;
  // Hidden, it is still a part of the row's name.
  say(part(refs, 'words'), entry.words);
  mark(article, 'data-slow', entry.state === 'queued' ? '' : null);
  if (entry.state === 'queued' || entry.state === 'failed') node.unsent = addUnsent(node, entry, tools);
  if (entry.state !== 'sending') return;
  node.timer = tools.clock.set(() => {
    mark(article, 'data-slow', '');
    line.hidden = false;
    say(part(refs, 'words'), 'Sending');
    grew();
  }, SLOW_MS);
}

/** @param {MessageNode} node @param {Entry} entry @param {Tools} tools */
function addUnsent(node, entry, { send }) {
  const { el, refs } = clone(`t-${entry.state}`);
  say(part(refs, 'reason'), entry.words);
  for (const act of /** @type {const} */ (['retry', 'discard'])) {
    const button = part(refs, act);
    button.tabIndex = node.article.tabIndex;
    button.hidden = act === 'retry' && !entry.retry;
    button.addEventListener('click', () => send({ do: act, id: entry.clientId }));
  }
  part(node.refs, 'state').after(el);
  return el;
}
