// The emoji picker: search, groups, a grid that the arrows walk through, a skin tone that is remembered.

import { h, iconButton } from './dom.js';

/** @typedef {import('../net/api.js').EmojiData} EmojiData */
/** @typedef {EmojiData['emoji'][number]} Row */

const COLUMNS = 8;
const FOUND_MAX = 120;
const RECENT_MAX = 32;
const RECENT_KEY = 'chapp:emoji';
const TONE_KEY = 'chapp:tone';
const TONES = ['', '\u{1f3fb}', '\u{1f3fc}', '\u{1f3fd}', '\u{1f3fe}', '\u{1f3ff}'];
const TONE_NAMES = ['No skin tone', 'Light', 'Medium light', 'Medium', 'Medium dark', 'Dark'];
const MARGIN_PX = 8;
/** @type {Record<string, string>} */
const GROUP_ICONS = {
  Recent: 'clock',
  Smileys: 'smile',
  People: 'user',
  Nature: 'leaf',
  Food: 'cup',
  Travel: 'car',
  Activities: 'flag',
  Objects: 'bulb',
  Symbols: 'at',
  Flags: 'flag',
};

/** @param {string} key */
const read = (key) => {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
};
/** @param {string} key @param {string} value */
const write = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It is chosen again the next time.
  }
};

/** An emoji in the chosen tone; where more than one person is in it, as it is. @param {Row} row @param {string} tone */
export function toned([emoji, , , , tones], tone) {
  const [first = '', ...rest] = [...emoji];
  const people = [...emoji].filter((c) => /[\u{1f466}-\u{1f469}\u{1f9d1}]/u.test(c)).length;
  if (!tones || tone === '' || people > 1) return emoji;
  return first + tone + (rest[0] === '\ufe0f' ? rest.slice(1) : rest).join('');
}

/** @param {EmojiData} data @param {string} query @returns {Row[]} names and shortcodes that begin with it, then those that hold it */
export function findEmoji(data, query) {
  const plain = query.trim().toLowerCase().replace(/^:|:$/g, '');
  /** @param {Row} row */
  const rank = ([, name, , codes]) => {
    const words = [name, ...codes, ...name.split(' ')];
    if (words.some((word) => word.startsWith(plain))) return 0;
    return words.some((word) => word.includes(plain)) ? 1 : 2;
  };
  const ranked = data.emoji.map((row) => ({ row, rank: rank(row) })).filter((one) => one.rank < 2);
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .map(({ row }) => row)
    .slice(0, FOUND_MAX);
}

/** @type {EmojiData | null} */
let loaded = null;
/** @type {(() => void) | null} */
let closeOpen = null;

/** The data, read once. @param {import('../main.js').Wires} wires */
export async function emojiData({ call }) {
  if (loaded) return loaded;
  const answer = await call('emoji', new URL('../../emoji.json', import.meta.url).pathname);
  loaded = answer.ok ? answer.value : null;
  return loaded;
}

/**
 * @param {HTMLElement} anchor
 * @param {import('../main.js').Wires} wires
 * @param {(emoji: string) => void} chosen
 */
