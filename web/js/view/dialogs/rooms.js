// The dialogs for rooms: create, browse, change, add people, forward a message.

import { LOBBY } from '../../state/state.js';
import { confirm, field, openDialog } from '../dialog.js';
import { button, h, icon, searchBox } from '../dom.js';
import { chooser } from './people.js';

/** @typedef {import('../wires.js').Wires} Wires */

/** @typedef {import('../../net/lazy-api.js').Listing} Listing */

const SEARCH_AFTER_MS = 200;
const FIRST_MEMBERS_MAX = 99;
/** @type {[string, string][]} what a member can be told about */
const LEVELS = [
  ['all', 'Everything'],
  ['mentions', 'Mentions only'],
  ['none', 'Nothing'],
];
const DIRECT_OTHERS_MAX = 9;

/** Counts Unicode scalars, as the server does: the browser's maxlength counts halves of emoji. @param {HTMLInputElement} input @param {number} max @param {Wires['text']} text */
function limited(input, max, text) {
  input.addEventListener('input', () => {
    if (text.scalars(input.value) > max) input.value = [...input.value].slice(0, max).join('');
  });
  return input;
}

/** @param {Wires} wires */
export function openCreateRoom(wires) {
  const { call, send, text, watch } = wires;
  const limits = watch.now((s) => s.limits);
  const name = field(
    'Name',
    limited(h('input', { autocomplete: 'off', autofocus: true, required: true, dir: 'auto' }), limits.room_name_chars_max ?? 48, text),
    { hint: 'Short and plain.' },
  );
  const topic = field(
    'Topic',
    limited(h('input', { autocomplete: 'off', placeholder: 'What is this room for?', dir: 'auto' }), limits.topic_chars_max ?? 250, text),
    { optional: true },
  );
  const kind = (/** @type {string} */ value, /** @type {string} */ title, /** @type {string} */ words) =>
    h('label', { class: 'choice' }, h('input', { type: 'radio', name: 'kind', value, checked: value === 'public' }), h('b', {}, title), h('small', {}, words));
  const people = chooser(wires, { max: FIRST_MEMBERS_MAX, without: [watch.now((s) => s.me?.id ?? 0)] });
  const make = h('button', { type: 'submit', class: 'btn btn--main', form: 'f-room' }, 'Create room');
  const form = h(
    'form',
    { class: 'dlg__b', id: 'f-room', novalidate: true },
    name.el,
    topic.el,
    h(
      'fieldset',
      { class: 'trio' },
      h('legend', { class: 'lab vh' }, 'Who can see it'),
      kind('public', 'Open', 'Everyone on this Chapp can find it, read it and join.'),
      kind('private', 'Private', 'Only the people you add. Nobody else knows that it is there.'),
    ),
    h('div', { class: 'field' }, h('span', { class: 'lab' }, 'Add people ', h('span', { class: 'opt' }, 'optional')), people.el),
  );
  const { close } = openDialog({ title: 'Create a room', kind: 'dlg--tall', body: [form], foot: [button('Cancel', () => close()), make] });
  name.input.addEventListener('input', () => {
    name.fail('');
    make.textContent = name.input.value.trim() ? `Create #${name.input.value.trim()}` : 'Create room';
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!name.input.value.trim()) return name.fail('Enter a name for the room.');
    make.setAttribute('aria-disabled', 'true');
    const answer = await call('createRoom', {
      kind: String(new FormData(form).get('kind')),
      name: name.input.value,
      topic: topic.input.value,
      members: people.users.map((user) => user.id),
    });
    make.removeAttribute('aria-disabled');
    if (!answer.ok) return (answer.field === 'topic' ? topic : name).fail(answer.title);
    close();
    send({ do: 'entered', room: answer.value });
  });
  people.read();
}

