import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as scroll from '../../web/js/lib/scroll.js';

test('the end is the end, give or take a finger', () => {
  assert.ok(scroll.atEnd({ top: 1400, height: 2000, view: 600 }));
  assert.ok(scroll.atEnd({ top: 1399.5, height: 2000, view: 600 }));
  assert.ok(scroll.atEnd({ top: 1410, height: 2000, view: 600 }), 'a rubber band goes beyond');
  assert.ok(!scroll.atEnd({ top: 1300, height: 2000, view: 600 }));
  assert.ok(scroll.atEnd({ top: 0, height: 300, view: 600 }), 'a short list is at its end');
});

test('the pill comes after more than a screen', () => {
  assert.ok(!scroll.farFromEnd({ top: 800, height: 2000, view: 600 }));
  assert.ok(scroll.farFromEnd({ top: 799, height: 2000, view: 600 }));
});

test('history is asked for a screen ahead, and two where much is held', () => {
  assert.ok(scroll.nearStart({ top: 599, height: 2000, view: 600 }));
  assert.ok(!scroll.nearStart({ top: 600, height: 2000, view: 600 }));
  assert.ok(scroll.nearEnd({ top: 801, height: 2000, view: 600 }));
  assert.ok(scroll.nearStart({ top: 1199, height: 8000, view: 600 }));
  assert.ok(!scroll.nearStart({ top: 1200, height: 8000, view: 600 }));
  assert.ok(scroll.nearEnd({ top: 6201, height: 8000, view: 600 }));
});

test('on no screen are both ends asked for by turns', () => {
  for (const view of [300, 600, 1200, 2000])
    for (const height of [6600, 9000]) {
      const middle = { top: (height - view) / 2, height, view };
      assert.ok(!scroll.nearStart(middle) && !scroll.nearEnd(middle), `${view} of ${height}`);
    }
});

test('the first row in sight is found', () => {
  const rows = [10, 20, 30, 40].map((bottom) => ({ bottom }));
  assert.equal(scroll.firstVisible(rows, 20)?.bottom, 30);
  assert.equal(scroll.firstVisible(rows, -5)?.bottom, 10);
  assert.equal(scroll.firstVisible(rows, 40), undefined);
  assert.equal(scroll.firstVisible([], 0), undefined);
});

test('a row that moved down by 300 takes the view with it', () => {
  assert.equal(scroll.keepPosition(40, 12, 312), 340);
});
