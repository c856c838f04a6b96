import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLater } from '../../web/js/lib/later.js';

/** A part whose way is set by the test. */
function fake() {
  /** @type {{reached: import('../../web/js/lib/later.js').Reached, loads: boolean, tries: number, told: unknown[]}} */
  const way = { reached: 'there', loads: true, tries: 0, told: [] };
  const later = createLater({
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
  return { way, later };
}

const settled = () => new Promise((done) => setTimeout(done, 0));

test('it comes once, and whoever asks then has it at once', async () => {
  const { way, later } = fake();
  const mounts = [];
  later.mount((part) => mounts.push(part));
  const used = [];
  later((part) => used.push(part));
  later.expect();
  assert.deepEqual([mounts, used], [[], []]);
  await settled();
  assert.deepEqual([mounts, used, way.tries], [['the part'], ['the part'], 1]);
  later((part) => used.push(`${part} again`));
  assert.deepEqual(used.at(-1), 'the part again');
  later.mount((part) => mounts.push(part));
  later.expect();
  later.connected();
  await settled();
  assert.deepEqual([mounts.length, way.tries], [2, 1]);
});

test('what is mounted is there before what was asked for is done, and who asks twice gets the last', async () => {
  const { later } = fake();
  /** @type {string[]} */
  const order = [];
  later(() => order.push('first'));
  later(() => order.push('second'));
  later.mount(() => order.push('mounted'));
  await settled();
  assert.deepEqual(order, ['mounted', 'second']);
});

test('who only may ask is told nothing, and it is fetched again when there is a way', async () => {
  const { way, later } = fake();
  later.connected();
  await settled();
  assert.equal(way.tries, 0, 'nobody is there');
  way.reached = { title: 'No answer.' };
  later.expect();
  await settled();
  assert.deepEqual([way.tries, way.told], [1, []]);
  way.reached = 'there';
  later.connected();
  await settled();
  let used = false;
  later(() => (used = true));
  assert.deepEqual([used, way.tries, way.told], [true, 2, []]);
});

test('who asked is told why it did not come, and may ask again', async () => {
  const { way, later } = fake();
  let used = 0;
  const ask = async (/** @type {{do: string}} */ asked) => {
    later(() => (used += 1), asked);
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
