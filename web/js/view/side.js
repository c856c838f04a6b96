// The sidebar: rooms, who is here now, and the reader's own line. On a phone it is a screen of its own.

import { clone, mark, part, patch, refs, say } from './dom.js';

/** More people than this are counted, not listed. */
const LISTED_MAX = 200;

/**
 * @param {HTMLElement} root
 * @param {import('../main.js').Wires} wires
 */
export function mountSide(root, { watch, send, select, text, times, clock }) {
  const parts = refs(root);
  mountRooms(part(parts, 'rooms'), { watch, send, select, text, times, clock });
  mountHere(parts, { watch, select, text });

  watch(
    (s) => [s.me, select.standing(s), s.leaving.busy],
    (me, standing, busy) => {
      const avatar = part(parts, 'avatar');
      say(part(parts, 'initials'), me ? text.initials(select.nameOf(me)) : '');
      if (me) mark(avatar, 'data-hue', text.hue(me.id));
      say(part(parts, 'me'), me ? select.nameOf(me) : '');
      say(part(parts, 'state'), standing);
      mark(part(parts, 'logout'), 'aria-disabled', busy ? 'true' : null);
    },
  );
  part(parts, 'logout').addEventListener('click', () => send({ do: 'leave' }));
}

/** @param {HTMLElement} list @param {Pick<import('../main.js').Wires, 'watch' | 'send' | 'select' | 'text' | 'times' | 'clock'>} wires */
function mountRooms(list, { watch, send, select, text, times, clock }) {
  /** @type {Map<string, {el: HTMLElement, node: {el: HTMLElement, refs: import('./dom.js').Refs}}>} */
  const held = new Map();
  list.addEventListener('click', (event) => {
    const row = /** @type {HTMLElement} */ (event.target).closest('a');
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    send({ do: 'show', screen: 'chat' });
  });
  watch(
    (s) => [s.rooms, s.view.room, s.timelines, s.people, s.me],
    () =>
      watch.now((s) =>
        patch(list, held, Object.values(s.rooms), {
          key: (room) => String(room.id),
          make: () => {
            const node = clone('t-room');
            return { el: node.el, node };
          },
          update: ({ el, refs: r }, room) => {
            const row = /** @type {HTMLElement} */ (el.firstElementChild);
            const last = select.preview(s, room.id);
            mark(row, 'aria-current', room.id === s.view.room ? 'page' : null);
            mark(row, 'data-unread', room.unread > 0 ? '' : null);
            say(part(r, 'name'), room.name);
            say(part(r, 'words'), room.unread > 0 ? `, ${room.unread} unread` : '');
            say(part(r, 'sub'), last ? `${last.who}: ${text.oneLine(last.text, 80)}` : 'No messages yet');
            say(part(r, 'time'), last ? times.short(last.at, clock.now()) : '');
            part(r, 'dot').hidden = room.unread === 0;
          },
        }),
      ),
  );
}

/** @param {import('./dom.js').Refs} parts @param {Pick<import('../main.js').Wires, 'watch' | 'select' | 'text'>} wires */
function mountHere(parts, { watch, select, text }) {
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
          make: () => {
            const { el, refs: node } = clone('t-person');
            return { el, node };
          },
          update: (r, { user, away, you }) => {
            mark(part(r, 'avatar'), 'data-hue', text.hue(user.id));
            say(part(r, 'initials'), text.initials(select.nameOf(user)));
            mark(part(r, 'dot'), 'data-p', away ? 'away' : 'on');
            say(part(r, 'name'), select.nameOf(user));
            say(part(r, 'you'), you ? ' (you)' : '');
            part(r, 'away').hidden = !away;
          },
        });
      }),
  );
}
