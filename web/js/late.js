// The late part: all that nobody needs to read and to write a message. `main.js` fetches it at the first sign of
// somebody, as one script with a style sheet of its own, so nothing that comes first may import from here.

import * as asks from './net/asks.js';

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
export { asks };
