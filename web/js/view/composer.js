// The composer. Its text is never lost: it is kept as a draft until the outbox has it.

import { h, icon, iconButton, mark, say } from './dom.js';
import { mountFormatting } from './formatting.js';
import { insert, wrapKey } from './writing.js';

/** From this many characters on, it is shown how many are left. */
const NEAR_CHARS = 200;
const TYPING_EVERY_MS = 3000;
const DRAFT_EVERY_MS = 400;
const QUOTE_CHARS_MAX = 160;

/** @param {HTMLFormElement} form @param {{note: HTMLElement, keys: HTMLElement}} under @param {import('./wires.js').Wires} wires */
export function mountComposer(form, { note, keys }, wires) {
  const { watch, send, text, throttle, lazy } = wires;
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
  const button = /** @type {HTMLElement} */ (form.querySelector('.send'));
  const coarse = matchMedia('(pointer: coarse)');
  const grows = CSS.supports('field-sizing', 'content');
  /** The draft as it was last read or written. */
  let kept = '';

  const keep = throttle(() => {
    if (box.value === kept) return;
    kept = box.value;
    send({ do: 'draft', text: kept });
  }, DRAFT_EVERY_MS);
  const typing = throttle(() => send({ do: 'typing' }), TYPING_EVERY_MS);

  /** A warning that is not about the text; gone with the next key. */
  let warning = '';

  const check = () => {
    const [limit, me, chips] = watch.now((s) => /** @type {const} */ ([s.limits.body_chars_max, s.me, wires.select.chips(s)]));
    const failed = chips.some(({ state }) => state === 'failed');
    const body = text.tidy(box.value);
    const left = limit - text.scalars(body);
    mark(button, 'aria-disabled', String((body === '' && chips.length === 0) || failed || left < 0 || !me));
    say(
      note,
      warning
        ? warning
        : left < 0
          ? `${text.plural(-left, 'character')} too many. Send it in parts.`
          : left <= NEAR_CHARS
            ? `${text.plural(left, 'character')} left`
            : failed
              ? 'Remove the file that was not uploaded, or try it again'
              : '',
    );
    mark(note, 'data-bad', left < 0 ? '' : null);
    keys.hidden = note.textContent !== '' || form.hidden === true;
    mark(box, 'aria-invalid', left < 0 ? 'true' : null);
    if (!grows) {
      box.style.blockSize = 'auto';
      box.style.blockSize = `${box.scrollHeight}px`;
    }
    return body;
  };

  const write = () => {
    check();
    keep();
    if (box.value.trim()) typing();
  };
  /** Focus was requested while the composer was hidden, in a room that takes no messages: it follows on the next draw. */
  let wanted = false;
  const focus = () => {
    wanted = form.hidden === true;
    box.focus();
  };
  /** @type {ReturnType<typeof import('./complete.js').mountCompletion> | null} */
  let completion = null;
  lazy.mount((part) => {
    completion = part.mountCompletion(box, /** @type {HTMLElement} */ (form.parentElement), wires);
  });
  const reply = mountReply(form, wires, () => box.focus());
  const emoji = iconButton('smile', 'Emoji', () => lazy((part) => part.openPicker(emoji, wires, (picked) => insert(box, picked))));
  button.before(emoji);
  mountFormatting(box, /** @type {HTMLElement} */ (form.querySelector('.comp__row')), emoji);

  const submit = () => {
    const body = check();
    if (button.getAttribute('aria-disabled') === 'true') return;
    typing.cancel();
    keep.cancel();
    box.value = '';
    kept = '';
    // First the outbox, then the draft, so that the text is always in one of them.
    send({ do: 'post', body });
    send({ do: 'draft', text: '' });
    check();
    box.focus();
  };

  box.addEventListener('input', () => {
    warning = '';
    write();
  });
  box.addEventListener('keydown', (event) => {
    if (completion?.key(event)) return;
    if (wrapKey(event, box)) return;
    if (event.key === 'ArrowUp' && box.value === '' && !event.isComposing) {
      event.preventDefault();
      return send({ do: 'editLast' });
    }
    if (event.key === 'Escape' && reply.end()) {
      event.preventDefault();
      return event.stopPropagation();
    }
    // 229: an input method took the key, in browsers that report it only this way.
    if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.altKey || (coarse.matches && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  // Otherwise a phone would hide its keyboard and show it again.
  button.addEventListener('pointerdown', (event) => event.preventDefault());
  const hint = () => mark(box, 'enterkeyhint', coarse.matches ? 'enter' : 'send');
  coarse.addEventListener('change', hint);
  hint();
  addEventListener('pagehide', () => keep.flush());

  watch((s) => [s.me, s.limits, s.uploads, s.view.room], check);
  watch(
    (s) => [wires.select.closed(s)?.words ?? '', s.view.room],
    (words, room) => {
      const shut = watch.now(wires.select.closed);
      form.hidden = words !== '';
      form.parentElement?.querySelector('.closed')?.remove();
      check();
      if (wanted && !shut) box.focus();
      wanted = false;
      if (!shut) return;
      const restore = shut.restore && h('button', { type: 'button', class: 'btn btn--s', onclick: () => send({ do: 'restore', room }) }, 'Restore');
      const user = shut.unblock;
      const name = watch.now((s) => wires.select.nameOf(s.people[user ?? 0]));
      const unblock =
        user !== undefined && h('button', { type: 'button', class: 'btn btn--s', onclick: () => send({ do: 'block', user, on: false, name }) }, 'Unblock');
      form.before(h('div', { class: 'note closed', role: 'status' }, icon(shut.icon, 'i--s'), h('span', {}, words, ' ', restore || unblock)));
    },
  );
  watch(
    (s) => [select(s, wires)],
    (name) => {
      const words = `Message ${name}`;
      mark(box, 'placeholder', words);
      say(/** @type {HTMLElement} */ (form.querySelector('label')), words);
      mark(form, 'aria-label', `Write to ${name}`);
    },
  );

  return {
    /** Offers an older draft, never over text that is being written. @param {string} draft @returns {boolean} whether it was taken */
    offer(draft) {
      if (box.value !== '') return false;
      kept = draft;
      box.value = draft;
      check();
      return true;
    },
    /** @param {string} words */
    warn(words) {
      warning = words;
      check();
    },
    focus: () => focus(),
    /** @param {string} words at the caret */
    insert: (words) => insert(box, words),
    get text() {
      return text.oneLine(box.value, QUOTE_CHARS_MAX);
    },
    get empty() {
      return box.value === '';
    },
    /** Shows the draft of another room. @param {string} draft */
    change(draft) {
      kept = draft;
      box.value = draft;
      warning = '';
      check();
    },
    /** Saves the draft now, while it still belongs to the room that is left. */
    flush: () => keep.flush(),
  };
}

/** The strip that shows the message being replied to. @param {HTMLFormElement} form @param {import('./wires.js').Wires} wires @param {() => void} focus */
function mountReply(form, { watch, send, select, text }, focus) {
  const who = h('b', {});
  const words = h('span', { dir: 'auto' });
  const strip = h(
    'div',
    { class: 'comp__re', hidden: true },
    icon('reply', 'i--s i--flip'),
    who,
    words,
    iconButton('x', 'Do not reply', () => end(), { 'data-tip-end': true }),
  );
  form.prepend(strip);
  const end = () => {
    if (strip.hidden) return false;
    send({ do: 'reply', id: null });
    focus();
    return true;
  };
  watch(
    (s) => [s.view.replying[s.view.room], s.view.room, s.people],
    (id, _room, _people) => {
      const message = id === undefined ? undefined : watch.now((s) => select.messageAt(s, s.view.room, id));
      strip.hidden = !message;
      if (!message) return;
      say(who, `Reply to ${watch.now((s) => select.nameOf(s.people[message.author]))}`);
      say(words, text.oneLine(text.wordsOf(message), QUOTE_CHARS_MAX));
    },
  );
  return { end };
}

/** @param {import('../state/state.js').State} s @param {import('./wires.js').Wires} wires */
function select(s, wires) {
  const room = wires.select.currentRoom(s);
  return room ? `${room.kind === 'direct' ? '' : '#'}${wires.select.roomName(s, room)}` : '#Lobby';
}