/** @param {Wires} wires */
export function openBrowseRooms(wires) {
  const { call, clock, select, send, text } = wires;
  const input = h('input', { type: 'search', class: 'inp', placeholder: 'Find a room', 'aria-label': 'Find a room', autocomplete: 'off', autofocus: true });
  const list = h('ul', { class: 'list scroll-list', role: 'list', hidden: true });
  const status = h('p', { class: 'hint', role: 'status' }, 'Loading');
  const { close } = openDialog({
    title: 'Rooms',
    kind: 'dlg--tall',
    body: [h('div', { class: 'dlg__b' }, searchBox(input), list, status)],
    foot: [
      button(
        'Create a room',
        () => {
          close();
          send({ do: 'dialog', name: 'createRoom' });
        },
        'btn--main',
      ),
    ],
  });
  /** The last answer of the server, and for which text. @type {{asked: string, rooms: Listing[], more: boolean}} */
  let held = { asked: '', rooms: [], more: true };
  /** @type {unknown} */
  let timer = null;
  const read = async () => {
    const asked = input.value.trim();
    const answer = await call('browse', asked);
    if (!input.isConnected || asked !== input.value.trim()) return;
    if (!answer.ok) {
      status.textContent = answer.title;
      return;
    }
    held = { asked, rooms: answer.value.rooms, more: answer.value.next !== undefined };
    draw();
  };
  const draw = () => {
    const typed = input.value.trim();
    const rooms = typed === held.asked ? held.rooms : select.search(held.rooms, typed, (room) => [room.name, room.topic]);
    list.hidden = rooms.length === 0;
    list.replaceChildren(
      ...rooms.map((room) => {
        const go = async () => {
          if (!room.joined) {
            const joined = await call('joinRoom', room.id);
            if (!joined.ok) {
              status.textContent = joined.title;
              return;
            }
            send({ do: 'entered', room: joined.value });
          } else send({ do: 'open', room: room.id });
          close();
        };
        const words = [text.plural(room.member_count, 'person', 'people'), room.archived && 'archived', room.topic].filter(Boolean).join(' · ');
        const act =
          room.joined || !room.archived
            ? button(room.joined ? 'Open' : 'Join', go, 'btn--s', { 'aria-label': `${room.joined ? 'Open' : 'Join'} ${room.name}` })
            : h('span', {});
        return h('li', {}, icon('hash'), h('span', {}, h('b', {}, h('bdi', {}, room.name)), h('small', { dir: 'auto' }, words)), act);
      }),
    );
    status.textContent =
      rooms.length === 0
        ? 'There is no room of that name. You can make one.'
        : held.more
          ? 'There are more. Search for a name.'
          : text.plural(rooms.length, 'open room');
  };
  input.addEventListener('input', () => {
    if (timer !== null) clock.clear(timer);
    timer = null;
    // Rooms that contain the text also contain any part of it: if all of those are here, nothing is asked.
    if (!held.more && input.value.trim().includes(held.asked)) return draw();
    timer = clock.set(read, SEARCH_AFTER_MS);
  });
  read();
}

/** @param {Wires} wires */
export function openNewDirect(wires) {
  const { send, watch } = wires;
  const people = chooser(wires, { max: DIRECT_OTHERS_MAX, without: [watch.now((s) => s.me?.id ?? 0)] });
  const start = button('Start', () => go(), 'btn--main', { 'aria-disabled': 'true' });
  const go = () => {
    if (people.users.length === 0) return people.input.focus();
    close();
    send({ do: 'direct', users: people.users.map((user) => user.id) });
  };
  people.input.setAttribute('autofocus', '');
  const { close } = openDialog({
    title: 'New direct message',
    body: [h('div', { class: 'dlg__b' }, h('p', { class: 'hint' }, 'Between you and up to 9 others. Nobody else can read it or come in.'), people.el)],
    foot: [button('Cancel', () => close()), start],
  });
  people.el.addEventListener('chosen', () => {
    if (people.users.length > 0) start.removeAttribute('aria-disabled');
    else start.setAttribute('aria-disabled', 'true');
  });
  people.read();
}

/** @param {number} room @param {Wires} wires */
export function openAddPeople(room, wires) {
  const { call, send, text, watch } = wires;
  const people = chooser(wires, { max: FIRST_MEMBERS_MAX, without: [watch.now((s) => s.me?.id ?? 0)] });
  people.input.setAttribute('autofocus', '');
  const status = h('p', { class: 'err', role: 'alert', hidden: true });
  const add = async () => {
    for (const user of people.users) {
      const answer = await call('setMember', room, user.id);
      if (!answer.ok) {
        status.hidden = false;
        status.textContent = answer.title;
        return;
      }
    }
    close();
    send({ do: 'toast', words: `${text.plural(people.users.length, 'person was', 'people were')} added` });
  };
  const { close } = openDialog({
    title: 'Add people',
    body: [h('div', { class: 'dlg__b' }, people.el, status)],
    foot: [button('Cancel', () => close()), button('Add', add, 'btn--main')],
  });
  people.read();
}

