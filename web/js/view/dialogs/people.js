// The dialogs for people: the directory, a profile, and choosing several people.

import { about } from '../about.js';
import { avatar } from '../avatar.js';
import { openDialog } from '../dialog.js';
import { button, h, iconButton, searchBox } from '../dom.js';

/** @typedef {import('../wires.js').Wires} Wires */
/** @typedef {import('../../net/wire.js').User} User */

const SEARCH_AFTER_MS = 200;
const STRANGERS_MAX = 100;

/** A search in the directory that announces what it found. @param {Wires} wires @param {HTMLInputElement} input @param {(people: User[], more: boolean, failed: string) => void} found */
function searching({ call, clock }, input, found) {
  /** @type {unknown} */
  let timer = null;
  let asked = 0;
  const read = async () => {
    asked += 1;
    const mine = asked;
    const answer = await call('people', input.value.trim());
    if (mine !== asked || !input.isConnected) return;
    if (answer.ok) found(answer.value.people, answer.value.more, '');
    else found([], false, answer.title);
  };
  input.addEventListener('input', () => {
    if (timer !== null) clock.clear(timer);
    timer = clock.set(read, SEARCH_AFTER_MS);
  });
  return read;
}

/** @param {Wires} wires */
export function openPeople(wires) {
  const { select, send, watch } = wires;
  const input = h('input', { type: 'search', class: 'inp', placeholder: 'Find a person', 'aria-label': 'Find a person', autocomplete: 'off', autofocus: true });
  const list = h('ul', { class: 'list scroll-list', role: 'list' });
  const status = h('p', { class: 'hint', role: 'status' }, 'Loading');
  const { close } = openDialog({ title: 'People', kind: 'dlg--tall', body: [h('div', { class: 'dlg__b' }, searchBox(input), list, status)] });
  searching(wires, input, (people, more, failed) => {
    send({ do: 'know', people });
    list.replaceChildren(
      ...watch
        .now((s) => select.peopleInOrder(s, people))
        .map((user) => {
          const show = () => {
            close();
            send({ do: 'dialog', name: 'profile', user: user.id });
          };
          const name = select.nameOf(user);
          const words = [name !== user.name && user.name, user.role === 'owner' && 'Owner', user.role === 'admin' && 'Admin', user.status, about(user, wires)]
            .filter(Boolean)
            .join(' · ');
          return h(
            'li',
            {},
            avatar(user, 'm'),
            h('span', {}, h('b', {}, h('bdi', {}, name)), h('small', { dir: 'auto' }, words)),
            button('Show', show, 'btn--s', { 'aria-label': `Show ${name}` }),
          );
        }),
    );
    list.hidden = people.length === 0;
    status.textContent =
      failed ||
      (people.length === 0
        ? 'Nobody of that name is here.'
        : more
          ? 'There are more. Search for a name.'
          : `${people.length} ${people.length === 1 ? 'person' : 'people'}`);
  })();
}

/** @param {number} id @param {Wires} wires */
export async function openProfile(id, wires) {
  const { call, clock, select, send, times, watch } = wires;
  let user = watch.now((s) => s.people[id]);
  if (!user) {
    const answer = await call('peopleOf', [id]);
    if (answer.ok) send({ do: 'know', people: answer.value.people });
    user = answer.ok ? answer.value.people[0] : undefined;
    if (!user) return send({ do: 'refused', words: answer.ok ? 'This person is not here any more.' : answer.title });
  }
  const person = user;
  const name = select.nameOf(person);
  const [me, blocked] = watch.now((s) => /** @type {const} */ ([s.me?.id === id, s.blocked.includes(id)]));
  const then = (/** @type {() => void} */ act) => () => {
    close();
    act();
  };
  const acts = me
    ? [
        button(
          'Edit your profile',
          then(() => send({ do: 'dialog', name: 'settings' })),
          'btn--main',
        ),
      ]
    : [
        button(
          blocked ? 'Unblock' : 'Block',
          then(() => send({ do: 'block', user: id, on: !blocked, name })),
          `push ${blocked ? '' : 'btn--danger'}`,
        ),
        button(
          'Mention',
          then(() => send({ do: 'mention', name: person.name })),
          '',
        ),
        button(
          'Message',
          then(() => send({ do: 'direct', users: [id] })),
          'btn--main',
        ),
      ];
  const { close } = openDialog({
    title: name,
    kind: 'dlg--s',
    body: [
      h(
        'div',
        { class: 'dlg__b' },
        h(
          'div',
          { class: 'pcard__h' },
          avatar(
            person,
            'l',
            watch.now((s) => select.presenceOf(s, id)),
          ),
          h(
            'div',
            {},
            h(
              'small',
              {},
              [
                name !== person.name && `@${person.name}`,
                person.role === 'owner' && 'Owner of this Chapp',
                person.role === 'admin' && 'Admin of this Chapp',
                about(person, wires),
              ]
                .filter(Boolean)
                .join(' · '),
            ),
          ),
        ),
        person.status && h('p', { dir: 'auto' }, person.status),
        h('p', { class: 'hint' }, `Here since ${times.short(person.created_at, clock.now())}`),
        blocked && h('p', { class: 'hint' }, 'You have blocked this person: their messages are folded, and their direct messages do not arrive.'),
      ),
    ],
    foot: acts,
  });
}

