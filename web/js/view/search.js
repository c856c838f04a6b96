// The search pane: a field, filters and hits. Enter on a hit moves the conversation there, and the pane stays; on a
// phone, where it would cover the message, it closes and keeps its contents.

import { avatar } from './avatar.js';
import { inApp } from './content.js';
import { button, h, icon, mark, patch, say } from './dom.js';
import { openMenu } from './menu.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../state/search.js').Found} Found */
/** @typedef {import('../state/search.js').Span} Span */

/** @type {[Span, string][]} */
const SPANS = [
  ['any', 'Any time'],
  ['day', 'Today'],
  ['week', 'Last 7 days'],
  ['month', 'Last 30 days'],
  ['year', 'Last 365 days'],
];
/** The most people that the menu lists. */
const PEOPLE_MAX = 200;
/** This many pixels before the end, the next page is read. */
const MORE_AT_PX = 400;

/** @param {HTMLElement} body the part of the pane that scrolls @param {Wires} wires */
export function mountSearch(body, wires) {
  const { watch, select, send } = wires;
  const field = h('input', {
    type: 'search',
    id: 'find',
    class: 'inp',
    placeholder: 'Search messages',
    'aria-label': 'Search messages',
    autocomplete: 'off',
    spellcheck: 'false',
    enterkeyhint: 'search',
    maxlength: 256,
  });
  const status = h('p', { class: 'hint find__n', role: 'status' });
  const list = h('ul', { class: 'hits', role: 'list' });
  const rest = h('div', {});
  const narrow = chips(wires);
  body.before(
    h(
      'div',
      { class: 'find', role: 'search' },
      h('div', { class: 'find__q' }, icon('search', 'i--s'), field),
      narrow.el,
      h('div', { class: 'find__r' }, status, narrow.files),
    ),
  );
  body.append(list, rest);
  field.value = watch.now((s) => s.search.asked.q);
  field.focus();
  field.select();

  /** @type {Map<string, {el: HTMLElement, node: HTMLElement}>} */
  const held = new Map();
  const more = () => {
    const { phase, pages } = watch.now((s) => s.search);
    if (phase === 'ready' && pages < select.PAGES_MAX && body.scrollHeight - body.scrollTop - body.clientHeight < MORE_AT_PX) send({ do: 'searchMore' });
  };
  const draw = () => {
    if (!body.isConnected) return stop();
    const state = watch.now((s) => s);
    narrow.draw();
    const surface = select.searchSurface(state);
    say(status, select.searchWords(state));
    patch(list, held, surface === 'hits' ? select.hitsOf(state) : [], {
      key: ({ room, message }) => `${room}:${message.id}`,
      make: () => {
        const node = h('li', {});
        return { el: node, node };
      },
      update: (node, found) => drawHit(node, found, wires),
    });
    list.hidden = surface !== 'hits';
    drawRest(rest, surface, wires);
    if (surface === 'hits') more();
  };
  /** Stops once the pane shows something else. */
  let stop = () => {};
  stop = watch((s) => [s.search, s.people, s.rooms, s.blocked, s.connection.state, s.view.target], draw);
  body.addEventListener('scroll', more, { passive: true });
  field.addEventListener('input', () => send({ do: 'search', q: field.value }));
  steer(field, list, wires);
}

/** Arrows go from the field through the hits and back. @param {HTMLInputElement} field @param {HTMLElement} list @param {Wires} wires */
function steer(field, list, { send, watch }) {
  const links = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll('a.hit')]);
  field.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && watch.now((s) => s.search.phase) === 'typed') send({ do: 'searchNow' });
    else if (event.key === 'ArrowDown') links()[0]?.focus();
    // The pane closes and keeps the query; the browser would clear the field.
    else if (event.key !== 'Escape') return;
    event.preventDefault();
  });
  list.addEventListener('keydown', (event) => {
    const all = links();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    (to < 0 ? field : (all[to] ?? all[at]))?.focus();
  });
}

