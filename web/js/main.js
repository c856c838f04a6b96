// The composition root: the only module that imports across folders. Frames go in, state changes, views draw,
// what people do comes back as commands.

import { messageActs } from './acts/messages.js';
import { placeOf, roomActs, SERVER_PATH } from './acts/rooms.js';
import * as appearance from './lib/appearance.js';
import { attempt } from './lib/attempt.js';
import { createLazy } from './lib/lazy.js';
import * as scroll from './lib/scroll.js';
import * as text from './lib/text.js';
import { systemClock, throttle } from './lib/throttle.js';
import { createTimes } from './lib/time.js';
import * as api from './net/api.js';
import { createDrafts } from './net/drafts.js';
import { Outbox } from './net/outbox.js';
import { createPendingActions } from './net/pending-actions.js';
import { Socket } from './net/socket.js';
import { createUploads, post } from './net/uploads.js';
import { accountOf } from './net/wire.js';
import { reduce } from './state/reduce.js';
import * as select from './state/select.js';
import { initialState, LOBBY } from './state/state.js';
import { createStore } from './state/store.js';
import { mountActions } from './view/actions.js';
import { mountAnnouncer } from './view/announcer.js';
import { mountBanner } from './view/banner.js';
import { mountBar } from './view/bar.js';
import { mountChips } from './view/chips.js';
import { mountComposer } from './view/composer.js';
import { byId, copy, loadSheets, part, refs } from './view/dom.js';
import { mountDrop } from './view/drop.js';
import { mountIdle } from './view/idle.js';
import { mountLeave } from './view/leave.js';
import { mountLog } from './view/log.js';
import { mountNotify } from './view/notify.js';
import { mountShell } from './view/shell.js';
import { mountSide } from './view/side.js';
import { mountTitle } from './view/title.js';
import { mountToasts } from './view/toast.js';
import { mountTrouble } from './view/trouble.js';
import { mountTyping } from './view/typing.js';

/** @typedef {import('./state/state.js').State} State */
/** @typedef {import('./state/state.js').Event} Event */
/** @typedef {import('./state/timeline.js').PageKind} PageKind */

/** @typedef {import('./acts/act.js').Act} Act */
/** @typedef {import('./acts/act.js').Dialog} Dialog */
/**
 * What a view is given.
 * @typedef {object} Wires
 * @property {typeof watch} watch
 * @property {(act: Act) => void} send
 * @property {typeof select} select
 * @property {typeof text} text
 * @property {typeof scroll} scroll
 * @property {import('./lib/time.js').Times} times
 * @property {typeof throttle} throttle
 * @property {import('./lib/throttle.js').Clock} clock
 * @property {typeof call} call
 * @property {typeof lazy} lazy
 */
/**
 * What acts work on.
 * @typedef {object} Context
 * @property {typeof store} store
 * @property {typeof select} select
 * @property {Calls} api
 * @property {Socket} socket
 * @property {import('./lib/throttle.js').Clock} clock
 * @property {(act: Act) => void} send
 * @property {Outbox | null} outbox
 * @property {import('./net/uploads.js').Uploads | null} uploads
 * @property {import('./net/pending-actions.js').PendingActions | null} pendingActions
 * @property {ReturnType<typeof mountComposer>} composer
 * @property {ReturnType<typeof mountShell>} shell
 * @property {ReturnType<typeof mountToasts>} toast
 * @property {typeof import('./view/dialog.js').confirm} confirm
 * @property {typeof lazy} lazy
 * @property {typeof copy} copy
 * @property {(at: HTMLElement, chosen: (emoji: string) => void) => void} pick
 * @property {(room: number) => void} leaveComposer
 * @property {(room: number) => void} enterComposer
 * @property {(room: number) => void} remember
 * @property {() => import('./state/timeline.js').Spot | null} spot where the reader is in the messages before them
 */

const READ_EVERY_MS = 2000;
const ASK_AGAIN_MS = 5000;
const SAID_MS = 10_000;
const PIN_PAGES_MAX = 4;
const clock = systemClock;
const tab = takeTabId();

appearance.apply();

const store = createStore({ reduce, state: initialState(), schedule: nextFrame });
/** Asks about the state now. @template T @param {(s: State) => T} ask @returns {T} */
const now = (ask) => ask(store.state);
const watch = Object.assign(store.watch, { now });

/** A hidden page draws no frames, and still has a title to keep. @param {() => void} run */
function nextFrame(run) {
  let done = false;
  const once = () => {
    if (!done) run();
    done = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, 100);
}

