// The actions on a message: a toolbar in the message under the pointer or the focus, a menu with everything, and a sheet
// where nothing hovers.

import { textOf } from './actions.js';
import { openDialog } from './dialog.js';
import { h, icon, iconButton } from './dom.js';
import { openMenu } from './menu.js';
import { reactorNames } from './reactions.js';

/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {import('./wires.js').Wires} Wires */

export const QUICK = ['👍', '❤️', '😂', '🎉', '🙏'];
const CONTEXT_CHARS_MAX = 120;

/** @param {HTMLElement} at @param {Message} message @param {Wires} wires @param {{x: number, y: number}} [point] */
export const openMessageMenu = (at, message, wires, point) => openMenu(at, 'Actions for this message', items(message, wires), point);

/** @param {HTMLElement} article @param {Message} message @param {Wires} wires */
export function toolbar(article, message, wires) {
  const { send, select, watch } = wires;
  const { id } = message;
  const can = watch.now((s) => select.rights(s, message));
  const props = { tabindex: article.tabIndex };
  const react = iconButton('react', 'React', () => send({ do: 'pickReaction', id, at: react }), props);
  const more = iconButton('more', 'More actions', () => openMessageMenu(more, message, wires), {
    ...props,
    'aria-haspopup': 'menu',
    'data-tip-end': true,
  });
  const buttons = [
    can.act && react,
    can.act && iconButton('reply', 'Reply', () => send({ do: 'reply', id }), props),
    can.edit && iconButton('edit', 'Edit', () => send({ do: 'edit', id }), props),
    can.act && iconButton('pin', message.pinned ? 'Unpin' : 'Pin', () => send({ do: 'pin', id, on: !message.pinned }), props),
    iconButton('link', 'Copy link', () => send({ do: 'copyLink', id }), props),
    can.delete && iconButton('trash', 'Delete', () => send({ do: 'delete', id }), { ...props, class: 'ib ib--danger' }),
    more,
  ];
  const bar = h('div', { class: 'acts', role: 'toolbar', 'aria-label': 'Actions for this message' }, ...buttons);
  bar.addEventListener('keydown', (event) => {
    const list = /** @type {HTMLElement[]} */ ([...bar.querySelectorAll('button')]);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    const rtl = getComputedStyle(bar).direction === 'rtl' ? -1 : 1;
    event.preventDefault();
    list.at((list.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step * rtl) % list.length)?.focus();
  });
  return bar;
}

/** All actions, in one list. @param {Message} message @param {Wires} wires @returns {import('./menu.js').MenuItem[]} */
function items(message, { send, select, watch }) {
  const { id } = message;
  const [can, room, kept, who, mine] = watch.now(
    (s) =>
      /** @type {const} */ ([
        select.rights(s, message),
        s.view.room,
        s.saved[`${s.view.room}:${id}`] === true,
        select.nameOf(s.people[message.author]),
        message.author === s.me?.id,
      ]),
  );
  /** @type {(import('./menu.js').MenuItem | false)[]} */
  const list = [
    can.act && { icon: 'reply', words: 'Reply', key: 'R', act: () => send({ do: 'reply', id }) },
    can.act && { icon: 'react', words: 'React', key: '+', act: () => send({ do: 'pickReaction', id, at: articleOf(id) }) },
    can.edit && { icon: 'edit', words: 'Edit', key: 'E', act: () => send({ do: 'edit', id }) },
    !message.deleted && message.body !== '' && { icon: 'copy', words: 'Copy text', act: () => send({ do: 'copyText', text: message.body }) },
    { icon: 'link', words: 'Copy link', key: 'L', act: () => send({ do: 'copyLink', id }) },
    can.act && { icon: 'pin', words: message.pinned ? 'Unpin' : 'Pin to room', key: 'P', act: () => send({ do: 'pin', id, on: !message.pinned }) },
    (can.act || kept) && { icon: 'bookmark', words: kept ? 'Remove from saved' : 'Save for later', act: () => send({ do: 'save', room, id, on: !kept }) },
    can.act && { icon: 'forward', words: 'Forward', act: () => send({ do: 'dialog', name: 'forward', room, id }) },
    can.unread && { icon: 'dot', words: 'Mark unread from here', key: 'U', act: () => send({ do: 'unread', id }) },
    { icon: 'user', words: mine ? 'Your profile' : `About ${who}`, act: () => send({ do: 'dialog', name: 'profile', user: message.author }) },
    can.delete && null,
    can.delete && { icon: 'trash', words: mine ? 'Delete' : `Delete what ${who} wrote`, danger: true, act: () => send({ do: 'delete', id }) },
  ];
  return list.filter((item) => item !== false);
}

