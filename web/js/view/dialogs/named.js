// Every dialog, by its name.

import { openInvite } from '../invite.js';
import { openShortcuts } from '../shortcuts.js';
import { openSwitcher } from '../switcher.js';
import { openMeet } from './meet.js';
import { openNames, openPeople, openProfile } from './people.js';
import { openAddPeople, openBrowseRooms, openCreateRoom, openForward, openNewDirect, openRoomSettings } from './rooms.js';
import { openSettings } from './settings.js';

/** @param {import('../../acts/act.js').Dialog} dialog @param {import('../wires.js').Wires} wires */
export function openNamed(dialog, wires) {
  switch (dialog.name) {
    case 'settings':
      return openSettings(wires);
    case 'switcher':
      return openSwitcher(wires);
    case 'shortcuts':
      return openShortcuts();
    case 'createRoom':
      return openCreateRoom(wires);
    case 'browseRooms':
      return void openBrowseRooms(wires);
    case 'newDirect':
      return openNewDirect(wires);
    case 'people':
      return openPeople(wires);
    case 'invite':
      return openInvite(wires);
    case 'profile':
      return void openProfile(dialog.user, wires);
    case 'names':
      return void openNames(dialog.title, dialog.users, wires);
    case 'roomSettings':
      return openRoomSettings(dialog.room, wires);
    case 'addPeople':
      return openAddPeople(dialog.room, wires);
    case 'meet':
      return void openMeet(dialog, wires);
    case 'forward':
      return openForward({ room: dialog.room, id: dialog.id }, wires);
  }
}
