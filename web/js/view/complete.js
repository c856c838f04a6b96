// Completion in the composer: @ for people, # for rooms, : for emoji. What the page knows is offered at once, what the
// server finds is added. The text keeps the focus and points into the list with aria-activedescendant (WAI-ARIA 1.2,
// combobox).

import { createLookup, steady } from '../lib/lookup.js';
import { avatar } from './avatar.js';
import { freshId, h, icon, mark } from './dom.js';
import { emojiData, findEmoji, recentEmoji } from './emoji.js';
import { publicRooms } from './rooms.js';
import { insert } from './writing.js';

const EMOJI_MAX = 8;
const EMOJI_CHARS_MIN = 2;
const ASK_AFTER_MS = 150;
const FOUND_MAX = 20;
/** Text that cannot be a name is not looked up. */
const NAME = /^\S{0,32}(?: \S{1,32})?$/u;
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

/** @param {HTMLTextAreaElement} box @param {HTMLElement} parent of the list @param {import('./wires.js').Wires} wires */
export function mountCompletion(box, parent, wires) {
  const { watch, select, clock } = wires;
  const id = freshId('sugg');
  /** @type {{insert: string, row: HTMLElement}[]} */
  let options = [];
  let at = 0;
  let start = 0;
  let dismissed = '';
  let taking = false;
  const list = h('div', { class: 'sugg menu', role: 'listbox', id, 'aria-label': 'Suggestions', hidden: true });
  parent.append(list);
  mark(box, 'aria-autocomplete', 'list');
  mark(box, 'aria-controls', id);

  const hide = () => {
    list.hidden = true;
    options = [];
    mark(box, 'aria-activedescendant', null);
  };
  const close = () => {
    lookup.stop();
    hide();
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
    taking = true;
    insert(box, `${option.insert} `, start, end);
    taking = false;
    close();
  };
  /** @param {{insert: string, parts: (Node | string | false)[]}[]} found @param {number} [chosen] */
  const open = (found, chosen = 0) => {
    // The server may still find some.
    if (found.length === 0) return hide();
    options = found.map(({ insert: words, parts }, i) => {
      const row = h('div', { class: 'pick', role: 'option', id: `${id}-${i}`, 'aria-selected': 'false' }, ...parts);
      row.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        at = i;
        take();
      });
      return { insert: words, row };
    });
    list.replaceChildren(...options.map(({ row }) => row));
    list.hidden = false;
    go(chosen);
  };
  /** @param {{mark: string, start: number}} found */
  const isDismissed = (found) => `${found.start}${found.mark}` === dismissed;
  /** What is being completed, and where. @param {{mark: string, query: string}} found */
  const keyOf = (found) => `${found.mark}${watch.now((s) => s.view.room)}/${found.query}`;
  /** @param {'@' | '#'} sign @param {string} query @param {import('../state/lists.js').Found} [found] */
  const offer = (sign, query, found) => {
    const offers = watch.now((s) => select.completions(s, sign, query, found));
    const kept = found && options.length > 0 ? at : 0;
    const steadied = found ? steady(offers, options[at]?.insert, at, (one) => one.insert) : offers;
    open(
      steadied.map((one) => drawOffer(one, wires)),
      Math.min(kept, steadied.length - 1),
    );
  };
  /** @type {import('../lib/lookup.js').Lookup<import('../state/lists.js').Found>} */
  const lookup = createLookup({
    ask: (typed) => askFor(typed, wires),
    found(found, typed) {
      const now = asked(box.value.slice(0, box.selectionStart));
      if (now && now.mark !== ':' && keyOf(now) === typed && !isDismissed(now)) offer(now.mark, now.query, found);
    },
    isEmpty: ({ members, people, rooms }) => ![members, people, rooms].some((list) => list && list.length > 0),
    clock,
    ms: ASK_AFTER_MS,
  });
  const look = async () => {
    if (taking) return;
    const found = box.selectionStart === box.selectionEnd ? asked(box.value.slice(0, box.selectionStart)) : null;
    if (!found || isDismissed(found)) {
      if (!found) dismissed = '';
      return close();
    }
    start = found.start;
    if (found.mark === ':') {
      const data = await emojiData(wires);
      const again = asked(box.value.slice(0, box.selectionStart));
      if (!data || again?.mark !== ':' || again.query !== found.query) return;
      return open(
        findEmoji(data, found.query, recentEmoji())
          .filter(([, , , codes]) => codes.length > 0)
          .slice(0, EMOJI_MAX)
          .map(([emoji, , , codes]) => ({
            insert: emoji,
            parts: [
              h('span', { 'aria-hidden': 'true' }, emoji),
              h('span', {}, `:${codes.find((code) => code.startsWith(found.query.toLowerCase())) ?? codes[0]}:`),
            ],
          })),
      );
    }
    offer(found.mark, found.query);
    if (NAME.test(found.query)) lookup.look(keyOf(found));
    else lookup.stop();
  };

  box.addEventListener('input', look);
  box.addEventListener('click', look);
  box.addEventListener('blur', close);
  // Somebody may have started to type before this part was loaded.
  if (document.activeElement === box) look();
  return {
    /** Handles a key for the list. False: it is not for the list. @param {KeyboardEvent} event */
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

/** @param {import('../state/lists.js').Completion} offer @param {import('./wires.js').Wires} wires */
const drawOffer = ({ insert: words, name, hint, end, user, room }, { select, watch }) => ({
  insert: words,
  parts: [
    user
      ? avatar(
          user,
          's',
          watch.now((s) => select.presenceOf(s, user.id)),
        )
      : icon(room?.kind === 'private' ? 'lock' : room ? 'hash' : 'users'),
    h('span', {}, h('bdi', {}, name), hint ? h('small', {}, hint) : ''),
    h('span', { class: 'pick__e' }, end),
  ],
});

/** @param {string} typed mark, room and query @param {import('./wires.js').Wires} wires @returns {Promise<import('../state/lists.js').Found | null>} */
async function askFor(typed, wires) {
  const { call, watch } = wires;
  const query = typed.slice(typed.indexOf('/') + 1).trim();
  if (typed[0] === '#') {
    const rooms = await publicRooms(query, wires);
    return rooms && { rooms };
  }
  const room = watch.now((s) => s.rooms[s.view.room]);
  if (!room) return null;
  // Everybody is in the Lobby, and the members of a direct room are known.
  const [members, people] = await Promise.all([
    room.kind === 'direct' ? null : call('members', room.id, query, undefined, FOUND_MAX),
    room.id === 1 ? null : call('people', query, undefined, FOUND_MAX),
  ]);
  if ((members && !members.ok) || (people && !people.ok)) return null;
  return {
    ...(members?.ok ? { members: members.value.members.map(({ user }) => user), whole: !members.value.more } : {}),
    ...(people?.ok ? { people: people.value.people } : {}),
  };
}
