// One room's messages as we hold them: a bounded window of the history, and how far its changes are known.
//
// The law of seq: every change of a room has the next number. `through` means that all changes up to it are in the
// window. A frame that does not follow `through` is not applied; it only raises the room's head, and head > through
// calls for a sync. So every way to miss something (a lost frame, a laptop that slept, a page read while others write)
// is repaired the same way.

/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {import('../net/wire.js').MessageFrame} MessageFrame */
/** @typedef {import('../net/wire.js').Page} Page */
/** @typedef {'open' | 'latest' | 'before' | 'after'} PageKind */

/** @typedef {{id: number, offset: number}} Spot a row, and how far below the list's top edge it stands, in CSS px */
/**
 * @typedef {object} Timeline
 * @property {'empty' | 'ready' | 'stale'} phase stale: still shown, to be read again
 * @property {Message[]} messages oldest first, without holes
 * @property {number} through
 * @property {boolean} moreBefore
 * @property {boolean} moreAfter
 * @property {{kind: PageKind, at: number} | null} loading
 * @property {{kind: PageKind, title: string} | null} failed
 * @property {number | null} syncing the seq a running sync started from
 * @property {MessageFrame[]} staged what arrived while it runs
 * @property {number | null} newline the New messages line stands after this seq
 * @property {number} opened counts whole replacements: the view scrolls to where it opens again
 * @property {'newline' | 'end' | 'spot'} opensAt where it is shown first
 * @property {Spot | null} spot where the reader was when they left, unless that was the end
 * @property {number} [used] when it was last opened
 */

export const WINDOW_MESSAGES_MAX = 300;
export const STAGED_FRAMES_MAX = 2000;

/** @returns {Timeline} */
export const emptyTimeline = () => ({
  phase: 'empty',
  messages: [],
  through: 0,
  moreBefore: false,
  moreAfter: false,
  loading: null,
  failed: null,
  syncing: null,
  staged: [],
  newline: null,
  opened: 0,
  opensAt: 'newline',
  spot: null,
});

/** The index of `id`, or of the one it would have. @param {Message[]} messages @param {number} id */
export function indexOf(messages, id) {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (/** @type {Message} */ (messages[mid]).id < id) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** Puts a message as it is now into the window, if it belongs there. @param {Timeline} t @param {Message} message @param {boolean} following */
function put(t, message, following) {
  const at = indexOf(t.messages, message.id);
  const end = at === t.messages.length;
  if (t.messages[at]?.id === message.id) return { ...t, messages: t.messages.with(at, message) };
  if (at === 0 && t.moreBefore) return t;
  if (end && t.moreAfter) return t;
  // The reader is further up: their window stays, and the end is read again when they come back.
  if (end && !following && t.messages.length >= WINDOW_MESSAGES_MAX) return { ...t, moreAfter: true };
  const messages = t.messages.toSpliced(at, 0, message);
  return messages.length > WINDOW_MESSAGES_MAX ? { ...t, messages: messages.slice(-WINDOW_MESSAGES_MAX), moreBefore: true } : { ...t, messages };
}

/** Applies a frame that came by itself. @param {Timeline} t @param {MessageFrame} frame @param {boolean} following @returns {Timeline} */
export function applyFrame(t, frame, following) {
  if (t.phase !== 'ready') return t;
  if (t.syncing !== null) return t.staged.length < STAGED_FRAMES_MAX ? { ...t, staged: [...t.staged, frame] } : t;
  if (frame.seq !== t.through + 1) return t;
  return { ...put(t, frame.message, following), through: frame.seq };
}

/** The answer to a sync is complete up to `through`. @param {Timeline} t @param {number} through @param {boolean} following @returns {Timeline} */
export function applySynced(t, through, following) {
  if (t.syncing === null) return t;
  // A page that was read meanwhile may have put us back: then what lies between is asked for once more.
  const joined = t.syncing <= t.through;
  /** @type {Timeline} */
  let next = { ...t, syncing: null, staged: [] };
  for (const frame of t.staged) if (frame.seq <= through) next = put(next, frame.message, following);
  next = { ...next, through: joined ? Math.max(t.through, through) : t.through };
  for (const frame of t.staged) if (frame.seq > through) next = applyFrame(next, frame, following);
  return next;
}

/** Applies a page of the history. @param {Timeline} t @param {PageKind} kind @param {Page} page @returns {Timeline} */
export function applyPage(t, kind, page) {
  if (t.loading?.kind !== kind) return t;
  const asked = t.loading.at;
  const base = { ...t, loading: null, failed: null };
  if (kind === 'open' || kind === 'latest') {
    return {
      ...base,
      phase: 'ready',
      messages: page.messages,
      through: page.head,
      moreBefore: page.more_before,
      moreAfter: page.more_after,
      syncing: null,
      staged: [],
      opened: t.opened + 1,
      opensAt: kind === 'open' && t.opensAt === 'spot' ? 'spot' : t.phase === 'empty' && t.newline !== null ? 'newline' : 'end',
    };
  }
  // The page may be older than what came live since: go back to the older of the two, a sync brings the rest.
  const through = Math.min(t.through, page.head);
  const first = t.messages[0]?.id;
  const last = t.messages.at(-1)?.id;
  if (kind === 'before' && asked === first) {
    const messages = [...page.messages.filter((m) => m.id < asked), ...t.messages];
    const cut = messages.length > WINDOW_MESSAGES_MAX;
    return { ...base, through, messages: cut ? messages.slice(0, WINDOW_MESSAGES_MAX) : messages, moreBefore: page.more_before, moreAfter: t.moreAfter || cut };
  }
  if (kind === 'after' && asked === last) {
    const messages = [...t.messages, ...page.messages.filter((m) => m.id > asked)];
    const cut = messages.length > WINDOW_MESSAGES_MAX;
    return { ...base, through, messages: cut ? messages.slice(-WINDOW_MESSAGES_MAX) : messages, moreAfter: page.more_after, moreBefore: t.moreBefore || cut };
  }
  return base;
}

/** The socket is gone, and with it the answers to what was asked over it. @param {Timeline} t @returns {Timeline} */
export const disconnect = (t) => (t.syncing === null ? t : { ...t, syncing: null, staged: [] });

/** Marks the window as stale. It stays on the screen until it has been read again. @param {Timeline} t @returns {Timeline} */
export const spoil = (t) => ({ ...t, phase: t.phase === 'empty' ? 'empty' : 'stale', loading: null, failed: null, syncing: null, staged: [] });
