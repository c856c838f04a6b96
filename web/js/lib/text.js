// Words: counting, cutting, naming. Pure functions on strings.

import { filesWords } from './files.js';

/** Unicode scalars, as the server counts them. @param {string} text */
export function scalars(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Replaces halves of surrogate pairs, which the server could not read. @param {string} text */
export const wellFormed = (text) => text.replace(/\p{Cs}/gu, '\ufffd');

/** A message as it is sent: without blank lines around it, with one kind of line end. @param {string} text */
export const tidy = (text) =>
  wellFormed(text)
    .replace(/\r\n?/g, '\n')
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd();

/** The first letters of the first and the last word: "Leïla Haddad" is "LH". @param {string} name */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s_.-]+/u)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0] ?? name.trim();
  const last = words.length > 1 ? words[words.length - 1] : '';
  return (letter(first) + letter(last ?? '')).toLocaleUpperCase('en');
}

/** @param {string} word */
const letter = (word) => word.match(/[\p{L}\p{N}]\p{M}*/u)?.[0] ?? [...word][0] ?? '';

/** One of eight avatar tints, always the same one for the same person. @param {number} id */
export const hue = (id) => String((id % 8) + 1);

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @param {string[]} names */
export function typingWords(names) {
  if (names.length === 0) return '';
  if (names.length > 3) return 'Several people are typing';
  const last = names[names.length - 1];
  const list = names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
  return `${list} ${names.length === 1 ? 'is' : 'are'} typing`;
}

/** The words of a message without markup; if it has none, what it shows instead. @param {{body: string, content?: any[], files?: {name: string, type: string}[]}} message */
export const wordsOf = ({ body, content, files }) => (content ? words(content).trim() : body || filesWords(files ?? []));

/** @param {any} node a node of a message's tree, or a list of them @returns {string} */
function words(node) {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return node.map(words).join('');
  const inner =
    node.t === 'user'
      ? `@${node.text}`
      : node.t === 'room'
        ? `#${node.text}`
        : node.t === 'all'
          ? `@${node.text}`
          : node.t === 'br'
            ? ' '
            : (node.text ?? words(node.c ?? []));
  return /^(p|h|quote|code|list|rule)$/.test(node.t) ? `${inner} ` : inner;
}

/** Characters before the first mark that a snippet keeps, and in all. */
const SNIPPET_LEAD = 60;
const SNIPPET_CHARS_MAX = 400;

/**
 * A text from a little before its first mark on, cut where marks begin and end. The marks count Unicode scalars,
 * as the server does: this is the one place that knows where in a JavaScript string that is.
 * @param {string} text
 * @param {[number, number][]} marks in order, without overlaps
 * @returns {{text: string, mark: boolean}[]}
 */
export function snippet(text, marks) {
  const chars = [...text];
  const first = marks[0]?.[0] ?? 0;
  let from = 0;
  if (first > SNIPPET_LEAD) {
    // Does not cut words.
    from = first;
    for (let at = first - SNIPPET_LEAD; at < first && from === first; at += 1) if (/\s/u.test(/** @type {string} */ (chars[at]))) from = at + 1;
  }
  const to = Math.min(chars.length, from + SNIPPET_CHARS_MAX);
  /** @type {{text: string, mark: boolean}[]} */
  const found = [];
  const add = (/** @type {number} */ start, /** @type {number} */ end, /** @type {boolean} */ mark) => {
    const part = chars.slice(Math.max(start, from), Math.min(end, to)).join('');
    if (part) found.push({ text: part, mark });
  };
  let at = from;
  for (const [start, end] of marks) {
    add(at, start, false);
    add(start, end, true);
    at = end;
  }
  add(at, to, false);
  if (from > 0) found.unshift({ text: '…', mark: false });
  if (to < chars.length) found.push({ text: '…', mark: false });
  return found;
}

/** One line of at most `max` scalars, for a preview. @param {string} text @param {number} max */
export function oneLine(text, max) {
  const line = text
    .slice(0, max * 8)
    .replace(/\s+/gu, ' ')
    .trim();
  const cut = [...line].slice(0, max).join('');
  return cut.length < line.length ? `${cut.trimEnd()}…` : line;
}

