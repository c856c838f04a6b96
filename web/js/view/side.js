// The sidebar: rooms, direct messages, who is online, and the reader's own line. On a phone it is a screen of its own.

import { avatar, drawAvatar } from './avatar.js';
import { inApp } from './content.js';
import { clone, h, icon, mark, part, patch, refs, say } from './dom.js';

const PREVIEW_CHARS_MAX = 80;
/** More people than this are counted, not listed. */
const LISTED_MAX = 200;
const STACKED_MAX = 2;
const HOUR_MINUTES = 60;
const DAY_MS = 86_400_000;
/** Pauses end and quiet hours begin without an event: the time is looked at this often. */
const LOOK_EVERY_MS = 20_000;
const HEADINGS = { favourites: 'Favourites', rooms: 'Rooms', direct: 'Direct messages' };

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../state/lists.js').RoomRow} RoomRow */

/**
 * @param {HTMLElement} root
 * @param {Wires} wires
 */
export function mountSide(root, wires) {
  const { watch, send, select, lazy } = wires;
  const parts = refs(root);
  mountRooms(parts, wires);
  mountHere(parts, wires);

  watch(
    (s) => [s.me, s.me ? s.presence[s.me.id] : undefined],
    (me, _presence) => {
      if (me) drawAvatar(part(parts, 'avatar'), me);
      say(part(parts, 'me'), me ? select.nameOf(me) : '');
    },
  );
  mountStanding(part(parts, 'state'), wires);
  part(parts, 'settings').addEventListener('click', () => send({ do: 'dialog', name: 'settings' }));
  part(parts, 'own').addEventListener('click', () => send({ do: 'dialog', name: 'settings' }));
  part(parts, 'jump').addEventListener('click', () => send({ do: 'dialog', name: 'switcher' }));
  part(parts, 'compose').addEventListener('click', () => send({ do: 'dialog', name: 'newDirect' }));
  say(part(parts, 'jumpkey'), /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘ K' : 'Ctrl K');
  const brand = part(parts, 'brand');
  const wordmark = /** @type {HTMLElement} */ (brand.querySelector('.wordmark'));
  watch(
    (s) => [s.server?.name],
    (name) => name && say(wordmark, name),
  );
  watch(
    (s) => [s.server?.backup_trouble],
    (trouble) => {
      mark(brand, 'data-trouble', trouble ? '' : null);
      mark(brand, 'aria-description', trouble ? 'Backups need attention' : null);
    },
  );
  brand.addEventListener('click', () => lazy((part) => part.openMainMenu(brand, wires)));
}

/** Whether the reader is connected, and whether notifications are paused, which has to be visible. @param {HTMLElement} line @param {Wires} wires */
function mountStanding(line, { watch, select, clock, times }) {
  const draw = () => {
    const [words, settings, online] = watch.now((s) => /** @type {const} */ ([select.standing(s), s.settings, s.connection.state === 'online']));
    const now = clock.now();
    const date = new Date(now);
    const quiet = online ? select.quietUntil(settings, now, date.getHours() * HOUR_MINUTES + date.getMinutes()) : null;
    if (!quiet) return say(line, words);
    const until = 'pause' in quiet ? (quiet.pause - now < DAY_MS ? times.clock(quiet.pause) : '') : times.clock(date.setHours(0, quiet.hours, 0, 0));
    const told = `${'pause' in quiet ? 'Paused' : 'Quiet'}${until && ' until '}`;
    if (line.textContent !== told + until) line.replaceChildren(icon('moon', 'i--xs'), h('span', {}, told, h('bdi', {}, until)));
  };
  const tick = () => {
    draw();
    clock.set(tick, LOOK_EVERY_MS);
  };
  watch((s) => [select.standing(s), s.settings], draw);
  tick();
}

/** @param {import('./dom.js').Refs} parts @param {Wires} wires */
function mountRooms(parts, wires) {
  const { watch, send, select, clock } = wires;
  const root = part(parts, 'rooms');
  /** @type {Map<string, {el: HTMLElement, node: {list: HTMLElement, held: Map<string, any>}}>} */
  const groups = new Map();
  const makeGroup = (/** @type {{key: keyof typeof HEADINGS}} */ { key }) => {
    const list = h('ul', { role: 'list' });
    const id = `h-${key}`;
    const add =
      key === 'rooms'
        ? h(
            'button',
            {
              type: 'button',
              class: 'ib',
              'aria-label': 'Create or browse rooms',
              'data-tip': 'Create or browse rooms',
              'data-tip-end': true,
              onclick: () => send({ do: 'dialog', name: 'browseRooms' }),
            },
            icon('plus'),
          )
        : key === 'direct' &&
          h(
            'button',
            {
              type: 'button',
              class: 'ib',
              'aria-label': 'New direct message',
              'data-tip': 'New direct message',
              'data-tip-end': true,
              onclick: () => send({ do: 'dialog', name: 'newDirect' }),
            },
            icon('plus'),
          );
    const none = key === 'direct' && h('p', { class: 'hint side__more', 'data-none': true }, 'Nobody yet');
    const el = h('section', { 'aria-labelledby': id }, h('div', { class: 'side__h' }, h('h2', { id }, HEADINGS[key]), add), list, none);
    return { el, node: { list, held: new Map() } };
  };
  // While the pointer or the focus is on a row, no row moves: the order changes when they leave.
  let pointed = false;
  const held = () => pointed || root.querySelector('a:focus-visible') !== null;
  const draw = () =>
    patch(root, groups, watch.now(select.roomList), {
      key: (group) => group.key,
      make: makeGroup,
      update: (node, group) => {
        const rows = held() ? select.inOrder(group.rows, shown(node.list)) : group.rows;
        patch(node.list, node.held, rows, {
          key: ({ room }) => String(room.id),
          make: (row) => makeRow(row, wires),
          update: (link, row) => updateRow(link, row, wires),
        });
        const none = node.list.parentElement?.querySelector('[data-none]');
        if (none) mark(none, 'hidden', group.rows.length > 0 ? '' : null);
      },
    });
  watch((s) => [s.rooms, s.view.room, s.view.page, s.timelines, s.people, s.me, s.presence, s.drafts, s.blocked], draw);
  root.addEventListener('pointerenter', (event) => {
    pointed = event.pointerType === 'mouse';
  });
  root.addEventListener('pointerleave', () => {
    pointed = false;
    draw();
  });
  root.addEventListener('focusout', () => clock.set(draw, 0));
}

/** The rooms in their current order. @param {HTMLElement} list */
const shown = (list) => /** @type {HTMLElement[]} */ ([...list.querySelectorAll('a')]).map((link) => Number(link.dataset.room));

/** @param {RoomRow} row @param {Wires} wires */
function makeRow({ room }, { send }) {
  const { el, refs: node } = clone('t-room');
  const link = /** @type {HTMLAnchorElement} */ (el.firstElementChild);
  link.href = `/rooms/${room.id}`;
  link.dataset.room = String(room.id);
  link.addEventListener(
    'click',
    inApp(() => send({ do: 'open', room: room.id })),
  );
  link.addEventListener('contextmenu', (event) => {
    if (event.shiftKey) return;
    event.preventDefault();
    send({ do: 'roomMenu', room: room.id, at: link });
  });
  return { el, node: { el: link, refs: node } };
}

/** @param {{el: HTMLElement, refs: import('./dom.js').Refs}} node @param {RoomRow} row @param {Wires} wires */
function updateRow({ el, refs: r }, { room, name, others, current, muted, draft }, { watch, select, text, times, clock }) {
  const [last, presence] = watch.now(
    (s) => /** @type {const} */ ([select.preview(s, room.id), others.length === 1 ? select.presenceOf(s, others[0]?.id ?? 0) : null]),
  );
  const mentions = room.kind === 'direct' ? 0 : (room.mentions ?? 0);
  const unread = room.unread > 0 && (!muted || mentions > 0);
  mark(el, 'aria-current', current ? 'page' : null);
  mark(el, 'data-unread', unread ? '' : null);
  mark(el, 'data-muted', muted ? '' : null);
  drawLead(part(r, 'lead'), room, others, presence);
  say(part(r, 'name'), name);
  const words = [
    room.kind === 'private' && 'private room',
    presence,
    mentions > 0 ? text.plural(mentions, 'mention') : unread && (room.kind === 'direct' ? `${room.unread} unread` : `${room.unread} unread`),
    muted && 'muted',
    room.archived && 'archived',
    draft !== null && 'draft',
  ];
  say(
    part(r, 'words'),
    words
      .filter(Boolean)
      .map((word) => `, ${word}`)
      .join(''),
  );
  const said = last?.text ? `${last.who && `${last.who}: `}${text.oneLine(last.text, PREVIEW_CHARS_MAX)}` : room.head === 0 ? 'No messages yet' : room.topic;
  say(part(r, 'sub'), draft ? `Draft: ${text.oneLine(draft, PREVIEW_CHARS_MAX)}` : said);
  say(part(r, 'time'), last ? times.short(last.at, clock.now()) : '');
  const count = room.kind === 'direct' ? (unread ? String(room.unread) : '') : mentions > 0 ? `@${mentions}` : '';
  say(part(r, 'count'), count);
  part(r, 'count').hidden = count === '';
  part(r, 'dot').hidden = !unread || count !== '';
  const badge = muted ? 'belloff' : draft !== null ? 'edit' : room.archived ? 'archive' : '';
  const shown = part(r, 'badge');
  if (shown.dataset.icon !== badge) {
    shown.dataset.icon = badge;
    shown.replaceChildren(...(badge ? [icon(badge, 'i--xs')] : []));
  }
}

/** The icon before a room: its kind, or the person in it. @param {HTMLElement} lead @param {import('../net/wire.js').Room} room @param {import('../net/wire.js').User[]} others @param {string | null} presence */
function drawLead(lead, room, others, presence) {
  const key =
    room.kind === 'direct'
      ? `${others.map(({ id, avatar: a, display_name, color }) => [id, a, display_name, color].join('/')).join(',')}:${presence}`
      : room.kind;
  if (lead.dataset.key === key) return;
  lead.dataset.key = key;
  const stack = () => h('span', { class: 'av av--stack', 'aria-hidden': 'true' }, ...others.slice(0, STACKED_MAX).map((user) => avatar(user)));
  lead.replaceChildren(
    room.kind !== 'direct' ? icon(room.kind === 'private' ? 'lock' : 'hash') : others.length === 1 ? avatar(others[0], 's', presence) : stack(),
  );
}

/** @param {import('./dom.js').Refs} parts @param {Wires} wires */
function mountHere(parts, { watch, select, send }) {
  const list = part(parts, 'here');
  const more = part(parts, 'more');
  /** @type {Map<string, {el: HTMLElement, node: import('./dom.js').Refs}>} */
  const held = new Map();
  watch(
    (s) => [s.presence, s.people, s.me],
    () =>
      watch.now((s) => {
        const here = select.hereNow(s);
        say(part(parts, 'count'), here.length > 0 ? `Here now, ${here.length}` : 'Here now');
        more.hidden = here.length <= LISTED_MAX;
        say(more, more.hidden ? '' : `and ${here.length - LISTED_MAX} more`);
        patch(list, held, here.slice(0, LISTED_MAX), {
          key: ({ user }) => String(user.id),
          make: ({ user }) => {
            const { el, refs: node } = clone('t-person');
            part(node, 'show').addEventListener('click', () => send({ do: 'dialog', name: 'profile', user: user.id }));
            return { el, node };
          },
          update: (r, { user, away, you }) => {
            drawAvatar(part(r, 'avatar'), user);
            mark(part(r, 'dot'), 'data-p', away ? 'away' : 'on');
            say(part(r, 'name'), select.nameOf(user));
            say(part(r, 'you'), you ? ' (you)' : '');
            part(r, 'away').hidden = !away;
          },
        });
      }),
  );
}
