// Lookups while somebody types, and the list of their answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLookup, steady } from '../../web/js/lib/lookup.js';
import { fakeClock } from './fakes.mjs';

/** A lookup whose answers come when the test says so. */
function looking() {
  const clock = fakeClock();
  /** @type {{query: string, answer: (list: string[] | null) => void}[]} */
  const asked = [];
  /** @type {[string, string[]][]} */
  const found = [];
  const lookup = createLookup({
    ask: (query) => new Promise((answer) => asked.push({ query, answer })),
    found: (/** @type {string[]} */ answer, query) => found.push([query, answer]),
    isEmpty: (answer) => answer.length === 0,
    clock,
    ms: 150,
  });
  const answer = async (/** @type {number} */ at, /** @type {string[] | null} */ list) => {
    asked[at]?.answer(list);
    await new Promise(setImmediate);
  };
  return { clock, asked, found, lookup, answer };
}

test('whoever types without a pause asks once', () => {
  const { clock, asked, lookup } = looking();
  for (const query of ['k', 'kw', 'kwa']) {
    lookup.look(query);
    clock.pass(100);
  }
  assert.deepEqual(asked, []);
  clock.pass(50);
  assert.deepEqual(
    asked.map(({ query }) => query),
    ['kwa'],
  );
});

test('an answer that comes late, to an older question, is dropped', async () => {
  const { clock, found, lookup, answer } = looking();
  lookup.look('k');
  clock.pass(150);
  lookup.look('m');
  clock.pass(150);
  await answer(1, ['Mei']);
  await answer(0, ['Kwame']);
  assert.deepEqual(found, [['m', ['Mei']]]);
});

test('an answer to who has stopped asking is dropped', async () => {
  const { clock, found, lookup, answer } = looking();
  lookup.look('k');
  clock.pass(150);
  lookup.stop();
  await answer(0, ['Kwame']);
  assert.deepEqual(found, []);
});

test('where nothing begins so, nothing is asked about what goes on from there', async () => {
  const { clock, asked, lookup, answer } = looking();
  lookup.look('kx');
  clock.pass(150);
  await answer(0, []);
  lookup.look('kxy');
  clock.pass(1000);
  assert.equal(asked.length, 1);
  lookup.look('k');
  clock.pass(150);
  assert.equal(asked.length, 2);
});

test('a question without an answer is asked again', async () => {
  const { clock, asked, found, lookup, answer } = looking();
  lookup.look('k');
  clock.pass(150);
  await answer(0, null);
  assert.deepEqual(found, []);
  lookup.look('kw');
  clock.pass(150);
  assert.equal(asked.length, 2);
});

test('what is chosen keeps its place, whatever comes to the list', () => {
  const key = (/** @type {string} */ one) => one;
  assert.deepEqual(steady(['a', 'b', 'c'], 'c', 0, key), ['c', 'a', 'b']);
  assert.deepEqual(steady(['a', 'b', 'c'], 'a', 2, key), ['b', 'c', 'a']);
  assert.deepEqual(steady(['a', 'b'], 'gone', 0, key), ['a', 'b']);
  assert.deepEqual(steady(['a', 'b'], undefined, 0, key), ['a', 'b']);
});
