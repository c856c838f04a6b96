// What this browser keeps for the account that is logged in: drafts, unsent messages, uploads and pending actions.

import { attempt } from './lib/attempt.js';
import * as text from './lib/text.js';
import { createDrafts } from './net/drafts.js';
import { Outbox } from './net/outbox.js';
import { createPendingActions } from './net/pending-actions.js';
import { createUploads, post } from './net/uploads.js';

/**
 * @param {object} options
 * @param {string} options.name as `accountOf` makes it
 * @param {string} options.tab
 * @param {import('./lib/throttle.js').Clock} options.clock
 * @param {import('./view/wires.js').Store} options.store
 * @param {import('./net/socket.js').Socket} options.socket
 * @param {(words: string) => void} options.warn
 */
export function openAccount({ name, tab, clock, store, socket, warn }) {
  const filesKey = `chapp:files:${name}`;
  /** @param {import('./net/wire.js').Command} command */
  const send = (command) => socket.send(command);
  const kept = { account: name, tab, store: localStorage, clock };

  const drafts = createDrafts({ ...kept, channel: new BroadcastChannel(`chapp:drafts:${name}`) });
  const uploads = createUploads({
    clock,
    newId: text.newId,
    wellFormed: text.wellFormed,
    send: post,
    limits: () => store.state.limits,
    changed: (items) => store.dispatch({ type: 'uploads', uploads: items }),
    arrived: (id, file) => outbox.arrived(id, file),
    failed: (id, reason) => outbox.lost(id, reason),
  });
  const outbox = new Outbox({
    ...kept,
    uploads,
    newId: text.newId,
    wellFormed: text.wellFormed,
    send,
    changed: (items) => store.dispatch({ type: 'outbox', items }),
    unsaved: () => warn('This browser has no room left: unsent messages are lost if you close the page.'),
  });
  restoreFiles();
  const pendingActions = createPendingActions({
    ...kept,
    newId: text.newId,
    send,
    changed: (actions) => store.dispatch({ type: 'pendingActions', actions }),
  });

  /** Puts back the files that were in this tab's composers before a reload. */
  function restoreFiles() {
    const lost = attempt(() => uploads.restore(JSON.parse(sessionStorage.getItem(filesKey) ?? '[]'))) ?? [];
    forgetFiles();
    if (lost.length > 0) warn(`${lost.join(', ')}: still on the way when the page closed. Add ${lost.length === 1 ? 'it' : 'them'} again.`);
  }
  function forgetFiles() {
    attempt(() => sessionStorage.removeItem(filesKey));
  }

  return {
    name,
    drafts,
    uploads,
    outbox,
    pendingActions,
    connected() {
      outbox.connected();
      uploads.connected();
      pendingActions.connected();
    },
    /** @param {number} [code] of the socket's close */
    disconnected(code) {
      outbox.disconnected(code);
      uploads.disconnected();
    },
    /** The page is going away: keeps the files in its composers for a reload, and lets another tab send its messages. */
    close() {
      const files = uploads.kept();
      if (files.length > 0) attempt(() => sessionStorage.setItem(filesKey, JSON.stringify(files)));
      outbox.close();
    },
    /** The page came back as it was: nobody else may take what `close` kept. */
    reopen: forgetFiles,
  };
}

/** @typedef {ReturnType<typeof openAccount>} Account */
