// The part of Settings that lists whom the reader has blocked.

import { avatar } from '../avatar.js';
import { button, h } from '../dom.js';

/** @param {import('../wires.js').Wires} wires @returns {HTMLElement[]} */
export function blockedPeople({ call, select, send, watch }) {
  const list = h('ul', { class: 'list', role: 'list' });
  const status = h('p', { class: 'hint', role: 'status' });
  const draw = () => {
    const people = watch.now((s) => s.blocked.map((id) => ({ id, user: s.people[id] })));
    const focused = list.contains(document.activeElement);
    list.hidden = people.length === 0;
    list.replaceChildren(
      ...people.map(({ id, user }) => {
        const name = select.nameOf(user);
        const act = button('Unblock', () => send({ do: 'block', user: id, on: false, name }), 'btn--s', { 'aria-label': `Unblock ${name}` });
        const words = user && name !== user.name && h('small', {}, `@${user.name}`);
        return h('li', {}, avatar(user, 'm'), h('span', {}, h('b', {}, h('bdi', {}, name)), words), act);
      }),
    );
    status.textContent =
      people.length === 0 ? 'Nobody. Whom you block on their card has their messages folded here, and their direct messages do not arrive.' : '';
    if (focused) (list.querySelector('button') ?? /** @type {HTMLElement | null} */ (list.closest('section')?.querySelector('h3')))?.focus();
  };
  const ask = async () => {
    const strangers = watch.now((s) => s.blocked.filter((id) => !s.people[id]));
    const answer = strangers.length > 0 ? await call('peopleOf', strangers) : null;
    if (answer?.ok) send({ do: 'know', people: answer.value.people });
  };
  let drawn = false;
  const stop = watch(
    (s) => [s.blocked, s.people],
    () => {
      if (drawn && !list.isConnected) return stop();
      draw();
      drawn = true;
    },
  );
  ask();
  return [list, status];
}
