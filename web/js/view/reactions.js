// The reactions under a message: one button for each emoji, pressed where the reader is among them.

import { h, icon } from './dom.js';

const NAMED_MAX = 12;

/** @param {HTMLElement | null} held @param {HTMLElement} text @param {import('../state/entries.js').Entry} entry @param {import('../main.js').Wires} wires @returns {HTMLElement | null} */
export function drawReactions(held, text, entry, { send, select, watch }) {
  const reactions = entry.message?.reactions ?? [];
  const focused = held?.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.emoji : undefined;
  held?.remove();
  if (reactions.length === 0 || entry.id === null) return null;
  const id = entry.id;
  const [me, people] = watch.now((s) => /** @type {const} */ ([s.me?.id ?? 0, s.people]));
  const tabIndex = text.closest('article')?.tabIndex ?? -1;
  const items = reactions.map(({ emoji, users }) => {
    const mine = users.includes(me);
    const names = users.slice(0, NAMED_MAX).map((user) => (user === me ? 'you' : select.nameOf(people[user])));
    const more = users.length > NAMED_MAX ? ` and ${users.length - NAMED_MAX} more` : '';
    const props = {
      type: 'button',
      class: 'react',
      'aria-pressed': String(mine),
      'aria-label': `${emoji}, ${users.length}${mine ? ', including you' : ''}`,
      title: `${names.join(', ')}${more}`,
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
  text.after(list);
  if (focused) /** @type {HTMLElement | null} */ (list.querySelector(`[data-emoji="${CSS.escape(focused)}"]`))?.focus();
  return list;
}
