// Completion in the composer: @ for people, # for rooms, : for emoji. The text keeps the focus; the list is told by
// aria-activedescendant (WAI-ARIA 1.2, combobox with a listbox).

import { avatar } from './avatar.js';
import { h, icon, mark } from './dom.js';
import { emojiData, findEmoji } from './picker.js';

const EMOJI_MAX = 8;
const EMOJI_CHARS_MIN = 2;
const MARK = /(^|[\s(])([@#:])([^\s@#:][^\n@#:]{0,47}|)$/u;

/**
 * What stands before the caret and could be completed.
 * @param {string} before the text up to the caret
 * @returns {{mark: '@' | '#' | ':', query: string, start: number} | null}
 */
export function asked(before) {
  const found = before.match(MARK);
  if (!found) return null;
  const [, , sign = '', query = ''] = found;
  if (sign === ':' && (query.length < EMOJI_CHARS_MIN || /\s/.test(query))) return null;
  return { mark: /** @type {'@'} */ (sign), query, start: before.length - query.length - 1 };
}

/** @param {HTMLTextAreaElement} box @param {HTMLElement} place the list stands in it @param {import('../main.js').Wires} wires @param {() => void} changed */
export function mountCompletion(box, place, wires, changed) {
  const { watch, select } = wires;
  /** @type {{insert: string, row: HTMLElement}[]} */
  let options = [];
  let at = 0;
  let start = 0;
  let dismissed = '';
  const list = h('div', { class: 'sugg menu', role: 'listbox', id: 'sugg', 'aria-label': 'Suggestions', hidden: true });
  place.append(list);
  mark(box, 'aria-autocomplete', 'list');
  mark(box, 'aria-controls', 'sugg');

  const close = () => {
    list.hidden = true;
    options = [];
    mark(box, 'aria-activedescendant', null);
  };
  /** @param {number} to */
  const go = (to) => {
    at = (to + options.length) % options.length;
    for (const [i, { row }] of options.entries()) mark(row, 'aria-selected', String(i === at));
    const row = options[at]?.row;
    mark(box, 'aria-activedescendant', row?.id ?? null);
    row?.scrollIntoView({ block: 'nearest' });
  };
  const take = () => {
    const option = options[at];
    if (!option) return;
    const end = box.selectionStart;
    box.setRangeText(`${option.insert} `, start, end, 'end');
    close();
    changed();
  };
  /** @param {{insert: string, parts: (Node | string | false)[]}[]} found */
  const open = (found) => {
    if (found.length === 0) return close();
    options = found.map(({ insert, parts }, i) => {
      const row = h('div', { class: 'pick', role: 'option', id: `sugg-${i}`, 'aria-selected': 'false' }, ...parts);
      row.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        at = i;
        take();
      });
      return { insert, row };
    });
    list.replaceChildren(...options.map(({ row }) => row));
    list.hidden = false;
    go(0);
  };
  const look = async () => {
    const found = box.selectionStart === box.selectionEnd ? asked(box.value.slice(0, box.selectionStart)) : null;
    if (!found || `${found.start}${found.mark}` === dismissed) {
      if (!found) dismissed = '';
      return close();
    }
    start = found.start;
    if (found.mark === ':') {
      const data = await emojiData(wires);
      const again = asked(box.value.slice(0, box.selectionStart));
      if (!data || again?.mark !== ':' || again.query !== found.query) return;
      return open(
        findEmoji(data, found.query)
          .filter(([, , , codes]) => codes.length > 0)
          .slice(0, EMOJI_MAX)
          .map(([emoji, , , codes]) => ({ insert: emoji, parts: [h('span', { 'aria-hidden': 'true' }, emoji), h('span', {}, `:${codes[0]}:`)] })),
      );
    }
    const sign = found.mark;
    const offers = watch.now((s) => select.completions(s, sign, found.query));
    open(
      offers.map(({ insert, name, hint, user, room }) => ({
        insert,
        parts: [
          user
            ? avatar(
                user,
                's',
                watch.now((s) => select.presenceOf(s, user.id)),
              )
            : icon(room?.kind === 'private' ? 'lock' : room ? 'hash' : 'users'),
          h('span', {}, h('bdi', {}, name), hint ? h('small', {}, hint) : ''),
          h('span', { class: 'pick__e', 'aria-hidden': 'true' }, h('kbd', {}, 'Enter')),
        ],
      })),
    );
  };

  box.addEventListener('input', look);
  box.addEventListener('click', look);
  box.addEventListener('blur', close);
  return {
    /** Whether the key was for the list. @param {KeyboardEvent} event */
    key(event) {
      if (list.hidden || event.isComposing) return false;
      if (event.key === 'ArrowDown') go(at + 1);
      else if (event.key === 'ArrowUp') go(at - 1);
      else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') take();
      else if (event.key === 'Escape') {
        dismissed = `${start}${box.value[start]}`;
        close();
      } else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  };
}
