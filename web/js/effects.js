// What the page does by itself, because of the state or of a frame: reads pages, people and pins, syncs rooms, sends
// how far the reader has read.

import { throttle } from './lib/throttle.js';

/** @typedef {import('./state/timeline.js').PageKind} PageKind */

const READ_EVERY_MS = 2000;
const ASK_AGAIN_MS = 5000;
const PIN_PAGES_MAX = 4;

/** @param {import('./acts/context.js').Context} c @param {ReturnType<typeof import('./view/notify.js').mountNotify>} notify */
export function createEffects(c, notify) {
  const { store, select, api, socket, clock } = c;

  /** What a frame causes besides the change of the state. @param {import('./net/wire.js').Frame} frame @param {import('./state/state.js').State} before */
  function afterFrame(frame, before) {
    const { account } = c;
    switch (frame.type) {
      case 'posted':
        return account?.outbox.end(frame.client_id);
      case 'done':
      case 'saved':
        return void account?.pendingActions.end(frame.ref);
      case 'message':
        if (frame.message.client_id && frame.message.author === store.state.me?.id) account?.outbox.end(frame.message.client_id);
        return notify(frame, before);
      case 'read':
        // The answer to "mark unread": what was read before that does not undo it.
        if (frame.ref) unsaid.delete(frame.room);
        // It does not say which "mark unread" it confirms: all of this room are done.
        for (const { ref, command } of store.state.pendingActions)
          if (command.type === 'unread' && command.room === frame.room) account?.pendingActions.end(ref);
        return;
      case 'trouble':
        if (!frame.what) account?.outbox.resume();
        return;
      case 'gone':
        return c.send({ do: 'lost' });
      case 'error': {
        const refused = account?.pendingActions.refused(frame);
        if (refused) c.toast.refuse(frame.title);
        if (!account?.pendingActions.has(frame.ref) && !refused && !account?.outbox.refused(frame)) retrySync(frame.ref ?? '', frame.retry_after_ms);
      }
    }
  }

  /** A refused sync would leave a gap: asks again. @param {string} ref @param {number} [wait] */
  function retrySync(ref, wait = 1000) {
    const [kind, room] = ref.split(':');
    if (kind === 'sync') clock.set(() => store.dispatch({ type: 'sync/failed', room: Number(room) }), wait);
  }

  /** @param {import('./state/select.js').Effect} effect */
  async function run(effect) {
    switch (effect.do) {
      case 'open':
        return readPage(effect.room, 'open', effect.around ?? 0, effect.around === null ? {} : { around: effect.around });
      case 'sync':
        if (socket.send({ type: 'sync', room: effect.room, since: effect.since, ref: `sync:${effect.room}` }))
          store.dispatch({ type: 'sync/asked', room: effect.room, since: effect.since });
        return;
      case 'read':
        unsaid.set(effect.room, effect.seq);
        return markRead();
      case 'seen':
        return readSeen(effect.room);
      case 'pins':
        return readPins(effect.room);
      case 'people':
        return readPeople(effect.users);
    }
  }

  /** @param {number} room @param {PageKind} kind @param {number} at @param {{before?: number, after?: number, around?: number}} where */
  async function readPage(room, kind, at, where) {
    const epoch = store.state.epoch;
    store.dispatch({ type: 'page/asked', room, kind, at });
    const limit = where.around === undefined ? select.PAGE_MESSAGES : 2 * select.PAGE_MESSAGES;
    const answer = await api.readPage(room, { ...where, limit: Math.min(limit, store.state.limits.page_max ?? limit) });
    // The server now has another history, which this page is not part of.
    if (store.state.epoch !== epoch) return;
    if (answer.ok) store.dispatch({ type: 'page/read', room, kind, page: answer.value });
    else if (answer.status === 401) c.signedOut();
    else store.dispatch({ type: 'page/failed', room, kind, title: answer.title });
  }

  /** How far the reader has read each room, where the server does not know yet. @type {Map<number, number>} */
  const unsaid = new Map();

  const markRead = throttle(
    () => {
      for (const [room, seq] of unsaid) {
        if (store.state.pendingActions.some(({ command }) => command.type === 'unread' && command.room === room)) continue;
        if (!socket.send({ type: 'read', room, seq })) continue;
        unsaid.delete(room);
        store.dispatch({ type: 'read/sent', room, seq });
      }
    },
    READ_EVERY_MS,
    clock,
  );

  /** @param {number} room */
  async function readSeen(room) {
    store.dispatch({ type: 'seen', room, seen: [] });
    const answer = await api.seenBy(room);
    if (answer.ok) store.dispatch({ type: 'seen', room, seen: answer.value });
  }

  /** Reads which messages are pinned in a room, up to a number of pages. @param {number} room */
  async function readPins(room) {
    store.dispatch({ type: 'pins', room, ids: [] });
    /** @type {number[]} */
    const ids = [];
    /** @type {number | undefined} */
    let next;
    for (let page = 0; page < PIN_PAGES_MAX; page += 1) {
      const answer = await api.pins(room, next);
      if (!answer.ok) return;
      ids.push(...answer.value.messages.map(({ id }) => id));
      store.dispatch({ type: 'pins', room, ids: [...ids] });
      next = answer.value.next;
      if (next === undefined) return;
    }
  }

  /** @param {number[]} users */
  async function readPeople(users) {
    store.dispatch({ type: 'people/asked', users });
    const answer = await api.peopleOf(users);
    if (answer.ok) store.dispatch({ type: 'people', people: answer.value.people });
    else clock.set(() => store.dispatch({ type: 'people/failed', users }), ASK_AGAIN_MS);
  }

  // Also where the page goes: it is hidden first.
  document.addEventListener('visibilitychange', markRead.flush);
  return { afterFrame, run, readPage };
}
