// The pane beside the conversation: members, pins, saved messages or a search. Esc closes it, and the focus goes back
// to what opened it.

import { avatar } from './avatar.js';
import { inApp } from './content.js';
import { button, h, iconButton, say } from './dom.js';
import { membersOf } from './members.js';
import { mountSearch } from './search.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../net/wire.js').Message} Message */

const TITLES = { members: 'Members', pins: 'Pinned messages', saved: 'Saved for later', search: 'Search' };
const REREAD_AFTER_MS = 400;

/** @param {HTMLElement} root @param {Wires} wires */
export function mountPane(root, wires) {
  const { watch, send, clock } = wires;
  /** @type {Element | null} */
  let back = null;
  /** @type {unknown} */
  let timer = null;
  let drawn = '';

  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    send({ do: 'pane', name: null });
  });
  watch(
    (s) => [s.view.pane, s.view.room],
    (pane, room) => {
      const key = pane ? `${pane}:${pane === 'saved' || pane === 'search' ? '' : room}` : '';
      if (key === drawn) return;
      if (drawn === '' && key) back = document.activeElement;
      const was = drawn;
      drawn = key;
      root.hidden = !pane;
      if (!pane) {
        root.replaceChildren();
        if (was && back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
        return;
      }
      const title = h('h2', { id: 'pane-t', tabindex: -1 }, TITLES[pane], ' ', h('small', { 'data-count': true }));
      const body = h('div', { class: 'pane__b', tabindex: 0, role: 'region', 'aria-labelledby': 'pane-t' });
      root.replaceChildren(
        h(
          'header',
          { class: 'pane__h' },
          title,
          iconButton('x', 'Close', () => send({ do: 'pane', name: null }), { class: 'ib ib--l', 'data-tip': null }),
        ),
        body,
      );
      if (pane === 'search') return mountSearch(body, wires);
      draw(pane, room, root, body, wires);
      if (was.split(':')[0] !== pane) title.focus({ preventScroll: true });
    },
  );
  // The number of members stands beside the title, as in the bar.
  watch(
    (s) => [s.view.pane, s.view.room, s.rooms[s.view.room]?.member_count, s.pinned[s.view.room]],
    (pane, _room, members, pinned) => {
      const count = root.querySelector('[data-count]');
      if (count) say(/** @type {HTMLElement} */ (count), String((pane === 'members' ? members : pane === 'pins' ? pinned?.length : 0) || ''));
    },
  );
  // The contents of the pane may have changed.
  watch(
    (s) => [s.view.pane, s.rooms[s.view.room]?.head, s.saved, s.rooms[s.view.room]?.member_count, s.rooms[s.view.room]?.role],
    (pane, ..._changed) => {
      if (timer !== null) clock.clear(timer);
      timer = pane ? clock.set(() => root.dispatchEvent(new Event('reread')), REREAD_AFTER_MS) : null;
    },
  );
}

/** @param {'members' | 'pins' | 'saved'} pane @param {number} room @param {HTMLElement} root @param {HTMLElement} body @param {Wires} wires */
function draw(pane, room, root, body, wires) {
  const read = pane === 'members' ? membersOf(room, body, wires, failed) : pane === 'pins' ? pinsOf(room, body, wires) : savedIn(body, wires);
  const again = () => (body.isConnected ? read() : root.removeEventListener('reread', again));
  root.addEventListener('reread', again);
  body.append(h('p', { class: 'hint', role: 'status' }, 'Loading'));
  read();
}

/** @param {HTMLElement} body @param {string} title @param {() => void} again */
const failed = (body, title, again) =>
  body.replaceChildren(h('div', { class: 'blank blank--s' }, h('h3', {}, 'This did not load'), h('p', {}, title), button('Try again', again, 'btn--s')));

/** @param {string} title @param {string} words */
const nothing = (title, words) => h('div', { class: 'blank blank--s' }, h('h3', {}, title), h('p', {}, words));

