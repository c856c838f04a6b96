// A notice between the messages of a room: who joined, left or changed it.

import { h, icon } from './dom.js';

/** @typedef {import('../state/entries.js').NoticeLine} NoticeLine */

/** @type {Record<string, string>} */
const ICONS = {
  created: 'plus',
  joined: 'userplus',
  added: 'userplus',
  left: 'logout',
  removed: 'user',
  renamed: 'edit',
  topic: 'text',
  archived: 'archive',
  restored: 'archive',
  owner: 'user',
};

/** @param {NoticeLine} line @param {Pick<import('./wires.js').Wires, 'select' | 'times'>} wires */
export function makeNotice(line, { select, times }) {
  const name = (/** @type {import('../net/wire.js').User | undefined} */ user) => h('b', {}, h('bdi', {}, select.nameOf(user)));
  const who = name(line.author);
  const whom = name(line.subject);
  const text = h('bdi', {}, line.notice.text ?? '');
  /** @type {Record<string, (Node | string)[]>} */
  const words = {
    created: [who, ' made this room'],
    joined: [who, ' joined'],
    left: [who, ' left'],
    added: [who, ' added ', whom],
    removed: [who, ' removed ', whom],
    renamed: [who, ' renamed the room to ', text],
    topic: line.notice.text ? [who, ' set the topic: ', text] : [who, ' removed the topic'],
    archived: [who, ' archived this room'],
    restored: [who, ' restored this room'],
    owner: [whom, ' looks after this room now'],
  };
  const time = h('time', { datetime: times.iso(line.at), title: times.full(line.at) }, times.clock(line.at));
  return h(
    'li',
    { class: 'msg msg--sys', 'data-notice': line.notice.kind },
    icon(ICONS[line.notice.kind] ?? 'plus', 'i--s'),
    h('p', {}, ...(words[line.notice.kind] ?? []), time),
  );
}
