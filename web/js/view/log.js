// The list of messages. Draws what select says and keeps the scroll position: at the end while the reader is there,
// otherwise exactly where they were, whatever is added above or below.

import { clone, mark, part, patch, say } from './dom.js';
import { mountEmpty } from './empty.js';
import { makeMessage, updateMessage } from './message.js';
import { makeNotice } from './notice.js';
import { mountRoving } from './roving.js';

/** @typedef {import('../state/select.js').Day} Day */
/** @typedef {import('../state/select.js').Entry} Entry */
/** @typedef {import('./wires.js').Wires} Wires */
/** @typedef {{key: string, kind: 'before' | 'after' | 'start' | 'loading' | 'trouble' | 'empty', day?: undefined} | {key: string, kind: 'day', day: Day}} Block */
/** @typedef {{el: HTMLElement, node: any}} Held */

/** How much of the read messages stays in sight above the New messages line. */
const ABOVE_NEWLINE_PX = 96;
/** How long a message is highlighted after a jump to it. */
const HIT_MS = 2400;

/** @param {HTMLElement} root @param {HTMLElement} pill @param {Wires} wires */
export function mountLog(root, pill, wires) {
  const { watch, send, select, scroll, clock, times } = wires;
  const roving = mountRoving(root, () => {
    if (!watch.now(select.currentTimeline)?.moreAfter) return false;
    toLast = true;
    send({ do: 'latest' });
    return true;
  });
  /** @type {Map<string, Held>} */
  const held = new Map();
  let opened = '';
  /** A key asked for the last message, which is not loaded yet. */
  let toLast = false;
  let placed = true;
  let top = 0;
  /** The value of `following` that the list last acted on. */
  let seen = true;

  const measure = () => ({ top: root.scrollTop, height: root.scrollHeight, view: root.clientHeight });
  const toEnd = () => {
    root.scrollTop = root.scrollHeight;
  };

  /** To be called after anything that can have moved the list or the reader. */
  const look = () => {
    if (root.clientHeight === 0) return;
    const [t, room, was] = watch.now((s) => /** @type {const} */ ([select.currentTimeline(s), select.currentRoom(s), s.view.following]));
    // `following` was switched on after this scroll began: the scroll does not switch it off.
    if (was && !seen && placed) toEnd();
    seen = was;
    const size = measure();
    top = size.top;
    const following = scroll.atEnd(size) && !t?.moreAfter;
    seen = following;
    if (following !== was) send({ do: 'view', following });
    const unread = room?.unread ?? 0;
    pill.hidden = following || !t || t.phase === 'empty' || !(t.moreAfter || scroll.farFromEnd(size) || unread > 0);
    say(/** @type {HTMLElement} */ (pill.querySelector('[data-ref="words"]')), unread > 0 ? `Jump to latest · ${unread} new` : 'Jump to latest');
    if (t?.phase !== 'ready' || t.loading || t.failed || !placed) return;
    if (t.moreBefore && scroll.nearStart(size)) send({ do: 'older' });
    else if (t.moreAfter && scroll.nearEnd(size)) send({ do: 'newer' });
  };

  /** Scrolls to where a room opens. */
  const settle = () => {
    if (root.clientHeight === 0) return;
    placed = true;
    const t = watch.now(select.currentTimeline);
    const line = /** @type {HTMLElement | null} */ (root.querySelector('.newline'));
    if (t?.opensAt === 'spot' && t.spot) toSpot(t.spot);
    else if (t?.opensAt === 'newline' && line) {
      root.scrollTop += line.getBoundingClientRect().top - root.getBoundingClientRect().top - ABOVE_NEWLINE_PX;
    } else toEnd();
  };

  /** Puts the row where the reader was, or the next one that is there, back at its height. @param {import('../state/timeline.js').Spot} spot */
  const toSpot = ({ id, offset }) => {
    const rows = /** @type {HTMLElement[]} */ ([...root.querySelectorAll('article[data-id]')]);
    const row = rows.find((el) => Number(el.dataset.id) >= id);
    if (row) root.scrollTop += row.getBoundingClientRect().top - root.getBoundingClientRect().top - offset;
    const [room, t] = watch.now((s) => /** @type {const} */ ([s.view.room, select.currentTimeline(s)]));
    if (t?.phase === 'ready') clock.set(() => send({ do: 'settled', room }), 0);
  };

  /** The first visible row; measures only a few of them. @param {string} selector */
  const firstRow = (selector) => {
    const rows = [...root.querySelectorAll(selector)].map((el) => ({
      el,
      get bottom() {
        return el.getBoundingClientRect().bottom;
      },
    }));
    return scroll.firstVisible(rows, root.getBoundingClientRect().top);
  };

  /** The text at the top of the view and its position. Not its row, which loses the name when it joins a group. */
  const anchor = () => {
    const row = firstRow('article');
    const el = row && /** @type {HTMLElement} */ (row.el.querySelector('[data-ref="text"]') ?? row.el);
    return el && { el, top: el.getBoundingClientRect().top };
  };

  const draw = () => {
    const state = watch.now((s) => s);
    const t = select.currentTimeline(state);
    root.ariaBusy = String(select.isBehind(state));
    const opening = `${state.view.room}:${t?.opened ?? 0}`;
    const fresh = opening !== opened;
    const anchored = fresh || state.view.following ? null : anchor();
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest('#messages article') ?? null);
    const neighbour = focused && beside(focused);
    if (fresh) {
      opened = opening;
      placed = false;
    }
    patch(root, held, blocks(state, wires), {
      key: (block) => block.key,
      make: (block) => make(block, wires),
      update: (node, block) => update(node, block, wires, () => keep(null)),
    });
    keep(anchored);
    const from = select.startingPoint(t);
    roving.settle(from === null ? null : root.querySelector(`article[data-id="${from}"]`));
    if (focused && !focused.isConnected) (neighbour?.isConnected ? neighbour : roving.current())?.focus({ preventScroll: true });
    else if (focused && document.activeElement === document.body) focused.focus({ preventScroll: true });
    reach(state);
    if (toLast && t?.phase === 'ready' && !t.loading) {
      toLast = false;
      const last = /** @type {HTMLElement | undefined} */ ([...root.querySelectorAll('article')].at(-1));
      last?.focus(/** @type {FocusOptions} */ ({ focusVisible: true, preventScroll: true }));
    }
    look();
  };

  /** Scrolls to the target message, once it is there. @param {import('../state/state.js').State} state */
  const reach = ({ view: { target, room }, timelines }) => {
    if (!target || target.room !== room || timelines[room]?.phase !== 'ready' || timelines[room]?.loading || root.clientHeight === 0) return;
    const el = /** @type {HTMLElement | null} */ (root.querySelector(`article[data-id="${target.id}"]`));
    const missing = !el && !select.effects(watch.now((s) => s)).some((effect) => effect.do === 'open');
    if (!el && !missing) return;
    clock.set(() => send({ do: 'reached', found: el !== null }), 0);
    if (!el) return;
    // By hand: scrollIntoView may move the page as well.
    const [row, list] = [el.getBoundingClientRect(), root.getBoundingClientRect()];
    root.scrollTop += row.top - list.top - Math.max(0, (list.height - row.height) / 2);
    el.toggleAttribute('data-hit', true);
    clock.set(() => el.removeAttribute('data-hit'), HIT_MS);
    el.focus({ preventScroll: true });
  };

  /** @param {{el: HTMLElement, top: number} | null | undefined} anchored */
  const keep = (anchored) => {
    if (!placed) settle();
    else if (watch.now((s) => s.view.following)) toEnd();
    else if (anchored?.el.isConnected) root.scrollTop = scroll.keepPosition(root.scrollTop, anchored.top, anchored.el.getBoundingClientRect().top);
  };

  watch((s) => [s.view.room, select.currentTimeline(s), s.pending, s.landed, s.people, s.me, s.connection.state, s.pendingActions], draw);
  watch((s) => [s.view.editing, s.view.target, s.saved, s.blocked, s.undo, s.seen[s.view.room], s.quoted[s.view.room], s.settings], draw);
  watch(
    (s) => [s.view.following, select.currentRoom(s)],
    (following, _room) => {
      if (following && placed && !scroll.atEnd(measure())) toEnd();
      look();
    },
  );
  root.addEventListener('scroll', look, { passive: true });
  new ResizeObserver(() => {
    if (root.clientHeight === 0) return;
    if (!placed) settle();
    else if (watch.now((s) => s.view.following)) toEnd();
    else if (root.scrollTop === 0 && top > 0) root.scrollTop = top;
    look();
  }).observe(root);
  pill.addEventListener('click', () => {
    send({ do: 'latest' });
    const last = [...root.querySelectorAll('article')].at(-1);
    /** @type {HTMLElement | undefined} */ (last)?.focus({ preventScroll: true });
  });
  midnight(clock, times, draw);
  return {
    /** The first visible message and its position; null at the end, which is kept by itself. @returns {import('../state/timeline.js').Spot | null} */
    spot() {
      if (root.clientHeight === 0 || !placed || watch.now((s) => s.view.following)) return null;
      const el = /** @type {HTMLElement | undefined} */ (firstRow('article[data-id]')?.el);
      return el ? { id: Number(el.dataset.id), offset: el.getBoundingClientRect().top - root.getBoundingClientRect().top } : null;
    },
  };
}

