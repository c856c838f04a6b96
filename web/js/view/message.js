// One message in the list. The same element from the moment it is sent: only what it says about itself changes.

import { clone, mark, part, say } from './dom.js';

/** @typedef {import('../state/select.js').Entry} Entry */
/** @typedef {Pick<import('../main.js').Wires, 'send' | 'text' | 'times' | 'select' | 'clock'>} Tools */
/** @typedef {{el: HTMLElement, article: HTMLElement, refs: import('./dom.js').Refs, entry: Entry | null, failed: HTMLElement | null, timer: unknown}} MessageNode */

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
  return { el, article, refs, entry: null, failed: null, timer: null };
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
  if (old?.state !== entry.state || old.reason !== entry.reason) showState(node, entry, tools, grew);
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
  node.failed?.remove();
  node.failed = null;
  const line = part(refs, 'state');
  const slow = (/** @type {string | null} */ words) => {
    mark(article, 'data-slow', words === null ? null : '');
    line.hidden = words === null;
    say(part(refs, 'words'), words ?? '');
  };
  if (entry.state === 'queued') slow('Waiting for the connection');
  else slow(null);
  if (entry.state === 'failed') node.failed = addFailed(node, entry, tools);
  if (entry.state !== 'sending') return;
  node.timer = tools.clock.set(() => {
    slow('Sending');
    grew();
  }, SLOW_MS);
}

/** @param {MessageNode} node @param {Entry} entry @param {Tools} tools */
function addFailed(node, entry, { send }) {
  const { el, refs } = clone('t-failed');
  say(part(refs, 'reason'), `Not sent: ${entry.reason}.`);
  for (const act of /** @type {const} */ (['retry', 'discard'])) {
    const button = part(refs, act);
    button.tabIndex = node.article.tabIndex;
    button.addEventListener('click', () => send({ do: act, id: entry.clientId }));
  }
  part(node.refs, 'state').after(el);
  return el;
}
