import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTimes } from '../../web/js/lib/time.js';

const at = (/** @type {string} */ iso) => Date.parse(iso);
const NOW = at('2026-10-14T10:57:00Z');
const times = createTimes('en-GB', 'UTC');

test('days are named as people name them', () => {
  assert.equal(times.dayLabel(at('2026-10-14T00:00:00Z'), NOW), 'Today, Wednesday 14 October');
  assert.equal(times.dayLabel(at('2026-10-13T23:59:59Z'), NOW), 'Yesterday, Tuesday 13 October');
  assert.match(times.dayLabel(at('2026-10-01T12:00:00Z'), NOW), /^Thursday 1 October$/);
  assert.match(times.dayLabel(at('2025-12-31T12:00:00Z'), NOW), /^Wednesday,? 31 December 2025$/);
});

test('a day ends at midnight of the reader', () => {
  const tokyo = createTimes('en-GB', 'Asia/Tokyo');
  assert.equal(tokyo.dayKey(at('2026-10-13T15:00:00Z')), '2026-10-14');
  assert.equal(times.dayKey(at('2026-10-13T15:00:00Z')), '2026-10-13');
});

test('the clock is the reader’s; the gutter drops AM and PM', () => {
  const american = createTimes('en-US', 'UTC');
  assert.equal(times.clock(NOW), '10:57');
  assert.match(american.clock(NOW), /10:57\sAM/);
  assert.equal(american.gutter(NOW), '10:57');
});

test('a short time is a clock, a weekday or a date', () => {
  assert.equal(times.short(at('2026-10-14T09:30:00Z'), NOW), '09:30');
  assert.equal(times.short(at('2026-10-12T09:30:00Z'), NOW), 'Mon');
  assert.equal(times.short(at('2026-10-01T09:30:00Z'), NOW), '1 Oct');
});

test('a browser whose language is none still has days', () => {
  for (const language of ['C', 'en_US.UTF-8', '', undefined]) assert.match(createTimes(language, 'UTC').dayLabel(NOW, NOW), /^Today, Wednesday 14 October$/);
});

test('other languages keep their clock and get English words', () => {
  assert.equal(createTimes('de-DE', 'UTC').dayLabel(NOW, NOW), 'Today, Wednesday 14 October');
  assert.equal(createTimes(undefined, 'UTC').iso(NOW), '2026-10-14T10:57:00.000Z');
});

test('a date and a moment are named without more than is needed', () => {
  assert.equal(times.date(at('2026-10-21T09:00:00Z'), NOW), '21 October');
  assert.equal(times.date(at('2027-01-02T09:00:00Z'), NOW), '2 January 2027');
  assert.equal(times.moment(at('2026-10-14T10:31:00Z'), NOW), 'Today, 10:31');
  assert.equal(times.moment(at('2026-10-13T23:00:00Z'), NOW), 'Yesterday, 23:00');
  assert.equal(times.moment(at('2026-10-09T08:15:00Z'), NOW), '9 October, 08:15');
  assert.equal(times.month(at('2024-03-09T08:15:00Z')), 'March 2024');
});