/** A list of names: who has read, who has reacted. @param {string} title @param {number[]} users @param {Wires} wires */
export async function openNames(title, users, { call, send, watch, select }) {
  const list = h('ul', { class: 'list scroll-list', role: 'list', tabindex: 0, 'aria-label': title });
  const draw = () => {
    const people = watch.now((s) => users.map((id) => s.people[id]));
    list.replaceChildren(...people.map((user) => h('li', {}, avatar(user, 'm'), h('span', {}, h('b', {}, h('bdi', {}, select.nameOf(user)))), h('span', {}))));
  };
  draw();
  openDialog({
    title,
    kind: 'dlg--s',
    body: [h('div', { class: 'dlg__b' }, list)],
  });
  const strangers = watch.now((s) => users.filter((id) => !s.people[id]).slice(0, s.limits.people_max ?? STRANGERS_MAX));
  if (strangers.length === 0) return;
  const answer = await call('peopleOf', strangers);
  if (!answer.ok) return;
  send({ do: 'know', people: answer.value.people });
  draw();
}

/**
 * A field that people are chosen with, each as a token.
 * @param {Wires} wires @param {{max: number, without?: number[]}} options
 */
export function chooser(wires, { max, without = [] }) {
  const { select, send, watch } = wires;
  /** @type {User[]} */
  let chosen = [];
  /** Nobody is offered before the reader searches. */
  let looking = false;
  const tokens = h('span', { class: 'tokens__t' });
  const input = h('input', { type: 'text', placeholder: 'Name', 'aria-label': 'Find people to add', autocomplete: 'off' });
  const list = h('ul', { class: 'list scroll-list', role: 'list', hidden: true });
  const status = h('p', { class: 'hint', role: 'status' });
  const el = h('div', { class: 'field' }, h('div', { class: 'tokens' }, tokens, input), list, status);
  /** @type {User[]} */
  let found = [];
  const draw = () => {
    tokens.replaceChildren(
      ...chosen.map((user) => {
        const name = select.nameOf(user);
        const remove = () => {
          chosen = chosen.filter((one) => one.id !== user.id);
          draw();
          input.focus();
        };
        return h('span', { class: 'tok' }, avatar(user, 'xs'), h('bdi', {}, name), iconButton('x', `Remove ${name}`, remove, { 'data-tip': null }));
      }),
    );
    const offered = found.filter((user) => !without.includes(user.id) && !chosen.some((one) => one.id === user.id));
    list.hidden = !looking || offered.length === 0 || chosen.length >= max;
    status.hidden = !looking;
    list.replaceChildren(
      ...offered.map((user) => {
        const name = select.nameOf(user);
        const add = () => {
          chosen = [...chosen, user];
          input.value = '';
          draw();
          input.focus();
          read();
        };
        return h(
          'li',
          {},
          avatar(user, 'm'),
          h('span', {}, h('b', {}, h('bdi', {}, name)), h('small', {}, name === user.name ? about(user, wires) : user.name)),
          button('Add', add, 'btn--s', { 'aria-label': `Add ${name}` }),
        );
      }),
    );
    el.dispatchEvent(new CustomEvent('chosen'));
  };
  const read = searching(wires, input, (people, more, failed) => {
    send({ do: 'know', people });
    found = watch.now((s) => select.peopleInOrder(s, people));
    status.textContent = failed || (more ? 'There are more. Search for a name.' : people.length === 0 ? 'Nobody of that name is here.' : '');
    draw();
  });
  const look = () => {
    if (looking) return;
    looking = true;
    draw();
  };
  input.addEventListener('focus', look);
  input.addEventListener('input', look);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      if (input.value.trim()) /** @type {HTMLElement | null} */ (list.querySelector('button'))?.click();
    } else if (event.key === 'Backspace' && input.value === '' && chosen.length > 0) {
      chosen = chosen.slice(0, -1);
      draw();
    }
  });
  return {
    el,
    input,
    read,
    get users() {
      return chosen;
    },
  };
}
