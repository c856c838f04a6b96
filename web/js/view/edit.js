// A message of one's own that is being edited, in its place.

import { button, freshId, h } from './dom.js';

/** @param {import('../net/wire.js').Message} message @param {import('../main.js').Wires} wires @param {() => void} done where the focus goes */
export function makeEditor(message, { send, text, watch }, done) {
  const id = freshId('edit');
  const box = h('textarea', { id, rows: 1, dir: 'auto', 'aria-describedby': `${id}-h` });
  const note = h('span', { class: 'hint', id: `${id}-h`, role: 'status' }, 'Esc to cancel, Enter to save');
  box.value = message.body;
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
  box.addEventListener('keydown', (event) => {
    if (event.isComposing || event.keyCode === 229) return;
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
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    save();
  });
  requestAnimationFrame(() => box.setSelectionRange(box.value.length, box.value.length));
  return form;
}
