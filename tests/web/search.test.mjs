// Search in the state: the query, the hits, and later changes to them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchActs } from '../../web/js/acts/search.js';
import { snippet } from '../../web/js/lib/text.js';
import * as select from '../../web/js/state/select.js';
import { after, heard, message, opened, ready } from './build.mjs';

const typed = (/** @type {object} */ change) => ({ type: 'search/typed', change });
const sent = (/** @type {number} */ turn, loads = 'fresh') => ({ type: 'search/asked', turn, loads });
const came = (/** @type {number} */ turn, /** @type {number[]} */ ids, /** @type {number | undefined} */ next = undefined) => ({
  type: 'search/found',
  turn,
  page: { hits: ids.map((id) => ({ room: 1, message: message(id, { body: `poster ${id}` }), marks: [[0, 6]] })), people: [], ...(next ? { next } : {}) },
});
const lost = (/** @type {number} */ turn, again = true) => ({ type: 'search/failed', turn, title: 'No answer.', again });
const open = { type: 'view', pane: 'search' };
const changed = (/** @type {number} */ id, /** @type {number} */ seq, /** @type {object} */ more) =>
  heard({ type: 'message', room: 1, seq, message: message(id, more) });
/** Someone who has found messages 3 and 2. */
const found = (/** @type {number | undefined} */ next = undefined) => after(opened(3), open, typed({ q: 'poster' }), sent(2), came(2, [3, 2], next));
const ids = (/** @type {any} */ state) => select.hitsOf(state).map((/** @type {any} */ { message: m }) => m.id);

test('nothing is asked for until something is typed', () => {
  const state = after(opened(3), open);
  assert.deepEqual([select.searchSurface(state), select.searchWords(state), select.searchEffect(state)], ['idle', '', null]);
  assert.equal(select.searchSurface(after(state, typed({ q: '  ' }))), 'idle');
  assert.equal(select.searchSurface(after(state, typed({ room: 1 }))), 'searching');
});

test('what has no letter and no digit is not asked for, and says why', () => {
  let state = after(opened(3), open);
  let timers = 0;
  const store = {
    get state() {
      return state;
    },
    dispatch: (/** @type {any} */ event) => {
      state = after(state, event);
    },
  };
  const clock = { now: () => 0, set: () => (timers += 1), clear: () => {} };
  const acts = searchActs(/** @type {any} */ ({ store, api: {}, clock }));
  acts.search({ q: '"' });
  assert.deepEqual([select.searchSurface(state), state.search.trouble?.again, timers], ['failed', false, 0]);
  acts.search({ q: '"p' });
  assert.deepEqual([select.searchSurface(state), timers], ['searching', 1]);
});

test('what was found is counted, newest first', () => {
  const state = found();
  assert.deepEqual([select.searchSurface(state), ids(state), select.searchWords(state)], ['hits', [3, 2], '2 messages, newest first']);
  assert.equal(select.searchWords(found(9)), 'The newest 2 messages');
  const one = after(state, typed({ q: 'x' }), sent(9), came(9, [1]));
  assert.equal(select.searchWords(one), '1 message, newest first');
});

test('a late answer to another question changes nothing', () => {
  const state = after(opened(3), open, typed({ q: 'po' }), sent(2), typed({ q: 'poster' }), came(2, [3]));
  assert.equal(select.searchSurface(state), 'searching');
  const next = after(state, sent(4), came(4, [2]), lost(2));
  assert.deepEqual([select.searchSurface(next), ids(next)], ['hits', [2]]);
});

test('more of it goes to the end', () => {
  const state = after(found(9), sent(3, 'more'), came(3, [1]));
  assert.deepEqual([ids(state), state.search.next], [[3, 2, 1], null]);
});

test('what was found stays when more of it does not come', () => {
  const state = after(found(9), sent(3, 'more'), lost(3));
  assert.deepEqual([select.searchSurface(state), ids(state), state.search.trouble?.title], ['hits', [3, 2], 'No answer.']);
  assert.equal(select.searchEffect(state), null, 'not again and again by itself');
});

test('a page that holds little goes on by itself, to a bound', () => {
  let state = after(found(900));
  for (let page = 0; page < select.PAGES_MAX; page += 1) {
    assert.deepEqual(select.searchEffect(state), { do: 'searchMore' }, `page ${page}`);
    const turn = state.search.turn + 1;
    state = after(state, sent(turn, 'more'));
    assert.equal(select.searchEffect(state), null, 'one at a time');
    state = after(state, came(turn, [], 800 - page));
  }
  assert.equal(select.searchEffect(state), null);
  const nothing = after(opened(3), open, typed({ q: 'x' }), sent(2), came(2, [], 9));
  assert.equal(select.searchSurface(nothing), 'searching');
});