/** The filters. @param {Wires} wires */
function chips(wires) {
  const { watch, select, send } = wires;
  /** @param {string} label @param {() => import('./menu.js').MenuItem[]} items */
  const chip = (label, items) => {
    const words = h('span', {});
    const el = h('button', { type: 'button', class: 'fchip', 'aria-haspopup': 'menu', 'aria-expanded': 'false' }, words, icon('down', 'i--xs'));
    el.addEventListener('click', () => openMenu(el, label, items()));
    return { el, words };
  };
  const room = chip('In which room', () => roomItems(wires));
  const who = chip('By whom', () => personItems(wires));
  const when = chip('When', () => {
    const now = watch.now((s) => s.search.asked.span);
    return SPANS.map(([span, words]) => ({ icon: 'clock', words, checked: span === now, act: () => send({ do: 'search', span }) }));
  });
  const files = h('button', { type: 'button', class: 'fchip' }, icon('clip', 'i--xs'), h('span', {}, 'With files'));
  files.addEventListener('click', () => send({ do: 'search', files: !watch.now((s) => s.search.asked.files) }));
  const draw = () => {
    const state = watch.now((s) => s);
    const { room: inRoom, author, span } = state.search.asked;
    mark(files, 'aria-pressed', String(state.search.asked.files));
    say(room.words, inRoom === null ? 'All rooms' : nameOfRoom(state, state.rooms[inRoom], wires));
    say(who.words, author === null ? 'Anyone' : author === state.me?.id ? 'You' : select.nameOf(state.people[author]));
    say(when.words, SPANS.find(([one]) => one === span)?.[1] ?? '');
    mark(room.el, 'data-on', inRoom === null ? null : '');
    mark(who.el, 'data-on', author === null ? null : '');
    mark(when.el, 'data-on', span === 'any' ? null : '');
  };
  return { el: h('div', { class: 'chips', role: 'group', 'aria-label': 'Narrow the search' }, room.el, who.el, when.el), files, draw };
}

/** @param {Wires} wires @returns {import('./menu.js').MenuItem[]} */
function roomItems(wires) {
  const { watch, select, send } = wires;
  const state = watch.now((s) => s);
  const { room } = state.search.asked;
  const current = select.currentRoom(state);
  const others = select.roomOrder(state).filter((one) => one !== current);
  const item = (/** @type {import('../net/wire.js').Room} */ one) => ({
    icon: one.kind === 'direct' ? 'at' : one.kind === 'private' ? 'lock' : 'hash',
    words: select.roomName(state, one),
    checked: one.id === room,
    act: () => send({ do: 'search', room: one.id }),
  });
  return [
    { icon: 'search', words: 'All rooms', checked: room === null, act: () => send({ do: 'search', room: null }) },
    ...(current ? [null, item(current)] : []),
    ...(others.length > 0 ? [null, ...others.map(item)] : []),
  ];
}

/** @param {Wires} wires @returns {import('./menu.js').MenuItem[]} */
function personItems({ watch, select, send }) {
  const state = watch.now((s) => s);
  const { author } = state.search.asked;
  const item = (/** @type {number} */ id, /** @type {string} */ words) => ({
    icon: 'user',
    words,
    checked: id === author,
    act: () => send({ do: 'search', author: id }),
  });
  const others = select.knownPeople(state).slice(0, PEOPLE_MAX);
  return [
    { icon: 'users', words: 'Anyone', checked: author === null, act: () => send({ do: 'search', author: null }) },
    null,
    ...(state.me ? [item(state.me.id, 'You')] : []),
    ...others.map((user) => item(user.id, select.nameOf(user))),
  ];
}

/** @param {import('../state/state.js').State} state @param {import('../net/wire.js').Room | undefined} room @param {Wires} wires */
function nameOfRoom(state, room, { select }) {
  const name = select.roomName(state, room);
  return room?.kind === 'direct' ? `With ${name}` : `#${name}`;
}

