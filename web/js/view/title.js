// The window's title and icon show what is unread, for readers who look elsewhere.

/**
 * @param {HTMLElement} icon
 * @param {import('./wires.js').Wires} wires
 */
export function mountTitle(icon, { watch, select }) {
  const link = /** @type {HTMLLinkElement} */ (icon);
  const quiet = link.href;
  const loud = link.dataset.unread ?? quiet;
  const server = document.title.split(' · ').at(-1) ?? 'Chapp';
  watch(
    (s) => [s.view.attentive, s.rooms, s.server, s.view.page, s.view.room, s.people],
    (attentive, _rooms, about, page, ..._place) => {
      const [unread, urgent, room] = watch.now((s) => /** @type {const} */ ([select.unreadTotal(s), select.urgentTotal(s), select.currentRoom(s)]));
      // A reader who is looking hears only of mentions and direct messages in other rooms.
      const waiting = attentive ? urgent : unread;
      const away = waiting > 0;
      const where = room?.kind === 'direct' ? watch.now((s) => select.roomName(s, room)) : `#${room?.name ?? 'Lobby'}`;
      const title = `${away ? `(${waiting}) ` : ''}${page ? 'People and server' : where} · ${about?.name || server}`;
      if (document.title !== title) document.title = title;
      const href = away ? loud : quiet;
      if (link.getAttribute('href') !== href) link.setAttribute('href', href);
    },
  );
}
