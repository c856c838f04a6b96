// The quick switcher: any room or person by a few letters. Those that the page knows come at once, those that the
// server finds below them (WAI-ARIA 1.2, combobox with a listbox).

import { createLookup } from '../lib/lookup.js';
import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { h, icon, iconButton, mark } from './dom.js';
import { publicRooms } from './rooms.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {{key: string, words: string, hint: string, lead: Node, end: string, act: () => void}} Choice */
/** @typedef {{people: import('../net/wire.js').User[], rooms: import('../net/lazy-api.js').Listing[]}} Found beside what is held */

const SHOWN_MAX = 30;
const FOUND_MAX = 30;
const STACKED_MAX = 2;
const ASK_AFTER_MS = 150;

/** @param {Wires} wires */
export function openSwitcher(wires) {
  const { watch, call, clock } = wires;
  const input = h('input', {
    type: 'text',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'switch-l',
    'aria-autocomplete': 'list',
    'aria-label': 'Jump to a room or person',
    placeholder: 'Jump to a room or person',
    autocomplete: 'off',
    spellcheck: 'false',
    autofocus: true,
  });
  const list = h('div', { class: 'switcher__l', role: 'listbox', id: 'switch-l', 'aria-label': 'Rooms and people' });
  const status = h('p', { class: 'vh', role: 'status' });
  const { el, close } = openDialog({
    title: 'Jump to',
    kind: 'switcher',
    bare: true,
    closed: () => lookup.stop(),
    body: [
      h(
        'div',
        { class: 'switcher__f' },
        icon('search'),
        input,
        iconButton('x', 'Close', () => close(), { class: 'ib ib--l only-phone', 'data-tip': null }),
      ),
      list,
      h(
        'div',
        { class: 'switcher__k', 'aria-hidden': 'true' },
        h('span', {}, h('kbd', {}, '↑'), ' ', h('kbd', {}, '↓'), ' move'),
        h('span', {}, h('kbd', {}, 'Enter'), ' open'),
        h('span', {}, h('kbd', {}, '#'), ' rooms, ', h('kbd', {}, '@'), ' people'),
      ),
      status,
    ],
  });
  /** @type {{key: string, row: HTMLElement, act: () => void}[]} */
  let options = [];
  let at = 0;
  /** @type {Found} */
  let found = { people: [], rooms: [] };
  /** @param {number} to */
  const go = (to) => {
    at = options.length > 0 ? (to + options.length) % options.length : 0;
    for (const [i, { row }] of options.entries()) mark(row, 'aria-selected', String(i === at));
    mark(input, 'aria-activedescendant', options[at]?.row.id ?? null);
    options[at]?.row.scrollIntoView({ block: 'nearest' });
  };
  const take = () => {
    const act = options[at]?.act;
    close();
    act?.();
  };
  /** @param {string} [chosen] what stays chosen, where it is still there */
  const draw = (chosen) => {
    options = [];
    const groups = watch.now((s) => choices(s, input.value, found, wires));
    list.replaceChildren(
      ...groups.map(({ title, items }) => {
        const rows = items.map(({ key, words, hint, lead, end, act }) => {
          const row = h(
            'div',
            { class: 'pick', role: 'option', id: `switch-${options.length}`, 'aria-selected': 'false' },
            lead,
            h('span', {}, h('bdi', {}, words), hint && h('small', {}, hint)),
            h('span', { class: 'pick__e' }, end),
          );
          const index = options.length;
          row.addEventListener('click', () => {
            at = index;
            take();
          });
          options.push({ key, row, act });
          return row;
        });
        return h('div', { role: 'group', 'aria-label': title }, h('div', { class: 'switcher__g', 'aria-hidden': 'true' }, title), ...rows);
      }),
    );
    if (options.length === 0) list.append(h('p', { class: 'hint switcher__g' }, 'Nothing of that name'));
    status.textContent = options.length === 0 ? 'Nothing of that name' : `${options.length} found`;
    go(
      Math.max(
        0,
        options.findIndex(({ key }) => key === chosen),
      ),
    );
  };
  /** @type {import('../lib/lookup.js').Lookup<Found>} */
  const lookup = createLookup({
    async ask(typed) {
      const query = typed.replace(/^[#@]/, '').trim();
      const [people, rooms] = await Promise.all([
        typed[0] === '#' || query === '' ? null : call('people', query, undefined, FOUND_MAX),
        typed[0] === '@' ? null : publicRooms(query, wires),
      ]);
      return { people: people?.ok ? people.value.people : [], rooms: rooms ?? [] };
    },
    found(answer) {
      found = answer;
      draw(options[at]?.key);
    },
    isEmpty: ({ people, rooms }) => people.length === 0 && rooms.length === 0,
    clock,
    ms: ASK_AFTER_MS,
  });
  input.addEventListener('input', () => {
    draw();
    if (input.value.trim()) lookup.look(input.value.trim());
    else lookup.stop();
  });
  el.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Enter') take();
    else return;
    event.preventDefault();
  });
  draw();
}