/** @param {number} id @param {Wires} wires */
export function openRoomSettings(id, wires) {
  const { call, select, send, text, watch } = wires;
  const [room, manages, limits] = watch.now((s) => /** @type {const} */ ([s.rooms[id], select.canManage(s, s.rooms[id]), s.limits]));
  if (!room) return;
  const name = field(
    'Name',
    limited(h('input', { value: room.name, autocomplete: 'off', dir: 'auto', readonly: !manages }), limits.room_name_chars_max ?? 48, text),
  );
  const topic = field(
    'Topic',
    limited(h('input', { value: room.topic, autocomplete: 'off', dir: 'auto', readonly: !manages }), limits.topic_chars_max ?? 250, text),
    { optional: true },
  );
  const told = h('select', {}, ...LEVELS.map(([value, words]) => h('option', { value, selected: room.notify === value }, words)));
  told.addEventListener('change', () => send({ do: 'prefs', room: id, notify: told.value }));
  const about = field('Tell me about', told);
  const then = (/** @type {() => void} */ act) => () => {
    close();
    act();
  };
  const kinds = {
    public: 'Open: everyone on this Chapp can find it and join.',
    private: 'Private: only the people who were added know that it is there.',
    direct: '',
  };
  const form = h(
    'form',
    { class: 'dlg__b', id: 'f-edit', novalidate: true },
    name.el,
    topic.el,
    h('div', { class: 'field' }, h('span', { class: 'lab' }, 'Who can see it'), h('p', { class: 'hint' }, kinds[/** @type {'public'} */ (room.kind)])),
    about.el,
    h(
      'div',
      { class: 'line' },
      h('span', { class: 'lab' }, `Members, ${room.member_count ?? 0}`),
      h(
        'span',
        { class: 'acts-row' },
        button(
          'Show all',
          then(() => send({ do: 'pane', name: 'members' })),
          'btn--s',
          { hidden: watch.now((s) => s.view.room) !== id },
        ),
        id !== LOBBY &&
          !room.archived &&
          button(
            'Add people',
            then(() => send({ do: 'dialog', name: 'addPeople', room: id })),
            'btn--s',
          ),
      ),
    ),
  );
  const archive = () => {
    close();
    const change = async () => {
      const answer = await call('editRoom', id, { archived: !room.archived });
      if (answer.ok) send({ do: 'toast', words: room.archived ? 'The room is open again' : 'The room is archived' });
      else send({ do: 'refused', words: answer.title });
    };
    if (room.archived) return void change();
    confirm({
      title: `Archive #${room.name}?`,
      words: 'Everybody in it can still read it. Nobody can write until it is restored.',
      yes: 'Archive room',
      danger: true,
      act: change,
    });
  };
  const save = h('button', { type: 'submit', class: 'btn btn--main', form: 'f-edit' }, 'Save');
  const { close } = openDialog({
    title: `#${room.name}`,
    body: [form],
    foot: manages
      ? [
          id !== LOBBY && button(room.archived ? 'Restore room' : 'Archive room', archive, room.archived ? 'push' : 'push btn--danger'),
          button('Cancel', () => close()),
          save,
        ]
      : [button('Close', () => close(), 'btn--main')],
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (!manages) return close();
    name.fail('');
    topic.fail('');
    const answer = await call('editRoom', id, { name: name.input.value, topic: topic.input.value });
    if (!answer.ok) return (answer.field === 'topic' ? topic : name).fail(answer.title);
    close();
  });
}

/** Chooses the room to forward a message to. @param {{room: number, id: number}} from @param {Wires} wires */
export function openForward(from, wires) {
  const { select, send, watch } = wires;
  const input = h('input', {
    type: 'search',
    class: 'inp',
    placeholder: 'Find a room or person',
    'aria-label': 'Find a room or person',
    autocomplete: 'off',
    autofocus: true,
  });
  const list = h('ul', { class: 'list scroll-list', role: 'list' });
  const { close } = openDialog({ title: 'Forward to', body: [h('div', { class: 'dlg__b' }, searchBox(input), list)] });
  const draw = () => {
    const rooms = watch.now((s) =>
      select.search(
        Object.values(s.rooms).filter((room) => !room.archived),
        input.value,
        (room) => [select.roomName(s, room)],
      ),
    );
    list.replaceChildren(
      ...rooms.map((room) => {
        const name = watch.now((s) => select.roomName(s, room));
        const go = () => {
          close();
          send({ do: 'forward', from, to: room.id });
        };
        return h(
          'li',
          {},
          icon(room.kind === 'direct' ? 'at' : room.kind === 'private' ? 'lock' : 'hash'),
          h('span', {}, h('b', {}, h('bdi', {}, name))),
          button('Forward', go, 'btn--s', { 'aria-label': `Forward to ${name}` }),
        );
      }),
    );
  };
  input.addEventListener('input', draw);
  draw();
}
