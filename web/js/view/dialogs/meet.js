// The dialog for a link to a room that the reader is not in.

import { openDialog } from '../dialog.js';
import { button, h } from '../dom.js';
import { publicRoom } from '../rooms.js';

/** @typedef {import('../wires.js').Wires} Wires */

/** Shows a public room and how to join it. A room the reader may not see does not exist for them. @param {{room: number, id?: number}} place @param {Wires} wires */
export async function openMeet({ room, id }, wires) {
  const { call, send, text } = wires;
  const answer = await publicRoom(room, wires);
  if (!answer.ok) return openDialog({ title: 'The room did not load', kind: 'dlg--s', body: [said(answer.title)] });
  const found = answer.room;
  if (!found) {
    const { close } = openDialog({
      title: 'There is nothing here for you',
      kind: 'dlg--s',
      body: [said('This room is private, or it is not there. If somebody sent you the link, ask them to add you.')],
      foot: [button('Close', () => close(), 'btn--main')],
    });
    return;
  }
  const status = h('p', { class: 'err', role: 'alert', hidden: true });
  const join = button('Join', () => enter(), 'btn--main');
  const enter = async () => {
    if (join.getAttribute('aria-disabled') === 'true') return;
    join.setAttribute('aria-disabled', 'true');
    const joined = await call('joinRoom', room);
    join.removeAttribute('aria-disabled');
    status.hidden = joined.ok;
    if (!joined.ok) {
      status.textContent = joined.title;
      return;
    }
    close();
    send({ do: 'entered', room: joined.value, ...(id === undefined ? {} : { id }) });
  };
  const words = found.archived ? 'This room is archived: nobody can join it any more.' : 'You are not in this room yet. Everyone here may join it.';
  const { close } = openDialog({
    title: `#${found.name}`,
    kind: 'dlg--s meet',
    body: [
      h(
        'div',
        { class: 'dlg__b' },
        found.topic && h('p', { dir: 'auto' }, found.topic),
        h('p', {}, words),
        h('p', { class: 'hint' }, text.plural(found.member_count, 'person', 'people')),
        status,
      ),
    ],
    foot: [button('Cancel', () => close()), !found.archived && join],
  });
  if (!found.archived) join.focus();
}

/** @param {string} words */
const said = (words) => h('div', { class: 'dlg__b' }, h('p', {}, words));
