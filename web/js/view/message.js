// One message in the list. It keeps its element from the moment it is sent; only its details change.

import { drawAvatar } from './avatar.js';
import { drawContent, inApp } from './content.js';
import { clone, h, icon, mark, part, say } from './dom.js';
import { drawFiles } from './files.js';
import { drawReactions } from './reactions.js';

/** @typedef {import('../state/entries.js').Entry} Entry */
/** @typedef {import('./wires.js').Wires} Wires */
/**
 * @typedef {object} MessageNode
 * @property {HTMLElement} el
 * @property {HTMLElement} article
 * @property {import('./dom.js').Refs} refs
 * @property {Entry | null} entry
 * @property {HTMLElement | null} unsent
 * @property {HTMLElement | null} editor
 * @property {HTMLElement | null} files
 * @property {HTMLElement | null} reactions
 * @property {boolean} unfolded the reader wants to see what somebody says whom they have blocked
 * @property {unknown} timer
 */

/** A shorter wait is not shown. */
const SLOW_MS = 400;
const QUOTE_CHARS_MAX = 200;

let made = 0;

/** @returns {MessageNode} */
export function makeMessage() {
  const { el, refs } = clone('t-message');
  const article = /** @type {HTMLElement} */ (el.firstElementChild);
  made += 1;
  const ids = ['who', 'text', 'attached', 'time', 'state'].map((name) => {
    const id = `m${made}-${name}`;
    part(refs, name).id = id;
    return id;
  });
  article.setAttribute('aria-labelledby', ids.join(' '));
  return { el, article, refs, entry: null, unsent: null, editor: null, files: null, reactions: null, unfolded: false, timer: null };
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires @param {() => void} grew the row changed its height by itself */
export function updateMessage(node, entry, wires, grew) {
  const { article, refs, entry: old } = node;
  const renamed = old?.names !== entry.names;
  node.entry = entry;
  if (!old || old.author !== entry.author) {
    say(part(refs, 'who'), wires.select.nameOf(entry.author));
    drawAvatar(part(refs, 'avatar'), entry.author);
  }
  if (old?.start !== entry.start) mark(article, 'data-start', entry.start ? '' : null);
  if (old?.at !== entry.at) {
    const time = /** @type {HTMLTimeElement} */ (part(refs, 'time'));
    time.dateTime = wires.times.iso(entry.at);
    time.title = wires.times.full(entry.at);
    say(time, wires.times.clock(entry.at));
    say(part(refs, 'gutter'), wires.times.gutter(entry.at));
  }
  if (old?.id !== entry.id) mark(article, 'data-id', entry.id === null ? null : String(entry.id));
  mark(article, 'data-mention', entry.forMe ? '' : null);
  mark(article, 'data-pinned', entry.message?.pinned ? '' : null);
  mark(article, 'data-saved', entry.saved ? '' : null);
  if (!old || old.quote !== entry.quote || old.replyTo !== entry.replyTo || old.message?.forwarded !== entry.message?.forwarded || renamed)
    drawSource(node, entry, wires);
  if (!old || old.message !== entry.message || old.body !== entry.body || old.blocked !== entry.blocked || old.undo !== entry.undo || renamed)
    drawText(node, entry, wires);
  if (!old || old.files !== entry.files || old.blocked !== entry.blocked) node.files = drawFiles(node.files, node, entry, wires);
  if (!old || old.message?.reactions !== entry.message?.reactions || renamed)
    node.reactions = drawReactions(node.reactions, part(refs, 'pinned'), entry, wires);
  if (old?.editing !== entry.editing) drawEditor(node, entry, wires);
  drawSeen(node, entry, wires);
  if (old?.state !== entry.state || old.words !== entry.words || old.retry !== entry.retry) showState(node, entry, wires, grew);
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires */
function drawText(node, entry, wires) {
  const { article } = node;
  const [text, pin] = [part(node.refs, 'text'), part(node.refs, 'pinned')];
  const { send, clock, watch } = wires;
  pin.hidden = true;
  mark(article, 'data-deleted', entry.message?.deleted ? '' : null);
  if (entry.message?.deleted) return text.replaceChildren(tombstone(entry, wires));
  if (entry.blocked && !node.unfolded) {
    const unfold = () => {
      node.unfolded = true;
      drawText(node, entry, wires);
      node.files = drawFiles(node.files, node, entry, wires);
    };
    return text.replaceChildren(
      h(
        'p',
        { class: 'msg__gone' },
        'Somebody you have blocked.',
        h('button', { type: 'button', class: 'lk', tabindex: article.tabIndex, onclick: unfold }, 'Show'),
      ),
    );
  }
  const [me, people] = watch.now((s) => /** @type {const} */ ([s.me?.id ?? 0, s.people]));
  const nameOf = (/** @type {number} */ id) => people[id] && wires.select.nameOf(people[id]);
  // A message may be files alone.
  if (entry.body === '' && entry.files.length > 0) text.replaceChildren();
  else drawContent(text, entry.message ?? entry, { me, tabIndex: article.tabIndex, send, clock, pieces: wires.text.pieces, nameOf });
  const { edited_at, pinned } = entry.message ?? {};
  const end = text.lastElementChild?.tagName === 'P' ? text.lastElementChild : text;
  if (edited_at !== undefined) end.append(h('span', { class: 'msg__ed', title: `Edited ${wires.times.full(edited_at)}` }, ' (edited)'));
  pin.hidden = !pinned;
  if (pinned) {
    const by = watch.now((s) => wires.select.nameOf(s.people[pinned.by]));
    pin.replaceChildren(icon('pin', 'i--xs msg__pin'), `Pinned by ${by}`);
  }
}

/** @param {Entry} entry @param {Wires} wires */
function tombstone(entry, { send, select, watch }) {
  const message = /** @type {import('../net/wire.js').Message} */ (entry.message);
  const byMe = message.deleted_by === undefined ? entry.mine : message.deleted_by === watch.now((s) => s.me?.id);
  const who = byMe ? 'You' : select.nameOf(message.deleted_by === undefined ? entry.author : watch.now((s) => s.people[message.deleted_by ?? 0]));
  const undo = () => send({ do: 'undelete', id: message.id });
  return h(
    'p',
    { class: 'msg__gone' },
    icon('trash', 'i--s'),
    `${who} deleted a message.`,
    entry.undo && h('button', { type: 'button', class: 'lk', onclick: undo }, 'Undo'),
  );
}

/** Above the text: the message it replies to, and where it was forwarded from. @param {MessageNode} node @param {Entry} entry @param {Wires} wires */
function drawSource(node, entry, wires) {
  const body = part(node.refs, 'body');
  for (const el of body.querySelectorAll(':scope > .quote, :scope > .msg__fwd:not([data-ref])')) el.remove();
  const forwarded = entry.message?.forwarded;
  if (forwarded) part(node.refs, 'text').before(forwardLine(forwarded, wires, node.article.tabIndex));
  if (entry.replyTo !== null) body.prepend(quote(entry.replyTo, entry.quote, wires, node.article.tabIndex));
}

/** @param {number} id @param {import('../net/wire.js').Message | undefined} message @param {Wires} wires @param {number} tabIndex */
function quote(id, message, { send, select, text, watch }, tabIndex) {
  const room = watch.now((s) => s.view.room);
  const who = message ? select.nameOf(watch.now((s) => s.people[message.author])) : 'An earlier message';
  const words = !message ? '' : message.deleted ? 'This message was deleted.' : text.oneLine(text.wordsOf(message), QUOTE_CHARS_MAX);
  return h(
    'a',
    {
      class: 'quote',
      href: `/rooms/${room}/${id}`,
      tabindex: tabIndex,
      'aria-label': `In reply to ${who}: ${words}`,
      onclick: inApp(() => send({ do: 'open', room, id })),
    },
    h('span', {}),
    h('b', {}, h('bdi', {}, who)),
    h('span', { class: 'quote__t', dir: 'auto' }, words),
  );
}

/** @param {{room: number, id: number, author: number}} from @param {Wires} wires @param {number} tabIndex */
function forwardLine({ room, id, author }, { send, select, watch }, tabIndex) {
  const [who, source] = watch.now((s) => /** @type {const} */ ([select.nameOf(s.people[author]), s.rooms[room]]));
  const where = source ? watch.now((s) => select.roomName(s, source)) : '';
  const words = `Forwarded from ${who}${where ? ` in ${where}` : ''}`;
  const link = source && h('a', { href: `/rooms/${room}/${id}`, tabindex: tabIndex, onclick: inApp(() => send({ do: 'open', room, id })) }, words);
  return h('p', { class: 'msg__fwd' }, icon('forward', 'i--xs'), link ?? words);
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires */
function drawEditor(node, entry, wires) {
  const text = part(node.refs, 'text');
  node.editor?.remove();
  node.editor = null;
  text.hidden = entry.editing;
  if (!entry.editing || !entry.message) return;
  const edit = wires.watch.now((s) => s.view.edits[s.view.room]);
  // From the composer, the focus goes back there: on a message, the next letters would be commands.
  const done = () => (edit?.from === 'composer' ? wires.send({ do: 'focus', area: 'composer' }) : node.article.focus({ preventScroll: true }));
  const { message } = entry;
  wires.lazy(({ makeEditor }) => {
    node.editor = makeEditor(message, edit?.body, wires, done);
    text.after(node.editor);
    // An edit that is found again in a room does not take the focus from somebody who is writing.
    if (edit?.body === undefined) node.editor.querySelector('textarea')?.focus();
  });
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires */
function drawSeen(node, entry, { select, watch, send }) {
  const line = part(node.refs, 'body').querySelector(':scope > .msg__seen');
  const users = entry.seenBy ?? [];
  if (users.length === 0) return line?.remove();
  const names = watch.now((s) => users.map((user) => select.nameOf(s.people[user]))).sort((a, b) => a.localeCompare(b));
  const words = `Seen by ${users.length}`;
  const title = names.join(', ');
  if (line) {
    say(/** @type {HTMLElement} */ (line), words);
    mark(line, 'data-names', title);
    mark(line, 'aria-label', `${words}: ${title}`);
    return;
  }
  const show = () => send({ do: 'dialog', name: 'names', title: words, users: node.entry?.seenBy ?? [] });
  part(node.refs, 'body').append(
    h(
      'button',
      { type: 'button', class: 'msg__seen', tabindex: node.article.tabIndex, 'data-names': title, 'aria-label': `${words}: ${title}`, onclick: show },
      words,
    ),
  );
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires @param {() => void} grew */
function showState(node, entry, wires, grew) {
  const { article, refs } = node;
  if (node.timer !== null) wires.clock.clear(node.timer);
  node.timer = null;
  mark(article, 'data-state', entry.state === 'posted' ? null : entry.state);
  node.unsent?.remove();
  node.unsent = null;
  const line = part(refs, 'state');
  line.hidden = true;
  // Even hidden, it is part of the row's name.
  say(part(refs, 'words'), entry.words);
  mark(article, 'data-slow', entry.state === 'queued' ? '' : null);
  if (entry.state === 'queued' || entry.state === 'failed') node.unsent = addUnsent(node, entry, wires);
  if (entry.state !== 'sending') return;
  node.timer = wires.clock.set(() => {
    mark(article, 'data-slow', '');
    line.hidden = false;
    say(part(refs, 'words'), 'Sending');
    grew();
  }, SLOW_MS);
}

/** @param {MessageNode} node @param {Entry} entry @param {Wires} wires */
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
