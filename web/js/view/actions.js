// How a message's actions are reached: the pointer, a tap, the focus and its keys. What opens then is in
// `message-menu.js`.

/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {import('./wires.js').Wires} Wires */

/** Keys that come faster than this are words: somebody believes they are in the composer. */
const TYPING_MS = 300;

/** @param {HTMLElement} root the list @param {Wires} wires */
export function mountActions(root, wires) {
  const { send, select, watch, lazy } = wires;
  const noHover = matchMedia('(hover: none)');
  /** @type {HTMLElement | null} */
  let bar = null;
  let typed = Number.NEGATIVE_INFINITY;

  /** @param {Element | null} article @returns {Message | null} */
  const messageOf = (article) => {
    const id = Number(/** @type {HTMLElement | null} */ (article)?.dataset.id);
    return id ? (watch.now((s) => select.messageAt(s, s.view.room, id)) ?? null) : null;
  };

  /** Draws the toolbar, once it has loaded. @type {typeof import('./message-menu.js').toolbar | null} */
  let toolbar = null;
  /** @param {HTMLElement | null} article */
  const show = (article) => {
    if (!toolbar || noHover.matches || bar?.parentElement === article || bar?.contains(document.activeElement)) return;
    bar?.remove();
    bar = null;
    const message = messageOf(article);
    if (!article || !message || message.event || article.querySelector('.edit')) return;
    bar = toolbar(article, message, wires);
    article.append(bar);
  };
  lazy.mount((part) => {
    toolbar = part.toolbar;
    show(/** @type {HTMLElement | null} */ (root.querySelector('article:hover') ?? document.activeElement?.closest('#messages article') ?? null));
  });
  root.addEventListener('pointerover', (event) => show(/** @type {HTMLElement} */ (event.target).closest('article')));
  root.addEventListener('pointerleave', () => show(/** @type {HTMLElement | null} */ (document.activeElement?.closest('#messages article') ?? null)));
  root.addEventListener('focusin', (event) => {
    const article = /** @type {HTMLElement} */ (event.target).closest('article');
    if (bar?.parentElement !== article) {
      bar?.remove();
      bar = null;
    }
    show(article);
  });

  // The message may have changed, and with it what can be done.
  watch(
    (s) => [s.pendingActions, s.timelines[s.view.room], s.view.editing],
    () => {
      const message = bar && messageOf(bar.parentElement);
      if (!bar || (message && !message.deleted && !bar.parentElement?.querySelector('.edit'))) return;
      if (bar.contains(document.activeElement)) bar.parentElement?.focus({ preventScroll: true });
      bar.remove();
      bar = null;
    },
  );

  // A tap on the message itself, not on something in it.
  root.addEventListener('click', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const own = target.closest('article');
    const said = messageOf(own);
    if (own && said && target.closest('[data-ref="actions"]'))
      return lazy((part) => (noHover.matches ? part.openSheet(said, wires) : part.openMessageMenu(own, said, wires)));
    if (said && target.closest('.msg__who, .msg > .av')) return send({ do: 'dialog', name: 'profile', user: said.author });
    if (!noHover.matches || target.closest('a, button, input, textarea, pre, .acts') || !getSelection()?.isCollapsed) return;
    const article = target.closest('article');
    const message = messageOf(article);
    if (article && message && !message.event) lazy((part) => part.openSheet(message, wires));
  });
  root.addEventListener('contextmenu', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const article = target.closest('article');
    const message = messageOf(article);
    if (!article || !message || noHover.matches || target.closest('a, textarea, img, pre') || !getSelection()?.isCollapsed || event.shiftKey) return;
    event.preventDefault();
    lazy((part) => part.openMessageMenu(article, message, wires, { x: event.clientX, y: event.clientY }));
  });

  root.addEventListener('keydown', (event) => {
    const article = /** @type {HTMLElement} */ (event.target);
    if (article.tagName !== 'ARTICLE' || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = messageOf(article);
    if (!message || message.event) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      return lazy((part) => (noHover.matches ? part.openSheet(message, wires) : part.openMessageMenu(article, message, wires)));
    }
    if (watch.now((s) => s.settings?.single_keys) === false) return;
    const can = watch.now((s) => select.rights(s, message));
    const { id } = message;
    /** @type {Record<string, (() => void) | false>} */
    const keys = {
      r: can.act && (() => send({ do: 'reply', id })),
      '+': can.act && (() => send({ do: 'pickReaction', id, at: textOf(article) })),
      e: can.edit && (() => send({ do: 'edit', id })),
      l: () => send({ do: 'copyLink', id }),
      p: can.act && (() => send({ do: 'pin', id, on: !message.pinned })),
      u: can.unread && (() => send({ do: 'unread', id })),
    };
    const act = keys[event.key.toLowerCase()];
    const typing = event.timeStamp - typed < TYPING_MS;
    if (event.key.length === 1) typed = event.timeStamp;
    if (!act || typing || event.repeat) return;
    event.preventDefault();
    act();
  });
}

/** The element that menus open at: the message's text. @param {HTMLElement} article */
export const textOf = (article) => /** @type {HTMLElement} */ (article.querySelector('[data-ref="text"]') ?? article);
