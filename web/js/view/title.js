// The window's title and icon tell what waits, for when the reader looks elsewhere.

/**
 * @param {HTMLElement} icon
 * @param {import('../main.js').Wires} wires
 */
export function mountTitle(icon, { watch, select }) {
  const link = /** @type {HTMLLinkElement} */ (icon);
  const quiet = link.href;
  const loud = link.dataset.unread ?? quiet;
  const server = document.title.split(' · ').at(-1) ?? 'Chapp';
  watch(
    (s) => [s.view.attentive, s.rooms, s.server],
    (attentive, _rooms, about) => {
      const [unread, room] = watch.now((s) => [select.unreadTotal(s), select.currentRoom(s)]);
      const away = !attentive && unread > 0;
      const title = `${away ? `(${unread}) ` : ''}${room?.name ?? 'Lobby'} · ${about?.name || server}`;
      if (document.title !== title) document.title = title;
      const href = away ? loud : quiet;
      if (link.getAttribute('href') !== href) link.setAttribute('href', href);
    },
  );
}
