// What the page knows and shows, and the events that change it. `reduce.js` says how.

import { noSearch } from './search.js';

/** @typedef {import('../net/wire.js').Frame} Frame */
/** @typedef {import('../net/wire.js').User} User */
/** @typedef {import('../net/wire.js').Room} Room */
/** @typedef {import('../net/wire.js').Page} Page */
/** @typedef {import('./timeline.js').Timeline} Timeline */
/** @typedef {import('./timeline.js').PageKind} PageKind */

/**
 * A message on its way: `waiting` to be sent, `sending`, `failed` with a reason, or `landed` under a seq that the window has not reached yet.
 * @typedef {{client_id: string, room: number, body: string, created_at: number, state: 'waiting' | 'sending' | 'failed' | 'landed', reason?: string, retrying?: boolean, seq?: number, reply_to?: number, forward?: {room: number, id: number}, files?: import('../net/outbox.js').Attached[], lost?: boolean}} Pending
 */

/**
 * @typedef {object} State
 * @property {string | null} epoch
 * @property {User | null} me
 * @property {import('../net/wire.js').Ready['server'] | null} server
 * @property {import('../net/wire.js').Limits} limits
 * @property {{state: 'connecting' | 'online' | 'offline', retryAt: number | null}} connection
 * @property {Record<number, User>} people
 * @property {Record<number, 'online' | 'away'>} presence
 * @property {Record<number, Room>} rooms
 * @property {Record<number, Timeline>} timelines
 * @property {Record<number, Record<number, number>>} typing room → user → when it was last heard
 * @property {Pending[]} pending as the outbox holds them
 * @property {Pending[]} landed
 * @property {Record<number, true>} asked people we have asked for
 * @property {number} peopleVersion how often anybody had changed their profile when we connected
 * @property {Record<number, true>} staleProfiles people who may have changed their profile while we were away
 * @property {import('../net/wire.js').Settings | null} settings
 * @property {number[]} blocked
 * @property {string[]} hereMentions `ROOM:ID` of the latest messages that mentioned everybody here while the reader was here
 * @property {Record<string, true>} saved `ROOM:ID` of what is kept for later
 * @property {Record<number, Record<number, Message>>} quoted room → the messages that others answer and that are not in the window
 * @property {Record<number, Record<number, number>>} seen room → user → how far they have read
 * @property {Record<number, number[]>} pinned room → the messages that are pinned in it
 * @property {Record<string, number>} undo `ROOM:ID` of what the reader has just deleted → until when it can be brought back
 * @property {Record<number, string>} drafts rooms with something unfinished in their composer, and how it begins
 * @property {(import('../net/pending-actions.js').PendingAction & {seq?: number})[]} pendingActions what the reader did to messages and does not see in them yet
 * @property {import('../net/uploads.js').Upload[]} uploads files on their way, and those that stand in a composer
 * @property {View} view what the reader has before them
 * @property {import('./search.js').Search} search
 * @property {{busy: boolean, words: string}} leaving logging out, and what there is to say about it
 */

/** @typedef {'members' | 'pins' | 'saved' | 'search'} Pane */
/**
 * @typedef {object} View
 * @property {number} room
 * @property {boolean} attentive
 * @property {boolean} following
 * @property {{room: number, id: number, at: number} | null} target a message to go to
 * @property {Pane | null} pane
 * @property {'server' | null} page what takes the place of the conversation
 * @property {Record<number, number>} replying room → the message that is being answered
 * @property {number | null} editing the message of this room that is being edited
 * @property {Record<number, Edit>} edits room → what is being edited there, so that another room in between costs nothing
 * @property {number | null} hold this room was marked unread: reading it does not count until it is opened again
 */
/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {{id: number, from: 'composer' | 'message', body?: string}} Edit `from`: where the focus goes back to; `body` as far as it was written */

/**
 * @typedef {{type: 'frame', frame: Frame, at: number}
 *   | {type: 'connection', state: 'connecting' | 'online' | 'offline', retryAt: number | null}
 *   | {type: 'outbox', items: Pending[]}
 *   | {type: 'page/asked', room: number, kind: PageKind, at: number}
 *   | {type: 'page/read', room: number, kind: PageKind, page: Page}
 *   | {type: 'page/failed', room: number, kind: PageKind, title: string}
 *   | {type: 'page/retry', room: number}
 *   | {type: 'sync/asked', room: number, since: number}
 *   | {type: 'sync/failed', room: number}
 *   | {type: 'people/asked', users: number[]}
 *   | {type: 'people/failed', users: number[]}
 *   | {type: 'leaving', busy: boolean, words: string}
 *   | {type: 'people', people: User[]}
 *   | {type: 'read/sent', room: number, seq: number}
 *   | {type: 'view', attentive?: boolean, following?: boolean, pane?: Pane | null, page?: 'server' | null}
 *   | {type: 'open', room: number, id?: number, at: number, spot?: import('./timeline.js').Spot | null}
 *   | {type: 'settled', room: number}
 *   | {type: 'target/reached'}
 *   | {type: 'reply', room: number, id: number | null}
 *   | {type: 'edit', room: number, edit: Edit | null}
 *   | {type: 'hold', room: number | null}
 *   | {type: 'undo', room: number, id: number, until: number | null}
 *   | {type: 'draft', room: number, on: boolean, text?: string}
 *   | {type: 'uploads', uploads: State['uploads']}
 *   | {type: 'pendingActions', actions: import('../net/pending-actions.js').PendingAction[]}
 *   | {type: 'seen', room: number, seen: {user: number, seq: number}[]}
 *   | {type: 'pins', room: number, ids: number[]}
 *   | {type: 'newline/clear', room: number}
 *   | import('./search.js').SearchEvent
 *   | {type: 'tick', at: number}} Event
 */

/** The room that everybody is in. */
export const LOBBY = 1;

/** @returns {State} */
export const initialState = () => ({
  epoch: null,
  me: null,
  server: null,
  limits: { body_chars_max: 8000, page_max: 100 },
  connection: { state: 'connecting', retryAt: null },
  people: {},
  presence: {},
  rooms: {},
  timelines: {},
  typing: {},
  pending: [],
  landed: [],
  asked: {},
  peopleVersion: 0,
  staleProfiles: {},
  settings: null,
  blocked: [],
  hereMentions: [],
  saved: {},
  quoted: {},
  seen: {},
  pinned: {},
  undo: {},
  drafts: {},
  pendingActions: [],
  uploads: [],
  view: { room: LOBBY, attentive: true, following: true, target: null, pane: null, page: null, replying: {}, editing: null, edits: {}, hold: null },
  search: noSearch(),
  leaving: { busy: false, words: '' },
});
