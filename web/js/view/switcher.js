// The quick switcher: any room or person by a few letters (WAI-ARIA 1.2, combobox with a listbox).

import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { h, icon, mark } from './dom.js';

/** @typedef {import('../main.js').Wires} Wires */
/** @typedef {{words: string, hint: string, lead: Node, end: string, act: () => void}} Choice */

const SHOWN_MAX = 30;

/** @param {Wires} wires */
export function openSwitcher(wires) {
  const { watch } = wires;
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
    body: [
      h('div', { class: 'switcher__f' }, icon('search'), input),
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
  /** @type {{row: HTMLElement, act: () => void}[]} */
  let options = [];
  let at = 0;
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
  const draw = () => {
    options = [];
    const groups = watch.now((s) => choices(s, input.value, wires));
    list.replaceChildren(
      ...groups.map(({ title, items }) => {
        const rows = items.map(({ words, hint, lead, end, act }) => {
          const row = h(
            'div',
            { class: 'pick', role: 'option', id: `switch-${options.length}`, 'aria-selected': 'false' },
            lead,
            h('span', {}, h('bdi', {}, words), hint && h('small', {}, hint)),
            h('span', { class: 'pick__e' }, end),
          );
          const place = options.length;
          row.addEventListener('click', () => {
            at = place;
            take();
          });
          options.push({ row, act });
          return row;
        });
        return h('div', { role: 'group', 'aria-label': title }, h('div', { class: 'switcher__g', 'aria-hidden': 'true' }, title), ...rows);
      }),
    );
    if (options.length === 0) list.append(h('p', { class: 'hint switcher__g' }, 'Nothing of that name'));
    status.textContent = options.length === 0 ? 'Nothing of that name' : `${options.length} found`;
    go(0);
  };
  input.addEventListener('input', draw);
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

/** @param {import('../state/reduce.js').State} s @param {string} typed @param {Wires} wires @returns {{title: string, items: Choice[]}[]} */
function choices(s, typed, { select, send }) {
  const only = typed[0] === '#' || typed[0] === '@' ? typed[0] : '';
  const query = only ? typed.slice(1) : typed;
  const rooms = select.search(Object.values(s.rooms), query, (room) => [select.roomName(s, room)]);
  /** @param {import('../net/wire.js').Room} room @returns {Choice} */
  const roomChoice = (room) => {
    const other = room.kind === 'direct' ? select.othersIn(s, room) : [];
    return {
      words: select.roomName(s, room),
      hint: room.kind === 'direct' ? '' : room.topic,
      lead:
        other.length === 1
          ? avatar(other[0], 's', select.presenceOf(s, other[0]?.id ?? 0))
          : icon(room.kind === 'direct' ? 'users' : room.kind === 'private' ? 'lock' : 'hash'),
      end: room.unread > 0 ? `${room.unread} unread` : '',
      act: () => send({ do: 'open', room: room.id }),
    };
  };
  const named = rooms.filter((room) => room.kind !== 'direct');
  const direct = rooms.filter((room) => room.kind === 'direct');
  const people = select.search(select.knownPeople(s), query, (user) => [user.name, select.nameOf(user)]);
  /** @type {Choice[]} */
  const who = people.map((user) => ({
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
      ]
    : [
        { title: 'Unread', items: only ? [] : unread.map(roomChoice) },
        { title: 'Rooms', items: only === '@' ? [] : named.filter((room) => only || room.unread === 0).map(roomChoice) },
        { title: 'Direct messages', items: only === '#' ? [] : direct.filter((room) => only || room.unread === 0).map(roomChoice) },
        { title: 'People', items: only === '@' ? who : [] },
      ];
  /** @type {Choice[]} */
  const acts = [
    { words: 'Create a room', hint: '', lead: icon('plus'), end: '', act: () => send({ do: 'dialog', name: 'createRoom' }) },
    { words: 'Browse rooms', hint: '', lead: icon('search'), end: '', act: () => send({ do: 'dialog', name: 'browseRooms' }) },
    { words: 'Invite people', hint: '', lead: icon('userplus'), end: '', act: () => send({ do: 'dialog', name: 'invite' }) },
    ...(select.looksAfter(s) ? [{ words: 'People and server', hint: '', lead: icon('monitor'), end: '', act: () => send({ do: 'server' }) }] : []),
    { words: 'Settings', hint: '', lead: icon('gear'), end: '', act: () => send({ do: 'dialog', name: 'settings' }) },
  ];
  groups.push({ title: 'Do', items: only ? [] : select.search(acts, query, ({ words }) => [words]) });
  return groups.map(({ title, items }) => ({ title, items: items.slice(0, SHOWN_MAX) })).filter(({ items }) => items.length > 0);
}
