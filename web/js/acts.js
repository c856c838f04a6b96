// What people do: hands each act to the function that does it.

import { messageActs } from './acts/messages.js';
import { roomActs } from './acts/rooms.js';

/** @typedef {import('./acts/act.js').Act} Act */

/** How long a refusal to log out is shown. */
const REFUSAL_MS = 10_000;

/** @param {import('./acts/context.js').Context} c @param {Pick<ReturnType<typeof import('./effects.js').createEffects>, 'readPage'>} effects */
export function createActs(c, { readPage }) {
  const { store, select, clock, socket, lazy, wires } = c;
  /** The acts that have a function of their own; the lazy part adds more. */
  const acts = { ...messageActs(c), ...roomActs(c) };

  /** @param {Act} act */
  function send(act) {
    const room = store.state.view.room;
    const t = select.currentTimeline(store.state);
    const done = () => /** @type {any} */ (acts)[act.do](act);
    switch (act.do) {
      case 'draft':
        return void c.account?.drafts.keep(room, act.text);
      case 'toast':
        return c.toast(act.words);
      case 'refused':
        return c.toast.refuse(act.words);
      case 'know':
        return store.dispatch({ type: 'people', people: act.people });
      case 'pane':
        if (act.name === null) return store.dispatch({ type: 'view', pane: null });
        return lazy(() => store.dispatch({ type: 'view', pane: act.name }), act);
      case 'edit':
      case 'editLast':
        return lazy(done);
      case 'dialog':
        return lazy((part) => part.openNamed(act, wires), act);
      case 'roomMenu':
        return lazy((part) => part.openRoomMenu(act.at, act.room, wires));
      case 'pictures':
        return lazy((part) => part.openPictures(act.id, wires));
      case 'mention':
        return c.composer.insert(`@${act.name} `);
      case 'typing':
        return void socket.send({ type: 'typing', room });
      case 'retry':
        return c.account?.outbox.retry(act.id);
      case 'discard':
        return c.account?.outbox.end(act.id);
      case 'older':
        return void (t?.messages[0] && readPage(room, 'before', t.messages[0].id, { before: t.messages[0].id }));
      case 'newer': {
        const last = t?.messages.at(-1);
        return void (last && readPage(room, 'after', last.id, { after: last.id }));
      }
      case 'latest':
        if (t?.moreAfter) return void readPage(room, 'latest', 0, {});
        return store.dispatch({ type: 'view', following: true });
      case 'settled':
        return store.dispatch({ type: 'settled', room: act.room });
      case 'reread':
        return store.dispatch({ type: 'page/retry', room });
      case 'clearNewline':
        return store.dispatch({ type: 'newline/clear', room });
      case 'view':
        return store.dispatch({ type: 'view', ...act });
      case 'show':
        return c.shell.go(act.screen);
      case 'focus':
        return c.composer.focus();
      case 'reconnect':
        return socket.retry();
      case 'tick':
        return store.dispatch({ type: 'tick', at: clock.now() });
      case 'leave':
        return void leave();
      default:
        return act.do in acts ? done() : lazy(done);
    }
  }

  /** Logs out. */
  async function leave() {
    if (store.state.leaving.busy || !(await c.confirmLeave(select.unsent(store.state)))) return;
    say(true, 'Logging out…');
    const answer = await c.api.logOut();
    if (answer.ok || answer.status === 401) return c.signedOut();
    say(false, answer.title);
    clock.set(() => store.state.leaving.busy || say(false, ''), REFUSAL_MS);
  }
  function say(/** @type {boolean} */ busy, /** @type {string} */ words) {
    store.dispatch({ type: 'leaving', busy, words });
  }

  return {
    send,
    start: acts.start,
    /** @param {Record<string, (act: any) => unknown>} more those of the lazy part */
    add: (more) => void Object.assign(acts, more),
  };
}
