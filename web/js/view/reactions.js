// The reactions under a message: one button for each emoji, pressed where the reader is among them.

import { h, icon } from './dom.js';

const NAMED_MAX = 12;

/** "You, Mei and 3 more" @param {number[]} users @param {number} me @param {(user: number) => string} nameOf */
export function reactorNames(users, me, nameOf) {
  const shown = users.slice(0, NAMED_MAX).map((user) => (user === me ? 'You' : nameOf(user)));
  const you = shown.indexOf('You');
  if (you > 0) shown.unshift(...shown.splice(you, 1));
  return `${shown.join(', ')}${users.length > NAMED_MAX ? ` and ${users.length - NAMED_MAX} more` : ''}`;
}

/** @param {HTMLElement | null} held @param {HTMLElement} above @param {import('../state/entries.js').Entry} entry @param {import('./wires.js').Wires} wires @returns {HTMLElement | null} */
export function drawReactions(held, above, entry, { send, select, watch }) {
  const reactions = entry.message?.reactions ?? [];
  const focused = held?.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.emoji : undefined;
  held?.remove();
  if (reactions.length === 0 || entry.id === null) return null;
  const id = entry.id;
  const [me, people] = watch.now((s) => /** @type {const} */ ([s.me?.id ?? 0, s.people]));
  const tabIndex = above.closest('article')?.tabIndex ?? -1;
  const items = reactions.map(({ emoji, users }) => {
    const mine = users.includes(me);
    const names = reactorNames(users, me, (user) => select.nameOf(people[user]));
    const props = {
      type: 'button',
      class: 'react',
      'aria-pressed': String(mine),
      'aria-label': `${emoji}, ${users.length}${mine ? ', including you' : ''}`,
      'aria-description': names,
      'data-names': names,
      'data-emoji': emoji,
      tabindex: tabIndex,
      onclick: () => send({ do: 'react', id, emoji, on: !mine }),
    };
    return h('li', {}, h('button', props, h('span', { class: 'e', 'aria-hidden': 'true' }, emoji), String(users.length)));
  });
  const add = h(
    'button',
    {
      type: 'button',
      class: 'react react--add',
      'aria-label': 'Add a reaction',
      tabindex: tabIndex,
      onclick: (/** @type {Event} */ event) => send({ do: 'pickReaction', id, at: /** @type {HTMLElement} */ (event.currentTarget) }),
    },
    icon('react', 'i--s'),
  );
  const list = h('ul', { class: 'reacts', role: 'list', 'aria-label': 'Reactions' }, ...items, h('li', {}, add));
  above.after(list);
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-emoji="${CSS.escape(focused)}"]`))?.focus();
  return list;
}
