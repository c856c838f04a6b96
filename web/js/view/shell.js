// The frame around everything: a phone's two screens, keys that work everywhere, the height above a keyboard,
// and whether anybody is looking.

import { moved, openOverlay, settleOverlays } from './overlay.js';

/** @typedef {'list' | 'chat'} Screen */

/**
 * @param {{side: HTMLElement, back: HTMLElement, log: HTMLElement, composer: HTMLElement}} parts
 * @param {import('./wires.js').Wires} wires
 */
export function mountShell({ side, back, log, composer }, { send, watch }) {
  const phone = matchMedia('(max-width: 47.9375rem)');

  const attend = () =>
    send({ do: 'view', attentive: document.visibilityState === 'visible' && document.hasFocus() && !(phone.matches && screen() === 'list') });
  const screen = () => /** @type {Screen} */ (document.body.dataset.screen);

  /** @param {Screen} to */
  const show = (to) => {
    document.body.dataset.screen = to;
    // The list is the whole page then, and a page has one main.
    side.setAttribute('role', phone.matches && to === 'list' ? 'main' : 'complementary');
    attend();
  };
  /** @param {Screen} to */
  const go = (to) => {
    if (!phone.matches) return composer.focus();
    if (to === screen()) return;
    if (to === 'chat') history.pushState({ ...history.state, screen: 'chat', over: 'list' }, '');
    else if (history.state?.over === 'list') return history.back();
    else history.replaceState({ ...history.state, screen: 'list' }, '');
    moved();
    show(to);
    moveFocus();
  };
  /** Puts the address of the current room, or message, into the address bar. @param {string} path @param {boolean} again the same room: adds nothing to go back to */
  const visit = (path, again) => {
    const onList = phone.matches && screen() === 'list';
    // The entry of an overlay becomes that of the new place.
    const overlaid = history.state?.top !== undefined;
    if (location.pathname !== path || onList) {
      const state = { screen: 'chat', top: undefined, ...(onList ? { over: 'list' } : {}) };
      if ((again && !onList) || overlaid) history.replaceState({ ...history.state, ...state }, '', path);
      else history.pushState(state, '', path);
    }
    moved();
    if (phone.matches) send({ do: 'pane', name: null });
    show('chat');
    if (onList) moveFocus();
  };
  const moveFocus = () => {
    const row = /** @type {HTMLElement | null} */ (side.querySelector('a.row[aria-current]') ?? side.querySelector('a.row'));
    (screen() === 'list' ? row : back)?.focus();
  };

  history.replaceState({ screen: 'chat', ...history.state, top: undefined }, '');
  show(history.state.screen);
  moved();
  back.addEventListener('click', () => go('list'));
  addEventListener('popstate', (event) => {
    if (settleOverlays()) return;
    show(event.state?.screen === 'list' ? 'list' : 'chat');
    send({ do: 'visited' });
    if (phone.matches) moveFocus();
  });
  phone.addEventListener('change', () => show(screen()));
  let closeOverlay = () => {};
  watch(
    (s) => [s.view.pane !== null],
    (open) => {
      closeOverlay();
      closeOverlay = open ? openOverlay(() => send({ do: 'pane', name: null })) : () => {};
    },
  );
  for (const name of ['focus', 'blur']) addEventListener(name, attend);
  document.addEventListener('visibilitychange', attend);

  const areas = () => {
    /** @type {[string, string][]} what belongs to it, where the focus goes */
    const list = [
      ['.side', 'a.row'],
      ['.bar', 'button:not(.only-phone)'],
      ['.log', 'article[tabindex="0"]'],
      ['.foot', 'textarea'],
      ['.pane', 'h2'],
    ];
    const found = list.map(([root, stop]) => ({ root, stop: /** @type {HTMLElement | null} */ (document.querySelector(`${root} ${stop}`)) }));
    return found.flatMap(({ root, stop }) => (stop && stop.offsetParent !== null ? [{ root, stop }] : []));
  };
  addEventListener('keydown', (event) => {
    const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable]') !== null;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (!document.querySelector('dialog:modal')) send({ do: 'dialog', name: 'switcher' });
      return;
    }
    if (document.querySelector('dialog[open], .menu:not([hidden])') || event.isComposing) return;
    if (event.key === 'F6') {
      const list = areas();
      const at = list.findIndex(({ root }) => document.activeElement?.closest(root));
      event.preventDefault();
      list.at((at < 0 && event.shiftKey ? -1 : at + (event.shiftKey ? -1 : 1)) % list.length)?.stop.focus();
    } else if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      send({ do: 'step', by: event.key === 'ArrowUp' ? -1 : 1, unread: event.shiftKey });
    } else if (event.key === 'Escape' && event.shiftKey) {
      send({ do: 'allRead' });
    } else if (event.key === 'Escape') {
      send({ do: 'escape' });
      if (log.contains(document.activeElement)) composer.focus();
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && event.key === '/' && watch.now((s) => s.settings?.single_keys) !== false) {
      event.preventDefault();
      document.getElementById('find')?.focus();
      send({ do: 'pane', name: 'search' });
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && event.key === '?' && watch.now((s) => s.settings?.single_keys) !== false) {
      event.preventDefault();
      send({ do: 'dialog', name: 'shortcuts' });
    }
  });
  keepHeight();
  return { go, visit };
}

/** iOS lays its keyboard over the page instead of resizing it. */
function keepHeight() {
  const view = globalThis.visualViewport;
  if (!view) return;
  const fit = () => {
    const covered = view.scale === 1 && view.height < innerHeight - 1;
    if (covered) document.body.style.setProperty('--vvh', `${view.height}px`);
    else document.body.style.removeProperty('--vvh');
    if (covered) scrollTo(0, 0);
  };
  view.addEventListener('resize', fit);
  fit();
}
