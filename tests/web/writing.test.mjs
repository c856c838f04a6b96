// Formatting keys: they add and remove marks around words and prefixes of lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fenced, linked, prefixed, wrapped } from '../../web/js/view/writing.js';

/**
 * Does it to a text in which | stands at both ends of the selection, or once for a caret; gives the same.
 * @param {string} marked @param {(value: string, from: number, to: number) => import('../../web/js/view/writing.js').Change} change
 */
function edit(marked, change) {
  const from = marked.indexOf('|');
  const to = marked.lastIndexOf('|');
  const value = marked.replaceAll('|', '');
  const done = change(value, from, to === from ? from : to - 1);
  const [a, b] = done.select;
  const text = value.slice(0, done.from) + done.text + value.slice(done.to);
  return a === b ? `${text.slice(0, a)}|${text.slice(a)}` : `${text.slice(0, a)}|${text.slice(a, b)}|${text.slice(b)}`;
}
const wrap = (/** @type {string} */ sign) => (/** @type {string} */ value, /** @type {number} */ from, /** @type {number} */ to) =>
  wrapped(value, from, to, sign);
const before = (/** @type {string} */ sign) => (/** @type {string} */ value, /** @type {number} */ from, /** @type {number} */ to) =>
  prefixed(value, from, to, sign);

test('the same key twice leaves the text as it was', () => {
  for (const sign of ['**', '*', '`', '~~'])
    for (const text of ['say |it| now', 'say | now', '|all|']) assert.equal(edit(edit(text, wrap(sign)), wrap(sign)), text, `${sign} ${text}`);
  for (const text of ['|one\ntwo|', 'first\n|one\ntwo|\nlast']) assert.equal(edit(edit(text, before('> ')), before('> ')), text);
  assert.equal(edit(edit('see |x = 1|', fenced), fenced).replace('\n', ''), 'see |x = 1|');
});

test('marks that are selected together with their words go too', () => {
  assert.equal(edit('a |**b**| c', wrap('**')), 'a |b| c');
  assert.equal(edit('a |`b`| c', wrap('`')), 'a |b| c');
});

test('italic within bold is not taken for bold', () => {
  assert.equal(edit('**|a|**', wrap('*')), '***|a|***');
  assert.equal(edit('***|a|***', wrap('*')), '**|a|**');
  assert.equal(edit('***|a|***', wrap('**')), '*|a|*');
  assert.equal(edit('*|a|*', wrap('**')), '***|a|***');
});

test('a sign comes before every line that is selected, and only goes where all have it', () => {
  assert.equal(edit('a\nb|c\nd|e\nf', before('- ')), 'a\n|- bc\n- de|\nf');
  assert.equal(edit('|- a\nb|', before('- ')), '|- - a\n- b|');
  assert.equal(edit('a|b', before('> ')), '> ab|');
});

test('a block of code stands on lines of its own', () => {
  assert.equal(edit('|x|', fenced), '```\n|x|\n```');
  assert.equal(edit('see |x| there', fenced), 'see \n```\n|x|\n```\n there');
});

test('a link asks for what it lacks', () => {
  assert.equal(edit('read |this|', linked), 'read [this](|https://|)');
  assert.equal(edit('|https://example.org/a|', linked), '[|](https://example.org/a)');
});
