// What people do with rooms: open and read them. How they arrange, leave and create them is in `arranging.js`.

import { attempt } from '../lib/attempt.js';
import { LOBBY } from '../state/state.js';

/** @typedef {import('./context.js').Context} Context */

/** Where the server's own page is. */
const SERVER_PATH = '/server';
const PATH = /^\/rooms\/(\d+)(?:\/(\d+))?\/?$/;

/** What an address asks for. @param {string} path @returns {{room: number, id?: number} | null} */
export function linkTarget(path) {
  const found = path.match(PATH);
  if (!found) return null;
  return { room: Number(found[1]), ...(found[2] ? { id: Number(found[2]) } : {}) };
}

/** @param {Context} c */
export function roomActs(c) {
  const { store, select, socket } = c;
  const current = () => store.state.view.room;
  const lastRoomKey = () => `chapp:room:${c.account?.name}`;

  /** Keeps the text in the composer with the room that is left. @param {number} room */
  const leaveComposer = (room) => {
    c.composer.flush();
    store.dispatch({ type: 'draft', room, on: !c.composer.empty, text: c.composer.text });
  };
  /** @param {number} room */
  const enterComposer = (room) => {
    const own = c.account?.drafts.read(room) ?? '';
    store.dispatch({ type: 'draft', room, on: false });
    c.composer.change(own);
    if (!own) c.account?.drafts.adopt(room, (text) => room === current() && c.composer.offer(text));
  };

  /** @param {{room: number, id?: number | undefined}} target @param {{visit: boolean}} how */
  const go = ({ room, id }, { visit }) => {
    const before = current();
    if (!store.state.rooms[room]) return c.send({ do: 'dialog', name: 'meet', room, ...(id === undefined ? {} : { id }) });
    if (room !== before) leaveComposer(before);
    store.dispatch({ type: 'open', room, at: c.clock.now(), spot: room === before ? null : c.spot(), ...(id === undefined ? {} : { id }) });
    if (room !== before) enterComposer(room);
    attempt(() => localStorage.setItem(lastRoomKey(), String(room)));
    if (visit) c.shell.visit(id === undefined ? `/rooms/${room}` : `/rooms/${room}/${id}`, room === before);
    if (room !== before && id === undefined && !matchMedia('(pointer: coarse)').matches) c.composer.focus();
  };
  /** Shows the server's own page in place of the conversation. @param {{visit: boolean}} how */
  const show = ({ visit }) => {
    if (!select.looksAfter(store.state)) return c.toast('Only the owner and admins see that page.');
    c.lazy(
      () => {
        store.dispatch({ type: 'view', page: 'server', pane: null });
        if (visit) c.shell.visit(SERVER_PATH, false);
      },
      { do: 'server' },
    );
  };
  /** @param {number} id */
  const read = (id) => {
    const room = store.state.rooms[id];
    if (room && room.head > room.read && socket.send({ type: 'read', room: id, seq: room.head }))
      store.dispatch({ type: 'read/sent', room: id, seq: room.head });
  };

  /** The reader went back or forward. */
  const visited = () => {
    if (location.pathname === SERVER_PATH) return show({ visit: false });
    if (store.state.view.page) store.dispatch({ type: 'view', page: null });
    // The first page has no room in its address.
    const target = linkTarget(location.pathname) ?? (history.state?.room ? { room: Number(history.state.room) } : null);
    if (target && (target.room !== current() || target.id !== undefined)) go(target, { visit: false });
  };

  return {
    /** After the first connection: opens the room of the address, or the one that this account had open last. */
    start() {
      const target = linkTarget(location.pathname);
      const last = Number(attempt(() => localStorage.getItem(lastRoomKey())));
      const room = target && store.state.rooms[target.room] ? target.room : store.state.rooms[last] ? last : LOBBY;
      if (room !== current() || target?.id) {
        store.dispatch({ type: 'open', room, at: c.clock.now(), ...(target?.room === room && target.id ? { id: target.id } : {}) });
      }
      const page = location.pathname === SERVER_PATH;
      const elsewhere = (target && target.room !== room) || (page && !select.looksAfter(store.state));
      history.replaceState({ ...history.state, room }, '', elsewhere ? `/rooms/${room}` : location.pathname);
      if (page) visited();
      enterComposer(room);
      if (target && target.room !== room) c.send({ do: 'dialog', name: 'meet', ...target });
    },
    visited,
    /** @param {{room: number, id?: number}} act */
    open: (act) => go(act, { visit: true }),
    /** @param {{found: boolean}} act */
    reached({ found }) {
      store.dispatch({ type: 'target/reached' });
      if (!found) c.toast.refuse('That message is not here.');
    },
    /** Opens a room that the reader has just joined: its frame may still be on its way. @param {{room: import('../net/wire.js').Room, id?: number}} act */
    entered({ room, id }) {
      store.dispatch({ type: 'frame', frame: { type: 'room', room }, at: c.clock.now() });
      go({ room: room.id, ...(id === undefined ? {} : { id }) }, { visit: true });
    },
    /** @param {{by: number, unread: boolean}} act */
    step({ by, unread }) {
      const list = select.roomOrder(store.state);
      const at = list.findIndex((room) => room.id === current());
      for (let i = 1; i <= list.length; i += 1) {
        const room = list[(at + by * i + list.length * i) % list.length];
        if (room && room.id !== current() && (!unread || select.waits(room))) return go({ room: room.id }, { visit: true });
      }
    },
    server: () => show({ visit: true }),
    escape() {
      if (store.state.view.page) return go({ room: current() }, { visit: true });
      if (store.state.view.pane) return store.dispatch({ type: 'view', pane: null });
      store.dispatch({ type: 'newline/clear', room: current() });
      store.dispatch({ type: 'hold', room: null });
      read(current());
    },
    /** @param {{room: number}} act */
    readRoom({ room }) {
      store.dispatch({ type: 'hold', room: null });
      read(room);
    },
    allRead() {
      store.dispatch({ type: 'hold', room: null });
      for (const room of Object.values(store.state.rooms)) read(room.id);
      store.dispatch({ type: 'newline/clear', room: current() });
    },
    /** Leaves the current room if it is gone. */
    lost() {
      if (!store.state.rooms[current()]) {
        store.dispatch({ type: 'view', pane: null });
        go({ room: LOBBY }, { visit: true });
        c.toast.refuse('You are no longer in that room.');
      }
    },
  };
}
