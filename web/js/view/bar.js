// The bar over the conversation: the room's name and topic, and the buttons for its panes and menu.

import { about } from './about.js';
import { h, icon, mark, say } from './dom.js';

/**
 * @param {import('./dom.js').Refs} parts
 * @param {import('./wires.js').Wires} wires
 */
export function mountBar(parts, wires) {
  const { watch, select, send } = wires;
  const { name, topic, kind, find, pins, members, options } = /** @type {Record<string, HTMLElement>} */ (parts);
  if (!name || !topic || !kind || !find || !pins || !members || !options) throw new Error('the bar has parts missing');
  const count = h('span', {});
  members.append(count);
  const pinned = h('span', {});
  pins.append(pinned);
  watch(
    (s) => [select.currentRoom(s), select.roomName(s, select.currentRoom(s)), s.view.pane, s.pinned[s.view.room]?.length ?? 0, s.presence, s.people],
    (room, title, pane, pinCount, ..._changed) => {
      if (!room) return;
      say(name, title);
      const other = room.kind === 'direct' ? watch.now((s) => select.othersIn(s, room)) : [];
      const [one] = other;
      const status = one && other.length === 1 ? [about(one, wires), one.status].filter(Boolean).join(' · ') : '';
      say(topic, room.kind === 'direct' ? status : room.topic);
      kind.replaceChildren(icon(room.kind === 'private' ? 'lock' : room.kind === 'direct' ? 'at' : 'hash'));
      say(count, String(room.member_count ?? ''));
      mark(members, 'aria-label', `Members, ${room.member_count ?? 0}`);
      say(pinned, pinCount > 0 ? String(pinCount) : '');
      mark(pins, 'aria-label', pinCount > 0 ? `Pinned messages, ${pinCount}` : 'Pinned messages');
      mark(members, 'aria-expanded', String(pane === 'members'));
      mark(pins, 'aria-expanded', String(pane === 'pins'));
      mark(find, 'aria-expanded', String(pane === 'search'));
      const label = `${room.kind === 'direct' ? '' : '#'}${title}`;
      const main = document.querySelector('main');
      if (main) mark(main, 'aria-label', label);
      mark(/** @type {HTMLElement} */ (document.getElementById('messages')), 'aria-label', `Messages in ${label}`);
    },
  );
  find.addEventListener('click', () => send({ do: 'pane', name: watch.now((s) => s.view.pane) === 'search' ? null : 'search' }));
  pins.addEventListener('click', () => send({ do: 'pane', name: watch.now((s) => s.view.pane) === 'pins' ? null : 'pins' }));
  members.addEventListener('click', () => send({ do: 'pane', name: watch.now((s) => s.view.pane) === 'members' ? null : 'members' }));
  options.addEventListener('click', () => send({ do: 'roomMenu', room: watch.now((s) => s.view.room), at: options }));
}