/**
 * Text cut into plain pieces and bare http(s) links.
 * @param {string} text
 * @returns {{text: string, href?: string}[]}
 */
export function pieces(text) {
  /** @type {{text: string, href?: string}[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu)) {
    const link = trimLink(match[0]);
    const href = webAddress(link);
    if (!href) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length || found.length === 0) found.push({ text: text.slice(from) });
  return found;
}

/** @type {Record<string, string>} */
const OPENER = { ')': '(', ']': '[', '}': '{' };

/** A full stop or a closing bracket after a link belongs to the sentence, unless it was opened inside. @param {string} link */
function trimLink(link) {
  /** @type {Record<string, number>} */
  const count = {};
  for (const char of link) count[char] = (count[char] ?? 0) + 1;
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = /** @type {string} */ (link[end - 1]);
    const open = OPENER[last];
    if (open) {
      if ((count[open] ?? 0) >= (count[last] ?? 0)) break;
      count[last] = (count[last] ?? 0) - 1;
    } else if (!/[.,;:!?*_~’”»…。、，]/u.test(last)) break;
  }
  return link.slice(0, end);
}

/** @param {string} link @returns {string | null} */
function webAddress(link) {
  try {
    const url = new URL(link);
    return /^https?:$/.test(url.protocol) && url.hostname ? url.href : null;
  } catch {
    return null;
  }
}

/** Whether only this computer can reach the address. @param {string} address host or host:port */
export function onlyHere(address) {
  const host = address
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return host === 'localhost' || host.endsWith('.localhost') || /^127\./.test(host) || host === '::1';
}

/**
 * A UUID of version 7 in hex (RFC 9562, section 5.7): a time, then 74 random bits, so that what is made later stands
 * later in an index. Not randomUUID: it is missing on plain http, and has no time.
 * @param {{getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => unknown}} source
 */
export function newId(source = crypto, now = Date.now()) {
  const bytes = new Uint8Array(16);
  source.getRandomValues(bytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, now / 2 ** 32);
  view.setUint32(2, now);
  view.setUint8(6, (view.getUint8(6) & 15) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 63) | 0x80);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const PASSWORD_CHARS_MIN = 8;
export const PASSWORD_CHARS_MAX = 128;
export const NAME_CHARS_MAX = 32;

const COMMON = /^(pass(word|wort)?|qwert[yz]u?i?o?p?|letmein|welcome|iloveyou|admin|abc|chapp|[0-9]+)+[0-9!.]*$/i;

/**
 * How good a password is, by its length first: no rules about kinds of characters.
 * @param {string} password
 * @param {string} [name] a password should not be the name
 * @returns {{score: 0 | 1 | 2 | 3 | 4, words: string}}
 */
export function strength(password, name = '') {
  const length = scalars(password);
  if (length === 0) return { score: 0, words: '8 characters or more. A few unrelated words work well.' };
  if (length > PASSWORD_CHARS_MAX) return { score: 0, words: `Too long: ${PASSWORD_CHARS_MAX} characters at most.` };
  if (length < PASSWORD_CHARS_MIN) return { score: 1, words: `Too short: ${plural(PASSWORD_CHARS_MIN - length, 'more character')} needed.` };
  const plain = password.toLowerCase();
  const own = name.trim().toLowerCase();
  const repeats = new Set(plain).size <= 4;
  const named = own.length >= 3 && plain.includes(own) && scalars(plain.replace(own, '')) < PASSWORD_CHARS_MIN;
  if (repeats || named || COMMON.test(password)) return { score: 1, words: 'Easy to guess. A few unrelated words work well.' };
  if (length < 12) return { score: 2, words: 'Could be stronger. A few unrelated words work well.' };
  if (length < 16) return { score: 3, words: 'Good.' };
  return { score: 4, words: /\s/.test(password) ? 'Very good. Long and easy to remember.' : 'Very good.' };
}
