// Start-up and wiring: frames go in, the state changes, views draw, and what people do comes back as acts. What follows
// from the state is in `effects.js`, what people do in `acts.js`, what the browser tells in `browser.js`.

import { openAccount } from './account.js';
import { createActs } from './acts.js';
import { listenToBrowser, nextFrame, reloadFor, takeReloadAct, takeTabId } from './browser.js';
import { createEffects } from './effects.js';
import * as appearance from './lib/appearance.js';
import { createLazy } from './lib/lazy.js';
import * as scroll from './lib/scroll.js';
import * as text from './lib/text.js';
import { systemClock, throttle } from './lib/throttle.js';
import { createTimes } from './lib/time.js';
import * as api from './net/api.js';
import { Socket } from './net/socket.js';
import { accountOf } from './net/wire.js';
import { reduce } from './state/reduce.js';
import * as select from './state/select.js';
import { initialState } from './state/state.js';
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
import { mountTyping } from './view/typing.js';

/** @typedef {import('./acts/act.js').Act} Act */
/** @typedef {import('./view/wires.js').State} State */
/** @typedef {import('./view/wires.js').Calls} Calls */

/** How long to wait for a server that has no room for another socket and does not say how long. */
const BUSY_MS = 3_000;
const clock = systemClock;
const tab = takeTabId(text.newId);

appearance.apply();

const store = createStore({ reduce, state: initialState(), schedule: nextFrame });
/** Reads the current state. @template T @param {(s: State) => T} ask @returns {T} */
const now = (ask) => ask(store.state);
const watch = Object.assign(store.watch, { now });

/** @type {import('./account.js').Account | null} */
let account = null;
let reached = false;
let started = false;
let out = false;

const socket = new Socket({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  clock,
  on: {
    frame(frame) {
      if (frame.type === 'ready' && !isSameAccount(frame)) return;
      const before = store.state;
      store.dispatch({ type: 'frame', frame, at: clock.now() });
      if (frame.type === 'ready') connected();
      else effects.afterFrame(frame, before);
    },
    down(retryAt, code) {
      const state = reached || retryAt !== null || store.state.connection.state === 'offline' ? 'offline' : 'connecting';
      store.dispatch({ type: 'connection', state, retryAt });
      account?.disconnected(code);
    },
    async refused() {
      const me = await api.whoAmI();
      if (!me.ok && me.status === 401) signedOut();
      // It answers, but refuses the socket: it is busy. (Scripts cannot see the status of a handshake.)
      else if (me.ok || me.status === 503 || me.status === 429) socket.hold((me.ok ? undefined : me.retry_after_ms) ?? BUSY_MS);
    },
    signedOut,
  },
});

// Before the views, so that the server answers while they are drawn. No frame arrives before this script has ended.
socket.start();

/** Opens the account on the first connection. @param {import('./net/wire.js').Ready} frame @returns {boolean} false: the page is loaded anew */
function isSameAccount(frame) {
  reached = true;
  const name = accountOf(frame);
  if (account === null) {
    account = openAccount({ name, tab, clock, store, socket, warn: composer.warn });
  } else if (account.name !== name) {
    // Somebody else logged in from another tab, or this is another server: they must not see or send what is held here.
    socket.stop();
    location.reload();
    return false;
  }
  return true;
}

function connected() {
  account?.connected();
  lazy.connected();
  if (idle.away) socket.send({ type: 'away', on: true });
  if (started) send({ do: 'lost' });
  else {
    started = true;
    acts.start();
    const asked = takeReloadAct();
    if (asked) send(asked);
  }
  // At once rather than when watchers run: the first frame to draw takes long.
  for (const effect of select.effects(store.state)) if (effect.do === 'open') effects.run(effect);
}

function signedOut() {
  // An answer and the socket may both say so: a second way out would break off the first.
  if (out) return;
  out = true;
  socket.stop();
  location.replace('/login');
}

