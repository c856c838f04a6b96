// The people of the server as its owner and admins see them: their roles, and whose account is deactivated.

import { bytes } from '../../lib/amounts.js';
import { serverAddress } from '../address.js';
import { avatar } from '../avatar.js';
import { confirm, openDialog } from '../dialog.js';
import { button, h, icon, iconButton } from '../dom.js';
import { copyField } from '../invite.js';
import { openMenu } from '../menu.js';
import { box } from './boxes.js';

/** @typedef {import('../wires.js').Wires} Wires */
/** @typedef {import('../server.js').Page} Page */
/** @typedef {import('../server.js').Box} Box */
/** @typedef {import('../../net/wire.js').User} User */

const SEARCH_AFTER_MS = 200;
const ROLES = { owner: 'Owner', admin: 'Admin', member: 'Member' };

/** @param {string} role */
const roleName = (role) => ROLES[/** @type {'owner'} */ (role)] ?? role;

/** Whether the reader may deactivate this account or reset its password. @param {User | null} me @param {User} user */
const mayHelp = (me, user) => me !== null && user.id !== me.id && (me.role === 'owner' || (me.role === 'admin' && user.role === 'member'));

/** @param {Wires} wires @param {Page} page @returns {Box & {end: () => void}} */
export function peopleBox(wires, { refresh, fail }) {
  const { call, clock, send, watch } = wires;
  const search = h('input', { class: 'inp', type: 'search', 'aria-label': 'Find a person', placeholder: 'Find a person', autocomplete: 'off' });
  const { el, heading } = box('People', h('div', { class: 'inpbox inpbox--lead people__q' }, icon('search', 'i--s'), search));
  const count = h('small', {});
  heading.append(' ', count);
  const rows = h('tbody', { role: 'rowgroup' });
  const column = (/** @type {import('../dom.js').Child} */ words) => h('th', { scope: 'col', role: 'columnheader' }, words);
  const table = h(
    'table',
    { class: 'people', role: 'table' },
    h(
      'thead',
      { role: 'rowgroup' },
      h('tr', { role: 'row' }, column('Name'), column('Role'), column('Files'), column('Last seen'), column(h('span', { class: 'vh' }, 'Options'))),
    ),
    rows,
  );
  const status = h('p', { class: 'hint', role: 'status' });
  const more = button('Show more', () => read(ids.at(-1)), 'btn--s', { hidden: true });
  el.append(table, status, more);
  /** @type {number[]} */
  let ids = [];
  /** The bytes of each person's files. @type {Map<number, number>} */
  const files = new Map();
  let asked = 0;
  const read = async (/** @type {number | undefined} */ before) => {
    asked += 1;
    const mine = asked;
    const answer = await call('people', search.value.trim(), before);
    if (mine !== asked || !el.isConnected) return;
    if (!answer.ok) return fail(answer.title);
    send({ do: 'know', people: answer.value.people });
    for (const { id } of answer.value.people) files.delete(id);
    for (const { user, bytes } of answer.value.files ?? []) files.set(user, bytes);
    ids = [...(before === undefined ? [] : ids), ...answer.value.people.map(({ id }) => id)];
    more.hidden = !answer.value.more;
    status.textContent = ids.length === 0 ? 'Nobody of that name is here.' : '';
    draw();
  };
  const draw = () => {
    const held = document.activeElement instanceof HTMLElement && rows.contains(document.activeElement) ? document.activeElement.dataset.at : undefined;
    // With everybody on the page, the oldest account comes first.
    const order = more.hidden ? [...ids].sort((a, b) => a - b) : ids;
    const [me, people] = watch.now((s) => /** @type {const} */ ([s.me, order.flatMap((id) => s.people[id] ?? [])]));
    rows.replaceChildren(...people.map((user) => row(user, me, files.get(user.id), wires, { refresh, fail })));
    if (held) /** @type {HTMLElement | null} */ (rows.querySelector(`[data-at="${held}"]`))?.focus();
  };
  /** @type {unknown} */
  let timer = null;
  search.addEventListener('input', () => {
    if (timer !== null) clock.clear(timer);
    timer = clock.set(() => read(undefined), SEARCH_AFTER_MS);
  });
  const off = watch(
    (s) => [s.people, s.presence, s.me],
    () => ids.length > 0 && draw(),
  );
  let known = -1;
  return {
    el,
    end: off,
    draw: ({ people }) => {
      count.textContent = String(people);
      // Somebody has signed up.
      if (people !== known) read(undefined);
      known = people;
    },
  };
}