/** @param {HTMLElement} node @param {Found} found @param {Wires} wires */
function drawHit(node, found, wires) {
  const { watch, select, text, times, clock } = wires;
  const { room, message } = found;
  const state = watch.now((s) => s);
  const { view } = state;
  const blocked = state.blocked.includes(message.author);
  const author = state.people[message.author];
  const current = view.target?.room === room && view.target.id === message.id;
  const link = node.querySelector('a') ?? h('a', { class: 'hit', href: `/rooms/${room}/${message.id}`, onclick: inApp(() => show(room, message.id, wires)) });
  if (!link.isConnected) node.append(link);
  if (current) for (const other of node.parentElement?.querySelectorAll('[aria-current]') ?? []) other.removeAttribute('aria-current');
  if (current) mark(link, 'aria-current', 'true');
  const name = nameOfRoom(state, state.rooms[room], wires);
  const marks = select.marksOf(found);
  const key = JSON.stringify([name, select.nameOf(author), author?.avatar, author?.color, message.body, message.files, marks, blocked]);
  if (link.dataset.drawn === key) return;
  link.dataset.drawn = key;
  const words = blocked
    ? [h('span', { class: 'hit__gone' }, 'Somebody you have blocked.')]
    : text.snippet(message.body, marks).map((piece) => (piece.mark ? h('mark', {}, piece.text) : piece.text));
  link.replaceChildren(
    h(
      'span',
      { class: 'hit__m' },
      h('b', {}, h('bdi', {}, name)),
      h('time', { datetime: times.iso(message.sent_at), title: times.full(message.sent_at) }, times.short(message.sent_at, clock.now())),
    ),
    h('span', { class: 'hit__w' }, avatar(author, 'xs'), h('bdi', {}, select.nameOf(author))),
    ...(message.body === '' && !blocked ? [] : [h('span', { class: 'hit__t', dir: 'auto' }, ...words)]),
    ...(blocked ? [] : (message.files ?? []).map((file) => h('span', { class: 'hit__f' }, icon('clip', 'i--xs'), h('bdi', {}, file.name)))),
  );
}

/** @param {number} room @param {number} id @param {Wires} wires */
function show(room, id, { send }) {
  send({ do: 'open', room, id });
  if (matchMedia('(max-width: 47.9375rem)').matches) send({ do: 'pane', name: null });
}

/** The line under the hits, or in their place. @param {HTMLElement} el @param {ReturnType<Wires['select']['searchSurface']>} surface @param {Wires} wires */
function drawRest(el, surface, wires) {
  const { watch, select, send } = wires;
  const state = watch.now((s) => s);
  const { asked, trouble, next, phase, pages } = state.search;
  const stuck = next !== null && phase === 'ready' && pages >= select.PAGES_MAX;
  const key = JSON.stringify([surface, surface === 'nothing' ? asked : null, trouble, stuck]);
  if (el.dataset.drawn === key) return;
  el.dataset.drawn = key;
  const blank = (/** @type {string} */ title, /** @type {string} */ words, /** @type {HTMLElement | false} */ act = false) =>
    h('div', { class: 'blank blank--s' }, h('h3', {}, title), h('p', {}, words), act && h('div', { class: 'blank__a' }, act));
  const further = button('Look further back', () => send({ do: 'searchMore' }), 'btn--s');
  const everywhere = { do: /** @type {const} */ ('search'), room: null, author: null, span: /** @type {const} */ ('any'), files: false };
  const narrowed = asked.room !== null || asked.author !== null || asked.span !== 'any' || asked.files;
  switch (surface) {
    case 'idle':
      return el.replaceChildren(
        blank(
          'Search what was said',
          'In all your rooms and direct messages. The beginning of a word is enough. Put words in “quotation marks” to find them side by side.',
        ),
      );
    case 'offline':
      return el.replaceChildren(blank('You are offline', 'Chapp searches as soon as the connection is back.'));
    case 'failed':
      return el.replaceChildren(
        blank('This search did not work', trouble?.title ?? '', trouble?.again === true && button('Try again', () => send({ do: 'searchNow' }), 'btn--s')),
      );
    case 'nothing': {
      const where = asked.room === null ? '' : ` in ${nameOfRoom(state, state.rooms[asked.room], wires)}`;
      const title = asked.q.trim() ? `Nothing about “${asked.q.trim()}”${where}` : `No messages${where}`;
      const words = narrowed
        ? 'Look in every room, or try fewer words. The beginning of the last word is enough.'
        : 'Try fewer words. The beginning of the last word is enough.';
      const anywhere = narrowed && asked.q.trim() !== '' && button('Search every room', () => send(everywhere), 'btn--s');
      return el.replaceChildren(blank(title, words, stuck ? further : anywhere));
    }
    default:
      if (trouble) {
        const again = button('Try again', () => send({ do: 'searchMore' }), 'btn--s');
        return el.replaceChildren(h('div', { class: 'find__more' }, h('p', { class: 'hint' }, trouble.title), again));
      }
      el.replaceChildren(stuck ? h('div', { class: 'find__more' }, further) : '');
  }
}
