// The messages of the current room as they are drawn: the window with pending actions applied, then the messages on
// their way, in days and groups.

import { nameOf } from './lists.js';
import { isForMe, isNamed } from './rooms.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./state.js').Pending} Pending */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Message} Message */

/**
 * @typedef {object} Entry one message as it is drawn
 * @property {'message'} kind
 * @property {string} key the same before and after it was posted
 * @property {number | null} id
 * @property {string} clientId
 * @property {Message | null} message its present state; none before it is posted
 * @property {User | undefined} author
 * @property {boolean} mine
 * @property {number} at
 * @property {string} body
 * @property {import('../net/outbox.js').Attached[]} files
 * @property {boolean} start has a name above it
 * @property {'posted' | 'sending' | 'queued' | 'failed'} state
 * @property {string} words why it is not posted
 * @property {boolean} retry can be tried again
 * @property {number | null} replyTo
 * @property {Message | undefined} quote what it answers, where that is held
 * @property {string} names of the others who are named in it, to see that one of them changed
 * @property {boolean} forMe it mentions the reader
 * @property {boolean} saved
 * @property {boolean} blocked the reader has blocked its author
 * @property {boolean} editing
 * @property {boolean} undo it was just deleted, and can be brought back
 * @property {number[] | null} seenBy who has read it, where it is the last one
 */
/** @typedef {{kind: 'newline', key: 'newline'}} Newline */
/** @typedef {{kind: 'notice', key: string, id: number, author: User | undefined, at: number, notice: import('../net/wire.js').Notice, subject: User | undefined}} NoticeLine */
/** @typedef {{key: string, at: number, entries: (Entry | Newline | NoticeLine)[]}} Day */

export const GROUP_MS = 5 * 60_000;
const NOTICES = new Set(['created', 'joined', 'left', 'added', 'removed', 'renamed', 'topic', 'archived', 'restored', 'owner']);

/** @param {State} state @param {(at: number) => string} dayKey @returns {Day[]} */
export function days(state, dayKey) {
  const t = state.timelines[state.view.room];
  if (!t) return [];
  /** @type {Day[]} */
  const found = [];
  /** @type {Entry | null} */
  let last = null;
  let lined = t.newline === null || (t.moreBefore && (t.messages[0]?.id ?? 0) > t.newline + 1);
  for (const entry of entries(state, t)) {
    let day = found.at(-1);
    const key = dayKey(entry.at);
    // Time never falls within a room; a waiting message from yesterday still comes last.
    if (!day || key > day.key) {
      day = { key, at: entry.at, entries: [] };
      found.push(day);
      last = null;
    }
    if (entry.kind === 'notice') {
      day.entries.push(entry);
      last = null;
      continue;
    }
    if (!lined && !entry.mine && entry.id !== null && entry.id > /** @type {number} */ (t.newline)) {
      lined = true;
      last = null;
      day.entries.push({ kind: 'newline', key: 'newline' });
    }
    entry.start = !last || last.author?.id !== entry.author?.id || entry.at - last.at >= GROUP_MS || entry.replyTo !== null || entry.blocked !== last.blocked;
    day.entries.push(entry);
    last = entry;
  }
  return found;
}

/** @param {State} state @param {Timeline} t @returns {(Entry | NoticeLine)[]} */
function entries(state, t) {
  const me = state.me?.id;
  const room = state.view.room;
  const shown = new Set();
  const actions = state.pendingActions.filter(({ command }) => command.room === room);
  /** @type {(Entry | NoticeLine)[]} */
  const list = [];
  for (const held of t.messages) {
    if (held.event) {
      if (NOTICES.has(held.event.kind)) list.push(noticeLine(state, held, held.event));
      continue;
    }
    const message = actions.reduce((m, { command }) => (command.id === m.id ? withAction(m, command, me) : m), held);
    const mine = message.author === me;
    if (mine && message.client_id) shown.add(message.client_id);
    const e = entry(mine && message.client_id ? `c${message.client_id}` : `m${message.id}`, state.people[message.author], mine, message.sent_at, message.body);
    e.id = message.id;
    e.clientId = message.client_id ?? '';
    e.message = message;
    e.files = message.files ?? NO_FILES;
    e.replyTo = message.reply_to ?? null;
    e.quote = e.replyTo === null ? undefined : messageAt(state, room, e.replyTo);
    e.names = namesIn(state, message, e.quote);
    e.forMe = isForMe(state, message) && (isNamed(state, message) || state.hereMentions.includes(`${room}:${message.id}`));
    e.saved = state.saved[`${room}:${message.id}`] === true;
    e.blocked = state.blocked.includes(message.author);
    e.editing = state.view.editing === message.id && mine && !message.deleted;
    e.undo = message.deleted === true && (state.undo[`${room}:${message.id}`] ?? 0) > 0;
    list.push(e);
  }
  if (t.moreAfter) return list;
  for (const p of [...state.landed, ...state.pending]) {
    if (p.room !== room || shown.has(p.client_id)) continue;
    shown.add(p.client_id);
    const e = entry(`c${p.client_id}`, state.me ?? undefined, true, p.created_at, p.body);
    e.id = p.seq ?? null;
    e.clientId = p.client_id;
    e.files = p.files ?? NO_FILES;
    e.replyTo = p.reply_to ?? null;
    e.quote = e.replyTo === null ? undefined : messageAt(state, room, e.replyTo);
    e.state = journey(p, state.connection.state);
    e.words = why(e.state, p);
    e.retry = (e.state === 'failed' && !p.lost) || (e.state === 'queued' && p.retrying === true);
    list.push(e);
  }
  const last = list.findLast((e) => e.kind === 'message');
  if (last?.kind === 'message' && last.message && !last.message.deleted) last.seenBy = seenBy(state, last.message);
  return list;
}

