// The server's own page, for its owner and admins: invitations, people, the backup, how the server is doing. It takes
// the place of the conversation.

import { h, iconButton } from './dom.js';
import { backupBox, doorBox, factsBox, inviteBox } from './server/boxes.js';
import { peopleBox } from './server/people.js';
import { mountTrouble } from './trouble.js';

/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {import('../net/wire.js').Server} Server */
/**
 * What a box of the page is given beside the wires.
 * @typedef {object} Page
 * @property {(server: Server) => void} show what the server answered to a change
 * @property {() => Promise<void>} refresh
 * @property {(words: string) => void} fail
 */
/** @typedef {{el: HTMLElement, draw: (server: Server) => void}} Box */

const REFRESH_MS = 15_000;

/** @param {HTMLElement} root @param {HTMLElement} conversation @param {Wires} wires */
export function mountServer(root, conversation, wires) {
  const { watch, select, send } = wires;
  /** @type {(() => void) | null} */
  let leave = null;
  watch(
    (s) => [s.view.page === 'server', select.looksAfter(s), s.me !== null],
    (open, allowed, known) => {
      if (open && known && !allowed) return send({ do: 'open', room: watch.now((s) => s.view.room) });
      conversation.hidden = open;
      root.hidden = !open;
      if (open && !leave) leave = fill(root, wires);
      else if (!open && leave) {
        leave();
        leave = null;
        root.replaceChildren();
      }
    },
  );
}

/** @param {HTMLElement} root @param {Wires} wires @returns {() => void} what ends it */
function fill(root, wires) {
  const { call, clock, send, watch } = wires;
  const title = h('h1', { id: 'server-t', tabindex: -1 }, 'People and server');
  const back = iconButton('back', 'Back to conversations', () => send({ do: 'show', screen: 'list' }), { class: 'ib only-phone', 'data-tip': null });
  const state = h('div', { role: 'status' });
  const trouble = h('p', { class: 'err', role: 'alert', hidden: true });
  const fail = (/** @type {string} */ words) => {
    trouble.textContent = words;
    trouble.hidden = words === '';
  };
  let left = false;
  const show = (/** @type {Server} */ server) => {
    if (left) return;
    fail('');
    for (const box of boxes) box.draw(server);
    page.hidden = false;
  };
  const refresh = async () => {
    const answer = await call('server');
    if (left) return;
    if (answer.ok) show(answer.value);
    else fail(answer.title);
  };
  /** @type {Page} */
  const given = { show, refresh, fail };
  const [invite, people, backup, door, facts] = [
    inviteBox(wires, given),
    peopleBox(wires, given),
    backupBox(wires, given),
    doorBox(wires, given),
    factsBox(wires, given),
  ];
  const boxes = [invite, people, backup, door, facts];
  const page = h(
    'div',
    { class: 'page__in', hidden: true },
    h('div', { class: 'page__c' }, invite.el, people.el),
    h('div', { class: 'page__c' }, backup.el, door.el, facts.el),
  );
  root.replaceChildren(
    h('header', { class: 'bar' }, back, h('div', { class: 'bar__t' }, title, h('p', { class: 'bar__topic' }, 'Only the owner and admins see this page.'))),
    state,
    h('div', { class: 'page', tabindex: 0, role: 'region', 'aria-labelledby': 'server-t' }, trouble, page),
  );
  const endState = mountTrouble(state, wires);
  title.focus();
  let timer = clock.set(function again() {
    if (document.visibilityState === 'visible') refresh();
    timer = clock.set(again, REFRESH_MS);
  }, REFRESH_MS);
  const off = watch(
    (s) => [s.server?.name, s.server?.door, s.connection.state === 'online'],
    () => void refresh(),
  );
  return () => {
    left = true;
    clock.clear(timer);
    off();
    endState();
    people.end();
  };
}
