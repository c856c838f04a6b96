// The emoji data: search by name and shortcode, skin tones, and which emoji this browser can draw.

import { attempt } from '../lib/attempt.js';

/** @typedef {import('../net/lazy-api.js').EmojiData} EmojiData */
/** @typedef {EmojiData['emoji'][number]} Row */

const FOUND_MAX = 120;
const RECENT_MAX = 32;
const RECENT_KEY = 'chapp:emoji';
/** Among equally good matches, these are more likely meant. */
const POPULAR = ['👍', '❤️', '😂', '🎉', '🙏', '🔥', '✅', '👀', '😄', '😊', '👎', '💯'];
/** What people type besides the names and shortcodes. @type {Record<string, string>} */
const ALIASES = {
  thanks: '🙏',
  please: '🙏',
  lol: '😂',
  haha: '😂',
  yes: '👍',
  no: '👎',
  done: '✅',
  party: '🎉',
  love: '❤️',
  lgtm: '👍',
  look: '👀',
  wow: '😮',
};
const PROBE_PX = 16;

/** @returns {string[]} the last that was used first */
export function recentEmoji() {
  const kept = attempt(() => localStorage.getItem(RECENT_KEY)) ?? '';
  return kept.split(' ').filter(Boolean);
}

/** @param {string} emoji without a tone */
export function useEmoji(emoji) {
  const list = [emoji, ...recentEmoji().filter((one) => one !== emoji)].slice(0, RECENT_MAX);
  attempt(() => localStorage.setItem(RECENT_KEY, list.join(' ')));
}

/** An emoji in the chosen tone; unchanged if it shows more than one person. @param {Row} row @param {string} tone */
export function toned([emoji, , , , tones], tone) {
  const [first = '', ...rest] = [...emoji];
  const people = [...emoji].filter((c) => /[\u{1f466}-\u{1f469}\u{1f9d1}]/u.test(c)).length;
  if (!tones || tone === '' || people > 1) return emoji;
  return first + tone + (rest[0] === '\ufe0f' ? rest.slice(1) : rest).join('');
}

/**
 * The best first: what is called exactly so, shortcodes and names that begin so, other words that do, what holds it;
 * among equals what this browser used lately, what many use, what has the shorter code.
 * @param {EmojiData} data @param {string} query @param {string[]} [recent] @returns {Row[]}
 */
export function findEmoji(data, query, recent = []) {
  const plain = query.trim().toLowerCase().replace(/^:|:$/g, '');
  const alias = Object.keys(ALIASES).filter((word) => word.startsWith(plain));
  /** @param {Row} row */
  const rank = ([emoji, name, , codes]) => {
    const also = alias.filter((word) => ALIASES[word] === emoji);
    const words = [...name.split(/[\s-]+/), ...codes.flatMap((code) => code.split('_'))];
    if ([name, ...codes, ...also].includes(plain)) return 0;
    if (codes.some((code) => code.startsWith(plain)) || also.length > 0) return 1;
    if (name.startsWith(plain)) return 2;
    if (words.some((word) => word.startsWith(plain))) return 3;
    return [name, ...codes].some((word) => word.includes(plain)) ? 4 : 5;
  };
  const indexIn = (/** @type {string[]} */ list, /** @type {string} */ emoji) => (list.includes(emoji) ? list.indexOf(emoji) : list.length);
  /** @param {Row} row */
  const length = ([, name, , codes]) => Math.min(...codes.filter((code) => code.startsWith(plain)).map((code) => code.length), name.length + 100);
  return data.emoji
    .map((row) => ({ row, rank: rank(row), used: indexIn(recent, row[0]), popular: indexIn(POPULAR, row[0]), length: length(row) }))
    .filter((one) => one.rank < 5)
    .sort((a, b) => a.rank - b.rank || a.used - b.used || a.popular - b.popular || a.length - b.length)
    .map(({ row }) => row)
    .slice(0, FOUND_MAX);
}

/** @type {EmojiData | null} */
let loaded = null;

/** The data, read once, without the emoji that this browser cannot draw. @param {import('./wires.js').Wires} wires @returns {Promise<EmojiData | null>} */
export async function emojiData({ call }) {
  if (loaded) return loaded;
  const answer = await call('emoji', new URL('../../emoji.json', import.meta.url).pathname);
  loaded = answer.ok ? drawable(answer.value) : null;
  return loaded;
}

/** Tries one emoji of each Unicode version: a system knows all of a version, or none. @param {EmojiData} data @returns {EmojiData} */
function drawable(data) {
  const versions = new Map(data.emoji.map((row) => [row[5] ?? 0, row[0]]));
  const draws = probe();
  if (!draws?.('😀')) return data;
  const missing = new Set([...versions].filter(([, sample]) => !draws(sample)).map(([version]) => version));
  return { ...data, emoji: data.emoji.filter((row) => !missing.has(row[5] ?? 0)) };
}

/** A known emoji keeps its colours in any text colour and is one glyph wide; the box for an unknown one is neither. */
function probe() {
  const canvas = document.createElement('canvas');
  const c = canvas.getContext('2d', { willReadFrequently: true });
  if (!c) return null;
  canvas.width = PROBE_PX;
  canvas.height = PROBE_PX;
  c.font = `${PROBE_PX}px sans-serif`;
  c.textBaseline = 'top';
  const wide = c.measureText('😀').width * 1.4;
  const ink = (/** @type {string} */ emoji, /** @type {string} */ color) => {
    c.clearRect(0, 0, PROBE_PX, PROBE_PX);
    c.fillStyle = color;
    c.fillText(emoji, 0, 0);
    return c.getImageData(0, 0, PROBE_PX, PROBE_PX).data.join();
  };
  return (/** @type {string} */ emoji) => c.measureText(emoji).width <= wide && ink(emoji, '#000') === ink(emoji, '#f00');
}
