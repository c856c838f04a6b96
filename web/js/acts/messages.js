// What people do to messages: post, edit, delete, react, pin, save, forward, link.

/** @typedef {import('./context.js').Context} Context */

/** @param {Context} c */
export function messageActs(c) {
  const { store, select } = c;
  const room = () => store.state.view.room;

  /** @param {import('../net/wire.js').MessageCommand} command */
  const submit = (command) => {
    if (c.account?.pendingActions.add(command) === false) c.toast.refuse('Too much is waiting for the connection. Try again when it is back.');
  };

  return {
    /** @param {{body: string}} act */
    post({ body }) {
      const reply_to = store.state.view.replying[room()];
      store.dispatch({ type: 'view', following: true });
      const files = c.account?.uploads.take(room()) ?? [];
      c.account?.outbox.add(room(), body, { ...(reply_to === undefined ? {} : { reply_to }), ...(files.length > 0 ? { files } : {}) });
      if (reply_to !== undefined) store.dispatch({ type: 'reply', room: room(), id: null });
      if (select.currentTimeline(store.state)?.moreAfter) c.send({ do: 'latest' });
    },
    /** @param {{files: File[]}} act */
    attach({ files }) {
      if (select.closed(store.state) || files.length === 0) return;
      c.account?.uploads.add(room(), files);
      c.composer.focus();
    },
    /** @param {{id: string}} act */
    retryUpload({ id }) {
      c.account?.uploads.retry(id);
    },
    /** @param {{id: string}} act */
    dropUpload({ id }) {
      c.account?.uploads.drop(id);
      c.composer.focus();
    },
    /** @param {{id: number | null}} act */
    reply({ id }) {
      store.dispatch({ type: 'reply', room: room(), id });
      if (id !== null) c.composer.focus();
    },
    /** @param {{id: number | null}} act */
    edit({ id }) {
      store.dispatch({ type: 'edit', room: room(), edit: id === null ? null : { id, from: 'message' } });
    },
    editLast() {
      const id = select.lastOwn(store.state);
      if (id !== null) store.dispatch({ type: 'edit', room: room(), edit: { id, from: 'composer' } });
    },
    /** @param {{body: string}} act */
    editing({ body }) {
      const edit = store.state.view.edits[room()];
      if (edit) store.dispatch({ type: 'edit', room: room(), edit: { ...edit, body } });
    },
    /** @param {{id: number, body: string}} act */
    saveEdit({ id, body }) {
      const now = select.messageAt(store.state, room(), id);
      if (now && now.body !== body) submit({ type: 'edit', room: room(), id, body });
      store.dispatch({ type: 'edit', room: room(), edit: null });
    },
    /** @param {{id: number}} act */
    delete({ id }) {
      const at = room();
      const ms = store.state.limits.undo_ms ?? 0;
      submit({ type: 'delete', room: at, id });
      store.dispatch({ type: 'undo', room: at, id, until: c.clock.now() + ms });
      c.clock.set(() => store.dispatch({ type: 'undo', room: at, id, until: null }), ms);
    },
    /** @param {{id: number}} act */
    undelete({ id }) {
      store.dispatch({ type: 'undo', room: room(), id, until: null });
      submit({ type: 'undelete', room: room(), id });
    },
    /** @param {{id: number, emoji: string, on: boolean}} act */
    react({ id, emoji, on }) {
      submit({ type: 'react', room: room(), id, emoji, on });
    },
    /** @param {{id: number, at: HTMLElement}} act */
    pickReaction({ id, at }) {
      c.pick(at, (emoji) => submit({ type: 'react', room: room(), id, emoji, on: true }));
    },
    /** @param {{id: number, on: boolean}} act */
    pin({ id, on }) {
      submit({ type: 'pin', room: room(), id, on });
    },
    /** @param {{room: number, id: number, on: boolean}} act */
    save({ room: at, id, on }) {
      submit({ type: 'save', room: at, id, on });
      c.toast(on ? 'Saved for later' : 'No longer saved', on ? { words: 'Show', act: () => c.send({ do: 'pane', name: 'saved' }) } : undefined);
    },
    /** @param {{id: number}} act */
    unread({ id }) {
      store.dispatch({ type: 'hold', room: room() });
      submit({ type: 'unread', room: room(), id });
    },
    /** @param {{from: {room: number, id: number}, to: number}} act */
    forward({ from, to }) {
      const { body = '', files } = select.messageAt(store.state, from.room, from.id) ?? {};
      c.account?.outbox.add(to, body, { forward: from, ...(files ? { files } : {}) });
      const name = select.roomName(store.state, store.state.rooms[to]);
      c.toast(`Forwarded to ${name}`, to === room() ? undefined : { words: 'Open', act: () => c.send({ do: 'open', room: to }) });
    },
    /** @param {{text: string, words?: string}} act */
    async copyText({ text, words = 'Copied' }) {
      if (await c.copy(text)) c.toast(words);
      else c.toast.refuse('This browser does not let pages copy. Select the text and copy it by hand.');
    },
    /** @param {{id: number}} act */
    copyLink({ id }) {
      c.send({ do: 'copyText', text: `${location.origin}/rooms/${room()}/${id}`, words: 'Link copied' });
    },
  };
}