/** @type {Outbox | null} */
let outbox = null;
/** @type {import('./net/uploads.js').Uploads | null} */
let uploads = null;
/** @type {import('./net/drafts.js').Drafts | null} */
let drafts = null;
/** @type {import('./net/pending-actions.js').PendingActions | null} */
let pendingActions = null;
/** @type {string | null} */
let account = null;
let reached = false;
let begun = false;
let out = false;

/** When a server that has no place for a socket may have one again. */
const BUSY_MS = 3_000;

const socket = new Socket({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  clock,
  on: {
    frame(frame) {
      if (frame.type === 'ready' && !welcome(frame)) return;
      const before = store.state;
      store.dispatch({ type: 'frame', frame, at: clock.now() });
      after(frame, before);
    },
    down(retryAt, code) {
      const state = reached || retryAt !== null || store.state.connection.state === 'offline' ? 'offline' : 'connecting';
      store.dispatch({ type: 'connection', state, retryAt });
      outbox?.disconnected(code);
      uploads?.disconnected();
    },
    async refused() {
      const me = await api.whoAmI();
      if (!me.ok && me.status === 401) signedOut();
      // It answers, but not with a socket: it has a lot to do. (No script is told the status of a handshake.)
      else if (me.ok || me.status === 503 || me.status === 429) socket.hold((me.ok ? undefined : me.retry_after_ms) ?? BUSY_MS);
    },
    signedOut,
  },
});

// While the page is drawn, the server answers: nothing is heard before this script has run to its end.
socket.start();

/** What a frame means beside what it changes in the state. @param {import('./net/wire.js').Frame} frame @param {State} before */
function after(frame, before) {
  switch (frame.type) {
    case 'ready':
      outbox?.connected();
      uploads?.connected();
      pendingActions?.connected();
      lazy.connected();
      if (idle.away) socket.send({ type: 'away', on: true });
      begin();
      // Not with the next frame, which takes its time when it is the first one.
      for (const effect of select.effects(store.state)) if (effect.do === 'open') runEffect(effect);
      return;
    case 'posted':
      return outbox?.end(frame.client_id);
    case 'done':
    case 'saved':
      return void pendingActions?.end(frame.ref);
    case 'message':
      if (frame.message.client_id && frame.message.author === store.state.me?.id) outbox?.end(frame.message.client_id);
      return notify(frame, before);
    case 'read':
      // Whichever mark came, those of this room are done.
      for (const action of store.state.pendingActions)
        if (action.command.type === 'unread' && action.command.room === frame.room) pendingActions?.end(action.ref);
      return;
    case 'trouble':
      if (!frame.what) outbox?.resume();
      return;
    case 'gone':
      return send({ do: 'lost' });
    case 'error': {
      const refused = pendingActions?.refused(frame);
      if (refused) toast.refuse(frame.title);
      if (!pendingActions?.has(frame.ref) && !refused && !outbox?.refused(frame)) onRefusal(frame.ref ?? '', frame.retry_after_ms);
    }
  }
}

/** The first connection, or another one: the room of the address, or the last one, is before the reader. */
function begin() {
  if (begun) return send({ do: 'lost' });
  begun = true;
  const place = placeOf(location.pathname);
  const kept = Number(attempt(() => localStorage.getItem(`chapp:room:${account}`)));
  const room = place && store.state.rooms[place.room] ? place.room : store.state.rooms[kept] ? kept : LOBBY;
  if (room !== store.state.view.room || place?.id) {
    store.dispatch({ type: 'open', room, at: clock.now(), ...(place?.room === room && place.id ? { id: place.id } : {}) });
  }
  const page = location.pathname === SERVER_PATH;
  const elsewhere = (place && place.room !== room) || (page && !select.looksAfter(store.state));
  history.replaceState({ ...history.state, room }, '', elsewhere ? `/rooms/${room}` : location.pathname);
  if (page) acts.visited();
  enterComposer(room);
  if (place && place.room !== room) send({ do: 'dialog', name: 'meet', ...place });
  askAgain();
}

/** What stands in the composer stays with the room that is left. @param {number} room */
function leaveComposer(room) {
  composer.flush();
  store.dispatch({ type: 'draft', room, on: !composer.empty, text: composer.text });
}

