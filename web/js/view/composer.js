// The box to write in. What stands in it is never lost: it is kept as a draft until it has been handed to the outbox.

import { mark, say } from './dom.js';

/** Say how much is left when it gets near. */
const NEAR_CHARS = 200;
const TYPING_EVERY_MS = 3000;
const DRAFT_EVERY_MS = 400;

/** @param {HTMLFormElement} form @param {{note: HTMLElement, keys: HTMLElement}} under @param {import('../main.js').Wires} wires */
export function mountComposer(form, { note, keys }, wires) {
  const { watch, send, text, throttle } = wires;
  const box = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
  const button = /** @type {HTMLElement} */ (form.querySelector('.send'));
  const coarse = matchMedia('(pointer: coarse)');
  const grows = CSS.supports('field-sizing', 'content');
  /** What we last read from or wrote to the draft. */
  let kept = '';

  const keep = throttle(() => {
    if (box.value === kept) return;
    kept = box.value;
    send({ do: 'draft', text: kept });
  }, DRAFT_EVERY_MS);
  const typing = throttle(() => send({ do: 'typing' }), TYPING_EVERY_MS);

  /** Something to know that is not about what is being written; gone with the next key. */
  let warning = '';

  const check = () => {
    const [limit, me] = watch.now((s) => /** @type {const} */ ([s.limits.body_chars_max, s.me]));
    const body = text.tidy(box.value);
    const left = limit - text.scalars(body);
    mark(button, 'aria-disabled', String(body === '' || left < 0 || !me));
    say(
      note,
      warning
        ? warning
        : left < 0
          ? `${text.plural(-left, 'character')} too many. Send it in parts.`
          : left <= NEAR_CHARS
            ? `${text.plural(left, 'character')} left`
            : '',
    );
    mark(note, 'data-bad', left < 0 ? '' : null);
    keys.hidden = note.textContent !== '';
    mark(box, 'aria-invalid', left < 0 ? 'true' : null);
    if (!grows) {
      box.style.blockSize = 'auto';
      box.style.blockSize = `${box.scrollHeight}px`;
    }
    return body;
  };

  const submit = () => {
    const body = check();
    if (button.getAttribute('aria-disabled') === 'true') return;
    typing.cancel();
    keep.cancel();
    box.value = '';
    kept = '';
    // First the outbox, then the draft: at no moment is the text in neither.
    send({ do: 'post', body });
    send({ do: 'draft', text: '' });
    check();
    box.focus();
  };

  box.addEventListener('input', () => {
    warning = '';
    check();
    keep();
    if (box.value.trim()) typing();
  });
  box.addEventListener('keydown', (event) => {
    // 229 is a key that an input method took, in browsers that say so only this way.
    if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.altKey || (coarse.matches && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  // A phone would put its keyboard away and bring it back.
  button.addEventListener('pointerdown', (event) => event.preventDefault());
  const hint = () => mark(box, 'enterkeyhint', coarse.matches ? 'enter' : 'send');
  coarse.addEventListener('change', hint);
  hint();
  addEventListener('pagehide', () => keep.flush());

  watch((s) => [s.me, s.limits], check);
  watch(
    (s) => [select(s)],
    (name) => {
      const words = `Message ${name}`;
      mark(box, 'placeholder', words);
      say(/** @type {HTMLElement} */ (form.querySelector('label')), words);
      mark(form, 'aria-label', `Write to ${name}`);
    },
  );

  return {
    /** A draft from before. Never over what somebody is writing here. @param {string} draft @returns {boolean} whether it was taken */
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
    focus: () => box.focus(),
  };
}

/** @param {import('../state/reduce.js').State} s */
const select = (s) => s.rooms[s.view.room]?.name ?? 'Lobby';