/** @param {User} user @param {User | null} me @param {number | undefined} files @param {Wires} wires @param {{refresh: () => Promise<void>, fail: (words: string) => void}} page */
function row(user, me, files, wires, page) {
  const { clock, select, times, watch } = wires;
  const name = select.nameOf(user);
  const presence = watch.now((s) => select.presenceOf(s, user.id));
  const cell = (/** @type {string} */ kind, /** @type {import('../dom.js').Child[]} */ ...parts) => h('td', { role: 'cell', class: kind || null }, ...parts);
  const seen = user.deactivated ? 'Deactivated' : presence !== 'offline' ? 'Now' : user.last_seen ? times.moment(user.last_seen, clock.now()) : 'Never';
  const options = iconButton('more', `Options for ${name}`, () => openMenu(options, `Options for ${name}`, acts(user, me, wires, page)), {
    class: 'ib ib--l',
    'data-tip': null,
    'data-at': `${user.id}-options`,
    'aria-haspopup': 'menu',
    'aria-expanded': 'false',
  });
  return h(
    'tr',
    { role: 'row', 'data-user': user.id, 'data-off': user.deactivated ? '' : null },
    cell(
      '',
      h(
        'div',
        { class: 'p' },
        avatar(user, 'm', presence),
        h('span', {}, h('b', {}, h('bdi', {}, name), user.id === me?.id ? ' (you)' : ''), h('small', {}, `since ${times.month(user.created_at)}`)),
      ),
    ),
    cell('role', roleOf(user, me, wires, page)),
    cell('used', ...(files === undefined ? [] : [bytes(files), h('span', { class: 'only-phone' }, ' of files')])),
    cell('seen', seen),
    cell('opts', options),
  );
}

/** @param {User} user @param {User | null} me @param {Wires} wires @param {{refresh: () => Promise<void>, fail: (words: string) => void}} page */
function roleOf(user, me, { call, select, send }, { fail }) {
  if (me?.role !== 'owner' || user.id === me.id || user.deactivated) {
    return h('span', { class: `tag ${user.role === 'owner' ? 'tag--accent' : ''}`.trim() }, roleName(user.role));
  }
  const option = (/** @type {string} */ role) => h('option', { value: role, selected: user.role === role }, roleName(role));
  const choose = h('select', { class: 'inp', 'aria-label': `Role of ${select.nameOf(user)}`, 'data-at': `${user.id}-role` }, option('admin'), option('member'));
  choose.addEventListener('change', async () => {
    const answer = await call('editPerson', user.id, { role: choose.value });
    if (answer.ok) return send({ do: 'know', people: [answer.value] });
    choose.value = user.role;
    fail(answer.title);
  });
  return choose;
}

/** @param {User} user @param {User | null} me @param {Wires} wires @param {{refresh: () => Promise<void>, fail: (words: string) => void}} page @returns {import('../menu.js').MenuItem[]} */
function acts(user, me, wires, { refresh, fail }) {
  const { call, select, send } = wires;
  const name = select.nameOf(user);
  const change = async (/** @type {{role?: string, deactivated?: boolean}} */ to, /** @type {string} */ done) => {
    const answer = await call('editPerson', user.id, to);
    if (!answer.ok) return fail(answer.title);
    send({ do: 'know', people: [answer.value] });
    send({ do: 'toast', words: done });
    await refresh();
  };
  const shut = () =>
    confirm({
      title: `Deactivate ${name}?`,
      words: 'They are logged out everywhere at once and cannot come in. What they wrote stays, under their name. You can let them in again.',
      yes: 'Deactivate',
      danger: true,
      act: () => change({ deactivated: true }, `${name} is deactivated`),
    });
  const handOver = () =>
    confirm({
      title: `Make ${name} the owner?`,
      words: 'There is one owner. You become an admin, and only they can take a backup or make you the owner again.',
      yes: 'Hand over the server',
      danger: true,
      act: () => change({ role: 'owner' }, `${name} owns the server now`),
    });
  const show = { icon: 'user', words: 'Show profile', act: () => send({ do: 'dialog', name: 'profile', user: user.id }) };
  if (!mayHelp(me, user)) return [show];
  if (user.deactivated) return [show, { icon: 'check', words: 'Let in again', act: () => change({ deactivated: false }, `${name} can come in again`) }];
  return [
    show,
    { icon: 'lock', words: 'Make a link for a new password', act: () => offerReset(user, wires, fail) },
    ...(me?.role === 'owner' ? [{ icon: 'flag', words: 'Make owner of the server', act: handOver }] : []),
    null,
    { icon: 'x', words: 'Deactivate', danger: true, act: shut },
  ];
}

/** @param {User} user @param {Wires} wires @param {(words: string) => void} fail */
async function offerReset(user, wires, fail) {
  const { call, clock, select, times } = wires;
  const answer = await call('offerReset', user.id);
  if (!answer.ok) return fail(answer.title);
  const name = select.nameOf(user);
  const { url } = serverAddress(wires);
  openDialog({
    title: `A new password for ${name}`,
    kind: 'dlg--s',
    body: [
      h(
        'div',
        { class: 'dlg__b' },
        h(
          'p',
          {},
          `Give this link to ${name} and to nobody else: whoever opens it sets the password. It works once, until ${times.moment(answer.value.ends_at, clock.now())}.`,
        ),
        copyField('Link for a new password', `${url}${answer.value.path}`, wires).el,
      ),
    ],
  });
}