/** @param {number} room */
function enterComposer(room) {
  const own = drafts?.read(room) ?? '';
  store.dispatch({ type: 'draft', room, on: false });
  if (composer.empty || own) composer.change(own);
  else if (begun) composer.change('');
  if (!own) drafts?.adopt(room, (text) => room === store.state.view.room && composer.offer(text));
}

function signedOut() {
  // Told twice, by an answer and by the socket: one way out is enough, a second would break off the first.
  if (out) return;
  out = true;
  socket.stop();
  location.replace('/login');
}

/** We know who we are: their unsent messages and drafts come out of storage. @param {import('./net/wire.js').Ready} frame @returns {boolean} false: not who we were */
function welcome(frame) {
  reached = true;
  const who = accountOf(frame);
  if (account === who) return true;
  if (account !== null) {
    // Somebody else logged in from another tab, or this is another server: what is held here is not theirs to see or to send.
    socket.stop();
    location.reload();
    return false;
  }
  account = who;
  drafts = createDrafts({ store: localStorage, account, tab, channel: new BroadcastChannel(`chapp:drafts:${account}`), clock });
  uploads = createUploads({
    clock,
    newId: text.newId,
    wellFormed: text.wellFormed,
    send: post,
    limits: () => store.state.limits,
    changed: (items) => store.dispatch({ type: 'uploads', uploads: items }),
    arrived: (id, file) => outbox?.arrived(id, file),
    failed: (id, reason) => outbox?.lost(id, reason),
  });
  outbox = new Outbox({
    uploads,
    account,
    tab,
    store: localStorage,
    clock,
    newId: text.newId,
    wellFormed: text.wellFormed,
    send: (command) => socket.send(command),
    changed: (items) => store.dispatch({ type: 'outbox', items }),
    unsaved: () => composer.warn('This browser has no room left: unsent messages are lost if you close the page.'),
  });
  restoreFiles();
  pendingActions = createPendingActions({
    account,
    tab,
    store: localStorage,
    clock,
    newId: text.newId,
    send: (command) => socket.send(command),
    changed: (items) => store.dispatch({ type: 'pendingActions', actions: items }),
  });
  return true;
}

/** What stood in the composers when this tab was reloaded. */
function restoreFiles() {
  const key = `chapp:files:${account}`;
  const lost = attempt(() => uploads?.restore(JSON.parse(sessionStorage.getItem(key) ?? '[]'))) ?? [];
  attempt(() => sessionStorage.removeItem(key));
  if (lost.length > 0) composer.warn(`${lost.join(', ')}: still on the way when the page closed. Add ${lost.length === 1 ? 'it' : 'them'} again.`);
}

/** The same after a reload, so that a tab finds its own again. Put away only while the page is gone: a copy of a living tab is another one. */
function takeTabId() {
  const id = sessionStorage.getItem('chapp:tab') ?? text.newId();
  sessionStorage.removeItem('chapp:tab');
  return id;
}

/** A refused sync would leave a hole: it is asked for again. @param {string} ref @param {number} [wait] */
function onRefusal(ref, wait = 1000) {
  const [kind, room] = ref.split(':');
  if (kind === 'sync') clock.set(() => store.dispatch({ type: 'sync/failed', room: Number(room) }), wait);
}

/** @param {number} room @param {PageKind} kind @param {number} at @param {{before?: number, after?: number, around?: number}} where */
async function read(room, kind, at, where) {
  const epoch = store.state.epoch;
  store.dispatch({ type: 'page/asked', room, kind, at });
  const limit = where.around === undefined ? select.PAGE_MESSAGES : 2 * select.PAGE_MESSAGES;
  const answer = await api.readPage(room, { ...where, limit: Math.min(limit, store.state.limits.page_max ?? limit) });
  // Another history since: what we read is not part of it.
  if (store.state.epoch !== epoch) return;
  if (answer.ok) store.dispatch({ type: 'page/read', room, kind, page: answer.value });
  else if (answer.status === 401) signedOut();
  else store.dispatch({ type: 'page/failed', room, kind, title: answer.title });
}

