// The list of keys.

import { openDialog } from './dialog.js';
import { h } from './dom.js';

/** @type {{title: string, keys: [string, ...string[]][]}[]} */
const LIST = [
  {
    title: 'Go',
    keys: [
      ['Jump to a room or person', 'Ctrl', 'K'],
      ['Search messages', '/'],
      ['Next unread', 'Alt', 'Shift', '↓'],
      ['Previous room', 'Alt', '↑'],
      ['Next room', 'Alt', '↓'],
      ['Move between areas', 'F6'],
      ['This list', '?'],
    ],
  },
  {
    title: 'Write',
    keys: [
      ['Send', 'Enter'],
      ['New line', 'Shift', 'Enter'],
      ['Edit your last message', '↑'],
      ['Bold, italic, code', 'Ctrl', 'B / I / E'],
      ['Mention someone', '@'],
      ['Link a room', '#'],
      ['Emoji by name', ':'],
    ],
  },
  {
    title: 'On a message',
    keys: [
      ['Next, previous', '↓', '↑'],
      ['Reply', 'R'],
      ['React', '+'],
      ['Edit your own', 'E'],
      ['Copy link', 'L'],
      ['Pin', 'P'],
      ['All actions', 'Enter'],
    ],
  },
  {
    title: 'Read',
    keys: [
      ['Mark room as read', 'Esc'],
      ['Mark unread from here', 'U'],
      ['Latest message', 'End'],
      ['Mark everything as read', 'Shift', 'Esc'],
      ['Close pane or dialog', 'Esc'],
    ],
  },
];

export function openShortcuts() {
  const sections = LIST.map(({ title, keys }) =>
    h(
      'section',
      {},
      h('h3', {}, title),
      h('dl', {}, ...keys.map(([words, ...list]) => h('div', {}, h('dt', {}, words), h('dd', {}, ...list.map((key) => h('kbd', {}, key)))))),
    ),
  );
  openDialog({
    title: 'Keyboard shortcuts',
    kind: 'dlg--wide',
    body: [
      h(
        'div',
        { class: 'dlg__b', tabindex: 0, role: 'region', 'aria-label': 'List of shortcuts' },
        h('div', { class: 'keys' }, ...sections),
        h('p', { class: 'hint' }, 'Single keys do nothing while you are typing. You can turn them off in Settings. On a Mac, use ⌘ for Ctrl and ⌥ for Alt.'),
      ),
    ],
  });
}
