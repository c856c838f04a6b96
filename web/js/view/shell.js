// The frame around everything: a phone's two screens, keys that work everywhere, the height above a keyboard,
// and whether anybody is looking.

/** @typedef {'list' | 'chat'} Screen */

/**
 * @param {{side: HTMLElement, back: HTMLElement, log: HTMLElement, composer: HTMLElement}} parts
 * @param {import('../main.js').Wires} wires
 */
export function mountShell({ side, back, log, composer }, { send, watch }) {
  const phone = matchMedia('(max-width: 47.9375rem)');

  const attend = () =>
    send({ do: 'view', attentive: document.visibilityState === 'visible' && document.hasFocus() && !(phone.matches && screen() === 'list') });
  const screen = () => /** @type {Screen} */ (document.body.dataset.screen);

  /** @param {Screen} to */
  const show = (to) => {
    document.body.dataset.screen = to;
    // The list is the whole page then; a page has one main.
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
    show(to);
    moveFocus();
  };
  /** The address of the room, or of the message, that is before the reader. @param {string} path @param {boolean} again the same room: no new place to go back to */
  const visit = (path, again) => {
    const onList = phone.matches && screen() === 'list';
    if (location.pathname !== path || onList) {
      const state = { screen: 'chat', ...(onList ? { over: 'list' } : {}) };
      if (again && !onList) history.replaceState({ ...history.state, ...state }, '', path);
      else history.pushState(state, '', path);
    }
    show('chat');
    if (onList) moveFocus();
  };
  const moveFocus = () => {
    const row = /** @type {HTMLElement | null} */ (side.querySelector('a.row[aria-current]') ?? side.querySelector('a.row'));
    (screen() === 'list' ? row : back)?.focus();
  };

  history.replaceState({ screen: 'chat', ...history.state }, '');
  show(history.state.screen);
  back.addEventListener('click', () => go('list'));
  addEventListener('popstate', (event) => {
    show(event.state?.screen === 'list' ? 'list' : 'chat');
    send({ do: 'visited' });
    if (phone.matches) moveFocus();
  });
  phone.addEventListener('change', () => show(screen()));
  for (const name of ['focus', 'blur']) addEventListener(name, attend);
  document.addEventListener('visibilitychange', attend);

  const areas = () => {
    const stops = /** @type {(HTMLElement | null)[]} */ ([side.querySelector('a.row'), log.querySelector('article[tabindex="0"]'), composer]);
    return stops.filter((el) => el !== null && el.offsetParent !== null);
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
      const at = list.findIndex((el) => [side, log, composer].some((root) => root.contains(el) && root.contains(document.activeElement)));
      event.preventDefault();
      list.at((at + (event.shiftKey ? -1 : 1)) % list.length)?.focus();
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
    } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && event.key === '?') {
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
