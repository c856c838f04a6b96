// The menu under the server's name.

import { openMenu } from './menu.js';

/** @param {HTMLElement} brand @param {import('./wires.js').Wires} wires */
export function openMainMenu(brand, { watch, send, select, clock }) {
  const trouble = watch.now((s) => s.server?.backup_trouble);
  openMenu(brand, 'Menu', [
    { icon: 'plus', words: 'Create a room', act: () => send({ do: 'dialog', name: 'createRoom' }) },
    { icon: 'search', words: 'Browse rooms', act: () => send({ do: 'dialog', name: 'browseRooms' }) },
    { icon: 'compose', words: 'New direct message', act: () => send({ do: 'dialog', name: 'newDirect' }) },
    { icon: 'userplus', words: 'Invite people', act: () => send({ do: 'dialog', name: 'invite' }) },
    { icon: 'users', words: 'People', act: () => send({ do: 'dialog', name: 'people' }) },
    { icon: 'bookmark', words: 'Saved for later', act: () => send({ do: 'pane', name: 'saved' }) },
    ...(watch.now(select.looksAfter)
      ? [{ icon: 'monitor', words: trouble ? 'People and server: backups need attention' : 'People and server', act: () => send({ do: 'server' }) }]
      : []),
    null,
    { icon: 'check', words: 'Mark everything as read', key: 'Shift Esc', act: () => send({ do: 'allRead' }) },
    { icon: 'keyboard', words: 'Keyboard shortcuts', key: '?', act: () => send({ do: 'dialog', name: 'shortcuts' }) },
    watch.now((s) => (s.settings?.dnd_until ?? 0) > clock.now())
      ? { icon: 'bell', words: 'Resume notifications', act: () => send({ do: 'pause', on: false }) }
      : { icon: 'moon', words: 'Pause notifications for an hour', act: () => send({ do: 'pause', on: true }) },
    { icon: 'gear', words: 'Settings', act: () => send({ do: 'dialog', name: 'settings' }) },
    null,
    { icon: 'logout', words: 'Log out', act: () => send({ do: 'leave' }) },
  ]);
}
