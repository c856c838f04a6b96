import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as text from '../../web/js/lib/text.js';

/** @param {string} source */
const links = (source) => text.pieces(source).flatMap((piece) => (piece.href ? [piece.text] : []));

test('scalars are counted as the server does', () => {
  assert.equal(text.scalars('abc'), 3);
  assert.equal(text.scalars('🌊'), 1);
  assert.equal(text.scalars('👩‍🔬'), 3);
});

test('a message loses the blank lines around it and keeps those inside', () => {
  assert.equal(text.tidy('\n \n  a\r\n\r\nb \n\n'), '  a\n\nb');
  assert.equal(text.tidy(' \n\t\n'), '');
});

test('half a surrogate pair becomes U+FFFD, a whole one stays', () => {
  assert.equal(text.tidy('a\ud83d \ude00b 😀'), 'a\ufffd \ufffdb 😀');
  assert.equal(text.wellFormed('👩‍🔬'), '👩‍🔬');
});

test('initials come from the first and the last word', () => {
  assert.equal(text.initials('Leïla Haddad'), 'LH');
  assert.equal(text.initials('Anna Maria von Berg'), 'AB');
  assert.equal(text.initials('mei'), 'M');
  assert.equal(text.initials('mei_t'), 'MT');
  assert.equal(text.initials('مريم علي'), 'مع');
  assert.equal(text.initials('🌊'), '🌊');
  assert.equal(text.initials(''), '');
});

test('a person always has the same one of eight tints', () => {
  assert.equal(text.hue(7), text.hue(7));
  assert.deepEqual([...new Set(Array.from({ length: 50 }, (_, i) => text.hue(i)))].sort().join(''), '12345678');
});

test('pieces put together are the text again', () => {
  for (const source of ['', 'plain', 'see https://a.example/b, or http://c.example.', 'https://a.example']) {
    assert.equal(
      text
        .pieces(source)
        .map((piece) => piece.text)
        .join(''),
      source,
    );
  }
});

test('links end where their sentence goes on', () => {
  assert.deepEqual(links('See https://example.org/a.'), ['https://example.org/a']);
  assert.deepEqual(links('(https://example.org/Mill_(race))'), ['https://example.org/Mill_(race)']);
  assert.deepEqual(links('“https://example.org/a?b=1&c#d”, then'), ['https://example.org/a?b=1&c#d']);
  assert.deepEqual(links('HTTPS://EXAMPLE.ORG and http://192.168.1.20:4280'), ['HTTPS://EXAMPLE.ORG', 'http://192.168.1.20:4280']);
});

test('only http and https are links', () => {
  assert.deepEqual(links('javascript:alert(1) data:text/html,x file:///etc ftp://a xhttps://b.example mailto:a@b'), []);
  assert.deepEqual(links('https:// http://'), []);
  assert.deepEqual(links('https://<script>'), []);
});

test('a link cannot carry invisible turns of direction', () => {
  assert.deepEqual(links('https://example.org/\u202egpj.exe'), ['https://example.org/']);
});

test('a long text without spaces is cut in linear time', () => {
  const started = performance.now();
  text.pieces(`https://example.org/${')'.repeat(8000)}`);
  text.pieces('http://'.repeat(1200));
  text.oneLine('x'.repeat(8000), 80);
  assert.ok(performance.now() - started < 500);
});

test('typing names at most three people', () => {
  assert.equal(text.typingWords([]), '');
  assert.equal(text.typingWords(['Mei']), 'Mei is typing');
  assert.equal(text.typingWords(['Mei', 'Kwame']), 'Mei and Kwame are typing');
  assert.equal(text.typingWords(['Mei', 'Kwame', 'Jonas']), 'Mei, Kwame and Jonas are typing');
  assert.equal(text.typingWords(['a', 'b', 'c', 'd']), 'Several people are typing');
});

test('one line is one line', () => {
  assert.equal(text.oneLine('a\n b\t c', 10), 'a b c');
  assert.equal(text.oneLine('🌊🌊🌊🌊', 2), '🌊🌊…');
});

test('an address that only this computer has is known as such', () => {
  for (const address of ['localhost:8080', 'chapp.localhost:8080', '127.0.0.1:1', '[::1]:8080', 'LOCALHOST']) assert.ok(text.onlyHere(address), address);
  for (const address of ['192.168.1.20:4280', 'chapp.example', 'localhost.example:80', '[fe80::1]:80']) assert.ok(!text.onlyHere(address), address);
});

test('ids begin with the time, and need no randomUUID', () => {
  const source = { getRandomValues: (/** @type {Uint8Array} */ bytes) => bytes.fill(171) };
  // The time of the example in RFC 9562, appendix A.6.
  assert.equal(text.newId(source, 0x017f22e279b0), `017f22e279b07bab${'ab'.repeat(8)}`);
  assert.ok(text.newId(crypto, 1) < text.newId(crypto, 2));
  assert.notEqual(text.newId(), text.newId());
});

test('a password is judged by its length first', () => {
  const score = (/** @type {string} */ password, name = '') => text.strength(password, name).score;
  assert.equal(score(''), 0);
  assert.equal(score('seven77'), 1);
  assert.equal(score('benchplane'), 2);
  assert.equal(score('two plain words'), 3);
  assert.equal(score('rain on the mill wheel'), 4);
  assert.equal(score('x'.repeat(129)), 0);
  assert.equal(score('🌊🐟⛵🏝️🎏🐚🦀🐙'), 2);
});

test('what everybody tries first is weak however long', () => {
  const score = (/** @type {string} */ password, name = '') => text.strength(password, name).score;
  assert.equal(score('password1234'), 1);
  assert.equal(score('123456789012345'), 1);
  assert.equal(score('aaaaaaaaaaaaaaaa'), 1);
  assert.equal(score('robin ashdown1', 'Robin Ashdown'), 1);
});