test('nothing found, trouble and no connection are told apart', () => {
  const asked = after(opened(3), open, typed({ q: 'x' }), sent(2));
  assert.deepEqual([select.searchSurface(after(asked, came(2, []))), select.searchWords(after(asked, came(2, [])))], ['nothing', 'No messages']);
  assert.equal(select.searchSurface(after(asked, lost(2))), 'failed');
  const offline = { type: 'connection', state: 'offline', retryAt: null };
  assert.equal(select.searchSurface(after(asked, offline)), 'offline');
  assert.equal(select.searchSurface(after(asked, lost(2), offline)), 'offline');
  assert.equal(select.searchSurface(after(asked, lost(2, false), offline)), 'failed', 'what cannot be searched for stays so');
  assert.deepEqual(ids(after(found(), offline)), [3, 2], 'what was found stays');
});

test('a deleted hit goes, and comes back when it is brought back', () => {
  const gone = after(found(), changed(3, 4, { body: '', deleted: true }));
  assert.deepEqual([ids(gone), select.searchEffect(gone)], [[2], null]);
  const back = after(gone, changed(3, 5, { body: 'poster 3' }));
  assert.deepEqual([ids(back), select.searchEffect(back)], [[3, 2], null]);
  assert.deepEqual(select.marksOf(select.hitsOf(back)[0]), [[0, 6]]);
});

test('an edited hit shows its new text without marks until the server has judged it', () => {
  const state = after(found(), changed(3, 4, { body: 'a poster', edited_at: 9 }));
  const [hit] = select.hitsOf(state);
  assert.deepEqual([hit.message.body, select.marksOf(hit)], ['a poster', []]);
  assert.deepEqual(select.searchEffect(state), { do: 'searchNow' });
  const judged = after(state, sent(3), came(3, [2]));
  assert.deepEqual([ids(judged), select.searchEffect(judged)], [[2], null]);
  // A reaction changes no text.
  assert.equal(select.searchEffect(after(found(), changed(3, 4, { body: 'poster 3', reactions: [{ emoji: '👍', users: [1] }] }))), null);
});

test('nothing of a room that is gone is shown', () => {
  const state = after(found(), heard({ type: 'gone', room: 1 }));
  assert.deepEqual(ids(state), []);
  const there = after(opened(3), open, typed({ q: 'x', room: 1 }), sent(2), came(2, [3]), heard({ type: 'gone', room: 1 }));
  assert.equal(there.search.asked.room, null);
});

test('after a connection was lost it is asked again, and after another history all is new', () => {
  const again = after(found(), { type: 'connection', state: 'offline', retryAt: null }, heard(ready({ head: 3, read: 3 })));
  assert.deepEqual([ids(again), select.searchEffect(again)], [[3, 2], { do: 'searchNow' }]);
  const other = after(found(), heard({ ...ready({ head: 3, read: 3 }), epoch: 'another' }));
  assert.deepEqual([ids(other), other.search.asked.q], [[], 'poster']);
});

test('a pane that is closed asks for nothing and keeps what it has', () => {
  const state = after(found(), { type: 'view', pane: null }, heard(ready({ head: 3, read: 3 })));
  assert.deepEqual([select.searchEffect(state), ids(state)], [null, [3, 2]]);
});

test('times begin at midnight, or so many days ago', () => {
  const noon = new Date(2026, 9, 14, 12, 30).getTime();
  assert.equal(select.since('any', noon), undefined);
  assert.equal(select.since('day', noon), new Date(2026, 9, 14).getTime());
  assert.equal(select.since('week', noon), noon - 7 * 86_400_000);
});

/** @param {string} text @param {[number, number][]} marks */
const shown = (text, marks) =>
  snippet(text, marks)
    .map((piece) => (piece.mark ? `[${piece.text}]` : piece.text))
    .join('');

test('marks count characters as the server does, whatever a string is made of', () => {
  assert.equal(
    shown('👍🏽👨‍👩‍👧‍👦 café 🎉 noir', [
      [10, 14],
      [17, 21],
    ]),
    '👍🏽👨‍👩‍👧‍👦 [café] 🎉 [noir]',
  );
  assert.equal(shown('𝒟𝓇𝒶𝓂𝒶!', [[0, 5]]), '[𝒟𝓇𝒶𝓂𝒶]!');
  assert.equal(shown('e\u0301te\u0301', [[0, 5]]), '[e\u0301te\u0301]');
  assert.equal(shown('שלום 𐐀', [[5, 6]]), 'שלום [𐐀]');
  assert.equal(shown('plain', []), 'plain');
  assert.equal(shown('', []), '');
});

test('a long text begins a little before its first mark, at a word', () => {
  const words = 'lorem ipsum '.repeat(50);
  const at = [...words].length;
  const text = `${words}needle and the rest`;
  const cut = shown(text, [[at, at + 6]]);
  assert.match(cut, /^…(lorem|ipsum) .{30,70}\[needle\] and the rest$/);
  const solid = `${'字'.repeat(500)}針の`;
  assert.equal(shown(solid, [[500, 501]]), '…[針]の');
  assert.ok(shown('x '.repeat(5000), [[0, 1]]).length < 420);
});
