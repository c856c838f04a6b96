// The members pane: who is online, and when the others last were. It updates as people come and go.

import { about } from './about.js';
import { avatar } from './avatar.js';
import { confirm } from './dialog.js';
import { button, h, iconButton, mark, patch, say, searchBox } from './dom.js';
import { openMenu } from './menu.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {{user: User, role: string}} Member */
/** @typedef {{title: HTMLElement, list: HTMLElement, held: Map<string, {el: HTMLElement, node: null}>}} Group */

const SEARCH_AFTER_MS = 200;

/** @param {number} room @param {HTMLElement} body @param {Wires} wires @param {(body: HTMLElement, title: string, again: () => void) => void} failed */
export function membersOf(room, body, wires, failed) {
  const { call, send, watch, clock } = wires;
  const search = h('input', { type: 'search', class: 'inp', placeholder: 'Find a member', 'aria-label': 'Find a member', autocomplete: 'off' });
  const groups = { here: makeGroup(), gone: makeGroup() };
  const status = h('p', { class: 'hint side__more', role: 'status' });
  const onward = button('Show more', () => read(oldest), 'btn--s', { hidden: true });
  /** @type {Member[]} */
  let members = [];
  let more = false;
  /** @type {number | undefined} */
  let oldest;
  /** @type {unknown} */
  let timer = null;
  let asked = 0;

  const draw = () => {
    const split = watch.now((s) => wires.select.byPresence(s, members));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.user;
    drawGroup(groups.here, 'Here now', split.here, more, room, wires);
    drawGroup(groups.gone, 'Not here', split.gone, more, room, wires);
    if (focused && !document.activeElement?.matches('[data-user]')) /** @type {HTMLElement | null} */ (body.querySelector(`[data-user="${focused}"]`))?.focus();
    say(status, members.length === 0 ? 'Nobody of that name is here.' : '');
    onward.hidden = !more;
  };
  const read = async (/** @type {number | undefined} */ before = undefined) => {
    asked += 1;
    const mine = asked;
    const answer = await call('members', room, search.value.trim(), before);
    if (mine !== asked || !body.isConnected) return;
    if (!answer.ok) return failed(body, answer.title, () => read());
    send({ do: 'know', people: answer.value.members.map(({ user }) => user) });
    members = before === undefined ? answer.value.members : [...members, ...answer.value.members];
    more = answer.value.more;
    oldest = answer.value.members.at(-1)?.user.id;
    draw();
    if (!status.isConnected) show();
  };
  const show = () => {
    const current = watch.now((s) => s.rooms[room]);
    const add =
      current && current.kind !== 'direct' && !current.archived && room !== 1
        ? button('Add people', () => send({ do: 'dialog', name: 'addPeople', room }), 'btn--s')
        : null;
    const box = searchBox(search);
    box.classList.add('pane__q');
    const lists = Object.values(groups).flatMap(({ title, list }) => [title, list]);
    body.replaceChildren(box, ...lists, status, h('p', { class: 'side__more' }, onward, add));
  };
  search.addEventListener('input', () => {
    if (timer !== null) clock.clear(timer);
    timer = clock.set(() => read(), SEARCH_AFTER_MS);
  });
  const stop = watch(
    (s) => [s.presence, s.people],
    () => {
      if (body.isConnected && status.isConnected) draw();
      else if (!body.isConnected && asked > 0) stop();
    },
  );
  return () => read();
}

/** @returns {Group} */
const makeGroup = () => ({ title: h('h3', {}), list: h('ul', { role: 'list' }), held: new Map() });

/** @param {Group} group @param {string} words @param {Member[]} members @param {boolean} more not all of them are known @param {number} room @param {Wires} wires */
function drawGroup({ title, list, held }, words, members, more, room, wires) {
  say(title, more ? words : `${words}, ${members.length}`);
  title.hidden = members.length === 0;
  mark(list, 'aria-label', words);
  // Unchanged people keep their rows, and the focus in them.
  patch(list, held, members, {
    key: (one) => `${one.user.id}/${lineOf(one, wires).join('/')}/${one.role}/${one.user.avatar ?? ''}/${one.user.color ?? ''}`,
    make: (one) => ({ el: makeMember(room, one, wires), node: null }),
    update: () => {},
  });
}

/** A line: the name, whether they are online, their status or when they last were. @param {Member} member @param {Wires} wires */
function lineOf({ user }, wires) {
  const presence = wires.watch.now((s) => wires.select.presenceOf(s, user.id));
  // The heading already says that they are not here.
  const when = presence === 'away' || (presence === 'offline' && user.last_seen) ? about(user, wires) : '';
  return [wires.select.nameOf(user), presence, when, user.status ?? ''];
}

/** @param {number} room @param {Member} one @param {Wires} wires */
function makeMember(room, one, wires) {
  const { select, send, watch, call } = wires;
  const { user, role } = one;
  const [current, me, manages] = watch.now((s) => /** @type {const} */ ([s.rooms[room], s.me?.id, select.canManage(s, s.rooms[room])]));
  const [name = '', presence = 'offline', when, status] = lineOf(one, wires);
  const small = [when, status && h('bdi', {}, status)].filter((part) => part !== '' && part !== undefined);
  const who = h(
    'button',
    {
      type: 'button',
      class: 'who',
      'data-off': presence === 'offline',
      'data-user': user.id,
      onclick: () => send({ do: 'dialog', name: 'profile', user: user.id }),
    },
    avatar(user, 'm', presence),
    h(
      'span',
      {},
      h('span', { class: 'who__n' }, h('bdi', {}, name), user.id === me && ' (you)', h('span', { class: 'vh' }, `, ${presence}`)),
      small.length > 0 && h('small', {}, ...small.flatMap((part, at) => (at > 0 ? [' · ', part] : [part]))),
    ),
    role === 'owner' && current?.kind !== 'direct'
      ? h('span', { class: 'tag tag--accent' }, 'Owner')
      : user.role === 'admin' && h('span', { class: 'tag' }, 'Admin'),
  );
  const row = h('li', { class: 'hit__row' }, who);
  if (!manages || user.id === me || room === 1 || current?.kind === 'direct') return row;
  const report = async (/** @type {string} */ done, /** @type {Promise<{ok: boolean, title?: string}>} */ asked) => {
    const answer = await asked;
    if (answer.ok) send({ do: 'toast', words: done });
    else send({ do: 'refused', words: answer.title ?? '' });
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
              title: `Make ${name} the owner?`,
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
