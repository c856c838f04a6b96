// The pane beside the conversation: one at a time of members, pins and what is kept for later. Esc closes it, and
// the focus goes back to what opened it.

import { avatar } from './avatar.js';
import { inApp } from './content.js';
import { confirm } from './dialog.js';
import { button, h, iconButton } from './dom.js';
import { openMenu } from './menu.js';

/** @typedef {import('../main.js').Wires} Wires */
/** @typedef {import('../net/wire.js').Message} Message */

const TITLES = { members: 'Members', pins: 'Pinned messages', saved: 'Saved for later' };
const SEARCH_AFTER_MS = 200;
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
      const key = pane ? `${pane}:${pane === 'saved' ? '' : room}` : '';
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
      const title = h('h2', { id: 'pane-t', tabindex: -1 }, TITLES[pane]);
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
      draw(pane, room, root, body, wires);
      if (was.split(':')[0] !== pane) title.focus({ preventScroll: true });
    },
  );
  // What the pane shows may have changed.
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
  const read = pane === 'members' ? membersOf(room, body, wires) : pane === 'pins' ? pinsOf(room, body, wires) : savedIn(body, wires);
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

/** @param {number} room @param {HTMLElement} body @param {Wires} wires */
function membersOf(room, body, wires) {
  const { call, select, send, watch, clock } = wires;
  const search = h('input', { type: 'search', class: 'inp', placeholder: 'Find a member', 'aria-label': 'Find a member', autocomplete: 'off' });
  const list = h('div', { role: 'list' });
  const status = h('p', { class: 'hint side__more', role: 'status' });
  /** @type {unknown} */
  let timer = null;
  let asked = 0;
  const read = async () => {
    asked += 1;
    const mine = asked;
    const answer = await call('members', room, search.value.trim());
    if (mine !== asked || !body.isConnected) return;
    if (!answer.ok) return failed(body, answer.title, read);
    const { members, more } = answer.value;
    const state = watch.now((s) => s);
    const here = (/** @type {{user: import('../net/wire.js').User}} */ { user }) => select.presenceOf(state, user.id) !== 'offline';
    const ordered = members.sort((a, b) => Number(here(b)) - Number(here(a)) || select.nameOf(a.user).localeCompare(select.nameOf(b.user)));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.user;
    list.replaceChildren(...ordered.map(({ user, role }) => member(room, user, role, wires)));
    if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-user="${focused}"]`))?.focus();
    status.textContent = more ? 'There are more. Search for a name.' : ordered.length === 0 ? 'Nobody of that name is here.' : '';
    if (!list.isConnected) {
      const current = state.rooms[room];
      const add =
        current && current.kind !== 'direct' && !current.archived && room !== 1
          ? button('Add people', () => send({ do: 'dialog', name: 'addPeople', room }), 'btn--s')
          : null;
      body.replaceChildren(h('div', { class: 'pane__q' }, search), list, status, add ? h('p', { class: 'side__more' }, add) : '');
    }
  };
  search.addEventListener('input', () => {
    if (timer !== null) clock.clear(timer);
    timer = clock.set(read, SEARCH_AFTER_MS);
  });
  return read;
}

/** @param {number} room @param {import('../net/wire.js').User} user @param {string} role @param {Wires} wires */
function member(room, user, role, { select, send, watch, call }) {
  const [presence, current, me, manages] = watch.now(
    (s) => /** @type {const} */ ([select.presenceOf(s, user.id), s.rooms[room], s.me?.id, select.canManage(s, s.rooms[room])]),
  );
  const name = select.nameOf(user);
  const words = [role === 'owner' && 'Owner', user.id === me && 'You', presence === 'away' && 'Away', user.status].filter(Boolean).join(' · ');
  const show = () => send({ do: 'dialog', name: 'profile', user: user.id });
  const who = h(
    'button',
    { type: 'button', class: 'who', 'data-off': presence === 'offline', 'data-user': user.id, onclick: show },
    avatar(user, 'm', presence),
    h('span', {}, h('span', { class: 'who__n' }, h('bdi', {}, name), h('span', { class: 'vh' }, `, ${presence}`)), words && h('small', { dir: 'auto' }, words)),
  );
  const row = h('div', { role: 'listitem', class: 'hit__row' }, who);
  if (!manages || user.id === me || room === 1 || current?.kind === 'direct') return row;
  const report = async (/** @type {string} */ done, /** @type {Promise<{ok: boolean, title?: string}>} */ asked) => {
    const answer = await asked;
    send({ do: 'toast', words: answer.ok ? done : (answer.title ?? '') });
  };
  const more = iconButton(
    'more',
    `Options for ${name}`,
    () =>
      openMenu(more, `Options for ${name}`, [
        {
          icon: 'user',
          words: 'Make owner',
          act: () =>
            confirm({
              title: `Make ${name} an owner?`,
              words: 'Owners rename and archive the room, remove people, and delete what others wrote.',
              yes: 'Make owner',
              act: () => report(`${name} looks after this room now`, call('setMember', room, user.id, 'owner')),
            }),
        },
        {
          icon: 'x',
          words: 'Remove from room',
          danger: true,
          act: () =>
            confirm({
              title: `Remove ${name}?`,
              words: 'They no longer see this room. You can add them again.',
              yes: 'Remove',
              danger: true,
              act: () => report(`${name} was removed`, call('removeMember', room, user.id)),
            }),
        },
      ]),
    { 'data-tip': null, 'aria-haspopup': 'menu' },
  );
  row.append(more);
  return row;
}

/** @param {{room: number, message: Message, by?: string}} hit @param {Wires} wires @param {HTMLElement} [more] */
function hit({ room, message, by }, { select, send, watch, text, times, clock }, more) {
  const [author, current] = watch.now((s) => /** @type {const} */ ([s.people[message.author], s.rooms[room]]));
  const place = watch.now((s) => select.roomName(s, current));
  const words = message.deleted ? 'This message was deleted.' : text.oneLine(text.wordsOf(message), 300);
  const link = h(
    'a',
    { class: 'hit', href: `/rooms/${room}/${message.id}`, onclick: inApp(() => send({ do: 'open', room, id: message.id })) },
    h(
      'span',
      { class: 'hit__m' },
      by ?? h('b', {}, place),
      h('time', { datetime: times.iso(message.sent_at), title: times.full(message.sent_at) }, times.short(message.sent_at, clock.now())),
    ),
    h('span', { class: 'hit__w' }, avatar(author, 'xs'), h('bdi', {}, select.nameOf(author))),
    h('span', { class: 'hit__t', dir: 'auto' }, words),
  );
  return h('li', { class: 'hit__row' }, link, more ?? '');
}

/** @param {number} room @param {HTMLElement} body @param {Wires} wires */
function pinsOf(room, body, wires) {
  const { call, select, send, watch } = wires;
  const read = async () => {
    const answer = await call('pins', room);
    if (!body.isConnected) return;
    if (!answer.ok) return failed(body, answer.title, read);
    send({ do: 'know', people: answer.value.people });
    const rows = answer.value.messages.map((message) => {
      const by = `Pinned by ${watch.now((s) => select.nameOf(s.people[message.pinned?.by ?? 0]))}`;
      const unpin = iconButton('x', 'Unpin', () => send({ do: 'pin', id: message.id, on: false }), { 'data-tip': null });
      return hit({ room, message, by }, wires, watch.now((s) => s.rooms[room]?.archived) ? undefined : unpin);
    });
    body.replaceChildren(
      rows.length > 0 ? h('ul', { class: 'hits', role: 'list' }, ...rows) : nothing('Nothing is pinned', 'Pin what everybody here should find again.'),
    );
  };
  return read;
}

/** @param {HTMLElement} body @param {Wires} wires */
function savedIn(body, wires) {
  const { call, send } = wires;
  const read = async () => {
    const answer = await call('saved');
    if (!body.isConnected) return;
    if (!answer.ok) return failed(body, answer.title, read);
    const list = h('ul', { class: 'hits', role: 'list' });
    const add = (/** @type {import('../net/api.js').SavedPage} */ page) => {
      send({ do: 'know', people: page.people });
      for (const { room, message } of page.saved) {
        const remove = iconButton('x', 'Remove', () => send({ do: 'save', room, id: message.id, on: false }), { 'data-tip': null });
        list.append(hit({ room, message }, wires, remove));
      }
      body.querySelector('[data-more]')?.remove();
      const { next } = page;
      if (next === undefined) return;
      const go = async () => {
        const more = await call('saved', next);
        if (more.ok) add(more.value);
      };
      body.append(button('Show more', go, 'btn--s', { 'data-more': true }));
    };
    body.replaceChildren(answer.value.saved.length > 0 ? list : nothing('Nothing is saved', 'Save a message, and it waits here for you. Nobody else sees it.'));
    add(answer.value);
  };
  return read;
}