/** @type {import('../net/outbox.js').Attached[]} the same one each time, so that nothing is drawn again */
const NO_FILES = [];
/** Reactors whose names are looked at. */
const NAMED_MAX = 12;

/** @param {State} state @param {Message} message @param {Message | undefined} quote */
function namesIn(state, message, quote) {
  const reactors = (message.reactions ?? []).flatMap(({ users }) => users.slice(0, NAMED_MAX));
  const ids = [quote?.author, message.pinned?.by, message.deleted_by, message.forwarded?.author, ...(message.mentions?.users ?? []), ...reactors];
  return ids.map((id) => (id === undefined ? '' : nameOf(state.people[id]))).join();
}

/** A message from the window, or one that another message quotes. @param {State} state @param {number} room @param {number} id @returns {Message | undefined} */
export function messageAt(state, room, id) {
  const t = state.timelines[room];
  return t?.messages.find((m) => m.id === id) ?? state.quoted[room]?.[id];
}

/** Who has read this message, without its author and the reader. @param {State} state @param {Message} message @returns {number[] | null} */
function seenBy(state, message) {
  const marks = state.seen[state.view.room];
  if (!marks || state.settings?.share_read === false) return null;
  const users = Object.entries(marks).filter(([user, seq]) => seq >= message.id && Number(user) !== message.author && Number(user) !== state.me?.id);
  const ids = users.map(([user]) => Number(user));
  // All names or none: unknown people are being read.
  return ids.every((user) => state.people[user]) ? ids : null;
}

/** The message as the pending action will leave it. @param {Message} message @param {import('../net/wire.js').MessageCommand} command @param {number | undefined} me @returns {Message} */
function withAction(message, command, me) {
  switch (command.type) {
    case 'edit': {
      const { content: _, ...plain } = message;
      return { ...plain, body: command.body, edited_at: message.edited_at ?? message.sent_at };
    }
    case 'delete': {
      const { id, author, sent_at, client_id } = message;
      return {
        id,
        author,
        sent_at,
        body: '',
        deleted: true,
        ...(client_id ? { client_id } : {}),
        ...(me !== undefined && me !== author ? { deleted_by: me } : {}),
      };
    }
    case 'react':
      return { ...message, reactions: reacted(message.reactions ?? [], command, me ?? 0) };
    case 'pin': {
      const { pinned: _, ...rest } = message;
      return command.on ? { ...rest, pinned: { by: me ?? 0, at: message.sent_at } } : rest;
    }
    default:
      return message;
  }
}

/** @param {import('../net/wire.js').Reaction[]} reactions @param {{emoji: string, on: boolean}} command @param {number} me */
function reacted(reactions, { emoji, on }, me) {
  const others = reactions.map((r) => (r.emoji === emoji ? { ...r, users: r.users.filter((user) => user !== me) } : r));
  if (!on) return others.filter((r) => r.users.length > 0);
  if (!others.some((r) => r.emoji === emoji)) return [...others, { emoji, users: [me] }];
  return others.map((r) => (r.emoji === emoji ? { ...r, users: [...r.users, me] } : r));
}

/** @param {State} state @param {Message} message @param {import('../net/wire.js').Notice} notice @returns {NoticeLine} */
const noticeLine = (state, message, notice) => ({
  kind: 'notice',
  key: `m${message.id}`,
  id: message.id,
  author: state.people[message.author],
  at: message.sent_at,
  notice,
  subject: notice.user === undefined ? undefined : state.people[notice.user],
});

/** @param {string} key @param {User | undefined} author @param {boolean} mine @param {number} at @param {string} body @returns {Entry} */
const entry = (key, author, mine, at, body) => ({
  kind: 'message',
  key,
  id: null,
  clientId: '',
  message: null,
  author,
  mine,
  at,
  body,
  files: NO_FILES,
  start: false,
  state: 'posted',
  words: '',
  retry: false,
  replyTo: null,
  quote: undefined,
  names: '',
  forMe: false,
  saved: false,
  blocked: false,
  editing: false,
  undo: false,
  seenBy: null,
});

/** @param {Pending} p @param {State['connection']['state']} connection @returns {Entry['state']} */
function journey(p, connection) {
  if (p.state === 'landed') return 'posted';
  if (p.state === 'failed') return 'failed';
  return connection === 'online' && p.reason === undefined ? 'sending' : 'queued';
}

/** @param {Entry['state']} state @param {Pending} p */
function why(state, p) {
  if (state === 'failed') return `Not sent${p.retrying ? ' yet' : ''}: ${p.reason}.`;
  if (state === 'queued') return p.reason === undefined ? 'Waiting for the connection' : `Waiting: ${p.reason}`;
  return '';
}
