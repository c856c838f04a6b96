// A search: the query, the hits, and what has changed in them since. Pure.

/** @typedef {import('./state.js').State} State */
/** @typedef {import('../net/wire.js').Message} Message */
/** @typedef {import('../net/lazy-api.js').SearchPage} SearchPage */
/** @typedef {'any' | 'day' | 'week' | 'month' | 'year'} Span */
/** @typedef {{q: string, room: number | null, author: number | null, span: Span, files: boolean}} Asked */
/** @typedef {{room: number, message: Message, marks: [number, number][], said: string}} Found `said`: the text that the marks belong to */
/**
 * @typedef {object} Search
 * @property {Asked} asked
 * @property {'idle' | 'typed' | 'busy' | 'ready' | 'failed'} phase typed: not sent yet
 * @property {'fresh' | 'more'} loads what is on its way while it is busy
 * @property {number} turn counts the questions, to tell a late answer
 * @property {Found[]} found newest first
 * @property {number | null} next where it goes on
 * @property {number} pages read without being asked, because they held little
 * @property {boolean} again something changed that only the server can judge
 * @property {{title: string, again: boolean} | null} trouble
 */
/**
 * @typedef {{type: 'search/typed', change: Partial<Asked>} | {type: 'search/asked', turn: number, loads: Search['loads']}
 *   | {type: 'search/found', turn: number, page: SearchPage} | {type: 'search/failed', turn: number, title: string, again: boolean}} SearchEvent
 */

/** Hits that fill a pane. */
const ENOUGH = 8;
/** Pages that are read in a row by themselves; after that, a button loads more. */
export const PAGES_MAX = 10;
const DAY_MS = 86_400_000;

/** @returns {Search} */
export const noSearch = () => ({
  asked: { q: '', room: null, author: null, span: 'any', files: false },
  phase: 'idle',
  loads: 'fresh',
  turn: 0,
  found: [],
  next: null,
  pages: 0,
  again: false,
  trouble: null,
});

/** @param {Asked} asked */
const asksNothing = ({ q, room, author, span, files }) => q.trim() === '' && room === null && author === null && span === 'any' && !files;

/** @param {Search} search @param {SearchEvent} event @returns {Search} */
export function onSearch(search, event) {
  switch (event.type) {
    case 'search/typed': {
      const asked = { ...search.asked, ...event.change };
      // The answer to an earlier query is no answer to this one.
      const turn = search.turn + 1;
      if (asksNothing(asked)) return { ...noSearch(), turn, asked };
      return { ...search, asked, turn, phase: 'typed', trouble: null };
    }
    case 'search/asked':
      return { ...search, phase: 'busy', loads: event.loads, turn: event.turn, again: event.loads === 'fresh' ? false : search.again, trouble: null };
    case 'search/found': {
      if (event.turn !== search.turn) return search;
      const { hits, next } = event.page;
      const more = search.loads === 'more';
      const found = hits.map((hit) => ({ ...hit, said: hit.message.body }));
      return {
        ...search,
        phase: 'ready',
        found: more ? [...search.found, ...found] : found,
        next: next ?? null,
        pages: more && hits.length === 0 ? search.pages + 1 : 0,
      };
    }
    case 'search/failed':
      if (event.turn !== search.turn) return search;
      return { ...search, phase: 'failed', trouble: { title: event.title, again: event.again } };
  }
}

/** Shows a changed message in its hit. @param {State} state @param {number} room @param {Message} message @returns {State} */
export function onHitChanged(state, room, message) {
  const { search } = state;
  if (!search.found.some((hit) => hit.room === room && hit.message.id === message.id)) return state;
  const found = search.found.map((hit) => (hit.room === room && hit.message.id === message.id ? { ...hit, message } : hit));
  const again = search.again || (!message.deleted && found.some((hit) => hit.message === message && hit.said !== message.body));
  return { ...state, search: { ...search, found, again } };
}

/** Drops the hits of a room that the reader is no longer in. @param {Search} search @param {number} room @returns {Search} */
export function withoutRoom(search, room) {
  const asked = search.asked.room === room ? { ...search.asked, room: null } : search.asked;
  const found = search.found.filter((hit) => hit.room !== room);
  if (asked === search.asked && found.length === search.found.length) return search;
  return { ...search, asked, found, again: search.again || asked !== search.asked };
}

/** After a new connection, what was missed may concern the hits; after another history, they are gone. @param {Search} search @param {boolean} another @returns {Search} */
export function reconnected(search, another) {
  if (asksNothing(search.asked)) return search;
  return another ? { ...noSearch(), turn: search.turn + 1, asked: { ...search.asked, room: null, author: null }, again: true } : { ...search, again: true };
}

/** The hits to show: those that were not deleted. @param {State} state @returns {Found[]} */
export const hitsOf = ({ search }) => search.found.filter(({ message }) => !message.deleted);

/** The highlights of a hit; none once its text has changed. @param {Found} hit */
export const marksOf = ({ message, marks, said }) => (message.body === said ? marks : []);

/** What the search pane needs from the server now. @param {State} state @returns {{do: 'searchNow' | 'searchMore'} | null} */
export function searchEffect(state) {
  const { search, view, connection } = state;
  if (view.pane !== 'search' || connection.state !== 'online') return null;
  if (search.phase === 'busy' || search.phase === 'typed' || asksNothing(search.asked)) return null;
  if (search.again) return { do: 'searchNow' };
  if (search.phase === 'ready' && search.next !== null && hitsOf(state).length < ENOUGH && search.pages < PAGES_MAX) return { do: 'searchMore' };
  return null;
}

/** What the pane shows. @param {State} state @returns {'idle' | 'offline' | 'failed' | 'searching' | 'nothing' | 'hits'} */
export function searchSurface(state) {
  const { search, connection } = state;
  if (asksNothing(search.asked)) return 'idle';
  const holds = hitsOf(state).length > 0;
  // A page that does not load leaves the earlier hits on the screen.
  if (search.phase === 'failed' && !(holds && search.loads === 'more')) return connection.state === 'online' || !search.trouble?.again ? 'failed' : 'offline';
  if (holds) return 'hits';
  if (search.phase === 'ready') return search.next !== null && search.pages < PAGES_MAX ? 'searching' : 'nothing';
  return connection.state === 'online' ? 'searching' : 'offline';
}

/** How much was found, in words. @param {State} state */
export function searchWords(state) {
  const surface = searchSurface(state);
  const count = hitsOf(state).length;
  if (surface === 'nothing') return 'No messages';
  if (surface !== 'hits') return surface === 'searching' ? 'Searching' : '';
  const messages = `${count} ${count === 1 ? 'message' : 'messages'}`;
  return state.search.next === null ? `${messages}, newest first` : `The newest ${messages}`;
}

/** The start of a span of time. @param {Span} span @param {number} now @returns {number | undefined} */
export function since(span, now) {
  const days = { any: 0, day: 0, week: 7, month: 30, year: 365 }[span];
  if (span === 'day') return new Date(now).setHours(0, 0, 0, 0);
  return span === 'any' ? undefined : now - days * DAY_MS;
}
