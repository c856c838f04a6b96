// Sizes, durations and the age of a backup as readable text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, duration, freshness, nightly } from '../../web/js/lib/amounts.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('sizes have as many digits as people want to know', () => {
  const said = [0, 999, 1000, 1500, 9_990, 148_000_000, 2_100_000_000, 20_000_000_000, 5e15].map(bytes);
  assert.deepEqual(said, ['0 bytes', '999 bytes', '1 KB', '1.5 KB', '10 KB', '148 MB', '2.1 GB', '20 GB', '5000 TB']);
});

test('a length of time is its two largest parts', () => {
  const said = [0, MINUTE - 1, MINUTE, 2 * HOUR, 2 * HOUR + 5 * MINUTE, DAY, 6 * DAY + 4 * HOUR + 59 * MINUTE, DAY + MINUTE].map(duration);
  assert.deepEqual(said, ['less than a minute', 'less than a minute', '1 minute', '2 hours', '2 hours, 5 minutes', '1 day', '6 days, 4 hours', '1 day']);
});

test('a backup is old after two days, and none is said to be none', () => {
  const now = 100 * DAY;
  assert.deepEqual(freshness(undefined, now), { words: 'None yet', state: 'none' });
  assert.deepEqual(freshness(now - 2 * DAY, now), { words: 'Up to date', state: 'ok' });
  assert.deepEqual(freshness(now - 2 * DAY - 1, now), { words: '2 days old', state: 'stale' });
  assert.deepEqual(freshness(now - 9.5 * DAY, now), { words: '9 days old', state: 'stale' });
  assert.deepEqual(freshness(now + HOUR, now), { words: 'Up to date', state: 'ok' }, 'a clock that went back');
});

test('a night is told as it went, and a failure with its reason and what there is instead', () => {
  const moment = (at) => `day ${at / DAY}`;
  const told = (state) => nightly(state && { folder: '/backups', stale: false, ...state }, moment);
  assert.deepEqual(told(undefined), { words: 'Nightly backups are off.', state: 'ok' });
  assert.deepEqual(told({}), { words: 'The first nightly backup will be made tonight.', state: 'ok' });
  assert.deepEqual(told({ at: 3 * DAY, bytes: 2_000_000, findings: 0 }), { words: 'Nightly backup: day 3, 2 MB, checked.', state: 'ok' });
  assert.deepEqual(told({ at: 3 * DAY, bytes: 1_000, findings: 1 }), {
    words: 'Nightly backup: day 3, 1 KB. Its check found 1 fault in the data file. Run “chapp check” on the server.',
    state: 'stale',
  });
  assert.deepEqual(told({ at: DAY, stale: true }), { words: 'There is no recent nightly backup. The last one is from day 1.', state: 'stale' });
  assert.deepEqual(told({ stale: true }), { words: 'There is no recent nightly backup.', state: 'stale' });
  assert.deepEqual(told({ at: DAY, failed_at: 2 * DAY, failure: 'The disk is full.' }), {
    words: 'The nightly backup failed (day 2): The disk is full. The last one is from day 1.',
    state: 'stale',
  });
});