export async function openPicker(anchor, wires, chosen) {
  closeOpen?.();
  const data = await emojiData(wires);
  if (!data) return wires.send({ do: 'refused', words: 'The emoji did not load. Try again in a moment.' });
  const recent = read(RECENT_KEY).split(' ').filter(Boolean);
  const rowOf = new Map(data.emoji.map((row) => [row[0], row]));
  const groups = ['Recent', ...data.groups];
  let tone = TONES.includes(read(TONE_KEY)) ? read(TONE_KEY) : '';
  let group = recent.length > 0 ? 0 : 1;
  const back = document.activeElement;

  const search = h('input', { type: 'search', class: 'inp', placeholder: 'Find an emoji', 'aria-label': 'Find an emoji', autocomplete: 'off' });
  const grid = h('div', { class: 'emo__grid', role: 'listbox', 'aria-label': 'Emoji' });
  const status = h('p', { class: 'vh', role: 'status' });
  const shown = h('span', { class: 'e', 'aria-hidden': 'true' });
  const named = h('span', {});
  const tones = h('span', { class: 'emo__tones', role: 'radiogroup', 'aria-label': 'Skin tone' });
  const tabs = h('div', { class: 'emo__tabs', role: 'tablist', 'aria-label': 'Groups' });
  const el = h(
    'dialog',
    { class: 'emo', 'aria-label': 'Emoji' },
    h(
      'div',
      { class: 'emo__f' },
      search,
      iconButton('x', 'Close', () => close(), { class: 'ib ib--l', 'data-tip': null }),
    ),
    tabs,
    h('div', { class: 'emo__g' }, grid),
    h('div', { class: 'emo__p' }, shown, named, tones),
    status,
  );

  /** @returns {Row[]} */
  const rows = () =>
    search.value.trim()
      ? findEmoji(data, search.value)
      : group === 0
        ? recent.flatMap((emoji) => {
            const row = rowOf.get(emoji);
            return row ? [row] : [];
          })
        : data.emoji.filter((row) => row[2] === group - 1);
  const draw = () => {
    const list = rows();
    grid.replaceChildren(
      ...list.map((row, at) => {
        const emoji = toned(row, tone);
        const props = {
          type: 'button',
          role: 'option',
          'aria-selected': 'false',
          'aria-label': row[1],
          tabindex: at === 0 ? 0 : -1,
          onclick: () => choose(row, emoji),
          onfocus: () => name(row, emoji),
          onpointerenter: () => name(row, emoji),
        };
        return h('button', props, emoji);
      }),
    );
    status.textContent = search.value.trim() ? (list.length === 0 ? 'No emoji found' : `${list.length} found`) : '';
    if (list.length === 0) grid.append(h('p', { class: 'hint' }, search.value.trim() ? 'No emoji found' : 'What you use comes here'));
    tabs.replaceChildren(
      ...groups.map((label, at) => {
        const on = at === group && !search.value.trim();
        const pick = () => {
          group = at;
          search.value = '';
          draw();
          /** @type {HTMLElement | undefined} */ (tabs.children[at])?.focus();
        };
        return h(
          'button',
          {
            type: 'button',
            role: 'tab',
            'aria-selected': String(on),
            'aria-label': label,
            title: label,
            tabindex: on || (at === 0 && search.value) ? 0 : -1,
            onclick: pick,
          },
          iconOf(label),
        );
      }),
    );
    tones.replaceChildren(
      ...TONES.map((value, at) => {
        const pick = () => {
          tone = value;
          write(TONE_KEY, tone);
          draw();
          /** @type {HTMLElement | undefined} */ (tones.children[at])?.focus();
        };
        const on = value === tone;
        return h(
          'button',
          { type: 'button', role: 'radio', 'aria-checked': String(on), 'aria-label': TONE_NAMES[at], tabindex: on ? 0 : -1, onclick: pick },
          `✋${value}`,
        );
      }),
    );
  };
  /** @param {Row} row @param {string} emoji */
  const name = (row, emoji) => {
    shown.textContent = emoji;
    named.replaceChildren(row[1], h('code', {}, row[3][0] ? `:${row[3][0]}:` : ''));
  };
  /** @param {Row} row @param {string} emoji */
  const choose = (row, emoji) => {
    write(RECENT_KEY, [row[0], ...recent.filter((one) => one !== row[0])].slice(0, RECENT_MAX).join(' '));
    close();
    chosen(emoji);
  };
  const outside = (/** @type {Event} */ event) => {
    if (!el.contains(/** @type {Node} */ (event.target))) close(false);
  };
  const close = (returning = true) => {
    if (closeOpen !== close) return;
    closeOpen = null;
    document.removeEventListener('pointerdown', outside, true);
    el.remove();
    if (returning && back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
  };
  closeOpen = close;
  search.addEventListener('input', draw);
  el.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      return close();
    }
    if (event.target === search) {
      if (event.key === 'Enter') /** @type {HTMLElement | null} */ (grid.querySelector('button'))?.click();
      else if (event.key === 'ArrowDown') /** @type {HTMLElement | null} */ (grid.querySelector('button'))?.focus();
      else return;
      return event.preventDefault();
    }
    walk(event, grid, COLUMNS, () => search.focus());
    walk(event, tabs, 1);
    walk(event, tones, 1);
  });
  draw();
  (anchor.closest('dialog') ?? document.body).append(el);
  el.show();
  place(el, anchor);
  document.addEventListener('pointerdown', outside, true);
  search.focus();
}

/** @param {string} label */
function iconOf(label) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'i i--s');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `#i-${GROUP_ICONS[label] ?? 'smile'}`);
  svg.append(use);
  return svg;
}

/** Arrows among the buttons of a group. @param {KeyboardEvent} event @param {HTMLElement} group @param {number} columns @param {() => void} [up] above the first row */
function walk(event, group, columns, up) {
  const list = /** @type {HTMLElement[]} */ ([...group.querySelectorAll('button')]);
  const now = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (now < 0) return;
  const to = { ArrowRight: now + 1, ArrowLeft: now - 1, ArrowDown: now + columns, ArrowUp: now - columns, Home: 0, End: list.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0 && event.key === 'ArrowUp' && up) return up();
  const next = list[Math.max(0, Math.min(to, list.length - 1))];
  if (columns > 1) {
    for (const el of list) el.tabIndex = el === next ? 0 : -1;
    next?.focus();
  } else next?.click();
}

/** @param {HTMLElement} el @param {HTMLElement} anchor */
function place(el, anchor) {
  const box = anchor.getBoundingClientRect();
  const size = el.getBoundingClientRect();
  const above = box.top - size.height - MARGIN_PX;
  const below = box.bottom + MARGIN_PX;
  const top = above >= MARGIN_PX ? above : Math.max(MARGIN_PX, Math.min(below, innerHeight - size.height - MARGIN_PX));
  el.style.left = `${Math.max(MARGIN_PX, Math.min(box.right - size.width, innerWidth - size.width - MARGIN_PX))}px`;
  el.style.top = `${top}px`;
}
