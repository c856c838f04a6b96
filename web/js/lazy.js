// The lazy part: everything that reading and writing messages does not need. `main.js` fetches it at the first sign
// of somebody, as one script with a style sheet of its own, so nothing in the first script may import from here.

import * as lazyApi from './net/lazy-api.js';

export { arrangingActs } from './acts/arranging.js';
export { searchActs } from './acts/search.js';
export { mountCompletion } from './view/complete.js';
export { confirm } from './view/dialog.js';
export { openNamed } from './view/dialogs/named.js';
export { makeEditor } from './view/edit.js';
export { openMainMenu } from './view/main-menu.js';
export { openMessageMenu, openSheet, toolbar } from './view/message-menu.js';
export { mountPane } from './view/pane.js';
export { openPicker } from './view/picker.js';
export { openPictures } from './view/pictures.js';
export { openRoomMenu } from './view/room-menu.js';
export { mountServer } from './view/server.js';
export { mountTips } from './view/tip.js';
export { mountTrouble } from './view/trouble.js';
export { lazyApi };
