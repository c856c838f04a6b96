// The emoji picker: search, groups, a grid for the arrow keys, a skin tone that is remembered. The focus stays in it
// until it closes, then goes back where it came from.

import { attempt } from '../lib/attempt.js';
import { h, icon, iconButton } from './dom.js';
import { emojiData, findEmoji, recentEmoji, toned, useEmoji } from './emoji.js';
import { openOverlay } from './overlay.js';

/** @typedef {import('./emoji.js').Row} Row */

const COLUMNS = 8;
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
  Activities: 'ball',
  Objects: 'bulb',
  Symbols: 'heart',
  Flags: 'flag',
};

/** @type {(() => void) | null} */
let closeOpen = null;

/**
 * @param {HTMLElement} anchor
 * @param {import('./wires.js').Wires} wires
 * @param {(emoji: string) => void} chosen
 */
export async function openPicker(anchor, wires, chosen) {
  closeOpen?.();
  const data = await emojiData(wires);
  if (!data) return wires.send({ do: 'refused', words: 'The emoji did not load. Try again in a moment.' });
  const recent = recentEmoji();
  const rowOf = new Map(data.emoji.map((row) => [row[0], row]));
  const groups = ['Recent', ...data.groups];
  const kept = attempt(() => localStorage.getItem(TONE_KEY)) ?? '';
  let tone = TONES.includes(kept) ? kept : '';
  let group = recent.length > 0 ? 0 : 1;
  const back = document.activeElement;

  const search = h('input', { type: 'search', class: 'inp', placeholder: 'Find an emoji', 'aria-label': 'Find an emoji', autocomplete: 'off' });
  const grid = h('div', { class: 'emo__grid', role: 'grid', 'aria-label': 'Emoji' });
  const none = h('p', { class: 'hint', hidden: true });
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
    h('div', { class: 'emo__g' }, grid, none),
    h('div', { class: 'emo__p' }, shown, named, tones),
    status,
  );

  /** @returns {Row[]} */
  const rows = () =>
    search.value.trim()
      ? findEmoji(data, search.value, recent)
      : group === 0
        ? recent.flatMap((emoji) => {
            const row = rowOf.get(emoji);
            return row ? [row] : [];
          })
        : data.emoji.filter((row) => row[2] === group - 1);
  const draw = () => {
    const list = rows();
    const cells = list.map((row, at) => {
      const emoji = toned(row, tone);
      const props = {
        type: 'button',
        role: 'gridcell',
        'aria-label': row[1],
        tabindex: at === 0 ? 0 : -1,
        onclick: () => choose(row, emoji),
        onfocus: () => name(row, emoji),
        onpointerenter: () => name(row, emoji),
      };
      return h('button', props, emoji);
    });
    const lines = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, at) => cells.slice(at * COLUMNS, (at + 1) * COLUMNS));
    grid.replaceChildren(...lines.map((line) => h('div', { role: 'row' }, ...line)));
    status.textContent = search.value.trim() ? (list.length === 0 ? 'No emoji found' : `${list.length} found`) : '';
    grid.hidden = list.length === 0;
    none.hidden = list.length > 0;
    none.textContent = search.value.trim() ? 'No emoji found' : 'What you use comes here';
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
          icon(GROUP_ICONS[label] ?? 'smile', 'i--s'),
        );
      }),
    );
    tones.replaceChildren(
      ...TONES.map((value, at) => {
        const pick = () => {
          tone = value;
          attempt(() => localStorage.setItem(TONE_KEY, tone));
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
    useEmoji(row[0]);
    close();
    chosen(emoji);
  };
  const outside = (/** @type {Event} */ event) => {
    if (!el.contains(/** @type {Node} */ (event.target))) close(false);
  };
  /** Esc closes the picker before anything else, wherever the focus is. @param {KeyboardEvent} event */
  const onEscape = (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    close();
  };
  const close = (returning = true) => {
    if (closeOpen !== close) return;
    closeOpen = null;
    document.removeEventListener('pointerdown', outside, true);
    document.removeEventListener('keydown', onEscape, true);
    el.remove();
    closeOverlay();
    if (returning && back instanceof HTMLElement && back.isConnected) back.focus({ preventScroll: true });
  };
  closeOpen = close;
  search.addEventListener('input', draw);
  el.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Tab') return stay(event, el);
    if (event.target === search) {
      if (event.key === 'Enter') /** @type {HTMLElement | null} */ (grid.querySelector('button'))?.click();
      else if (event.key === 'ArrowDown') /** @type {HTMLElement | null} */ (grid.querySelector('button'))?.focus();
      else return;
      return event.preventDefault();
    }
    walk(event, grid, () => search.focus());
    walk(event, tabs);
    walk(event, tones);
  });
  draw();
  (anchor.closest('dialog') ?? document.body).append(el);
  el.show();
  position(el, anchor);
  const closeOverlay = openOverlay(() => close());
  document.addEventListener('pointerdown', outside, true);
  document.addEventListener('keydown', onEscape, true);
  search.focus();
}

/** Tab cycles inside the picker. @param {KeyboardEvent} event @param {HTMLElement} el */
function stay(event, el) {
  const stops = /** @type {HTMLElement[]} */ ([...el.querySelectorAll('input, button')]).filter((one) => one.tabIndex >= 0 && one.offsetParent !== null);
  const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (at !== (event.shiftKey ? 0 : stops.length - 1)) return;
  event.preventDefault();
  stops.at(event.shiftKey ? -1 : 0)?.focus();
}

/** Arrow keys move among the buttons of a group or the cells of a grid. @param {KeyboardEvent} event @param {HTMLElement} group @param {() => void} [up] above a grid's first row */
function walk(event, group, up) {
  const columns = up ? COLUMNS : 1;
  const on = getComputedStyle(group).direction === 'rtl' ? -1 : 1;
  const list = /** @type {HTMLElement[]} */ ([...group.querySelectorAll('button')]);
  const now = list.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (now < 0) return;
  const to = { ArrowRight: now + on, ArrowLeft: now - on, ArrowDown: now + columns, ArrowUp: now - columns, Home: 0, End: list.length - 1 }[event.key];
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
function position(el, anchor) {
  const box = anchor.getBoundingClientRect();
  const size = el.getBoundingClientRect();
  const above = box.top - size.height - MARGIN_PX;
  const below = box.bottom + MARGIN_PX;
  const top = above >= MARGIN_PX ? above : Math.max(MARGIN_PX, Math.min(below, innerHeight - size.height - MARGIN_PX));
  // At a text it lines up with its start, at a button with its end.
  const begins = box.width > size.width ? getComputedStyle(anchor).direction !== 'rtl' : false;
  el.style.left = `${Math.max(MARGIN_PX, Math.min(begins ? box.left : box.right - size.width, innerWidth - size.width - MARGIN_PX))}px`;
  el.style.top = `${top}px`;
}