/** @param {Act} act */
function send(act) {
  acts.send(act);
}

/** The calls over HTTP; those that only the lazy part makes come with it. */
const calls = /** @type {Calls} */ ({ ...api });

/** @type {import('./view/wires.js').Wires['call']} */
const call = (name, ...args) => /** @type {any} */ (calls)[name](...args);

const LAZY_PART = new URL('./lazy.js', import.meta.url).pathname;

/** @type {import('./view/wires.js').Wires['lazy']} */
const lazy = createLazy({
  async reach() {
    const answer = await api.reach(LAZY_PART);
    return answer.ok ? 'there' : answer.status === 404 ? 'gone' : { title: answer.title };
  },
  async load() {
    const [part] = await Promise.all([import('./lazy.js'), loadSheets(/** @type {HTMLTemplateElement} */ (byId('lazy')))]);
    // Before anything of it is mounted: a view may make a call at once.
    Object.assign(calls, part.lazyApi);
    acts.add({ ...part.searchActs(context), ...part.arrangingActs(context) });
    return part;
  },
  gone(asked) {
    // The server runs another version by now. A reload would lose the files that are still uploading.
    const uploading = store.state.uploads.some(({ state }) => state !== 'done');
    if (uploading || !reloadFor(LAZY_PART, asked)) toast.refuse('Chapp is another version by now. Reload this page first.');
  },
  refused: (title) => toast.refuse(title),
  lost: api.NO_ANSWER,
});

/** @type {import('./view/wires.js').Wires} */
const wires = { lazy, watch, send, select, text, scroll, times: createTimes(navigator.language), throttle, clock, call };
/** Before the views, which may send as soon as they are mounted. @type {import('./acts/context.js').Context} */
const context = {
  store,
  select,
  api: calls,
  socket,
  clock,
  get account() {
    return account;
  },
  wires,
  send,
  lazy,
  get composer() {
    return composer;
  },
  get shell() {
    return shell;
  },
  get toast() {
    return toast;
  },
  confirm: (question) => lazy((part) => part.confirm(question)),
  confirmLeave: mountLeave(byId('leave')),
  pick: (at, chosen) => lazy((part) => part.openPicker(at, wires, chosen)),
  copy,
  spot: () => log.spot(),
  signedOut,
};
const effects = createEffects(context, mountNotify({ ...wires, tab }));
const acts = createActs(context, effects);

const main = refs(document.body);
const toast = mountToasts(byId('toasts'), wires);
const composer = mountComposer(/** @type {HTMLFormElement} */ (part(main, 'form')), { note: part(main, 'note'), keys: part(main, 'keys') }, wires);
const shell = mountShell(
  { side: /** @type {HTMLElement} */ (document.querySelector('.side')), back: part(main, 'back'), log: byId('messages'), composer: byId('composer') },
  wires,
);
const idle = mountIdle(clock, (on) => socket.send({ type: 'away', on }));
mountSide(/** @type {HTMLElement} */ (document.querySelector('.side')), wires);
mountBar(refs(/** @type {HTMLElement} */ (document.querySelector('.bar'))), wires);
mountBanner(part(main, 'strip'), wires);
// What says so is in the lazy part.
watch(
  (s) => [s.server?.trouble],
  (trouble) => trouble && lazy.expect(),
);
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
    for (const effect of select.effects(s)) effects.run(effect);
    const search = select.searchEffect(s);
    if (search) send(search);
  },
);

lazy.mount((lazyPart) => {
  lazyPart.mountPane(byId('pane'), wires);
  lazyPart.mountServer(byId('server'), /** @type {HTMLElement} */ (document.querySelector('main')), wires);
  lazyPart.mountTips(wires);
  lazyPart.mountTrouble(part(main, 'trouble'), wires);
});
listenToBrowser({ tab, socket, account: () => account, someoneIsHere: lazy.expect });

if (matchMedia('(pointer: fine)').matches) composer.focus();
