// The description of a file and how it is shown.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesNamed, filesWords, fileUrl, fitted, partWords, pictureUrl, shownAs, sizeWords, typeWords } from '../../web/js/lib/files.js';
import { wordsOf } from '../../web/js/lib/text.js';

const file = { id: 'f1', name: 'a.png', type: 'image/png', size: 1000, width: 100, height: 50 };

test('a size has two digits at most where it is small, and never 1000 of anything', () => {
  /** @type {[number, string][]} */
  const sizes = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1234, '1.2 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [84_000, '84 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [1_234_567, '1.2 MB'],
    [64 << 20, '67 MB'],
    [5e9, '5 GB'],
    [5e12, '5000 GB'],
  ];
  for (const [bytes, words] of sizes) assert.equal(sizeWords(bytes), words);
});

test('how much has been sent names the unit once', () => {
  assert.equal(partWords(2_400_000, 3_100_000), '2.4 of 3.1 MB');
  assert.equal(partWords(300_000, 3_100_000), '300 kB of 3.1 MB');
  assert.equal(partWords(0, 500), '0 of 500 bytes');
});

test('a kind is what the name ends with, where that is one', () => {
  for (const [name, words] of /** @type {[string, string][]} */ ([
    ['plan.pdf', 'PDF'],
    ['archive.tar.gz', 'GZ'],
    ['a.7z', '7Z'],
    ['README', 'File'],
    ['.gitignore', 'File'],
    ['what.is this', 'File'],
    ['odd.superlongending', 'File'],
    ['a.', 'File'],
  ]))
    assert.equal(typeWords(name), words, name);
});

test('a picture is shown where its place is known and its pixels are bounded', () => {
  assert.equal(shownAs(file), 'picture');
  assert.equal(shownAs({ ...file, type: 'image/svg+xml' }), 'card');
  assert.equal(shownAs({ type: 'image/png', size: 1000 }), 'card');
  assert.equal(shownAs({ ...file, width: 30_000, height: 30_000 }), 'card');
  assert.equal(shownAs({ ...file, size: 50 << 20 }), 'card');
  assert.equal(shownAs({ ...file, size: 50 << 20, preview: true }), 'picture');
  assert.equal(shownAs({ ...file, type: 'video/mp4' }), 'video');
  assert.equal(shownAs({ ...file, type: 'audio/ogg' }), 'sound');
  assert.equal(shownAs({ ...file, type: 'text/plain' }), 'card');
});

test('a picture keeps its shape and never grows', () => {
  assert.deepEqual(fitted(1920, 1200), { width: 384, height: 240 });
  assert.deepEqual(fitted(100, 1000), { width: 38, height: 384 });
  assert.deepEqual(fitted(20, 10), { width: 20, height: 10 });
  assert.deepEqual(fitted(10_000, 1), { width: 384, height: 1 });
});

test('no name leaves the address of its file', () => {
  assert.equal(fileUrl({ ...file, name: '../?#%é 🌊"\'' }), "/files/f1/..%2F%3F%23%25%C3%A9%20%F0%9F%8C%8A%22'");
  assert.equal(fileUrl({ ...file, name: 'preview' }), '/files/f1/file');
  assert.equal(pictureUrl(file), '/files/f1/a.png');
  assert.equal(pictureUrl({ ...file, preview: true }), '/files/f1/preview');
});

test('a message without words is told by its files', () => {
  const sound = { ...file, name: 'b.ogg', type: 'audio/ogg' };
  assert.equal(filesWords([]), '');
  assert.equal(filesWords([file]), 'Picture: a.png');
  assert.equal(filesWords([sound]), 'Sound: b.ogg');
  assert.equal(filesWords([file, file]), '2 pictures: a.png…');
  assert.equal(filesWords([file, sound]), '2 files: a.png…');
  assert.equal(filesNamed([file, sound]), 'Picture: a.png, 1 kB; Sound: b.ogg, 1 kB');
  assert.equal(wordsOf({ body: '', files: [file] }), 'Picture: a.png');
  assert.equal(wordsOf({ body: 'words', files: [file] }), 'words');
  assert.equal(wordsOf({ body: '' }), '');
});
