import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLazy } from '../../web/js/lib/lazy.js';

/** A part whose way is set by the test. */
function fake() {
  /** @type {{reached: import('../../web/js/lib/lazy.js').Reached, loads: boolean, tries: number, told: unknown[]}} */
  const way = { reached: 'there', loads: true, tries: 0, told: [] };
  const lazy = createLazy({
    async reach() {
      way.tries += 1;
      return way.reached;
    },
    async load() {
      if (!way.loads) throw new Error('lost');
      return 'the part';
    },
    gone: (/** @type {unknown} */ asked) => way.told.push(['gone', asked]),
    refused: (title) => way.told.push(title),
    lost: 'It did not come.',
  });
  return { way, lazy };
}

const settled = () => new Promise((done) => setTimeout(done, 0));

test('it comes once, and whoever asks then has it at once', async () => {
  const { way, lazy } = fake();
  const mounts = [];
  lazy.mount((part) => mounts.push(part));
  const used = [];
  lazy((part) => used.push(part));
  lazy.expect();
  assert.deepEqual([mounts, used], [[], []]);
  await settled();
  assert.deepEqual([mounts, used, way.tries], [['the part'], ['the part'], 1]);
  lazy((part) => used.push(`${part} again`));
  assert.deepEqual(used.at(-1), 'the part again');
  lazy.mount((part) => mounts.push(part));
  lazy.expect();
  lazy.connected();
  await settled();
  assert.deepEqual([mounts.length, way.tries], [2, 1]);
});

test('what is mounted is there before what was asked for is done, and who asks twice gets the last', async () => {
  const { lazy } = fake();
  /** @type {string[]} */
  const order = [];
  lazy(() => order.push('first'));
  lazy(() => order.push('second'));
  lazy.mount(() => order.push('mounted'));
  await settled();
  assert.deepEqual(order, ['mounted', 'second']);
});

test('who only may ask is told nothing, and it is fetched again when there is a way', async () => {
  const { way, lazy } = fake();
  lazy.connected();
  await settled();
  assert.equal(way.tries, 0, 'nobody is there');
  way.reached = { title: 'No answer.' };
  lazy.expect();
  await settled();
  assert.deepEqual([way.tries, way.told], [1, []]);
  way.reached = 'there';
  lazy.connected();
  await settled();
  let used = false;
  lazy(() => (used = true));
  assert.deepEqual([used, way.tries, way.told], [true, 2, []]);
});

test('who asked is told why it did not come, and may ask again', async () => {
  const { way, lazy } = fake();
  let used = 0;
  const ask = async (/** @type {{do: string}} */ asked) => {
    lazy(() => (used += 1), asked);
    await settled();
  };
  way.reached = { title: 'No answer.' };
  await ask({ do: 'a' });
  way.reached = 'there';
  way.loads = false;
  await ask({ do: 'b' });
  way.reached = 'gone';
  await ask({ do: 'c' });
  assert.deepEqual([way.told, used], [['No answer.', 'It did not come.', ['gone', { do: 'c' }]], 0]);
  way.reached = 'there';
  way.loads = true;
  await ask({ do: 'd' });
  assert.deepEqual([way.told.length, used], [3, 1]);
});
