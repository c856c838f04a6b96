// Uploads run a few at a time and survive broken connections until they are done, refused or removed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wellFormed } from '../../web/js/lib/text.js';
import { createUploads } from '../../web/js/net/uploads.js';
import { fakeClock } from './fakes.mjs';

/** Lets what was answered be heard. */
const heard = () => new Promise((resolve) => setImmediate(resolve));

/** A page whose requests the test answers. */
function page({ file_bytes_max = 1000, files_max = 3 } = {}) {
  const clock = fakeClock();
  let made = 0;
  const p = {
    clock,
    /** @type {{name: string, stopped: boolean, progress: (sent: number) => void, answer: (answer: any) => Promise<unknown>}[]} */
    requests: [],
    /** @type {import('../../web/js/net/uploads.js').Upload[]} */
    shown: [],
    /** @type {string[]} */
    told: [],
    states: () => p.shown.map(({ state }) => state),
    last: () => /** @type {(typeof p.requests)[number]} */ (p.requests.at(-1)),
  };
  const uploads = createUploads({
    clock,
    newId: () => {
      made += 1;
      return `u${made}`;
    },
    wellFormed,
    limits: () => ({ body_chars_max: 1, file_bytes_max, files_max }),
    changed: (shown) => {
      p.shown = shown;
    },
    arrived: (id, file) => p.told.push(`${id} is ${file.id}`),
    failed: (id, reason) => p.told.push(`${id}: ${reason}`),
    send(_source, name, progress) {
      /** @type {(answer: any) => void} */
      let answer = () => {};
      const promise = new Promise((resolve) => {
        answer = resolve;
      });
      const request = {
        name,
        stopped: false,
        progress,
        answer: (/** @type {any} */ given) => {
          answer(given);
          return heard();
        },
      };
      p.requests.push(request);
      return {
        answer: promise,
        stop: () => {
          request.stopped = true;
        },
      };
    },
  });
  return Object.assign(p, { uploads });
}

const source = (name = 'a.txt', size = 100) => ({ name, type: 'text/plain', size });
const arrived = (/** @type {string} */ id) => ({ status: 201, retryAfter: 1, body: { file: { id, name: 'a.txt', type: 'text/plain', size: 100 } } });
const broken = { status: 0, retryAfter: 1, body: undefined };

test('two go at once, the others in their turn', async () => {
  const p = page({ files_max: 9 });
  p.uploads.add(
    1,
    ['a', 'b', 'c', 'd'].map((name) => source(name)),
  );
  assert.deepEqual(p.states(), ['sending', 'sending', 'waiting', 'waiting']);
  await p.requests[1]?.answer(arrived('f2'));
  assert.deepEqual(
    p.requests.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(p.states(), ['sending', 'done', 'sending', 'waiting']);
});

test('what is empty, too large or one too many is said at once and not sent', () => {
  const p = page();
  p.uploads.add(1, [source('empty', 0), source('large', 1001), source('fits', 1000), source('fourth'), source('fifth')]);
  assert.deepEqual(
    p.shown.map(({ name }) => name),
    ['empty', 'large', 'fits', 'fourth'],
  );
  assert.deepEqual(p.states(), ['failed', 'failed', 'sending', 'failed']);
  assert.ok(p.shown.filter(({ state }) => state === 'failed').every(({ reason, refused }) => reason && refused));
  p.uploads.add(2, [source('elsewhere')]);
  assert.equal(p.states().at(-1), 'sending');
});

test('progress is told now and then, and the end in any case', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  p.last().progress(10);
  p.last().progress(20);
  assert.equal(p.shown[0]?.sent, 10);
  p.clock.pass(500);
  p.last().progress(30);
  assert.equal(p.shown[0]?.sent, 30);
  await p.last().answer(arrived('f1'));
  assert.deepEqual([p.shown[0]?.sent, p.shown[0]?.state, p.shown[0]?.file?.id], [100, 'done', 'f1']);
});

test('a broken connection is tried again, and given up after some tries', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  for (const wait of [1000, 2000, 4000]) {
    await p.last().answer(broken);
    assert.deepEqual(p.states(), ['waiting']);
    const before = p.requests.length;
    p.clock.pass(wait - 1);
    assert.equal(p.requests.length, before);
    p.clock.pass(1);
    assert.equal(p.requests.length, before + 1);
  }
  await p.last().answer(broken);
  assert.deepEqual([p.shown[0]?.state, p.shown[0]?.reason, p.shown[0]?.refused], ['failed', 'the connection broke off', false]);
  p.uploads.retry('u1');
  await p.last().answer(arrived('f1'));
  assert.deepEqual(p.states(), ['done']);
});

test('without a connection nothing is tried, and nothing is held against it', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  p.uploads.disconnected();
  for (let i = 0; i < 9; i += 1) {
    await p.last().answer(broken);
    p.clock.pass(600_000);
  }
  assert.equal(p.requests.length, 1);
  assert.deepEqual(p.states(), ['waiting']);
  p.uploads.connected();
  assert.equal(p.requests.length, 2);
  await p.last().answer(arrived('f1'));
  assert.deepEqual(p.states(), ['done']);
});

