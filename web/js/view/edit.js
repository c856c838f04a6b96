// The editor of one's own message, in place.

import { mountCompletion } from './complete.js';
import { button, freshId, h } from './dom.js';
import { wrapKey } from './writing.js';

/**
 * @param {import('../net/wire.js').Message} message @param {string | undefined} written what was written so far, where it was begun before
 * @param {import('./wires.js').Wires} wires @param {() => void} done where the focus goes
 */
export function makeEditor(message, written, wires, done) {
  const { send, text, watch } = wires;
  const id = freshId('edit');
  const box = h('textarea', { id, rows: 1, dir: 'auto', 'aria-describedby': `${id}-h` });
  const note = h('span', { class: 'hint', id: `${id}-h`, role: 'status' }, 'Esc to cancel, Enter to save');
  box.value = written ?? message.body;
  const leave = () => {
    done();
    send({ do: 'edit', id: null });
  };
  const save = () => {
    const body = text.tidy(box.value);
    const limit = watch.now((s) => s.limits.body_chars_max);
    if (body === '' && !message.files) {
      note.textContent = 'A message needs some text. To take it away, delete it.';
      return;
    }
    if (text.scalars(body) > limit) {
      note.textContent = `${text.plural(text.scalars(body) - limit, 'character')} too many.`;
      return;
    }
    done();
    send({ do: 'saveEdit', id: message.id, body });
  };
  box.addEventListener('input', () => send({ do: 'editing', body: box.value }));
  box.addEventListener('keydown', (event) => {
    if (completion.key(event)) return;
    if (event.isComposing || event.keyCode === 229 || wrapKey(event, box)) return;
    const coarse = matchMedia('(pointer: coarse)').matches;
    if (event.key === 'Escape') leave();
    else if (event.key === 'Enter' && !event.shiftKey && !event.altKey && (!coarse || event.ctrlKey || event.metaKey)) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const form = h(
    'form',
    { class: 'edit', 'aria-label': 'Edit your message' },
    h('label', { class: 'vh', for: id }, 'Message'),
    box,
    h('div', { class: 'edit__f' }, note, button('Cancel', leave, 'btn--s'), h('button', { type: 'submit', class: 'btn btn--s btn--main' }, 'Save')),
  );
  const completion = mountCompletion(box, form, wires);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    save();
  });
  requestAnimationFrame(() => box.setSelectionRange(box.value.length, box.value.length));
  return form;
}
