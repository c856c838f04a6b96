// Says new messages to screen readers: one polite line at most every two seconds, and only what is on the screen.

const EVERY_MS = 2000;
const SAID_CHARS_MAX = 300;

/**
 * @param {HTMLElement} root
 * @param {import('../main.js').Wires} wires
 */
export function mountAnnouncer(root, { watch, select, text, clock }) {
  /** @type {string[]} */
  let waiting = [];
  /** @type {unknown} */
  let _timer = null;
  let seen = 0;
  let opened = -1;
  /** @type {Set<string>} */
  let failed = new Set();

  const flush = () => {
    _timer = null;
    if (waiting.length === 0) return;
    root.textContent = waiting.length === 1 ? /** @type {string} */ (waiting[0]) : text.plural(waiting.length, 'new message');
    waiting = [];
    _timer = clock.set(flush, EVERY_MS);
  };
  const add = (/** @type {string} */ line) => {
    waiting.push(line);
    _timer ??= clock.set(flush, 100);
  };

  watch(
    (s) => [select.currentTimeline(s), s.people],
    (t, _people) => {
      if (t?.phase !== 'ready') return;
      const last = t.messages.at(-1)?.id ?? 0;
      const state = watch.now((s) => s);
      // A page that was opened is read by going there, not announced.
      if (t.opened === opened && !t.moreAfter && state.view.following) {
        for (const m of t.messages) {
          if (m.id > seen && m.author !== state.me?.id) add(`${select.nameOf(state.people[m.author])}: ${text.oneLine(m.body, SAID_CHARS_MAX)}`);
        }
      }
      seen = t.opened === opened ? Math.max(seen, last) : last;
      opened = t.opened;
    },
  );
  watch(
    (s) => [s.pending],
    (pending) => {
      const now = pending.filter((p) => p.state === 'failed');
      for (const p of now) if (!failed.has(p.client_id)) add(`Not sent${p.retrying ? ' yet' : ''}: ${p.reason ?? ''}`);
      failed = new Set(now.map((p) => p.client_id));
    },
  );
}