/** "Today" is not today for ever. @param {Wires['clock']} clock @param {Wires['times']} times @param {() => void} draw */
function midnight(clock, times, draw) {
  let day = times.dayKey(clock.now());
  const look = () => {
    const now = times.dayKey(clock.now());
    if (now !== day) draw();
    day = now;
    clock.set(look, 60_000);
  };
  clock.set(look, 60_000);
}

/** The row that gets the focus when this one disappears. @param {HTMLElement} article @returns {HTMLElement | null} */
function beside(article) {
  const list = /** @type {HTMLElement[]} */ ([...(article.closest('#messages')?.querySelectorAll('article') ?? [])]);
  const at = list.indexOf(article);
  return list[at - 1] ?? list[at + 1] ?? null;
}

/** @param {import('../state/state.js').State} state @param {Wires} wires @returns {Block[]} */
function blocks(state, { select, times }) {
  const surface = select.surface(state);
  const room = state.view.room;
  if (surface !== 'list') return [{ key: `${room}/${surface}`, kind: surface }];
  const t = select.currentTimeline(state);
  /** @type {Block[]} */
  const list = [];
  if (t && select.edge(t, 'before')) list.push({ key: `${room}/before`, kind: 'before' });
  else if (t?.phase === 'ready') list.push({ key: `${room}/start`, kind: 'start' });
  for (const day of select.days(state, times.dayKey)) list.push({ key: `${room}/day${day.key}`, kind: 'day', day });
  if (t && select.edge(t, 'after')) list.push({ key: `${room}/after`, kind: 'after' });
  return list;
}

