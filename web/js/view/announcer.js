// Announces new messages to screen readers: one polite line at most every two seconds, and only what is on the screen.

const EVERY_MS = 2000;
const SAID_CHARS_MAX = 300;

/**
 * @param {HTMLElement} root
 * @param {import('./wires.js').Wires} wires
 */
export function mountAnnouncer(root, { watch, select, text, clock }) {
  /** @type {string[]} */
  let waiting = [];
  /** @type {unknown} */
  let _timer = null;
  let seen = 0;
  let opened = -1;
  let room = 0;
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
      // A page that was just opened is read by moving through it, not announced.
      if (t.opened === opened && state.view.room === room && !t.moreAfter && state.view.following) {
        for (const m of t.messages) {
          if (m.id > seen && m.author !== state.me?.id && !m.event && !m.deleted && state.settings?.announce !== false && !state.blocked.includes(m.author))
            add(`${select.nameOf(state.people[m.author])}: ${text.oneLine(text.wordsOf(m), SAID_CHARS_MAX)}`);
        }
      }
      seen = t.opened === opened && state.view.room === room ? Math.max(seen, last) : last;
      opened = t.opened;
      room = state.view.room;
    },
  );
  // Mentions elsewhere.
  let mentioned = watch.now((s) => mentionsElsewhere(s));
  watch(
    (s) => [s.rooms],
    () => {
      const now = watch.now((s) => mentionsElsewhere(s));
      const [rooms, announce] = watch.now((s) => /** @type {const} */ ([s.rooms, s.settings?.announce !== false]));
      for (const [id, count] of Object.entries(now))
        if (announce && count > (mentioned[Number(id)] ?? 0)) add(`You were mentioned in ${rooms[Number(id)]?.name}`);
      mentioned = now;
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

/** @param {import('../state/state.js').State} s @returns {Record<number, number>} */
const mentionsElsewhere = (s) =>
  Object.fromEntries(
    Object.values(s.rooms)
      .filter((room) => room.id !== s.view.room)
      .map((room) => [room.id, room.mentions ?? 0]),
  );