/** @param {number} id */
const articleOf = (id) => textOf(/** @type {HTMLElement} */ (document.querySelector(`#messages article[data-id="${id}"]`) ?? document.body));

/** Who has reacted, where nothing hovers: one line for each emoji, which opens the list of names. @param {Message} message @param {Wires} wires @param {(act: () => void) => void} then */
function reactionsOf({ reactions = [] }, { send, select, watch }, then) {
  if (reactions.length === 0) return [];
  const [me, people] = watch.now((s) => /** @type {const} */ ([s.me?.id ?? 0, s.people]));
  const lines = reactions.map(({ emoji, users }) => {
    const show = () => send({ do: 'dialog', name: 'names', title: `${emoji} ${users.length}`, users });
    const names = h(
      'span',
      { class: 'sheet__names' },
      reactorNames(users, me, (user) => select.nameOf(people[user])),
    );
    return h('button', { type: 'button', class: 'menu__it', 'aria-haspopup': 'dialog', onclick: () => then(show) }, emoji, String(users.length), names);
  });
  return [h('div', { class: 'sheet__r', role: 'group', 'aria-label': 'Reactions' }, ...lines)];
}

/** @param {Message} message @param {Wires} wires */
export function openSheet(message, wires) {
  const { send, select, text, watch } = wires;
  const who = watch.now((s) => select.nameOf(s.people[message.author]));
  const can = watch.now((s) => select.rights(s, message));
  const quick = QUICK.map((emoji) =>
    h(
      'button',
      { type: 'button', 'aria-label': `React with ${emoji}`, onclick: () => then(() => send({ do: 'react', id: message.id, emoji, on: true })) },
      emoji,
    ),
  );
  const more = h(
    'button',
    { type: 'button', 'aria-label': 'More emoji', onclick: () => then(() => send({ do: 'pickReaction', id: message.id, at: articleOf(message.id) })) },
    icon('react'),
  );
  const list = items(message, wires).flatMap((item) =>
    item === null
      ? []
      : [
          h(
            'button',
            { type: 'button', class: `menu__it ${item.danger ? 'menu__it--danger' : ''}`.trim(), onclick: () => then(item.act) },
            icon(item.icon),
            item.words,
          ),
        ],
  );
  const { el, close } = openDialog({
    title: 'Message actions',
    kind: 'sheet',
    bare: true,
    body: [
      h('i', { class: 'sheet__grab', 'aria-hidden': 'true' }),
      h('p', { class: 'sheet__ctx', tabindex: -1, autofocus: true }, `${who}: ${text.oneLine(text.wordsOf(message), CONTEXT_CHARS_MAX)}`),
      can.act && h('div', { class: 'sheet__q', role: 'group', 'aria-label': 'Quick reactions' }, ...quick, more),
      ...reactionsOf(message, wires, then),
      h('div', { class: 'sheet__m' }, ...list, h('button', { type: 'button', class: 'menu__it', onclick: () => close() }, icon('x'), 'Close')),
    ],
  });
  el.classList.remove('dlg');
  /** @param {() => void} act */
  function then(act) {
    close();
    act();
  }
}
