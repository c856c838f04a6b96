// What the keys and the formatting bar do to a text: they put marks around words and before lines. All text goes into
// a field through `insert`, so that Ctrl Z undoes it.

/** @typedef {{from: number, to: number, text: string, select: [number, number]}} Change what is replaced, by what, and what is selected then */

/** The marks that keys with Ctrl or ⌘ put around the selection. @type {Record<string, string>} */
export const WRAPS = { b: '**', i: '*', e: '`' };

/** Puts words in place of the selection, as typing would. @param {HTMLTextAreaElement} box @param {string} words @param {number} [from] @param {number} [to] */
export function insert(box, words, from = box.selectionStart, to = box.selectionEnd) {
  box.focus();
  box.setSelectionRange(from, to);
  if (words === '' && from === to) return;
  // The only way that browsers can undo; it fires the input event itself.
  if (document.execCommand(words === '' ? 'delete' : 'insertText', false, words)) return;
  box.setRangeText(words, from, to, 'end');
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

/** @param {HTMLTextAreaElement} box @param {(value: string, from: number, to: number) => Change} change */
export function apply(box, change) {
  const { from, to, text, select } = change(box.value, box.selectionStart, box.selectionEnd);
  insert(box, text, from, to);
  box.setSelectionRange(...select);
}

/** Handles a key that marks words. False: it is another key. @param {KeyboardEvent} event @param {HTMLTextAreaElement} box */
export function wrapKey(event, box) {
  const sign = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey ? WRAPS[event.key.toLowerCase()] : undefined;
  if (!sign) return false;
  event.preventDefault();
  apply(box, (value, from, to) => wrapped(value, from, to, sign));
  return true;
}

/** How often a character stands at the end of a text. @param {string} text @param {string} sign */
function tail(text, sign) {
  let count = 0;
  while (text[text.length - 1 - count] === sign) count += 1;
  return count;
}

/** How often it stands at the beginning. @param {string} text @param {string} sign */
function head(text, sign) {
  let count = 0;
  while (text[count] === sign) count += 1;
  return count;
}

/**
 * Marks around the selection; where they are there already, inside it or out, they go.
 * @param {string} value @param {number} from @param {number} to @param {string} sign @returns {Change}
 */
export function wrapped(value, from, to, sign) {
  const one = sign.slice(0, 1);
  const n = sign.length;
  const inner = value.slice(from, to);
  // Two stars are bold, one is italic, three are both.
  const has = (/** @type {number} */ count) => (sign === '*' ? count % 2 === 1 : count >= n);
  if (has(tail(value.slice(0, from), one)) && has(head(value.slice(to), one))) return { from: from - n, to: to + n, text: inner, select: [from - n, to - n] };
  if (inner.length > 2 * n && has(tail(inner, one)) && has(head(inner, one))) return { from, to, text: inner.slice(n, -n), select: [from, to - 2 * n] };
  return { from, to, text: `${sign}${inner}${sign}`, select: [from + n, to + n] };
}

/** Puts a sign before every selected line, or removes it if all lines have it. @param {string} value @param {number} from @param {number} to @param {string} sign @returns {Change} */
export function prefixed(value, from, to, sign) {
  const start = value.lastIndexOf('\n', from - 1) + 1;
  const end = value.indexOf('\n', to) < 0 ? value.length : value.indexOf('\n', to);
  const lines = value.slice(start, end).split('\n');
  const all = lines.every((line) => line.startsWith(sign));
  const text = lines.map((line) => (all ? line.slice(sign.length) : `${sign}${line}`)).join('\n');
  const caret = start + text.length;
  return { from: start, to: end, text, select: from === to ? [caret, caret] : [start, caret] };
}

const FENCE = '```';

/** Makes the selection a block of code, or plain text if it is one. @param {string} value @param {number} from @param {number} to @returns {Change} */
export function fenced(value, from, to) {
  const open = `${FENCE}\n`;
  const shut = `\n${FENCE}`;
  const inner = value.slice(from, to);
  if (value.slice(0, from).endsWith(open) && value.slice(to).startsWith(shut))
    return { from: from - open.length, to: to + shut.length, text: inner, select: [from - open.length, to - open.length] };
  const before = from === 0 || value[from - 1] === '\n' ? open : `\n${open}`;
  const after = to === value.length || value[to] === '\n' ? shut : `${shut}\n`;
  return { from, to, text: `${before}${inner}${after}`, select: [from + before.length, to + before.length] };
}

const ADDRESS = 'https://';

/** Makes the selection a link and selects what is missing, its words or its address. @param {string} value @param {number} from @param {number} to @returns {Change} */
export function linked(value, from, to) {
  const inner = value.slice(from, to);
  if (/^https?:\/\/\S+$/.test(inner)) return { from, to, text: `[](${inner})`, select: [from + 1, from + 1] };
  const at = from + inner.length + 3;
  return { from, to, text: `[${inner}](${ADDRESS})`, select: [at, at + ADDRESS.length] };
}
