// The menu of a room.

import { openMenu } from './menu.js';

/** @param {HTMLElement} at @param {number} id @param {import('./wires.js').Wires} wires */
export function openRoomMenu(at, id, { watch, select, send }) {
  const [room, manages] = watch.now((s) => /** @type {const} */ ([s.rooms[id], select.canManage(s, s.rooms[id])]));
  if (!room) return;
  const name = watch.now((s) => select.roomName(s, room));
  const direct = room.kind === 'direct';
  const lobby = id === 1;
  /** @param {string} level @param {string} words @param {string} sign */
  const level = (level, words, sign) => ({ icon: sign, words, checked: room.notify === level, act: () => send({ do: 'prefs', room: id, notify: level }) });
  /** @type {(import('./menu.js').MenuItem | false)[]} */
  const list = [
    !direct && {
      icon: manages ? 'gear' : 'text',
      words: manages ? 'Room settings' : 'About this room',
      act: () => send({ do: 'dialog', name: 'roomSettings', room: id }),
    },
    !direct && !room.archived && { icon: 'userplus', words: 'Add people', act: () => send({ do: 'dialog', name: 'addPeople', room: id }) },
    { icon: 'link', words: 'Copy link', act: () => send({ do: 'copyText', text: `${location.origin}/rooms/${id}`, words: 'Link copied' }) },
    room.unread > 0 && { icon: 'check', words: 'Mark as read', key: 'Esc', act: () => send({ do: 'readRoom', room: id }) },
    null,
    level('all', 'Notify about everything', 'bell'),
    level('mentions', 'Notify about mentions', 'at'),
    level('none', 'Notify about nothing', 'belloff'),
    null,
    { icon: 'star', words: 'Favourite', checked: room.favourite === true, act: () => send({ do: 'prefs', room: id, favourite: !room.favourite }) },
    { icon: 'eyeoff', words: 'Hide until something is said', checked: room.hidden === true, act: () => send({ do: 'prefs', room: id, hidden: !room.hidden }) },
    !direct && !lobby && null,
    !direct && !lobby && { icon: 'logout', words: 'Leave', danger: true, act: () => send({ do: 'leaveRoom', room: id, name }) },
  ];
  openMenu(
    at,
    `Options for ${name}`,
    list.filter((item) => item !== false),
  );
}