/** @param {import('../state/state.js').State} s @param {string} typed @param {Found} found @param {Wires} wires @returns {{title: string, items: Choice[]}[]} */
function choices(s, typed, found, { select, send, text }) {
  const only = typed[0] === '#' || typed[0] === '@' ? typed[0] : '';
  const query = only ? typed.slice(1) : typed;
  const rooms = select.search(select.roomsByUse(s), query, (room) => [select.roomName(s, room)]);
  /** @param {import('../net/wire.js').Room} room @returns {Choice} */
  const roomChoice = (room) => {
    const other = room.kind === 'direct' ? select.othersIn(s, room) : [];
    return {
      key: `room:${room.id}`,
      words: select.roomName(s, room),
      hint: room.kind === 'direct' ? '' : room.topic,
      lead:
        other.length === 1
          ? avatar(other[0], 's', select.presenceOf(s, other[0]?.id ?? 0))
          : room.kind === 'direct'
            ? h('span', { class: 'av av--stack', 'aria-hidden': 'true' }, ...other.slice(0, STACKED_MAX).map((user) => avatar(user)))
            : icon(room.kind === 'private' ? 'lock' : 'hash'),
      end: room.unread > 0 ? `${room.unread} unread` : '',
      act: () => send({ do: 'open', room: room.id }),
    };
  };
  const named = rooms.filter((room) => room.kind !== 'direct');
  const direct = rooms.filter((room) => room.kind === 'direct');
  const known = select.search(select.knownPeople(s), query, (user) => [user.name, select.nameOf(user)]);
  const ids = new Set(known.map((user) => user.id).concat(s.me?.id ?? 0));
  // Below those already shown: what is chosen does not move.
  const people = [...known, ...select.search(found.people, query, (user) => [user.name, select.nameOf(user)]).filter((user) => !ids.has(user.id))];
  /** @type {Choice[]} */
  const joinable = select
    .search(select.otherRooms(s, found.rooms), query, (room) => [room.name])
    .map((room) => ({
      key: `room:${room.id}`,
      words: room.name,
      hint: [text.plural(room.member_count, 'person', 'people'), room.topic].filter(Boolean).join(' · '),
      lead: icon('hash'),
      end: 'Join',
      act: () => send({ do: 'open', room: room.id }),
    }));
  /** @type {Choice[]} */
  const who = people.map((user) => ({
    key: `user:${user.id}`,
    words: select.nameOf(user),
    hint: select.nameOf(user) === user.name ? (user.status ?? '') : user.name,
    lead: avatar(user, 's', select.presenceOf(s, user.id)),
    end: '',
    act: () => send({ do: 'direct', users: [user.id] }),
  }));
  const unread = [...named, ...direct].filter((room) => room.unread > 0);
  const groups = query
    ? [
        { title: 'Rooms', items: only === '@' ? [] : named.map(roomChoice) },
        { title: 'People', items: only === '#' ? [] : [...direct.filter((room) => (room.members ?? []).length > 2).map(roomChoice), ...who] },
        { title: 'Rooms to join', items: only === '@' ? [] : joinable },
      ]
    : [
        { title: 'Unread', items: only ? [] : unread.map(roomChoice) },
        { title: 'Rooms', items: only === '@' ? [] : named.filter((room) => only || room.unread === 0).map(roomChoice) },
        { title: 'Direct messages', items: only === '#' ? [] : direct.filter((room) => only || room.unread === 0).map(roomChoice) },
        { title: 'People', items: only === '@' ? who : [] },
        { title: 'Rooms to join', items: only === '#' ? joinable : [] },
      ];
  /** @type {Choice[]} */
  const acts = [
    { key: 'create', words: 'Create a room', hint: '', lead: icon('plus'), end: '', act: () => send({ do: 'dialog', name: 'createRoom' }) },
    { key: 'browse', words: 'Browse rooms', hint: '', lead: icon('search'), end: '', act: () => send({ do: 'dialog', name: 'browseRooms' }) },
    { key: 'invite', words: 'Invite people', hint: '', lead: icon('userplus'), end: '', act: () => send({ do: 'dialog', name: 'invite' }) },
    ...(select.looksAfter(s)
      ? [{ key: 'server', words: 'People and server', hint: '', lead: icon('monitor'), end: '', act: () => send({ do: 'server' }) }]
      : []),
    { key: 'settings', words: 'Settings', hint: '', lead: icon('gear'), end: '', act: () => send({ do: 'dialog', name: 'settings' }) },
  ];
  groups.push({ title: 'Do', items: only ? [] : select.search(acts, query, ({ words }) => [words]) });
  return groups.map(({ title, items }) => ({ title, items: items.slice(0, SHOWN_MAX) })).filter(({ items }) => items.length > 0);
}
