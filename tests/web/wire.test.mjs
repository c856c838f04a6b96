// The golden frames of tests/wire, which the server's tests read too: the two ends cannot drift apart.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accountOf, decode, decodePage, encode, parse } from '../../web/js/net/wire.js';
import { ready, user } from './build.mjs';

const golden = new URL('../wire/', import.meta.url);

/** @param {string} side */
function* frames(side) {
  for (const file of readdirSync(new URL(`${side}/`, golden))) {
    for (const { name, frame } of JSON.parse(readFileSync(new URL(`${side}/${file}`, golden), 'utf8'))) {
      yield { type: file.replace('.json', ''), name, frame };
    }
  }
}

for (const { type, name, frame } of frames('server')) {
  test(`decodes ${type}: ${name}`, () => {
    assert.equal(frame.type, type);
    assert.deepEqual(decode(JSON.stringify(frame)), frame);
  });
  test(`does not mind an unknown field in ${type}: ${name}`, () => {
    const more = { ...frame, of_next_year: { a: [1] } };
    assert.deepEqual(decode(JSON.stringify(more)), more);
  });
}

for (const { type, name, frame } of frames('client')) {
  test(`encodes ${type}: ${name}`, () => {
    assert.equal(frame.type, type);
    assert.deepEqual(JSON.parse(encode(frame)), frame);
  });
}

test('every required field of a frame is checked', () => {
  const optional = new Set(['ref', 'client_id', 'field', 'retry_after_ms', 'presence', 'last_seen', 'unread', 'mentions', 'settings', 'blocked', 'saved']);
  const except = new Map([
    ['posted.client_id', false],
    ['settings.settings', false],
    ['read.head', true],
    ['ready.people_version', true],
  ]);
  for (const { type, frame } of frames('server')) {
    for (const field of Object.keys(frame)) {
      if (field === 'type' || (except.get(`${type}.${field}`) ?? optional.has(field))) continue;
      const { [field]: _, ...rest } = frame;
      assert.equal(decode(JSON.stringify(rest)), null, `${type} without ${field}`);
    }
  }
});

test('an unknown type, and what is no frame at all, is nothing', () => {
  const bad = ['{"type":"of_next_year"}', '{"type":"toString"}', '{"type":1}', '{}', '[]', 'null', '7', '', '{', 'true', undefined, new ArrayBuffer(4)];
  for (const data of bad) assert.equal(decode(data), null);
});

test('ids beyond 2^53 - 1, below 1 or with a fraction are refused', () => {
  for (const seq of [0, -1, 1.5, 2 ** 53, '7', null]) {
    assert.equal(decode(JSON.stringify({ type: 'posted', client_id: 'c', room: 1, seq })), null, String(seq));
  }
});

test('a page of history is checked as a whole', () => {
  const message = { id: 1, author: 1, sent_at: 5, body: '' };
  assert.ok(decodePage({ messages: [message], head: 1, more_before: false, more_after: false, people: [] }));
  assert.equal(decodePage({ messages: [{ ...message, body: 7 }], head: 1, more_before: false, more_after: false }), null);
  assert.equal(decodePage(undefined), null);
});

test('ready says whose things these are: which data file, which account', () => {
  const frame = (/** @type {object} */ more = {}, server = 'f1') =>
    /** @type {any} */ (ready({}, { ...more, server: { name: 'x', version: '1', id: server } }));
  assert.equal(accountOf(frame()), 'f1:1-1');
  assert.notEqual(accountOf(frame({}, 'f2')), accountOf(frame()));
  assert.notEqual(accountOf(frame({ user: { ...user(1), created_at: 2 } })), accountOf(frame()));
  const { id: _, ...server } = frame().server;
  assert.equal(decode(JSON.stringify({ ...frame(), server })), null);
  const { created_at: __, ...nobody } = user(1);
  assert.equal(decode(JSON.stringify(frame({ user: nobody }))), null);
});

test('parse never throws', () => {
  assert.equal(parse('<html>'), undefined);
  assert.equal(parse(null), undefined);
  assert.deepEqual(parse('{"a":1}'), { a: 1 });
});