/** @param {import('./state/select.js').Effect} effect */
async function runEffect(effect) {
  if (effect.do === 'open') return read(effect.room, 'open', effect.around ?? 0, effect.around === null ? {} : { around: effect.around });
  if (effect.do === 'sync') {
    if (socket.send({ type: 'sync', room: effect.room, since: effect.since, ref: `sync:${effect.room}` }))
      store.dispatch({ type: 'sync/asked', room: effect.room, since: effect.since });
    return;
  }
  if (effect.do === 'read') return markRead();
  if (effect.do === 'seen') {
    store.dispatch({ type: 'seen', room: effect.room, seen: [] });
    const answer = await api.seenBy(effect.room);
    if (answer.ok) store.dispatch({ type: 'seen', room: effect.room, seen: answer.value });
    return;
  }
  if (effect.do === 'pins') {
    store.dispatch({ type: 'pins', room: effect.room, ids: [] });
    return void readPins(effect.room);
  }
  store.dispatch({ type: 'people/asked', users: effect.users });
  const answer = await api.peopleOf(effect.users);
  if (answer.ok) store.dispatch({ type: 'people', people: answer.value.people });
  else clock.set(() => store.dispatch({ type: 'people/failed', users: effect.users }), ASK_AGAIN_MS);
}

/** All that is pinned in a room, to be counted; beyond the last of these pages nobody counts. @param {number} room */
async function readPins(room) {
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

const markRead = throttle(() => {
  for (const effect of select.effects(store.state)) {
    if (effect.do === 'read' && socket.send({ type: 'read', room: effect.room, seq: effect.seq }))
      store.dispatch({ type: 'read/sent', room: effect.room, seq: effect.seq });
  }
}, READ_EVERY_MS);

/** @param {Act} act */
function send(act) {
  const room = store.state.view.room;
  const t = select.currentTimeline(store.state);
  const done = () => /** @type {any} */ (acts)[act.do](act);
  switch (act.do) {
    case 'draft':
      return void drafts?.keep(room, act.text);
    case 'toast':
      return toast(act.words);
    case 'refused':
      return toast.refuse(act.words);
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
      return composer.insert(`@${act.name} `);
    case 'typing':
      return void socket.send({ type: 'typing', room });
    case 'retry':
      return outbox?.retry(act.id);
    case 'discard':
      return outbox?.end(act.id);
    case 'older':
      return void (t?.messages[0] && read(room, 'before', t.messages[0].id, { before: t.messages[0].id }));
    case 'newer': {
      const last = t?.messages.at(-1);
      return void (last && read(room, 'after', last.id, { after: last.id }));
    }
    case 'latest':
      if (t?.moreAfter) return void read(room, 'latest', 0, {});
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
      return shell.go(act.screen);
    case 'focus':
      return composer.focus();
    case 'reconnect':
      return socket.retry();
    case 'tick':
      return store.dispatch({ type: 'tick', at: clock.now() });
    case 'leave':
      return void leave();
    default:
      // Each of the others has its own function, by its name.
      return act.do in acts ? done() : lazy(done);
  }
}

async function leave() {
  if (store.state.leaving.busy || !(await ask(select.unsent(store.state)))) return;
  say(true, 'Logging out…');
  const answer = await api.logOut();
  if (answer.ok || answer.status === 401) return signedOut();
  say(false, answer.title);
  clock.set(() => store.state.leaving.busy || say(false, ''), SAID_MS);

  function say(/** @type {boolean} */ busy, /** @type {string} */ words) {
    store.dispatch({ type: 'leaving', busy, words });
  }
}

/** @typedef {typeof api & typeof import('./net/lazy-api.js')} Calls */
/** What can be asked for over HTTP; most of it comes with the late part, as do those who ask. */
const calls = /** @type {Calls} */ ({ ...api });

/**
 * One of them, by its name.
 * @template {keyof Calls} K
 * @param {K} name
 * @param {...any} args
 * @returns {Calls[K] extends (...args: any[]) => infer R ? R : never}
 */
function call(name, ...args) {
  return /** @type {any} */ (calls)[name](...args);
}

/** Another version than this page is served by now: only a new page can get what was asked for. */
const ANOTHER_VERSION = 'Chapp is another version by now. Reload this page first.';
const LAZY_PART = new URL('./lazy.js', import.meta.url).pathname;

const lazy = createLazy({
  async reach() {
    const answer = await api.reach(LAZY_PART);
    return answer.ok ? 'there' : answer.status === 404 ? 'gone' : { title: answer.title };
  },
  async load() {
    const [part] = await Promise.all([import('./lazy.js'), loadSheets(/** @type {HTMLTemplateElement} */ (byId('lazy')))]);
    // Before anything of it is mounted, which may ask at once.
    Object.assign(calls, part.lazyApi);
    Object.assign(acts, part.searchActs(context), part.arrangingActs(context));
    return part;
  },
  gone(/** @type {Act | null} */ asked) {
    // What is still going up would be lost, and a page that is new and yet of another version does not get newer.
    const coming = store.state.uploads.some(({ state }) => state !== 'done');
    if (coming || attempt(() => sessionStorage.getItem('chapp:reloaded')) === LAZY_PART) return toast.refuse(ANOTHER_VERSION);
    attempt(() => sessionStorage.setItem('chapp:reloaded', LAZY_PART));
    if (asked) attempt(() => sessionStorage.setItem('chapp:asked', JSON.stringify(asked)));
    location.reload();
  },
  refused: (title) => toast.refuse(title),
  lost: api.NO_ANSWER,
});

/** What was asked for before the page was loaded anew for it. */
function askAgain() {
  const asked = attempt(() => JSON.parse(sessionStorage.getItem('chapp:asked') ?? 'null'));
  attempt(() => sessionStorage.removeItem('chapp:asked'));
  if (asked) send(asked);
}

/** @type {Wires} */
const wires = { lazy, watch, send, select, text, scroll, times: createTimes(navigator.language), throttle, clock, call };
const main = refs(document.body);
const toast = mountToasts(byId('toasts'), wires);
const composer = mountComposer(/** @type {HTMLFormElement} */ (part(main, 'form')), { note: part(main, 'note'), keys: part(main, 'keys') }, wires);
const shell = mountShell(
  { side: /** @type {HTMLElement} */ (document.querySelector('.side')), back: part(main, 'back'), log: byId('messages'), composer: byId('composer') },
  wires,
);
/** @type {Context} */
const context = {
  store,
  select,
  api: calls,
  socket,
  clock,
  send,
  get outbox() {
    return outbox;
  },
  get uploads() {
    return uploads;
  },
  get pendingActions() {
    return pendingActions;
  },
  composer,
  shell,
  toast,
  confirm: (question) => lazy((part) => part.confirm(question)),
  lazy,
  copy,
  pick: (at, chosen) => lazy((part) => part.openPicker(at, wires, chosen)),
  leaveComposer,
  enterComposer,
  spot: () => log.spot(),
  remember: (room) => void attempt(() => localStorage.setItem(`chapp:room:${account}`, String(room))),
};
const acts = { ...messageActs(context), ...roomActs(context) };
const notify = mountNotify({ ...wires, tab });
const idle = mountIdle(clock, (on) => socket.send({ type: 'away', on }));
const ask = mountLeave(byId('leave'));
mountSide(/** @type {HTMLElement} */ (document.querySelector('.side')), wires);
mountBar(refs(/** @type {HTMLElement} */ (document.querySelector('.bar'))), wires);
mountBanner(part(main, 'strip'), wires);
mountTrouble(part(main, 'trouble'), wires);
const log = mountLog(byId('messages'), byId('latest'), wires);
mountActions(byId('messages'), wires);
mountTyping({ line: part(main, 'typing'), dots: part(main, 'dots') }, wires);
mountAnnouncer(byId('announcer'), wires);
mountChips(/** @type {HTMLFormElement} */ (part(main, 'form')), byId('messages'), wires);
mountDrop(/** @type {HTMLElement} */ (document.querySelector('.main')), wires);
mountTitle(/** @type {HTMLElement} */ (document.querySelector('link[rel="icon"]')), wires);

watch(
  (s) => [s],
  (s) => {
    for (const effect of select.effects(s)) runEffect(effect);
    const effect = select.searchEffect(s);
    if (effect) send(effect);
  },
);

lazy.mount((part) => {
  part.mountPane(byId('pane'), wires);
  part.mountServer(byId('server'), /** @type {HTMLElement} */ (document.querySelector('main')), wires);
  part.mountTips(wires);
});
for (const sign of ['pointermove', 'pointerdown', 'keydown', 'dragenter']) addEventListener(sign, lazy.expect, { capture: true, once: true, passive: true });

addEventListener('storage', (event) => outbox?.heard(event.key));
addEventListener('online', () => socket.nudge());
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.nudge());
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  sessionStorage.removeItem('chapp:tab');
  sessionStorage.removeItem(`chapp:files:${account}`);
  socket.nudge();
});
addEventListener('pagehide', () => {
  sessionStorage.setItem('chapp:tab', tab);
  const files = uploads?.kept() ?? [];
  if (files.length > 0) attempt(() => sessionStorage.setItem(`chapp:files:${account}`, JSON.stringify(files)));
  outbox?.close();
  socket.rest();
});

if (matchMedia('(pointer: fine)').matches) composer.focus();
