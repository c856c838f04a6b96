// One tab stop for the whole list: the arrows move it, Tab goes into its own links and on.

/** A code block that scrolls keeps its own stop. */
const INSIDE = 'a, button:not([data-ref="actions"]), video, audio';

/**
 * @param {HTMLElement} root
 * @param {() => boolean} toEnd whether the end lies beyond what is loaded, and is on its way
 * @returns {{settle: (preferred: HTMLElement | null) => void, current: () => HTMLElement | null}}
 */
export function mountRoving(root, toEnd) {
  /** @type {HTMLElement | null} */
  let current = null;
  const all = () => /** @type {HTMLElement[]} */ ([...root.querySelectorAll('article')]);

  /** @param {HTMLElement} article @param {number} index */
  const stop = (article, index) => {
    article.tabIndex = index;
    for (const el of article.querySelectorAll(INSIDE)) /** @type {HTMLElement} */ (el).tabIndex = index;
  };
  /** @param {HTMLElement} article */
  const move = (article) => {
    if (current === article) return;
    if (current) stop(current, -1);
    current = article;
    stop(article, 0);
  };

  root.addEventListener('focusin', (event) => {
    const article = /** @type {HTMLElement} */ (event.target).closest('article');
    if (article) move(article);
  });
  root.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== current || !current) return;
    const list = all();
    const at = list.indexOf(current);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: list.length - 1 }[event.key];
    const next = to === undefined ? undefined : list[to];
    if (to === undefined) return;
    event.preventDefault();
    if (event.key === 'End' && toEnd()) return;
    // A key brought us here, so the ring shows; Firefox is not always sure.
    next?.focus(/** @type {FocusOptions} */ ({ focusVisible: true }));
  });

  return {
    current: () => current,
    settle(preferred) {
      if (current?.isConnected) return;
      current = null;
      const article = preferred ?? all().at(-1);
      if (article) move(article);
    },
  };
}
