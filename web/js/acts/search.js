// Searching: after a moment for what was typed, at once for what the state calls for.

import { since } from '../state/search.js';

/** @typedef {import('./context.js').Context} Context */

const TYPED_MS = 200;
const HITS = 20;
const HITS_MAX = 50;
const NO_WORD = 'Search for at least one letter or digit.';

/** Whether the query has nothing to find messages by: the server would refuse it. @param {string} q */
const hasNoWord = (q) => q.trim() !== '' && !/[\p{L}\p{N}]/u.test(q);

/** @param {Context} c */
export function searchActs(c) {
  const { store, api, clock } = c;
  /** @type {unknown} */
  let timer = null;

  const hush = () => {
    if (timer !== null) clock.clear(timer);
    timer = null;
  };
  /** @param {'fresh' | 'more'} loads */
  const ask = async (loads) => {
    hush();
    const { asked, turn: last, next, found, phase } = store.state.search;
    if (loads === 'more' && (next === null || phase === 'busy' || phase === 'typed')) return;
    const turn = last + 1;
    // A repeated search brings back as many hits as were shown.
    const limit = loads === 'more' ? HITS : Math.min(Math.max(HITS, found.length), HITS_MAX);
    store.dispatch({ type: 'search/asked', turn, loads });
    const { q, room, author, span, files } = asked;
    const answer = await api.search({
      q: q.trim(),
      room: room ?? undefined,
      author: author ?? undefined,
      since: since(span, clock.now()),
      files: files ? 1 : undefined,
      before: loads === 'more' ? (next ?? undefined) : undefined,
      limit,
    });
    if (answer.ok) store.dispatch({ type: 'search/found', turn, page: answer.value });
    else store.dispatch({ type: 'search/failed', turn, title: answer.title, again: answer.code !== 'invalid' });
  };

  return {
    /** @param {Partial<import('../state/search.js').Asked>} act */
    search({ q, room, author, span, files }) {
      const change = {
        ...(q === undefined ? {} : { q }),
        ...(room === undefined ? {} : { room }),
        ...(author === undefined ? {} : { author }),
        ...(span === undefined ? {} : { span }),
        ...(files === undefined ? {} : { files }),
      };
      store.dispatch({ type: 'search/typed', change });
      hush();
      const { phase, asked, turn } = store.state.search;
      if (phase === 'typed' && hasNoWord(asked.q)) store.dispatch({ type: 'search/failed', turn, title: NO_WORD, again: false });
      else if (phase === 'typed') timer = clock.set(() => ask('fresh'), q === undefined ? 0 : TYPED_MS);
    },
    searchNow: () => ask('fresh'),
    searchMore: () => ask('more'),
  };
}