test('a server that is busy says when to come back', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  for (let i = 0; i < 9; i += 1) {
    await p.last().answer({ status: 429, retryAfter: 7, body: { title: 'Later.' } });
    p.clock.pass(6999);
    assert.equal(p.requests.length, i + 1);
    p.clock.pass(1);
  }
  await p.last().answer(arrived('f1'));
  assert.deepEqual(p.states(), ['done']);
});

test('a file that makes room for others comes again for as long as it takes', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  for (let i = 0; i < 9; i += 1) {
    p.last().progress(50);
    await p.last().answer({ status: 503, retryAfter: 15, body: { code: 'unavailable', title: 'Others are waiting to upload. Try again soon.' } });
    assert.deepEqual([p.shown[0]?.state, p.shown[0]?.sent], ['waiting', 0]);
    p.clock.pass(15_000);
    assert.equal(p.requests.length, i + 2);
  }
  await p.last().answer(arrived('f1'));
  assert.deepEqual(p.states(), ['done']);
});

test('a file that is too slow is tried a few times, and then it says so', async () => {
  const p = page();
  const slow = { status: 503, retryAfter: 15, body: { code: 'unavailable', field: 'file', title: 'The upload is too slow to finish. Try again later.' } };
  p.uploads.add(1, [source()]);
  for (let tries = 1; tries < 4; tries += 1) {
    await p.last().answer(slow);
    p.clock.pass(14_999);
    assert.equal(p.requests.length, tries);
    p.clock.pass(1);
    assert.equal(p.requests.length, tries + 1);
  }
  await p.last().answer(slow);
  assert.deepEqual([p.shown[0]?.state, p.shown[0]?.reason, p.shown[0]?.refused], ['failed', 'the upload is too slow to finish. Try again later', false]);
  p.uploads.retry('u1');
  await p.last().answer(arrived('f1'));
  assert.deepEqual(p.states(), ['done']);
});

test('a refusal is said in the words of the server, and what may pass can be tried again', async () => {
  const p = page();
  p.uploads.add(1, [source(), source()]);
  await p.requests[0]?.answer({ status: 413, retryAfter: 1, body: { title: 'A file has at most 1 MiB.' } });
  await p.requests[1]?.answer({ status: 507, retryAfter: 1, body: { title: 'The disk is full.' } });
  assert.deepEqual(
    p.shown.map(({ reason, refused }) => [reason, refused]),
    [
      ['a file has at most 1 MiB', true],
      ['the disk is full', false],
    ],
  );
  // An answer that is not ours is not a file.
  p.uploads.retry('u2');
  await p.last().answer({ status: 201, retryAfter: 1, body: { file: { id: 7 } } });
  assert.deepEqual(p.states(), ['failed', 'failed']);
});

test('what is taken away is stopped, and its late answer changes nothing', async () => {
  const p = page();
  p.uploads.add(1, [source()]);
  p.uploads.drop('u1');
  assert.equal(p.last().stopped, true);
  await p.last().answer(arrived('f1'));
  assert.deepEqual([p.shown, p.told], [[], []]);
});

test('a message takes what is there and waits for what comes', async () => {
  const p = page();
  p.uploads.add(1, [source('a'), source('b'), source('c')]);
  await p.requests[0]?.answer(arrived('f1'));
  const taken = p.uploads.take(1);
  assert.deepEqual(
    taken.map((file) => ('id' in file ? file.id : file.upload)),
    ['f1', 'u2', 'u3'],
  );
  assert.deepEqual(p.uploads.take(1), []);
  assert.ok(!p.uploads.has('u1') && p.uploads.has('u2'));
  // The composer is free for the next ones.
  p.uploads.add(1, [source('d'), source('e'), source('f')]);
  assert.ok(p.shown.every(({ state }) => state !== 'failed'));
  await p.requests[1]?.answer(arrived('f2'));
  await p.requests[2]?.answer({ status: 422, retryAfter: 1, body: { title: 'No.' } });
  assert.deepEqual(p.told, ['u2 is f2', 'u3: no']);
});

test('half a surrogate pair in a name does not stop its file', () => {
  const p = page();
  p.uploads.add(1, [source('a\ud800b.txt')]);
  assert.equal(p.last().name, 'a\ufffdb.txt');
});

test('what has arrived is in the composer again after a reload, and the rest is named', async () => {
  const before = page();
  before.uploads.add(1, [source('a'), source('b'), source('empty', 0)]);
  before.uploads.add(2, [source('c')]);
  await before.requests[0]?.answer(arrived('f1'));
  const kept = JSON.parse(JSON.stringify(before.uploads.kept()));
  const after = page();
  assert.deepEqual(after.uploads.restore(kept), ['b', 'c']);
  assert.deepEqual(
    after.shown.map(({ room, state, file }) => [room, state, file?.id]),
    [[1, 'done', 'f1']],
  );
  assert.equal(after.requests.length, 0);
  assert.deepEqual(after.uploads.take(1), [arrived('f1').body.file]);
  // Anything else is ignored.
  for (const odd of [null, 7, {}, [null], [{ room: 'x', file: 9 }]]) assert.deepEqual(after.uploads.restore(odd), []);
});