/** @param {Block} block @param {Wires} wires @returns {Held} */
function make(block, wires) {
  if (block.kind === 'empty' && wires.watch.now((s) => s.view.room) === 1) return mountEmpty(wires);
  if (block.kind === 'empty') return { el: clone('t-quiet').el, node: { refs: {} } };
  const { el, refs } = clone(`t-${block.kind}`);
  if (block.kind === 'day') {
    const title = /** @type {HTMLElement} */ (el.querySelector('h2'));
    title.id = `d${block.day.key}`;
    el.setAttribute('aria-labelledby', title.id);
    return { el, node: { title, list: el.querySelector('ol'), held: new Map() } };
  }
  refs.again?.addEventListener('click', () => wires.send({ do: 'reread' }));
  return { el, node: { refs } };
}

/** @param {any} node @param {Block} block @param {Wires} wires @param {() => void} grew */
function update(node, block, wires, grew) {
  const { watch, select, times, clock } = wires;
  if (block.kind === 'day') {
    say(node.title, times.dayLabel(block.day.at, clock.now()));
    patch(node.list, node.held, block.day.entries, {
      // A notice never changes, but the names in it may come later.
      key: (entry) => (entry.kind === 'notice' ? `${entry.key}/${select.nameOf(entry.author)}/${select.nameOf(entry.subject)}` : entry.key),
      make: (entry) => {
        if (entry.kind === 'newline') return { el: clone('t-newline').el, node: null };
        if (entry.kind === 'notice') return { el: makeNotice(entry, wires), node: null };
        const made = makeMessage();
        return { el: made.el, node: made };
      },
      update: (message, entry) => {
        if (entry.kind === 'message') updateMessage(/** @type {any} */ (message), entry, wires, grew);
      },
    });
    return;
  }
  const [t, room] = watch.now((s) => /** @type {const} */ ([select.currentTimeline(s), select.currentRoom(s)]));
  if (block.kind === 'start') {
    const direct = room?.kind === 'direct';
    const name = watch.now((s) => select.roomName(s, room));
    say(part(node.refs, 'what'), direct ? 'your conversation with ' : '');
    say(part(node.refs, 'name'), direct ? name : `#${name}`);
    say(
      part(node.refs, 'lead'),
      direct
        ? 'Only the people in it can read this conversation.'
        : room?.id === 1
          ? 'Everyone here is in this room, so it suits news that is for everyone.'
          : room?.kind === 'private'
            ? 'Only the people who were added can read it.'
            : 'Everyone on this Chapp can find this room and join.',
    );
  }
  if (block.kind === 'trouble') say(part(node.refs, 'reason'), t?.failed?.title ?? '');
  if ((block.kind === 'before' || block.kind === 'after') && t) {
    const edge = select.edge(t, block.kind);
    say(part(node.refs, 'words'), edge?.words ?? '');
    mark(part(node.refs, 'again'), 'hidden', edge?.again ? null : '');
  }
}