/** @param {{room: number, message: Message, by?: string}} hit @param {Wires} wires @param {HTMLElement} [more] */
function hit({ room, message, by }, { select, send, watch, text, times, clock }, more) {
  const [author, current] = watch.now((s) => /** @type {const} */ ([s.people[message.author], s.rooms[room]]));
  const name = watch.now((s) => select.roomName(s, current));
  const words = message.deleted ? 'This message was deleted.' : text.oneLine(text.wordsOf(message), 300);
  const link = h(
    'a',
    { class: 'hit', href: `/rooms/${room}/${message.id}`, onclick: inApp(() => send({ do: 'open', room, id: message.id })) },
    h(
      'span',
      { class: 'hit__m' },
      by ?? h('b', {}, name),
      h('time', { datetime: times.iso(message.sent_at), title: times.full(message.sent_at) }, times.short(message.sent_at, clock.now())),
    ),
    h('span', { class: 'hit__w' }, avatar(author, 'xs'), h('bdi', {}, select.nameOf(author))),
    h('span', { class: 'hit__t', dir: 'auto' }, words),
  );
  return h('li', { class: 'hit__row' }, link, more ?? '');
}

/**
 * A button for the next page, if there is one.
 * @template T
 * @param {HTMLElement} body @param {number | undefined} next
 * @param {(next: number) => Promise<import('../net/api.js').Answer<T>>} read @param {(page: T) => void} add
 */
function showMore(body, next, read, add) {
  body.querySelector('[data-more]')?.remove();
  if (next === undefined) return;
  const go = async () => {
    const more = await read(next);
    if (more.ok) add(more.value);
  };
  body.append(button('Show more', go, 'btn--s', { 'data-more': true }));
}

/** @param {number} room @param {HTMLElement} body @param {Wires} wires */
function pinsOf(room, body, wires) {
  const { call, select, send, watch } = wires;
  return messagesIn(body, wires, {
    load: (next) => call('pins', room, next),
    rows: (/** @type {import('../net/api.js').PinsPage} */ page) =>
      page.messages.map((message) => {
        const by = `Pinned by ${watch.now((s) => select.nameOf(s.people[message.pinned?.by ?? 0]))}`;
        const unpin = iconButton('x', 'Unpin', () => send({ do: 'pin', id: message.id, on: false }), { 'data-tip': null });
        return hit({ room, message, by }, wires, watch.now((s) => s.rooms[room]?.archived) ? undefined : unpin);
      }),
    empty: () => nothing('Nothing is pinned', 'Pin what everybody here should find again.'),
  });
}

/** @param {HTMLElement} body @param {Wires} wires */
function savedIn(body, wires) {
  const { call, send } = wires;
  return messagesIn(body, wires, {
    load: (next) => call('saved', next),
    rows: (/** @type {import('../net/lazy-api.js').SavedPage} */ page) =>
      page.saved.map(({ room, message }) => {
        const remove = iconButton('x', 'Remove', () => send({ do: 'save', room, id: message.id, on: false }), { 'data-tip': null });
        return hit({ room, message }, wires, remove);
      }),
    empty: () => nothing('Nothing is saved', 'Save a message, and it waits here for you. Nobody else sees it.'),
  });
}

/**
 * A list of messages that comes in pages.
 * @template {{people: import('../net/wire.js').User[], next?: number}} P
 * @param {HTMLElement} body @param {Wires} wires
 * @param {{load: (next?: number) => Promise<import('../net/api.js').Answer<P>>, rows: (page: P) => HTMLElement[], empty: () => HTMLElement}} list
 */
function messagesIn(body, { send }, { load, rows, empty }) {
  const read = async () => {
    const answer = await load();
    if (!body.isConnected) return;
    if (!answer.ok) return failed(body, answer.title, read);
    const list = h('ul', { class: 'hits', role: 'list' });
    const add = (/** @type {P} */ page) => {
      send({ do: 'know', people: page.people });
      list.append(...rows(page));
      showMore(body, page.next, load, add);
    };
    body.replaceChildren(list);
    add(answer.value);
    if (list.children.length === 0) list.replaceWith(empty());
  };
  return read;
}
